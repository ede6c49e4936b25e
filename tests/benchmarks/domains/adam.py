"""A line fitted to six points by Adam with decoupled weight decay, a step a row."""

import numpy as np

CELLS = {
    "Adam!A1:A6": ["Learning rate", "beta 1", "beta 2", "epsilon", "Weight decay", "Points"],
    "Adam!B1:B5": [0.1, 0.9, 0.99, 0.001, 0.01],
    "Adam!B6": "=COUNT(B8:G8)",
    "Adam!A8:G8": ["x", -1, 0.5, 1, 2, 2.5, 3.5],
    "Adam!A9:G9": ["y", -1.5, 1.2, 2.1, 3.8, 5.4, 7.1],
    "Adam!D1:D4": ["Loss at last", "Lowest loss", "Largest step", "Loss saved"],
    "Adam!E1": "=P25",
    "Adam!E2": "=MIN(P12:P25)",
    "Adam!E3": "{=MAX(ABS(Q12:Q25))}",
    "Adam!E4": "=(P12-P25)/P12",
    "Adam!A11:R11": [
        "t",
        "w",
        "b",
        "dw",
        "db",
        "mw",
        "mb",
        "vw",
        "vb",
        "mw hat",
        "mb hat",
        "vw hat",
        "vb hat",
        "c1",
        "c2",
        "loss",
        "step w",
        "step b",
    ],
    "Adam!A12": 1,
    "Adam!A13:A25": "=A12+1",
    "Adam!B12": 0.2,
    "Adam!B13:B25": "=B12-Q12-$B$1*$B$5*B12",
    "Adam!C12": -0.3,
    "Adam!C13:C25": "=C12-R12",
    "Adam!D12:D25": "=2/$B$6*SUMPRODUCT(B12*$B$8:$G$8+C12-$B$9:$G$9,$B$8:$G$8)",
    "Adam!E12:E25": "=2/$B$6*(B12*SUM($B$8:$G$8)+$B$6*C12-SUM($B$9:$G$9))",
    "Adam!F12": "=(1-$B$2)*D12",
    "Adam!F13:F25": "=$B$2*F12+(1-$B$2)*D13",
    "Adam!G12": "=(1-$B$2)*E12",
    "Adam!G13:G25": "=$B$2*G12+(1-$B$2)*E13",
    "Adam!H12": "=(1-$B$3)*D12^2",
    "Adam!H13:H25": "=$B$3*H12+(1-$B$3)*D13^2",
    "Adam!I12": "=(1-$B$3)*E12^2",
    "Adam!I13:I25": "=$B$3*I12+(1-$B$3)*E13^2",
    "Adam!J12:J25": "=F12/N12",
    "Adam!K12:K25": "=G12/N12",
    "Adam!L12:L25": "=H12/O12",
    "Adam!M12:M25": "=I12/O12",
    "Adam!N12:N25": "=1-$B$2^A12",
    "Adam!O12:O25": "=1-$B$3^A12",
    "Adam!Q12:Q25": "=Rate*J12/(SQRT(L12)+$B$4)",
    "Adam!R12:R25": "=Rate*K12/(SQRT(M12)+$B$4)",
}
CELLS |= {
    f"Adam!P{row}": f"{{=AVERAGE((B{row}*$B$8:$G$8+C{row}-$B$9:$G$9)^2)}}" for row in range(12, 26)
}  # one array formula a row
NAMES = {"Rate": "Adam!$B$1"}
SPEC = """workbook = "adam.xlsx"
reference = "adam.py:reference"
sheet = "Adam"
blocks = { first = 12, step = 1, count = 14 }

[inputs]
alpha = { at = "B1", low = 0.01, high = 0.3 }
beta1 = { at = "B2", low = 0.5, high = 0.95 }
beta2 = { at = "B3", low = 0.8, high = 0.999 }
epsilon = { at = "B4", low = 0.0001, high = 0.1 }
decay = { at = "B5", low = 0.001, high = 0.1 }
x = { at = "B8:G8", low = -3, high = 3 }
y = { at = "B9:G9", low = -5, high = 5 }
w = { at = "B12", low = -1, high = 1 }
b = { at = "C12", low = -1, high = 1 }

[outputs]
w = { at = "B12", atol = 1e-9 }
b = { at = "C12", atol = 1e-9 }
dw = { at = "D12", atol = 1e-9 }
db = { at = "E12", atol = 1e-9 }
mw = { at = "F12", atol = 1e-9 }
mb = { at = "G12", atol = 1e-9 }
vw = "H12"
vb = "I12"
mw_hat = { at = "J12", atol = 1e-9 }
vw_hat = "L12"
vb_hat = "M12"
loss = "P12"
step_w = { at = "Q12", atol = 1e-9 }
step_b = { at = "R12", atol = 1e-9 }
last = { at = "E1", every_block = false }
lowest = { at = "E2", every_block = false }
largest = { at = "E3", every_block = false }
saved = { at = "E4", every_block = false, atol = 1e-9 }
"""


def reference(alpha, beta1, beta2, epsilon, decay, x, y, w, b):
    x, y = x.ravel(), y.ravel()
    mw = mb = vw = vb = 0.0
    losses, steps = [], []
    for t in range(1, 15):
        error = w * x + b - y
        loss = np.mean(error**2)
        dw, db = 2 * np.mean(error * x), 2 * np.mean(error)
        mw, mb = beta1 * mw + (1 - beta1) * dw, beta1 * mb + (1 - beta1) * db
        vw, vb = beta2 * vw + (1 - beta2) * dw * dw, beta2 * vb + (1 - beta2) * db * db
        mw_hat, mb_hat = mw / (1 - beta1**t), mb / (1 - beta1**t)
        vw_hat, vb_hat = vw / (1 - beta2**t), vb / (1 - beta2**t)
        step_w = alpha * mw_hat / (np.sqrt(vw_hat) + epsilon)
        step_b = alpha * mb_hat / (np.sqrt(vb_hat) + epsilon)
        losses.append(loss)
        steps.append(abs(step_w))
        last, lowest, largest, saved = loss, min(losses), max(steps), 1 - loss / losses[0]
        yield {name: value for name, value in locals().items() if name not in ("losses", "steps", "error", "x", "y")}
        w, b = w - step_w - alpha * decay * w, b - step_b


FAULTS = [
    ("weight decay forgotten", "omission", {"Adam!B13:B25": ("-$B$1*$B$5*B12", "")}),
    ("weight decay without the rate", "omission", {"Adam!B13:B25": ("-$B$1*$B$5", "-$B$5")}),
    ("step added", "operator", {"Adam!B13:B25": ("-Q12", "+Q12")}),
    ("step of w for b", "reference", {"Adam!C13:C25": ("R12", "Q12")}),
    ("gradient not doubled", "unit", {"Adam!D12:D25": ("2/", "1/")}),
    ("gradient summed, not averaged", "unit", {"Adam!D12:D25": ("2/$B$6", "2")}),
    ("gradient's last point", "range", {"Adam!E12:E25": ("SUM($B$9:$G$9)", "SUM($B$9:$F$9)")}),
    ("bias counted once", "omission", {"Adam!E12:E25": ("$B$6*C12", "C12")}),
    ("momentum without its rest", "omission", {"Adam!F13:F25": ("(1-$B$2)*", "")}),
    ("momentum with beta 2", "rate", {"Adam!G13:G25": ("=$B$2*", "=$B$3*")}),
    ("gradient of the step before", "reference", {"Adam!F13:F25": ("D13", "D12")}),
    ("gradient not squared", "omission", {"Adam!H13:H25": ("D13^2", "D13")}),
    ("square of the product", "parenthesis", {"Adam!I13:I25": ("(1-$B$3)*E13^2", "((1-$B$3)*E13)^2")}),
    ("minus for plus in v", "sign", {"Adam!H13:H25": ("+(1-", "-(1-")}),
    ("correction of w for b", "neighbour", {"Adam!M12:M25": ("I12", "H12")}),
    ("correction with beta 1", "rate", {"Adam!O12:O25": ("$B$3", "$B$2")}),
    ("correction without the step", "omission", {"Adam!N12:N25": ("^A12", "")}),
    ("correction upside down", "arguments", {"Adam!J12:J25": ("F12/N12", "N12/F12")}),
    ("epsilon under the root", "parenthesis", {"Adam!Q12:Q25": ("(SQRT(L12)+$B$4)", "SQRT(L12+$B$4)")}),
    ("no root", "function", {"Adam!R12:R25": ("SQRT(M12)", "M12")}),
    ("uncorrected momentum", "reference", {"Adam!Q12:Q25": ("J12", "F12")}),
    ("epsilon not anchored", "anchor", {"Adam!R12:R25": ("$B$4", "B4")}),
    ("median of the losses", "function", {"Adam!E2": ("MIN", "MEDIAN")}),
    ("a momentum typed", "hard-coded", {"Adam!F17": 0.25}),
    ("saved of the last loss", "reference", {"Adam!E4": ("/P12", "/P25")}),
]
DOUBLES = [
    ("weight decay forgotten", "gradient not doubled"),
    ("momentum with beta 2", "epsilon under the root"),
    ("a momentum typed", "step of w for b"),
    ("correction with beta 1", "gradient of the step before"),
    ("median of the losses", "minus for plus in v"),
]
