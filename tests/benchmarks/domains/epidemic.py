"""An epidemic in compartments, a day a row: infections fall above a threshold, immunity wanes, and some of the ill need a bed."""

CELLS = {
    "SIR!A1:A9": [
        "People",
        "Ill at first",
        "Contacts",
        "Recovery",
        "Waning",
        "Threshold",
        "Reduction",
        "In bed",
        "Beds",
    ],
    "SIR!B1:B9": [100000, 500, 0.35, 0.12, 0.01, 0.05, 0.4, 0.06, 300],
    "SIR!D1:D8": [
        "Basic number",
        "Highest",
        "Day of it",
        "Infected in sum",
        "Attack rate",
        "Days above",
        "Mean of a week",
        "Beds short",
    ],
    "SIR!E1": "=B3/B4",
    "SIR!E2": "=MAX(C12:C35)",
    "SIR!E3": "=INDEX(A12:A35,MATCH(E2,C12:C35,0))",
    "SIR!E4": "=SUM(F12:F35)",
    "SIR!E5": "=1-B35/B1",
    "SIR!E6": '=COUNTIF(I12:I35,"above")',
    "SIR!E7": "=AVERAGE(F29:F35)",
    "SIR!E8": "=SUM(K12:K35)",
    "SIR!A11:K11": [
        "Day",
        "Well",
        "Ill",
        "Immune",
        "Rate",
        "New",
        "Recovered",
        "Waned",
        "State",
        "In bed",
        "Short",
    ],
    "SIR!A12": 0,
    "SIR!A13:A35": "=A12+1",
    "SIR!B12": "=B1-B2",
    "SIR!B13:B35": "=B12-F12+H12",
    "SIR!C12": "=B2",
    "SIR!C13:C35": "=C12+F12-G12",
    "SIR!D12": 0,
    "SIR!D13:D35": "=D12+G12-H12",
    "SIR!E12:E35": "=IF(C12/Population>$B$6,$B$3*(1-$B$7),$B$3)",
    "SIR!F12:F35": "=E12*B12*C12/Population",
    "SIR!G12:G35": "=$B$4*C12",
    "SIR!H12:H35": "=$B$5*D12",
    "SIR!I12:I35": '=IF(C12/Population>$B$6,"above","below")',
    "SIR!J12:J35": "=$B$8*C12",
    "SIR!K12:K35": "=MAX(0,J12-$B$9)",
}
NAMES = {"Population": "SIR!$B$1"}
SPEC = """workbook = "epidemic.xlsx"
reference = "epidemic.py:reference"
sheet = "SIR"
blocks = { first = 12, step = 1, count = 24 }

[inputs]
people = { at = "B1", low = 50_000, high = 200_000 }
first = { at = "B2", low = 200, high = 2000 }
contacts = { at = "B3", low = 0.2, high = 0.6 }
recovery = { at = "B4", low = 0.05, high = 0.2 }
waning = { at = "B5", low = 0.002, high = 0.03 }
threshold = { at = "B6", low = 0.02, high = 0.2 }
reduction = { at = "B7", low = 0.1, high = 0.8 }
share = { at = "B8", low = 0.01, high = 0.1 }
beds = { at = "B9", low = 100, high = 600 }

[outputs]
well = "B12"
ill = "C12"
immune = { at = "D12", constants = "allowed" }
new = "F12"
recovered = "G12"
waned = "H12"
state = "I12"
short = "K12"
basic = { at = "E1", every_block = false }
highest = { at = "E2", every_block = false }
day_of_it = { at = "E3", every_block = false }
infected = { at = "E4", every_block = false }
attack = { at = "E5", every_block = false }
days_above = { at = "E6", every_block = false }
week = { at = "E7", every_block = false }
beds_short = { at = "E8", every_block = false }
"""


def reference(people, first, contacts, recovery, waning, threshold, reduction, share, beds):
    well, ill, immune = people - first, first, 0.0
    course, infections, shorts = [], [], []
    for _day in range(24):
        above = ill / people > threshold
        new = contacts * (1 - reduction if above else 1) * well * ill / people
        recovered, waned = recovery * ill, waning * immune
        state, short = "above" if above else "below", max(0.0, share * ill - beds)
        course.append(ill)
        infections.append(new)
        shorts.append(short)
        basic, highest, attack = contacts / recovery, max(course), 1 - well / people
        day_of_it, infected, beds_short = course.index(highest), sum(infections), sum(shorts)
        days_above = sum(number / people > threshold for number in course)
        week = sum(infections[-7:]) / 7
        yield {name: value for name, value in locals().items() if name not in ("course", "infections", "shorts")}
        well, ill, immune = well - new + waned, ill + new - recovered, immune + recovered - waned


FAULTS = [
    ("waned not added", "omission", {"SIR!B13:B35": ("+H12", "")}),
    ("waned not taken off", "omission", {"SIR!D13:D35": ("-H12", "")}),
    ("recovered added", "operator", {"SIR!C13:C35": ("-G12", "+G12")}),
    ("infections of two days before", "reference", {"SIR!B14:B35": ("F13", "F12")}),
    ("ill of the day before", "reference", {"SIR!G13:G35": ("C13", "C12")}),
    ("recovery at the waning rate", "rate", {"SIR!G12:G35": ("$B$4", "$B$5")}),
    ("waning not anchored", "anchor", {"SIR!H12:H35": ("$B$5", "B5")}),
    ("infections not per head", "unit", {"SIR!F12:F35": ("/Population", "/1000")}),
    ("infections of the well alone", "omission", {"SIR!F12:F35": ("*C12/Population", "*0.01")}),
    ("reduction is what remains", "parenthesis", {"SIR!E12:E35": ("(1-$B$7)", "$B$7")}),
    ("reduction below the threshold", "branches", {"SIR!E12:E35": "=IF(C12/Population>$B$6,$B$3,$B$3*(1-$B$7))"}),
    ("below for above", "comparison", {"SIR!E12:E35": (">", "<")}),
    ("state at the threshold", "comparison", {"SIR!I12:I35": (">", ">=")}),
    ("threshold of all people", "reference", {"SIR!I12:I35": ("C12/", "B12/")}),
    ("lowest for highest", "function", {"SIR!E2": ("MAX", "MIN")}),
    ("day of the row below", "lookup", {"SIR!E3": ("A12:A35", "A13:A35")}),
    ("day from the wrong column", "lookup", {"SIR!E3": ("A12:A35", "B12:B35")}),
    ("a day left out of the sum", "range", {"SIR!E4": ("F35", "F34")}),
    ("mean of eight days", "range", {"SIR!E7": ("F29", "F28")}),
    ("attack rate of the first day", "reference", {"SIR!E5": ("B35", "B12")}),
    ("basic number upside down", "arguments", {"SIR!E1": ("B3/B4", "B4/B3")}),
    ("a day's infections typed", "hard-coded", {"SIR!F20": 800}),
    ("recoveries typed everywhere", "hard-coded", {"SIR!G12:G35": 60}),
    ("beds the other way round", "arguments", {"SIR!K12:K35": ("J12-$B$9", "$B$9-J12")}),
    ("well's formula for the ill", "neighbour", {"SIR!C22": "=C21-F21+G21"}),
]
DOUBLES = [
    ("waned not added", "recovery at the waning rate"),
    ("below for above", "a day left out of the sum"),
    ("a day's infections typed", "recovered added"),
    ("reduction is what remains", "ill of the day before"),
    ("lowest for highest", "beds the other way round"),
]
