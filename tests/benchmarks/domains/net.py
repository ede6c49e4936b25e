"""A net with a ReLU layer and softmax, trained for three epochs in blocks of matrix formulas, with weight decay."""

import numpy as np

STARTS = (6, 28, 50)
"""The first row of each epoch."""


def _epoch(number, r):
    """The contents of the epoch that begins in row r."""
    cells = {
        f"A{r}": f"Epoch {number}", f"A{r + 1}": "W1", f"A{r + 4}": "b1", f"A{r + 5}": "W2", f"A{r + 9}": "b2",
        f"A{r + 11}": "dW2", f"A{r + 15}": "db2", f"A{r + 17}": "dW1", f"A{r + 20}": "db1",
        f"G{r}": "Z1", f"G{r + 5}": "A1", f"G{r + 10}": "dZ1", f"L{r}": "Z2", f"L{r + 5}": "exp", f"L{r + 10}": "dA1",
        f"Q{r}": "softmax", f"Q{r + 5}": "dZ2", f"U{r}": "Losses", f"V{r}": "Right", f"T{r + 6}": "Loss", f"T{r + 7}": "Share",
        f"G{r + 1}:J{r + 4}": f"{{=MMULT(X,B{r + 1}:E{r + 3})+B{r + 4}:E{r + 4}}}",
        f"G{r + 6}:J{r + 9}": f"=MAX(0,G{r + 1})",
        f"L{r + 1}:N{r + 4}": f"{{=MMULT(G{r + 6}:J{r + 9},B{r + 5}:D{r + 8})+B{r + 9}:D{r + 9}}}",
        f"L{r + 6}:N{r + 9}": f"=EXP(L{r + 1})",
        f"Q{r + 1}:S{r + 4}": f"=L{r + 6}/SUM($L{r + 6}:$N{r + 6})",
        f"Q{r + 6}:S{r + 9}": f"=(Q{r + 1}-F2)/4",
        f"U{r + 1}:U{r + 4}": f"=-LN(SUMPRODUCT($F2:$H2,Q{r + 1}:S{r + 1}))",
        f"V{r + 1}:V{r + 4}": f"=IF(SUMPRODUCT($F2:$H2,Q{r + 1}:S{r + 1})=MAX(Q{r + 1}:S{r + 1}),1,0)",
        f"U{r + 6}": f"=AVERAGE(U{r + 1}:U{r + 4})+Decay/2*(SUMSQ(B{r + 1}:E{r + 3})+SUMSQ(B{r + 5}:D{r + 8}))",
        f"U{r + 7}": f"=SUM(V{r + 1}:V{r + 4})/4",
        f"B{r + 11}:D{r + 14}": f"{{=MMULT(TRANSPOSE(G{r + 6}:J{r + 9}),Q{r + 6}:S{r + 9})+Decay*B{r + 5}:D{r + 8}}}",
        f"B{r + 15}:D{r + 15}": f"=SUM(Q{r + 6}:Q{r + 9})",
        f"L{r + 11}:O{r + 14}": f"{{=MMULT(Q{r + 6}:S{r + 9},TRANSPOSE(B{r + 5}:D{r + 8}))}}",
        f"G{r + 11}:J{r + 14}": f"=IF(G{r + 1}>0,L{r + 11},0)",
        f"B{r + 17}:E{r + 19}": f"{{=MMULT(TRANSPOSE(X),G{r + 11}:J{r + 14})+Decay*B{r + 1}:E{r + 3}}}",
        f"B{r + 20}:E{r + 20}": f"=SUM(G{r + 11}:G{r + 14})",
    }  # fmt: skip
    p = r - 22
    if number == 1:
        cells |= {
            f"B{r + 1}:E{r + 3}": [0.4, -0.3, 0.2, 0.6, -0.5, 0.7, 0.1, -0.2, 0.3, 0.5, -0.6, 0.8],
            f"B{r + 4}:E{r + 4}": [0.1, -0.1, 0.2, 0.05],
            f"B{r + 5}:D{r + 8}": [0.5, -0.4, 0.3, 0.2, 0.6, -0.7, -0.3, 0.1, 0.4, 0.8, -0.2, -0.5],
            f"B{r + 9}:D{r + 9}": [0.05, -0.05, 0.1],
        }
    else:
        cells |= {
            f"B{r + 1}:E{r + 3}": f"=B{p + 1}-$J$2*B{p + 17}",
            f"B{r + 4}:E{r + 4}": f"=B{p + 4}-$J$2*B{p + 20}",
            f"B{r + 5}:D{r + 8}": f"=B{p + 5}-$J$2*B{p + 11}",
            f"B{r + 9}:D{r + 9}": f"=B{p + 9}-$J$2*B{p + 15}",
        }
    return {f"Net!{place}": content for place, content in cells.items()}


CELLS = {
    "Net!A1:J1": ["", "x1", "x2", "x3", "", "y1", "y2", "y3", "", "Rate, decay"],
    "Net!B2:D5": [1, 0.5, -1, -0.4, 1.2, 0.3, 0.8, -0.9, 0.6, -1.1, 0.2, 1.4],
    "Net!F2:H5": [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0],
    "Net!J2:J3": [0.5, 0.02],
}
for _number, _row in enumerate(STARTS, 1):
    CELLS |= _epoch(_number, _row)
NAMES = {"X": "Net!$B$2:$D$5", "Decay": "Net!$J$3"}
SPEC = """workbook = "net.xlsx"
reference = "net.py:reference"
sheet = "Net"
blocks = { label = "Epoch {n}" }

[inputs]
X = { at = "B2:D5", low = -2, high = 2 }
Y = { at = "F2:H5", one_hot = true }
rate = { at = "J2", low = 0.05, high = 1 }
decay = { at = "J3", low = 0.001, high = 0.1 }
W1 = { at = "B7:E9", low = -1, high = 1 }
b1 = { at = "B10:E10", low = -0.5, high = 0.5 }
W2 = { at = "B11:D14", low = -1, high = 1 }
b2 = { at = "B15:D15", low = -0.5, high = 0.5 }

[outputs]
Z1 = "G7:J10"
A1 = "G12:J15"
Z2 = "L7:N10"
P = "Q7:S10"
dZ2 = "Q12:S15"
losses = "U7:U10"
loss = "U12"
share = "U13"
dW2 = "B17:D20"
db2 = "B21:D21"
dZ1 = "G17:J20"
dW1 = "B23:E25"
db1 = "B26:E26"
W1 = "B7:E9"
b1 = "B10:E10"
W2 = "B11:D14"
b2 = "B15:D15"
"""


def reference(X, Y, rate, decay, W1, b1, W2, b2):
    for _epoch in range(3):
        Z1 = X @ W1 + b1
        A1 = np.maximum(0, Z1)
        Z2 = A1 @ W2 + b2
        P = np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)
        losses = -np.log((P * Y).sum(axis=1, keepdims=True))
        loss = losses.mean() + decay / 2 * ((W1**2).sum() + (W2**2).sum())
        share = np.mean((P * Y).sum(axis=1) == P.max(axis=1))
        dZ2 = (P - Y) / len(X)
        dW2, db2 = A1.T @ dZ2 + decay * W2, dZ2.sum(axis=0, keepdims=True)
        dZ1 = dZ2 @ W2.T * (Z1 > 0)
        dW1, db1 = X.T @ dZ1 + decay * W1, dZ1.sum(axis=0, keepdims=True)
        yield dict(locals())
        W1, b1, W2, b2 = W1 - rate * dW1, b1 - rate * db1, W2 - rate * dW2, b2 - rate * db2


def _every(content, *, after=0):
    """A fault in every epoch, or in those after the first; ``content`` gives its part of the epoch that begins in row r."""
    return {f"Net!{area}": new for r in STARTS[after:] for area, new in content(r, r - 22).items()}


FAULTS = [
    ("no bias in Z1", "omission", _every(lambda r, p: {f"G{r + 1}:J{r + 4}": (f"+B{r + 4}:E{r + 4}", "")})),
    ("bias taken off in Z2", "operator", _every(lambda r, p: {f"L{r + 1}:N{r + 4}": ("+", "-")})),
    ("no ReLU", "omission", _every(lambda r, p: {f"G{r + 6}:J{r + 9}": f"=G{r + 1}"})),
    ("ReLU the wrong way", "function", _every(lambda r, p: {f"G{r + 6}:J{r + 9}": ("MAX", "MIN")})),
    (
        "Z2 from Z1",
        "reference",
        _every(lambda r, p: {f"L{r + 1}:N{r + 4}": (f"G{r + 6}:J{r + 9}", f"G{r + 1}:J{r + 4}")}),
    ),
    (
        "softmax over the column",
        "anchor",
        _every(
            lambda r, p: {
                f"Q{r + 1}:S{r + 4}": (f"SUM($L{r + 6}:$N{r + 6})", f"SUM(L${r + 6}:L${r + 9})"),
            }
        ),
    ),
    ("softmax over two", "range", _every(lambda r, p: {f"Q{r + 1}:S{r + 4}": (":$N", ":$M")})),
    (
        "softmax not anchored",
        "anchor",
        _every(
            lambda r, p: {
                f"Q{r + 1}:S{r + 4}": (f"$L{r + 6}:$N{r + 6}", f"L{r + 6}:N{r + 6}"),
            }
        ),
    ),
    ("labels added", "sign", _every(lambda r, p: {f"Q{r + 6}:S{r + 9}": ("-F2", "+F2")})),
    ("dZ2 not averaged", "unit", _every(lambda r, p: {f"Q{r + 6}:S{r + 9}": ("/4", "")})),
    (
        "average of the labels alone",
        "parenthesis",
        _every(
            lambda r, p: {
                f"Q{r + 6}:S{r + 9}": f"=Q{r + 1}-F2/4",
            }
        ),
    ),
    ("base 10 logarithm", "function", _every(lambda r, p: {f"U{r + 1}:U{r + 4}": ("LN(", "LOG10(")})),
    ("loss without its minus", "sign", _every(lambda r, p: {f"U{r + 1}:U{r + 4}": ("=-", "=")})),
    ("decay not halved", "unit", _every(lambda r, p: {f"U{r + 6}": ("Decay/2", "Decay")})),
    ("decay of W1 alone", "omission", _every(lambda r, p: {f"U{r + 6}": (f"+SUMSQ(B{r + 5}:D{r + 8})", "")})),
    ("sum for the mean loss", "function", _every(lambda r, p: {f"U{r + 6}": ("AVERAGE", "SUM")})),
    ("no decay in dW2", "omission", _every(lambda r, p: {f"B{r + 11}:D{r + 14}": (f"+Decay*B{r + 5}:D{r + 8}", "")})),
    (
        "dW2 from Z1",
        "reference",
        _every(
            lambda r, p: {
                f"B{r + 11}:D{r + 14}": (f"G{r + 6}:J{r + 9}", f"G{r + 1}:J{r + 4}"),
            }
        ),
    ),
    ("dZ1 where Z1 is negative", "comparison", _every(lambda r, p: {f"G{r + 11}:J{r + 14}": (">", "<")})),
    ("dZ1 without its condition", "branches", _every(lambda r, p: {f"G{r + 11}:J{r + 14}": f"=L{r + 11}"})),
    (
        "db1 without the last sample",
        "range",
        _every(lambda r, p: {f"B{r + 20}:E{r + 20}": (f"G{r + 14}", f"G{r + 13}")}),
    ),
    ("step uphill", "operator", _every(lambda r, p: {f"B{r + 1}:E{r + 3}": ("-", "+")}, after=1)),
    ("step at the decay", "rate", _every(lambda r, p: {f"B{r + 5}:D{r + 8}": ("$J$2", "Decay")}, after=1)),
    ("b2 from the first epoch", "reference", {"Net!B59:D59": ("B37", "B15")}),
    ("a weight typed", "hard-coded", {"Net!C30": -0.25}),
]
DOUBLES = [
    ("no bias in Z1", "decay not halved"),
    ("dZ2 not averaged", "b2 from the first epoch"),
    ("base 10 logarithm", "step at the decay"),
    ("a weight typed", "no decay in dW2"),
    ("loss without its minus", "dZ1 without its condition"),
]
