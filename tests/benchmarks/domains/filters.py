"""A Kalman filter, exponential smoothing with a trend, and a running median over twenty measurements."""

import numpy as np

CELLS = {
    "Filter!A1:A8": ["Process", "Noise", "First", "Variance", "Level", "Trend", "Limit", "Decay"],
    "Filter!B1:B8": [0.05, 0.8, 0.5, 2, 0.4, 0.2, 1.5, 0.9],
    "Filter!D1:D8": ["RMSE", "Largest", "Outliers", "Gain at last", "Bias", "Forecast", "Spread", "Weighted"],
    "Filter!E1": "=SQRT(SUM(I12:I31)/COUNT(I12:I31))",
    "Filter!E2": "{=MAX(ABS(H12:H31))}",
    "Filter!E3": "=SUM(J12:J31)",
    "Filter!E4": "=E31",
    "Filter!E5": "=AVERAGE(H12:H31)",
    "Filter!E6": "=K31+3*L31",
    "Filter!E7": "=STDEV.S(F12:F31)",
    "Filter!E8": "=SUMPRODUCT(N12:N31,B12:B31)/SUM(N12:N31)",
    "Filter!A11:N11": [
        "Time",
        "Measured",
        "Expected",
        "Before",
        "Gain",
        "State",
        "After",
        "Residual",
        "Squared",
        "Outlier",
        "Level",
        "Trend",
        "Median",
        "Weight",
    ],
    "Filter!A12": 1,
    "Filter!A13:A31": "=A12+1",
    "Filter!B12:B31": [
        0.3,
        0.9,
        1.4,
        0.7,
        2.1,
        1.8,
        2.6,
        2.2,
        3.1,
        5.9,
        2.8,
        3.3,
        3.9,
        3.1,
        4.2,
        3.7,
        4.6,
        4.1,
        5.2,
        4.8,
    ],
    "Filter!C12": "=$B$3",
    "Filter!C13:C31": "=F12",
    "Filter!D12": "=$B$4+$B$1",
    "Filter!D13:D31": "=G12+$B$1",
    "Filter!E12:E31": "=D12/(D12+Noise)",
    "Filter!F12:F31": "=C12+E12*(B12-C12)",
    "Filter!G12:G31": "=(1-E12)*D12",
    "Filter!H12:H31": "=B12-F12",
    "Filter!I12:I31": "=H12^2",
    "Filter!J12:J31": "=IF(ABS(B12-C12)>$B$7*SQRT(D12+Noise),1,0)",
    "Filter!K12": "=B12",
    "Filter!K13:K31": "=$B$5*B13+(1-$B$5)*(K12+L12)",
    "Filter!L12": "=B13-B12",
    "Filter!L13:L31": "=$B$6*(K13-K12)+(1-$B$6)*L12",
    "Filter!M13:M30": "=MEDIAN(B12:B14)",
    "Filter!N12:N31": "=$B$8^($A$31-A12)",
}
NAMES = {"Noise": "Filter!$B$2"}
SPEC = """workbook = "filters.xlsx"
reference = "filters.py:reference"
sheet = "Filter"

[inputs]
process = { at = "B1", low = 0.01, high = 0.5 }
noise = { at = "B2", low = 0.2, high = 3 }
first = { at = "B3", low = -2, high = 2 }
variance = { at = "B4", low = 0.5, high = 5 }
alpha = { at = "B5", low = 0.1, high = 0.9 }
beta = { at = "B6", low = 0.1, high = 0.9 }
limit = { at = "B7", low = 0.5, high = 3 }
decay = { at = "B8", low = 0.7, high = 0.99 }
measured = { at = "B12:B31", low = -5, high = 5 }

[outputs]
expected = "C12:C31"
before = "D12:D31"
gain = "E12:E31"
state = "F12:F31"
after = "G12:G31"
residual = { at = "H12:H31", atol = 1e-9 }
outlier = "J12:J31"
level = { at = "K12:K31", atol = 1e-9 }
trend = { at = "L12:L31", atol = 1e-9 }
median = "M13:M30"
rmse = "E1"
largest = "E2"
outliers = "E3"
bias = { at = "E5", atol = 1e-9 }
forecast = { at = "E6", atol = 1e-9 }
spread = "E7"
weighted = { at = "E8", atol = 1e-9 }
"""


def reference(process, noise, first, variance, alpha, beta, limit, decay, measured):
    z = measured.ravel()
    x, p, rows = first, variance, []
    for value in z:
        expected, before = x, p + process
        gain = before / (before + noise)
        outlier = float(abs(value - expected) > limit * np.sqrt(before + noise))
        x, p = expected + gain * (value - expected), (1 - gain) * before
        rows.append((expected, before, gain, x, p, value - x, outlier))
    names = ("expected", "before", "gain", "state", "after", "residual", "outlier")
    found = {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    level, trend = [z[0]], [z[1] - z[0]]
    for value in z[1:]:
        level.append(alpha * value + (1 - alpha) * (level[-1] + trend[-1]))
        trend.append(beta * (level[-1] - level[-2]) + (1 - beta) * trend[-1])
    weights = decay ** np.arange(19, -1, -1.0)
    return found | {
        "level": level, "trend": trend, "median": [np.median(z[n - 1 : n + 2]) for n in range(1, 19)],
        "rmse": np.sqrt(np.mean(found["residual"] ** 2)), "largest": np.abs(found["residual"]).max(),
        "outliers": found["outlier"].sum(), "bias": found["residual"].mean(), "forecast": level[-1] + 3 * trend[-1],
        "spread": found["state"].std(ddof=1), "weighted": weights @ z / weights.sum(),
    }  # fmt: skip


FAULTS = [
    ("gain without parentheses", "parenthesis", {"Filter!E12:E31": ("(D12+Noise)", "D12+Noise")}),
    ("gain of the variance after", "reference", {"Filter!E13:E31": "=G12/(G12+Noise)"}),
    ("noise for process", "rate", {"Filter!D13:D31": ("$B$1", "Noise")}),
    ("process noise not anchored", "anchor", {"Filter!D13:D31": ("$B$1", "B1")}),
    ("process noise forgotten", "omission", {"Filter!D13:D31": ("+$B$1", "")}),
    ("state without the gain", "omission", {"Filter!F12:F31": ("E12*", "")}),
    ("innovation the other way", "arguments", {"Filter!F12:F31": ("(B12-C12)", "(C12-B12)")}),
    ("gain for what it leaves", "parenthesis", {"Filter!G12:G31": ("(1-E12)*D12", "1-E12*D12")}),
    ("residual against the expected", "reference", {"Filter!H12:H31": ("F12", "C12")}),
    ("residual doubled, not squared", "operator", {"Filter!I12:I31": ("^2", "*2")}),
    ("residual of the row above", "reference", {"Filter!I13:I31": ("H13", "H12")}),
    ("outliers without ABS", "function", {"Filter!J12:J31": ("ABS(B12-C12)", "(B12-C12)")}),
    ("outliers by the variance", "function", {"Filter!J12:J31": ("SQRT(D12+Noise)", "(D12+Noise)")}),
    ("inside for outside", "branches", {"Filter!J12:J31": ("1,0)", "0,1)")}),
    ("level without the trend", "omission", {"Filter!K13:K31": ("+L12", "")}),
    ("level with beta", "rate", {"Filter!K13:K31": ("(1-$B$5)", "(1-$B$6)")}),
    ("trend from the measurements", "reference", {"Filter!L13:L31": ("K13-K12", "B13-B12")}),
    ("trend's sign", "sign", {"Filter!L13:L31": ("+(1-", "-(1-")}),
    ("mean for median", "function", {"Filter!M13:M30": ("MEDIAN", "AVERAGE")}),
    ("median of two", "range", {"Filter!M13:M30": ("B12:B14", "B12:B13")}),
    ("weights grow with age", "sign", {"Filter!N12:N31": ("^(", "^-(")}),
    ("RMSE without the first", "range", {"Filter!E1": "=SQRT(SUM(I13:I31)/COUNT(I13:I31))"}),
    ("forecast of two steps", "constant", {"Filter!E6": ("3*", "2*")}),
    ("spread of a population", "function", {"Filter!E7": ("STDEV.S", "STDEV.P")}),
    ("a gain typed", "hard-coded", {"Filter!E18": 0.3}),
]
DOUBLES = [
    ("process noise forgotten", "level with beta"),
    ("innovation the other way", "spread of a population"),
    ("a gain typed", "state without the gain"),
    ("residual doubled, not squared", "forecast of two steps"),
    ("gain for what it leaves", "mean for median"),
]
