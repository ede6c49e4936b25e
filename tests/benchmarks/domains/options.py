"""European options by Black and Scholes over eight strikes, with their greeks and a portfolio of them."""

import math

CELLS = {
    "Options!A1:A6": ["Spot", "Rate", "Volatility", "Years", "Dividend", "Days a year"],
    "Options!B1:B6": [100, 0.03, 0.25, 0.75, 0.01, 365],
    "Options!D1:D4": ["sigma root T", "Discount", "Dividend discount", "Drift"],
    "Options!E1": "=B3*SQRT(B4)",
    "Options!E2": "=EXP(-B2*B4)",
    "Options!E3": "=EXP(-B5*B4)",
    "Options!E4": "=(B2-B5+B3^2/2)*B4",
    "Options!A8:P8": [
        "Strike",
        "Position",
        "d1",
        "d2",
        "N(d1)",
        "N(d2)",
        "Density",
        "Call",
        "Put",
        "Delta",
        "Gamma",
        "Vega",
        "Theta",
        "State",
        "Intrinsic",
        "Time value",
    ],
    "Options!A9:A16": [80, 85, 90, 95, 100, 105, 110, 115],
    "Options!B9:B16": [2, -1, 4, 3, -5, 6, -2, 1],
    "Options!C9:C16": "=(LN($B$1/A9)+Drift)/$E$1",
    "Options!D9:D16": "=C9-$E$1",
    "Options!E9:E16": "=NORM.S.DIST(C9,TRUE)",
    "Options!F9:F16": "=NORM.S.DIST(D9,TRUE)",
    "Options!G9:G16": "=NORM.S.DIST(C9,FALSE)",
    "Options!H9:H16": "=$B$1*$E$3*E9-A9*$E$2*F9",
    "Options!I9:I16": "=A9*$E$2*(1-F9)-$B$1*$E$3*(1-E9)",
    "Options!J9:J16": "=$E$3*E9",
    "Options!K9:K16": "=$E$3*G9/($B$1*$E$1)",
    "Options!L9:L16": "=$B$1*$E$3*G9*SQRT($B$4)/100",
    "Options!M9:M16": "=(-$B$1*$E$3*G9*$B$3/(2*SQRT($B$4))-$B$2*A9*$E$2*F9+$B$5*$B$1*$E$3*E9)/$B$6",
    "Options!N9:N16": '=IF($B$1>A9,"in",IF($B$1=A9,"at","out"))',
    "Options!O9:O16": "=MAX(0,$B$1-A9)",
    "Options!P9:P16": "=H9-O9",
    "Options!A18:A24": ["Value", "Delta", "Vega", "Highest gamma", "In the money", "Mean put", "Long calls"],
    "Options!B18": "=SUMPRODUCT(B9:B16,H9:H16)",
    "Options!B19": "=SUMPRODUCT(B9:B16,J9:J16)",
    "Options!B20": "{=SUM(B9:B16*L9:L16)}",
    "Options!B21": "=MAX(K9:K16)",
    "Options!B22": '=COUNTIF(N9:N16,"in")',
    "Options!B23": "=AVERAGE(I9:I16)",
    "Options!B24": '=SUMIF(B9:B16,">0",H9:H16)',
}
NAMES = {"Drift": "Options!$E$4"}
SPEC = """workbook = "options.xlsx"
reference = "options.py:reference"
sheet = "Options"

[inputs]
spot = { at = "B1", low = 80, high = 120 }
rate = { at = "B2", low = 0.005, high = 0.08 }
sigma = { at = "B3", low = 0.1, high = 0.6 }
years = { at = "B4", low = 0.1, high = 2 }
dividend = { at = "B5", low = 0.001, high = 0.04 }
days = { at = "B6", choices = [365, 252, 360] }
strikes = { at = "A9:A16", low = 75, high = 125 }
positions = { at = "B9:B16", low = -10, high = 10, integer = true }

[outputs]
d1 = "C9:C16"
d2 = "D9:D16"
call = "H9:H16"
put = "I9:I16"
delta = "J9:J16"
gamma = "K9:K16"
vega = "L9:L16"
theta = "M9:M16"
state = "N9:N16"
intrinsic = "O9:O16"
time_value = "P9:P16"
value = "B18"
total_delta = "B19"
total_vega = "B20"
highest_gamma = "B21"
in_the_money = "B22"
mean_put = "B23"
long_calls = "B24"
"""


def _cumulated(x):
    return math.erfc(-x / math.sqrt(2)) / 2


def reference(spot, rate, sigma, years, dividend, days, strikes, positions):
    strikes, positions = strikes.ravel().tolist(), positions.ravel().tolist()
    root = math.sqrt(years)
    later, paid = math.exp(-rate * years), math.exp(-dividend * years)
    rows = []
    for strike in strikes:
        d1 = (math.log(spot / strike) + (rate - dividend + sigma**2 / 2) * years) / (sigma * root)
        d2 = d1 - sigma * root
        density = math.exp(-(d1**2) / 2) / math.sqrt(2 * math.pi)
        call = spot * paid * _cumulated(d1) - strike * later * _cumulated(d2)
        put = strike * later * _cumulated(-d2) - spot * paid * _cumulated(-d1)
        theta = -spot * paid * density * sigma / (2 * root) - rate * strike * later * _cumulated(d2)
        theta = (theta + dividend * spot * paid * _cumulated(d1)) / days
        intrinsic = max(0.0, spot - strike)
        rows.append({
            "d1": d1, "d2": d2, "call": call, "put": put, "delta": paid * _cumulated(d1),
            "gamma": paid * density / (spot * sigma * root), "vega": spot * paid * density * root / 100, "theta": theta,
            "state": "in" if spot > strike else "at" if spot == strike else "out",
            "intrinsic": intrinsic, "time_value": call - intrinsic,
        })  # fmt: skip
    found = {name: [row[name] for row in rows] for name in rows[0]}
    return found | {
        "value": sum(n * row["call"] for n, row in zip(positions, rows, strict=True)),
        "total_delta": sum(n * row["delta"] for n, row in zip(positions, rows, strict=True)),
        "total_vega": sum(n * row["vega"] for n, row in zip(positions, rows, strict=True)),
        "highest_gamma": max(found["gamma"]),
        "in_the_money": found["state"].count("in"),
        "mean_put": sum(found["put"]) / len(rows),
        "long_calls": sum(row["call"] for n, row in zip(positions, rows, strict=True) if n > 0),
    }


FAULTS = [
    ("half the variance forgotten", "omission", {"Options!E4": ("+B3^2/2", "")}),
    ("variance not halved", "unit", {"Options!E4": ("^2/2", "^2")}),
    ("volatility not squared", "omission", {"Options!E4": ("B3^2/2", "B3/2")}),
    ("days for the root of years", "function", {"Options!E1": ("SQRT(B4)", "B4")}),
    ("spot over strike inverted", "arguments", {"Options!C9:C16": ("$B$1/A9", "A9/$B$1")}),
    ("base 10 logarithm", "function", {"Options!C9:C16": ("LN", "LOG10")}),
    ("d2 adds", "operator", {"Options!D9:D16": ("-$E$1", "+$E$1")}),
    ("d2 with the discount", "reference", {"Options!D9:D16": ("$E$1", "$E$2")}),
    ("d2 not anchored", "anchor", {"Options!D9:D16": ("$E$1", "E1")}),
    ("density for N(d2)", "arguments", {"Options!F9:F16": ("TRUE", "FALSE")}),
    ("N(d2) of d1", "reference", {"Options!F9:F16": ("D9", "C9")}),
    ("discount grows", "sign", {"Options!E2": ("-B2", "B2")}),
    ("dividend discount at the rate", "rate", {"Options!E3": ("B5", "B2")}),
    ("call without dividend discount", "omission", {"Options!H9:H16": ("*$E$3", "")}),
    ("put without its parentheses", "parenthesis", {"Options!I9:I16": ("(1-F9)", "1-F9")}),
    ("call's formula for one put", "neighbour", {"Options!I12": "=$B$1*$E$3*E12-A12*$E$2*F12"}),
    ("gamma over spot times", "parenthesis", {"Options!K9:K16": ("($B$1*$E$1)", "$B$1*$E$1")}),
    ("vega for 1 and not 1 %", "unit", {"Options!L9:L16": ("/100", "")}),
    ("theta's sign of the dividend", "operator", {"Options!M9:M16": ("+$B$5", "-$B$5")}),
    ("a day's delta typed", "hard-coded", {"Options!J13": 0.55}),
    ("equal strikes are in", "comparison", {"Options!N9:N16": ("$B$1>A9", "$B$1>=A9")}),
    ("intrinsic value of a put", "arguments", {"Options!O9:O16": ("$B$1-A9", "A9-$B$1")}),
    ("a strike left out of the value", "range", {"Options!B18": "=SUMPRODUCT(B9:B15,H9:H15)"}),
    ("lowest gamma", "function", {"Options!B21": ("MAX", "MIN")}),
    ("vega of the theta column", "reference", {"Options!B20": ("L9:L16", "M9:M16")}),
]
DOUBLES = [
    ("variance not halved", "theta's sign of the dividend"),
    ("discount grows", "lowest gamma"),
    ("d2 adds", "vega for 1 and not 1 %"),
    ("density for N(d2)", "a day's delta typed"),
    ("call without dividend discount", "intrinsic value of a put"),
]
