"""A list of invoices: due dates, days late, interest by day count, reminders, and sums by country and quarter."""

import calendar
import datetime

import numpy as np

D = datetime.date
CELLS = {
    "List!A1:A5": ["Interest a year", "Fee", "Days of grace", "Discount", "Discount within"],
    "List!B1:B5": [0.09, 40, 5, 0.02, 10],
    "List!A7:P7": [
        "Number",
        "Date",
        "Months",
        "Amount",
        "Paid",
        "Country",
        "Serial",
        "Due",
        "Late",
        "State",
        "Interest",
        "Fee",
        "Owed",
        "Quarter",
        "Key",
        "Month end",
    ],
    "List!A8:A17": [
        "DE-1001",
        "FR-1002",
        "DE-1003",
        "IT-1004",
        "FR-1005",
        "DE-1006",
        "IT-1007",
        "DE-1008",
        "FR-1009",
        "IT-1010",
    ],
    "List!B8:B17": [
        D(2024, 1, 31),
        D(2024, 2, 12),
        D(2024, 3, 5),
        D(2024, 4, 30),
        D(2024, 5, 17),
        D(2024, 6, 3),
        D(2024, 7, 22),
        D(2024, 8, 31),
        D(2024, 10, 9),
        D(2024, 11, 25),
    ],
    "List!C8:C17": [1, 2, 1, 3, 1, 2, 1, 1, 2, 1],
    "List!D8:D17": [1200, 850, 4300, 990, 150, 2780, 640, 7100, 3300, 480],
    "List!E8:E17": [
        D(2024, 2, 5),
        D(2024, 4, 20),
        D(2024, 6, 5),
        D(2024, 7, 30),
        D(2024, 7, 1),
        D(2024, 8, 1),
        D(2024, 8, 20),
        D(2024, 12, 24),
        D(2025, 1, 9),
        D(2024, 12, 1),
    ],
    "List!F8:F17": "=LEFT(A8,2)",
    "List!G8:G17": "=VALUE(MID(A8,4,4))",
    "List!H8:H17": "=EDATE(B8,C8)",
    "List!I8:I17": "=MAX(0,E8-H8)",
    "List!J8:J17": '=IF(I8=0,"on time",IF(I8<=Grace,"grace",IF(I8<=30,"late","overdue")))',
    "List!K8:K17": "=IF(I8>Grace,D8*$B$1*YEARFRAC(H8,E8,3),0)",
    "List!L8:L17": '=IF(J8="overdue",$B$2,0)',
    "List!M8:M17": "=IF(E8-B8<=$B$5,D8*(1-$B$4),D8)+K8+L8",
    "List!N8:N17": "=ROUNDUP(MONTH(B8)/3,0)",
    "List!O8:O17": '=F8&"-Q"&N8',
    "List!P8:P17": "=EOMONTH(H8,0)",
    "List!A19:A28": [
        "Germany",
        "Overdue",
        "Mean days",
        "Longest",
        "First quarter",
        "Owed",
        "French overdue",
        "Last due",
        "Fees",
        "Share late",
    ],
    "List!B19": '=SUMIF(F8:F17,"DE",M8:M17)',
    "List!B20": '=COUNTIF(J8:J17,"overdue")',
    "List!B21": "=AVERAGE(I8:I17)",
    "List!B22": "=MAX(I8:I17)",
    "List!B23": "=SUMIF(N8:N17,1,D8:D17)",
    "List!B24": "=SUM(M8:M17)",
    "List!B25": '=COUNTIFS(F8:F17,"FR",J8:J17,"overdue")',
    "List!B26": "=MAX(H8:H17)-MIN(B8:B17)",
    "List!B27": "=SUM(L8:L17)",
    "List!B28": '=COUNTIF(I8:I17,">0")/COUNTA(A8:A17)',
}
NAMES = {"Grace": "List!$B$3"}
SPEC = """workbook = "invoices.xlsx"
reference = "invoices.py:reference"
sheet = "List"

[inputs]
interest = { at = "B1", low = 0.01, high = 0.15 }
fee = { at = "B2", low = 5, high = 80 }
grace = { at = "B3", low = 0, high = 10, integer = true }
discount = { at = "B4", low = 0.005, high = 0.05 }
within = { at = "B5", low = 5, high = 30, integer = true }
numbers = { at = "A8:A17", choices = ["DE-1001", "FR-1002", "IT-1004", "DE-2040", "FR-3307", "IT-9999"] }
dates = { at = "B8:B17", low = 2024-01-01, high = 2024-12-31 }
months = { at = "C8:C17", low = 1, high = 3, integer = true }
amounts = { at = "D8:D17", low = 100, high = 8000 }
paid = { at = "E8:E17", low = 2024-02-01, high = 2025-04-30 }

[outputs]
country = "F8:F17"
serial = "G8:G17"
due = "H8:H17"
late = "I8:I17"
state = "J8:J17"
charge = "K8:K17"
fees = "L8:L17"
owed = "M8:M17"
key = "O8:O17"
month_end = "P8:P17"
germany = "B19"
overdue = "B20"
mean_days = "B21"
longest = "B22"
first_quarter = "B23"
all_owed = "B24"
french = "B25"
span = "B26"
all_fees = "B27"
share_late = "B28"
"""


def _later(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + int(months), 12)
    return D(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def reference(interest, fee, grace, discount, within, numbers, dates, months, amounts, paid):
    days, paid_on = ([D.fromisoformat(str(np.datetime64(d, "D"))) for d in a.ravel()] for a in (dates, paid))
    amounts, rows = amounts.ravel().tolist(), []
    for number, day, span, amount, pay in zip(numbers.ravel(), days, months.ravel(), amounts, paid_on, strict=True):
        due = _later(day, span)
        late = max(0, (pay - due).days)
        state = "on time" if late == 0 else "grace" if late <= grace else "late" if late <= 30 else "overdue"
        charge = amount * interest * late / 365 if late > grace else 0.0
        cost = fee if state == "overdue" else 0.0
        owed = amount * (1 - discount if (pay - day).days <= within else 1) + charge + cost
        last = D(due.year, due.month, calendar.monthrange(due.year, due.month)[1])
        quarter = (day.month + 2) // 3
        country = number[:2]
        rows.append(
            (country, float(number[3:]), due, late, state, charge, cost, owed, f"{country}-Q{quarter}", last, quarter)
        )
    names = ("country", "serial", "due", "late", "state", "charge", "fees", "owed", "key", "month_end", "quarter")
    found = {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    quarter, late = found.pop("quarter"), found["late"]
    return found | {
        "germany": sum(m for m, c in zip(found["owed"], found["country"], strict=True) if c == "DE"),
        "overdue": found["state"].count("overdue"), "mean_days": sum(late) / len(late), "longest": max(late),
        "first_quarter": sum(a for a, q in zip(amounts, quarter, strict=True) if q == 1), "all_owed": sum(found["owed"]),
        "french": sum(c == "FR" and s == "overdue" for c, s in zip(found["country"], found["state"], strict=True)),
        "span": (max(found["due"]) - min(days)).days, "all_fees": sum(found["fees"]),
        "share_late": sum(value > 0 for value in late) / len(late),
    }  # fmt: skip


FAULTS = [
    ("three letters of the country", "constant", {"List!F8:F17": ("A8,2", "A8,3")}),
    ("country from the right", "function", {"List!F8:F17": ("LEFT", "RIGHT")}),
    ("serial from the third letter", "constant", {"List!G8:G17": ("A8,4,4", "A8,3,4")}),
    ("due after days, not months", "function", {"List!H8:H17": "=B8+C8"}),
    ("due with the months of the row above", "reference", {"List!H9:H17": ("C9", "C8")}),
    ("due at the month's end", "function", {"List!H8:H17": ("EDATE", "EOMONTH")}),
    ("late the other way", "arguments", {"List!I8:I17": ("E8-H8", "H8-E8")}),
    ("late since the invoice", "reference", {"List!I8:I17": ("E8-H8", "E8-B8")}),
    ("early counts as negative", "omission", {"List!I8:I17": "=E8-H8"}),
    ("overdue from 30 days on", "comparison", {"List!J8:J17": ("I8<=30", "I8<30")}),
    ("late and overdue swapped", "branches", {"List!J8:J17": ('"late","overdue"', '"overdue","late"')}),
    ("last day of grace is late", "comparison", {"List!J8:J17": ("<=Grace", "<Grace")}),
    ("interest in days of 360", "arguments", {"List!K8:K17": ("E8,3", "E8,2")}),
    ("basis forgotten", "arguments", {"List!K8:K17": ("E8,3)", "E8)")}),
    ("interest for a whole year", "omission", {"List!K8:K17": ("*YEARFRAC(H8,E8,3)", "")}),
    ("discount rate for interest", "rate", {"List!K8:K17": ("$B$1", "$B$4")}),
    ("fee for the late", "constant", {"List!L8:L17": ('"overdue"', '"late"')}),
    ("discount within, from due", "reference", {"List!M8:M17": ("E8-B8", "E8-H8")}),
    ("discount given to the slow", "comparison", {"List!M8:M17": ("<=$B$5", ">$B$5")}),
    ("fee not owed", "omission", {"List!M8:M17": ("+L8", "")}),
    ("quarter rounded down", "function", {"List!N8:N17": ("ROUNDUP", "ROUNDDOWN")}),
    ("sum by country a row short", "range", {"List!B19": '=SUMIF(F8:F16,"DE",M8:M16)'}),
    ("owed moved by a row", "range", {"List!B19": ("M8:M17", "M9:M18")}),
    ("last less last", "function", {"List!B26": ("MIN", "MAX")}),
    ("days late typed", "hard-coded", {"List!I12": 14}),
]
DOUBLES = [
    ("late since the invoice", "fee not owed"),
    ("three letters of the country", "interest in days of 360"),
    ("late and overdue swapped", "discount rate for interest"),
    ("days late typed", "quarter rounded down"),
    ("due at the month's end", "last less last"),
]
