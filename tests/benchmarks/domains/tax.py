"""Income tax of ten persons by brackets, with allowances, a surcharge, and contributions up to a limit."""

import math

CELLS = {
    "Rates!A1:C1": ["From", "Rate", "Paid below"],
    "Rates!A2:A5": [0, 12000, 30000, 60000],
    "Rates!B2:B5": [0, 0.2, 0.32, 0.42],
    "Rates!C2": 0,
    "Rates!C3:C5": "=C2+(A3-A2)*B2",
    "Rates!A7:A13": ["Child", "Cap", "Contribution", "Limit", "Surcharge", "Surcharge from", "Church"],
    "Rates!B7:B13": [4000, 6000, 0.0935, 55000, 0.055, 9000, 0.09],
    "Tax!A1:N1": [
        "Person",
        "Gross",
        "Children",
        "Expenses",
        "Church",
        "Taxable",
        "Tax",
        "Surcharge",
        "Church tax",
        "Contribution",
        "Net",
        "A month",
        "Marginal",
        "Average",
    ],
    "Tax!A2:A11": ["Ada", "Bert", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ida", "Jon"],
    "Tax!B2:B11": [28000, 45000, 61000, 15000, 83000, 120000, 38000, 52000, 70000, 95000],
    "Tax!C2:C11": [0, 1, 2, 0, 3, 1, 0, 2, 1, 0],
    "Tax!D2:D11": [1200, 7000, 3000, 400, 9000, 5000, 2200, 100, 6500, 8000],
    "Tax!E2:E11": ["yes", "no", "no", "yes", "no", "yes", "no", "no", "yes", "no"],
    "Tax!F2:F11": "=MAX(0,B2-C2*Child-MIN(D2,Rates!$B$8))",
    "Tax!G2:G11": (
        "=MIN(MAX(0,F2-Rates!$A$3),Rates!$A$4-Rates!$A$3)*Rates!$B$3"
        "+MIN(MAX(0,F2-Rates!$A$4),Rates!$A$5-Rates!$A$4)*Rates!$B$4+MAX(0,F2-Rates!$A$5)*Rates!$B$5"
    ),
    "Tax!H2:H11": "=IF(G2>Rates!$B$12,G2*Rates!$B$11,0)",
    "Tax!I2:I11": '=IF(E2="yes",G2*Rates!$B$13,0)',
    "Tax!J2:J11": "=MIN(B2,Rates!$B$10)*Rates!$B$9",
    "Tax!K2:K11": "=B2-G2-H2-I2-J2",
    "Tax!L2:L11": "=ROUND(K2/12,2)",
    "Tax!M2:M11": "=IF(F2<=Rates!$A$3,Rates!$B$2,IF(F2<=Rates!$A$4,Rates!$B$3,IF(F2<=Rates!$A$5,Rates!$B$4,Rates!$B$5)))",
    "Tax!N2:N11": "=IF(B2=0,0,G2/B2)",
    "Tax!A13:A20": [
        "Tax",
        "Highest",
        "Median net",
        "Church members",
        "With surcharge",
        "Mean rate",
        "By table",
        "Children",
    ],
    "Tax!B13": "=SUM(G2:I11)",
    "Tax!B14": "=MAX(G2:G11)",
    "Tax!B15": "=MEDIAN(K2:K11)",
    "Tax!B16": '=COUNTIF(E2:E11,"yes")',
    "Tax!B17": '=COUNTIF(H2:H11,">0")',
    "Tax!B18": "=SUM(G2:G11)/SUM(B2:B11)",
    "Tax!B19": "=LOOKUP(F2,Rates!A2:A5,Rates!C2:C5)+(F2-LOOKUP(F2,Rates!A2:A5))*LOOKUP(F2,Rates!A2:A5,Rates!B2:B5)",
    "Tax!B20": "=SUMPRODUCT(C2:C11,G2:G11)/MAX(1,SUM(C2:C11))",
}
NAMES = {"Child": "Rates!$B$7"}
SPEC = """workbook = "tax.xlsx"
reference = "tax.py:reference"
sheet = "Tax"

[inputs]
gross = { at = "B2:B11", low = 0, high = 150_000 }
children = { at = "C2:C11", low = 0, high = 4, integer = true }
expenses = { at = "D2:D11", low = 0, high = 12_000 }
church = { at = "E2:E11", choices = ["yes", "no"] }
rates = { at = "Rates!B3:B5", low = 0.1, high = 0.5 }
child = { at = "Rates!B7", low = 1000, high = 6000 }
cap = { at = "Rates!B8", low = 2000, high = 8000 }
contribution = { at = "Rates!B9", low = 0.05, high = 0.15 }
limit = { at = "Rates!B10", low = 30_000, high = 80_000 }
surcharge = { at = "Rates!B11", low = 0.01, high = 0.1 }
surcharge_from = { at = "Rates!B12", low = 1000, high = 20_000 }
church_rate = { at = "Rates!B13", low = 0.05, high = 0.1 }

[outputs]
taxable = "F2:F11"
tax = "G2:G11"
extra = "H2:H11"
church_tax = "I2:I11"
contributions = "J2:J11"
net = "K2:K11"
month = "L2:L11"
marginal = "M2:M11"
average = "N2:N11"
all_tax = "B13"
highest = "B14"
median = "B15"
members = "B16"
with_extra = "B17"
mean_rate = "B18"
by_table = { at = "B19", atol = 1e-9 }
of_children = "B20"
"""
STEPS = [12000, 30000, 60000, math.inf]


def reference(
    gross, children, expenses, church, rates, child, cap, contribution, limit, surcharge, surcharge_from, church_rate
):
    rates = rates.ravel().tolist()
    rows = []
    for pay, n, spent, member in zip(*(a.ravel().tolist() for a in (gross, children, expenses, church)), strict=True):
        taxable = max(0.0, pay - n * child - min(spent, cap))
        tax, marginal = 0.0, 0.0
        for least, most, rate in zip(STEPS[:-1], STEPS[1:], rates, strict=True):
            if taxable > least:
                tax, marginal = tax + (min(taxable, most) - least) * rate, rate
        extra = tax * surcharge if tax > surcharge_from else 0.0
        church_tax = tax * church_rate if member == "yes" else 0.0
        contributions = min(pay, limit) * contribution
        net = pay - tax - extra - church_tax - contributions
        month = math.copysign(math.floor(abs(net) / 12 * 100 + 0.5) / 100, net)
        average = tax / pay if pay else 0.0
        rows.append({name: value for name, value in locals().items() if name in NAMED})
    found = {name: [row[name] for row in rows] for name in NAMED}
    ordered = sorted(found["net"])
    return found | {
        "all_tax": sum(sum(found[name]) for name in ("tax", "extra", "church_tax")), "highest": max(found["tax"]),
        "median": (ordered[4] + ordered[5]) / 2, "members": (church == "yes").sum(),
        "with_extra": sum(value > 0 for value in found["extra"]), "mean_rate": sum(found["tax"]) / gross.sum(),
        "by_table": found["tax"][0],
        "of_children": sum(n * t for n, t in zip(children.ravel(), found["tax"], strict=True)) / max(1, children.sum()),
    }  # fmt: skip


NAMED = ("taxable", "tax", "extra", "church_tax", "contributions", "net", "month", "marginal", "average")
FAULTS = [
    ("expenses without their cap", "omission", {"Tax!F2:F11": ("MIN(D2,Rates!$B$8)", "D2")}),
    ("largest of expenses and cap", "function", {"Tax!F2:F11": ("MIN", "MAX")}),
    ("children once", "omission", {"Tax!F2:F11": ("C2*Child", "Child")}),
    ("taxable below 0", "omission", {"Tax!F2:F11": "=B2-C2*Child-MIN(D2,Rates!$B$8)"}),
    ("expenses of the row below", "reference", {"Tax!F2:F11": ("D2", "D3")}),
    ("second bracket at the first rate", "rate", {"Tax!G2:G11": ("Rates!$B$4+", "Rates!$B$3+")}),
    ("top bracket from the second step", "reference", {"Tax!G2:G11": ("MAX(0,F2-Rates!$A$5)", "MAX(0,F2-Rates!$A$4)")}),
    ("top bracket left out", "omission", {"Tax!G2:G11": ("+MAX(0,F2-Rates!$A$5)*Rates!$B$5", "")}),
    ("first bracket from 0", "omission", {"Tax!G2:G11": ("MIN(MAX(0,F2-Rates!$A$3),", "MIN(MAX(0,F2),")}),
    ("surcharge below its limit", "comparison", {"Tax!H2:H11": (">", "<")}),
    ("surcharge on what exceeds", "parenthesis", {"Tax!H2:H11": ("G2*Rates", "(G2-Rates!$B$12)*Rates")}),
    ("surcharge rate not anchored", "anchor", {"Tax!H2:H11": ("$B$11", "B11")}),
    ("church tax of the others", "branches", {"Tax!I2:I11": '=IF(E2="yes",0,G2*Rates!$B$13)'}),
    ("church tax at the surcharge rate", "rate", {"Tax!I2:I11": ("$B$13", "$B$11")}),
    ("contribution without limit", "function", {"Tax!J2:J11": ("MIN", "MAX")}),
    ("contribution of the taxable", "reference", {"Tax!J2:J11": ("MIN(B2", "MIN(F2")}),
    ("surcharge added to the net", "sign", {"Tax!K2:K11": ("-H2", "+H2")}),
    ("a net of another column", "neighbour", {"Tax!K6": "=B6-G6-I6-J6"}),
    ("month of 52 weeks", "unit", {"Tax!L2:L11": ("/12", "/52")}),
    ("month rounded to tens", "constant", {"Tax!L2:L11": ("12,2", "12,1")}),
    ("marginal rate at the step", "comparison", {"Tax!M2:M11": ("F2<=Rates!$A$4", "F2<Rates!$A$4")}),
    ("sum without the last person", "range", {"Tax!B13": ("I11", "I10")}),
    ("mean for median", "function", {"Tax!B15": ("MEDIAN", "AVERAGE")}),
    ("rate for tax below the bracket", "lookup", {"Tax!B19": ("Rates!C2:C5", "Rates!B2:B5")}),
    ("a tax typed", "hard-coded", {"Tax!G7": 21000}),
]
DOUBLES = [
    ("children once", "top bracket left out"),
    ("surcharge below its limit", "month of 52 weeks"),
    ("second bracket at the first rate", "church tax of the others"),
    ("a tax typed", "contribution without limit"),
    ("expenses without their cap", "sum without the last person"),
]
