"""Ten right workbooks of different domains, as a person first writes them: formulas, a spec and a reference in plain numpy.

The first five have no ranges in their specs, so that the stored inputs alone say what an input may be; scenarios then go where
a model diverges, overflows or has no solution. The references are written from the textbook, not from the formulas.
"""

from collections.abc import Callable

from layouts import Cells, Layout
from openpyxl.utils import get_column_letter as letters


def _layout(cells: dict[str, object], spec: str, reference: str) -> Layout:
    placed: Cells = {("Sheet1", address): content for address, content in cells.items()}
    head = 'workbook = "book.xlsx"\nreference = "reference.py:model"\nsheet = "Sheet1"\n'
    return Layout(placed, head + spec, "import numpy as np\n" + reference, {})


def _table(first: str, rows: list[list[float]]) -> dict[str, object]:
    column, row = ord(first[0]) - 64, int(first[1:])
    return {f"{letters(column + j)}{row + i}": value for i, values in enumerate(rows) for j, value in enumerate(values)}


# --- without ranges --------------------------------------------------------------------------------------------------


def softmax() -> Layout:
    """Softmax regression of six samples into four classes: probabilities, cross-entropy, accuracy, gradient."""
    logits = [[2.0, 1.0, 0.1, -1.2], [0.5, 2.2, -0.3, 0.0], [1.5, -0.5, 3.1, 0.2], [0.0, 0.3, 0.8, 2.9],
              [1.1, 0.9, 1.3, -2.0], [-0.7, 1.6, 0.4, 0.6]]  # fmt: skip
    labels = [0, 1, 2, 3, 0, 1]
    cells: dict[str, object] = _table("A3", logits)
    cells |= _table("F3", [[float(label == k) for k in range(4)] for label in labels])
    for row in range(3, 9):
        for k, (z, e, p, g) in enumerate(zip("ABCD", "KLMN", "PQRS", "VWXY", strict=True)):
            cells[f"{e}{row}"] = f"=EXP({z}{row}-MAX($A{row}:$D{row}))"
            cells[f"{p}{row}"] = f"={e}{row}/SUM($K{row}:$N{row})"
            cells[f"{g}{row}"] = f"=({p}{row}-{'FGHI'[k]}{row})/COUNT($A$3:$A$8)"
        cells[f"T{row}"] = f"=-SUMPRODUCT(F{row}:I{row},LN(P{row}:S{row}))"
        cells[f"U{row}"] = f"=IF(MATCH(MAX(P{row}:S{row}),P{row}:S{row},0)=MATCH(1,F{row}:I{row},0),1,0)"
    cells |= {"T10": "=AVERAGE(T3:T8)", "U10": "=AVERAGE(U3:U8)"}
    spec = (
        '[inputs]\nz = "A3:D8"\ny = { at = "F3:I8", one_hot = true }\n'
        '[outputs]\np = "P3:S8"\nlosses = "T3:T8"\ncorrect = "U3:U8"\nloss = "T10"\naccuracy = "U10"\ngradient = "V3:Y8"\n'
    )
    return _layout(
        cells,
        spec,
        """
def model(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    losses = -(y * np.log(p)).sum(axis=1)
    correct = (p.argmax(axis=1) == y.argmax(axis=1)).astype(float)
    return {"p": p, "losses": losses, "correct": correct, "loss": losses.mean(), "accuracy": correct.mean(),
            "gradient": (p - y) / len(z)}
""",
    )


def relu_net() -> Layout:
    """Eight steps of gradient descent on a net with three hidden units, ReLU and a squared error."""
    cells: dict[str, object] = {"A1": "learning rate", "B1": 0.05}
    cells |= _table("A3", [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8], [0.2, 1.1], [-1.3, -0.6]])
    cells |= {f"C{3 + i}": y for i, y in enumerate([1.0, 2.1, -0.4, 0.6, -1.3])}
    start = {**_table("A11", [[0.4, -0.3, 0.8], [0.1, 0.7, -0.5]]), **_table("A13", [[0.1, 0.0, -0.1]]),
             "A14": 0.6, "A15": -0.4, "A16": 0.9, "B14": 0.05}  # fmt: skip
    for step in range(8):
        top = 10 + 14 * step
        cells[f"A{top}"] = f"Step {step + 1}"
        for address, value in start.items():
            column, row = address[0], int(address[1:]) - 10
            before = top - 14
            update = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6}[row]
            cells[f"{column}{top + row}"] = (
                value if step == 0 else f"={column}{before + row}-$B$1*{'WXYZ'['ABC'.index(column)]}{before + update}"
            )
        for i in range(5):
            row, x = top + 1 + i, 3 + i
            for k, unit in enumerate("ABC"):
                cells[f"{'EFG'[k]}{row}"] = f"=$A${x}*{unit}${top + 1}+$B${x}*{unit}${top + 2}+{unit}${top + 3}"
                cells[f"{'IJK'[k]}{row}"] = f"=MAX(0,{'EFG'[k]}{row})"
                cells[f"{'QRS'[k]}{row}"] = f"=O{row}*$A${top + 4 + k}*IF({'EFG'[k]}{row}>0,1,0)"
            cells[f"M{row}"] = f"=I{row}*$A${top + 4}+J{row}*$A${top + 5}+K{row}*$A${top + 6}+$B${top + 4}"
            cells[f"N{row}"] = f"=(M{row}-$C${x})^2"
            cells[f"O{row}"] = f"=2*(M{row}-$C${x})/5"
        rows = f"{top + 1}:{{0}}{top + 5}"
        for k in range(3):
            delta = f"{'QRS'[k]}{top + 1}:{'QRS'[k]}{top + 5}"
            cells[f"{'WXY'[k]}{top + 1}"] = f"=SUMPRODUCT($A$3:$A$7,{delta})"
            cells[f"{'WXY'[k]}{top + 2}"] = f"=SUMPRODUCT($B$3:$B$7,{delta})"
            cells[f"{'WXY'[k]}{top + 3}"] = f"=SUM({delta})"
            hidden = "IJK"[k] + rows.format("IJK"[k])
            cells[f"W{top + 4 + k}"] = f"=SUMPRODUCT({hidden},O{rows.format('O')})"
        cells[f"X{top + 4}"] = f"=SUM(O{rows.format('O')})"
        cells[f"N{top + 7}"] = f"=AVERAGE(N{rows.format('N')})"
    spec = """
blocks = { label = "Step {n}" }
[inputs]
alpha = "B1"
X = "A3:B7"
y = "C3:C7"
W1 = "A11:C12"
b1 = "A13:C13"
W2 = "A14:A16"
b2 = "B14"
[outputs]
z1 = "E11:G15"
a1 = "I11:K15"
out = "M11:M15"
loss = "N17"
dz1 = "Q11:S15"
dW1 = "W11:Y12"
db1 = "W13:Y13"
dW2 = "W14:W16"
db2 = "X14"
W1 = "A11:C12"
b1 = "A13:C13"
W2 = "A14:A16"
b2 = "B14"
"""
    return _layout(
        cells,
        spec,
        """
def model(alpha, X, y, W1, b1, W2, b2):
    for _ in range(8):
        z1 = X @ W1 + b1
        a1 = np.maximum(z1, 0)
        out = a1 @ W2 + b2
        dout = 2 * (out - y) / len(y)
        dz1 = (dout @ W2.T) * (z1 > 0)
        dW1, db1, dW2, db2 = X.T @ dz1, dz1.sum(axis=0, keepdims=True), a1.T @ dout, dout.sum()
        yield {"z1": z1, "a1": a1, "out": out, "loss": ((out - y) ** 2).mean(), "dz1": dz1, "dW1": dW1, "db1": db1,
               "dW2": dW2, "db2": db2, "W1": W1, "b1": b1, "W2": W2, "b2": b2}
        W1, b1, W2, b2 = W1 - alpha * dW1, b1 - alpha * db1, W2 - alpha * dW2, b2 - alpha * db2
""",
    )


def adam() -> Layout:
    """Twelve steps of Adam on Rosenbrock's function of two variables, one step a row."""
    cells: dict[str, object] = {"A1": "alpha", "B1": 0.1, "C1": "beta1", "D1": 0.9, "E1": "beta2", "F1": 0.999,
                                "G1": "eps", "H1": 1e-8}  # fmt: skip
    for row in range(4, 16):
        cells[f"A{row}"] = row - 3
        cells[f"B{row}"] = -1.2 if row == 4 else f"=B{row - 1}-$B$1*K{row - 1}/(SQRT(M{row - 1})+$H$1)"
        cells[f"C{row}"] = 1.0 if row == 4 else f"=C{row - 1}-$B$1*L{row - 1}/(SQRT(N{row - 1})+$H$1)"
        cells[f"D{row}"] = f"=(1-B{row})^2+100*(C{row}-B{row}^2)^2"
        cells[f"E{row}"] = f"=-2*(1-B{row})-400*B{row}*(C{row}-B{row}^2)"
        cells[f"F{row}"] = f"=200*(C{row}-B{row}^2)"
        for moment, gradient in zip("GH", "EF", strict=True):
            before = f"$D$1*{moment}{row - 1}+" if row > 4 else ""
            cells[f"{moment}{row}"] = f"={before}(1-$D$1)*{gradient}{row}"
        for moment, gradient in zip("IJ", "EF", strict=True):
            before = f"$F$1*{moment}{row - 1}+" if row > 4 else ""
            cells[f"{moment}{row}"] = f"={before}(1-$F$1)*{gradient}{row}^2"
        for corrected, moment, beta in zip("KLMN", "GHIJ", "DDFF", strict=True):
            cells[f"{corrected}{row}"] = f"={moment}{row}/(1-${beta}$1^$A{row})"
    spec = (
        'blocks = { first = 4, step = 1, count = 12 }\n[inputs]\nalpha = "B1"\nbeta1 = "D1"\nbeta2 = "F1"\neps = "H1"\n'
        'x = "B4"\ny = "C4"\n[outputs]\nx = "B4"\ny = "C4"\nloss = "D4"\ngx = "E4"\ngy = "F4"\nm = "G4:H4"\nv = "I4:J4"\n'
        'm_hat = "K4:L4"\nv_hat = "M4:N4"\n'
    )
    return _layout(
        cells,
        spec,
        """
def model(alpha, beta1, beta2, eps, x, y):
    w, m, v = np.array([x, y]), np.zeros(2), np.zeros(2)
    for t in range(1, 13):
        x, y = w
        g = np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        yield {"x": x, "y": y, "loss": (1 - x) ** 2 + 100 * (y - x**2) ** 2, "gx": g[0], "gy": g[1], "m": m, "v": v,
               "m_hat": m_hat, "v_hat": v_hat}
        w = w - alpha * m_hat / (np.sqrt(v_hat) + eps)
""",
    )


def discounted_cash_flow() -> Layout:
    """Ten years of an investment: growth, tax, discounting, NPV, IRR, payback year and the best year."""
    cells: dict[str, object] = {"A1": "discount rate", "B1": 0.08, "A2": "growth", "B2": 0.05, "A3": "tax", "B3": 0.25,
                                "A4": "investment", "B4": 1000, "A5": "revenue", "B5": 400, "A6": "cost share", "B6": 0.55,
                                "A7": "terminal growth", "B7": 0.02}  # fmt: skip
    cells |= {"A10": 0, "G10": "=-B4", "H10": "=G10", "I10": "=G10"}
    for row in range(11, 21):
        cells[f"A{row}"] = row - 10
        cells[f"B{row}"] = "=B5" if row == 11 else f"=B{row - 1}*(1+$B$2)"
        cells[f"C{row}"] = f"=B{row}*$B$6"
        cells[f"D{row}"] = "=$B$4/10"
        cells[f"E{row}"] = f"=B{row}-C{row}-D{row}"
        cells[f"F{row}"] = f"=MAX(0,E{row})*$B$3"
        cells[f"G{row}"] = f"=E{row}-F{row}+D{row}"
        cells[f"H{row}"] = f"=G{row}/(1+$B$1)^A{row}"
        cells[f"I{row}"] = f"=I{row - 1}+G{row}"
    cells |= {"B23": "=NPV(B1,G11:G20)+G10", "B24": "=IRR(G10:G20)", "B25": '=COUNTIF(I10:I20,"<0")', "B26": "=MAX(G11:G20)",
              "B27": "=G20*(1+B7)/(B1-B7)/(1+B1)^10", "B28": "=B23+B27", "B29": '=IF(B23>0,"invest","reject")'}  # fmt: skip
    spec = (
        '[inputs]\nrate = "B1"\ngrowth = "B2"\ntax = "B3"\ninvestment = "B4"\nrevenue = "B5"\nshare = "B6"\nterminal = "B7"\n'
        '[outputs]\nrevenues = "B11:B20"\nflows = "G10:G20"\npresent = "H10:H20"\ncumulated = "I10:I20"\nnpv = "B23"\n'
        'irr = { at = "B24", rtol = 1e-7 }\npayback = "B25"\nbest = "B26"\nterminal_value = "B27"\n'
        'total = "B28"\ndecision = "B29"\n'
    )
    return _layout(
        cells,
        spec,
        """
def internal_rate(flows):
    factors = np.roots(flows[::-1])
    real = factors[np.abs(factors.imag) < 1e-9 * np.abs(factors)].real
    rates = 1 / real[real > 0] - 1
    return rates[np.abs(rates).argmin()] if rates.size else np.nan

def model(rate, growth, tax, investment, revenue, share, terminal):
    years = np.arange(11)
    revenues = revenue * (1 + growth) ** np.arange(10)
    depreciation = investment / 10
    profit = revenues * (1 - share) - depreciation
    flows = np.concatenate([[-investment], profit - tax * np.maximum(profit, 0) + depreciation])
    present = flows / (1 + rate) ** years
    terminal_value = flows[-1] * (1 + terminal) / (rate - terminal) / (1 + rate) ** 10
    npv, cumulated = present.sum(), flows.cumsum()
    return {"revenues": revenues, "flows": flows, "present": present, "cumulated": cumulated, "npv": npv,
            "irr": internal_rate(flows), "payback": (cumulated < 0).sum(), "best": flows[1:].max(),
            "terminal_value": terminal_value, "total": npv + terminal_value, "decision": "invest" if npv > 0 else "reject"}
""",
    )


def low_pass() -> Layout:
    """A signal of twenty values: exponential smoothing, moving average, gain in dB, a fitted line by MINVERSE, counts."""
    signal = [0.2, 1.1, 0.7, -0.4, 1.9, 2.3, 0.6, -1.2, -0.8, 0.9, 1.4, 3.0, 2.2, 0.1, -0.5, 1.6, 2.7, 1.8, -0.2, 0.4]
    cells: dict[str, object] = {"A1": "smoothing", "B1": 0.3, "A2": "time step", "B2": 0.01}
    cells |= {f"B{4 + n}": value for n, value in enumerate(signal)}
    for row in range(4, 24):
        cells[f"A{row}"] = f"={row - 4}*$B$2"
        cells[f"C{row}"] = "=B4" if row == 4 else f"=C{row - 1}+$B$1*(B{row}-C{row - 1})"
        cells[f"E{row}"] = f"=B{row}-C{row}"
        cells[f"F{row}"] = f"=20*LOG10(ABS(C{row})/MAX(ABS(B{row}),0.000001)+0.000001)"
        cells[f"J{row}"] = f"=ABS(E{row})"
        cells[f"L{row}"] = f"=EXP(C{row})-1"
        if row > 5:
            cells[f"D{row}"] = f"=AVERAGE(B{row - 2}:B{row})"
    cells |= {"H1": 20, "I1": "=SUM(A4:A23)", "H2": "=SUM(A4:A23)", "I2": "=SUMSQ(A4:A23)", "K1": "=SUM(B4:B23)",
              "K2": "=SUMPRODUCT(A4:A23,B4:B23)", "N1": "=MAX(J4:J23)", "N2": '=COUNTIF(L4:L23,">0")',
              "N3": "=SQRT(SUMSQ(E4:E23)/COUNT(E4:E23))", "N4": "=STDEV(B4:B23)"}  # fmt: skip
    placed = _layout(
        cells,
        """
[inputs]
alpha = "B1"
dt = "B2"
x = "B4:B23"
[outputs]
t = "A4:A23"
smooth = "C4:C23"
moving = "D6:D23"
residual = "E4:E23"
gain = "F4:F23"
inverse = "H4:I5"
line = "K4:K5"
largest = "N1"
risen = "N2"
rms = "N3"
spread = "N4"
""",
        """
def model(alpha, dt, x):
    x = x.ravel()
    t = np.arange(20) * dt
    smooth = [x[0]]
    for value in x[1:]:
        smooth.append(smooth[-1] + alpha * (value - smooth[-1]))
    smooth = np.array(smooth)
    residual = x - smooth
    A = np.stack([np.ones(20), t], axis=1)
    inverse = np.linalg.inv(A.T @ A)
    return {"t": t, "smooth": smooth, "moving": np.convolve(x, np.ones(3) / 3, "valid"), "residual": residual,
            "gain": 20 * np.log10(np.abs(smooth) / np.maximum(np.abs(x), 1e-6) + 1e-6), "inverse": inverse,
            "line": inverse @ A.T @ x, "largest": np.abs(residual).max(), "risen": (np.exp(smooth) - 1 > 0).sum(),
            "rms": np.sqrt((residual**2).mean()), "spread": x.std(ddof=1)}
""",
    )
    placed.cells["Sheet1", "H4"] = ("H4:I5", "=MINVERSE(H1:I2)")
    placed.cells["Sheet1", "K4"] = ("K4:K5", "=MMULT(H4:I5,K1:K2)")
    return placed


# --- with ranges -----------------------------------------------------------------------------------------------------


def lstm_cell() -> Layout:
    """Four time steps of an LSTM cell with three inputs and two units, one step a block."""
    cells: dict[str, object] = {}
    for g, gate in enumerate("fico"):
        top = 1 + 6 * g
        cells[f"H{top}"] = gate
        cells |= _table(f"I{top}", [[0.3 * (g + 1) * (-1) ** (i + j) / (i + 1) for j in range(2)] for i in range(5)])
        cells |= _table(f"K{top}", [[0.1 * g, -0.2]])
    sequence = [[0.5, -0.3, 0.8], [0.1, 0.9, -0.6], [-0.7, 0.2, 0.4], [1.0, -1.0, 0.3]]
    for step in range(4):
        top = 1 + 8 * step
        cells[f"A{top}"] = f"t = {step + 1}"
        cells |= _table(f"A{top + 1}", [sequence[step]])
        for k in range(2):
            cells[f"{'DE'[k]}{top + 1}"] = 0.0 if step == 0 else f"={'DE'[k]}{top - 8 + 7}"
            cells[f"{'FG'[k]}{top + 1}"] = 0.0 if step == 0 else f"={'DE'[k]}{top - 8 + 6}"
        for g in range(4):
            weights = 1 + 6 * g
            for k in range(2):
                unit, column = "IJ"[k], "DE"[k]
                z = (
                    f"SUMPRODUCT($A{top + 1}:$E{top + 1},TRANSPOSE({unit}${weights}:{unit}${weights + 4}))"
                    f"+{'KL'[k]}${weights}"
                )
                area = f"{column}{top + 2 + g}"
                cells[area] = (area, f"=TANH({z})" if g == 2 else f"=1/(1+EXP(-({z})))")
        for k in range(2):
            c, before = "DE"[k], "FG"[k]
            cells[f"{c}{top + 6}"] = f"={c}{top + 2}*{before}{top + 1}+{c}{top + 3}*{c}{top + 4}"
            cells[f"{c}{top + 7}"] = f"={c}{top + 5}*TANH({c}{top + 6})"
    spec = """
blocks = { label = "t = {n}" }
[inputs]
x1 = { at = "A2:C2", low = -1, high = 1 }
x2 = { at = "A10:C10", low = -1, high = 1 }
x3 = { at = "A18:C18", low = -1, high = 1 }
x4 = { at = "A26:C26", low = -1, high = 1 }
h0 = { at = "D2:E2", low = -1, high = 1 }
c0 = { at = "F2:G2", low = -1, high = 1 }
Wf = { at = "I1:J5", low = -2, high = 2 }
Wi = { at = "I7:J11", low = -2, high = 2 }
Wc = { at = "I13:J17", low = -2, high = 2 }
Wo = { at = "I19:J23", low = -2, high = 2 }
bf = { at = "K1:L1", low = -1, high = 1 }
bi = { at = "K7:L7", low = -1, high = 1 }
bc = { at = "K13:L13", low = -1, high = 1 }
bo = { at = "K19:L19", low = -1, high = 1 }
[outputs]
f = "D3:E3"
i = "D4:E4"
g = "D5:E5"
o = "D6:E6"
c = "D7:E7"
h = "D8:E8"
"""
    return _layout(
        cells,
        spec,
        """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def model(x1, x2, x3, x4, h0, c0, Wf, Wi, Wc, Wo, bf, bi, bc, bo):
    h, c = h0, c0
    for x in (x1, x2, x3, x4):
        xh = np.concatenate([x, h], axis=1)
        f, i, o = sigmoid(xh @ Wf + bf), sigmoid(xh @ Wi + bi), sigmoid(xh @ Wo + bo)
        g = np.tanh(xh @ Wc + bc)
        c = f * c + i * g
        h = o * np.tanh(c)
        yield {"f": f, "i": i, "g": g, "o": o, "c": c, "h": h}
""",
    )


def loan() -> Layout:
    """Twenty-four months of an annuity loan with a yearly extra payment and a balance that ends at 0."""
    cells: dict[str, object] = {"A1": "amount", "B1": 12000, "A2": "rate", "B2": 0.06, "A3": "months", "B3": 24,
                                "A4": "extra", "B4": 500, "A5": "payment", "B5": "=-PMT(B2/12,B3,B1)"}  # fmt: skip
    for row in range(8, 32):
        cells[f"A{row}"] = row - 7
        cells[f"B{row}"] = "=B1" if row == 8 else f"=F{row - 1}"
        cells[f"C{row}"] = f"=B{row}*$B$2/12"
        cells[f"D{row}"] = f"=MIN($B$5,B{row}+C{row})"
        cells[f"E{row}"] = f"=IF(MOD(A{row},12)=0,MIN($B$4,B{row}+C{row}-D{row}),0)"
        cells[f"F{row}"] = f"=B{row}+C{row}-D{row}-E{row}"
    cells |= {"H8": "=SUM(C8:C31)", "H9": "=SUM(D8:E31)", "H11": "=H9-B1-H8+F31",
              "H12": "=EFFECT(B2,12)", "H13": "=IPMT(B2/12,1,B3,-B1)"}  # fmt: skip
    spec = (
        '[inputs]\namount = { at = "B1", low = 1000, high = 50000 }\nrate = { at = "B2", low = 0.005, high = 0.15 }\n'
        'months = { at = "B3", low = 12, high = 36, integer = true }\nextra = { at = "B4", low = 0, high = 2000 }\n'
        '[outputs]\npayment = "B5"\nbalance = { at = "F8:F31", atol = 1e-6 }\ninterest = { at = "C8:C31", atol = 1e-6 }\n'
        'paid = { at = "D8:D31", atol = 1e-6 }\nextras = { at = "E8:E31", atol = 1e-6 }\ntotal_interest = "H8"\n'
        'total = "H9"\nproof = { at = "H11", atol = 1e-6 }\neffective = "H12"\nfirst = "H13"\n'
    )
    return _layout(
        cells,
        spec,
        """
def model(amount, rate, months, extra):
    r = rate / 12
    payment = amount * r / (1 - (1 + r) ** -months)
    balance, rows = amount, []
    for month in range(1, 25):
        interest = balance * r
        paid = min(payment, balance + interest)
        more = min(extra, balance + interest - paid) if month % 12 == 0 else 0.0
        balance = balance + interest - paid - more
        rows.append((balance, interest, paid, more))
    balances, interests, payments, extras = map(np.array, zip(*rows))
    return {"payment": payment, "balance": balances, "interest": interests, "paid": payments, "extras": extras,
            "total_interest": interests.sum(), "total": payments.sum() + extras.sum(), "proof": 0.0,
            "effective": (1 + r) ** 12 - 1, "first": amount * r}
""",
    )


def black_scholes() -> Layout:
    """European options on five strikes: prices, Greeks, put-call parity."""
    cells: dict[str, object] = {"A1": "spot", "B1": 100, "A2": "rate", "B2": 0.03, "A3": "volatility", "B3": 0.2,
                                "A4": "years", "B4": 0.75, "A5": "dividend", "B5": 0.01}  # fmt: skip
    for row, strike in enumerate((80, 90, 100, 110, 120), start=8):
        cells[f"A{row}"] = strike
        cells[f"B{row}"] = f"=(LN($B$1/A{row})+($B$2-$B$5+$B$3^2/2)*$B$4)/($B$3*SQRT($B$4))"
        cells[f"C{row}"] = f"=B{row}-$B$3*SQRT($B$4)"
        cells[f"D{row}"] = (
            f"=$B$1*EXP(-$B$5*$B$4)*_xlfn.NORM.S.DIST(B{row},TRUE)-A{row}*EXP(-$B$2*$B$4)*_xlfn.NORM.S.DIST(C{row},TRUE)"
        )
        cells[f"E{row}"] = (
            f"=A{row}*EXP(-$B$2*$B$4)*_xlfn.NORM.S.DIST(-C{row},TRUE)"
            f"-$B$1*EXP(-$B$5*$B$4)*_xlfn.NORM.S.DIST(-B{row},TRUE)"
        )
        cells[f"F{row}"] = f"=EXP(-$B$5*$B$4)*_xlfn.NORM.S.DIST(B{row},TRUE)"
        cells[f"G{row}"] = f"=EXP(-$B$5*$B$4)*EXP(-(B{row}^2)/2)/SQRT(2*PI())/($B$1*$B$3*SQRT($B$4))"
        cells[f"H{row}"] = f"=$B$1*EXP(-$B$5*$B$4)*_xlfn.NORM.S.DIST(B{row},FALSE)*SQRT($B$4)"
        cells[f"I{row}"] = f"=D{row}-E{row}-$B$1*EXP(-$B$5*$B$4)+A{row}*EXP(-$B$2*$B$4)"
        cells[f"J{row}"] = f"=MAX($B$1-A{row},0)"
    cells["J14"] = "=MAX(I8:I12)"
    spec = (
        '[inputs]\nspot = { at = "B1", low = 50, high = 200 }\nrate = { at = "B2", low = -0.02, high = 0.1 }\n'
        'vol = { at = "B3", low = 0.05, high = 0.8 }\nyears = { at = "B4", low = 0.05, high = 5 }\n'
        'dividend = { at = "B5", low = 0, high = 0.08 }\nstrikes = { at = "A8:A12", low = 50, high = 200 }\n'
        '[outputs]\nd1 = "B8:B12"\nd2 = "C8:C12"\ncall = "D8:D12"\nput = "E8:E12"\ndelta = "F8:F12"\ngamma = "G8:G12"\n'
        'vega = "H8:H12"\nparity = { at = "I8:I12", atol = 1e-9 }\nintrinsic = "J8:J12"\nworst = { at = "J14", atol = 1e-9 }\n'
    )
    return _layout(
        cells,
        spec,
        """
from scipy.stats import norm

def model(spot, rate, vol, years, dividend, strikes):
    root, grown, discount = vol * np.sqrt(years), spot * np.exp(-dividend * years), np.exp(-rate * years)
    d1 = (np.log(spot / strikes) + (rate - dividend + vol**2 / 2) * years) / root
    d2 = d1 - root
    call = grown * norm.cdf(d1) - strikes * discount * norm.cdf(d2)
    put = strikes * discount * norm.cdf(-d2) - grown * norm.cdf(-d1)
    return {"d1": d1, "d2": d2, "call": call, "put": put, "delta": grown / spot * norm.cdf(d1),
            "gamma": grown / spot * norm.pdf(d1) / (spot * root), "vega": grown * norm.pdf(d1) * np.sqrt(years),
            "parity": np.zeros((5, 1)), "intrinsic": np.maximum(spot - strikes, 0), "worst": 0.0}
""",
    )


def epidemic() -> Layout:
    """Thirty days of an SIR model with a lockdown, the peak, its day, and a balance of people that stays 0."""
    cells: dict[str, object] = {"A1": "beta", "B1": 0.4, "A2": "gamma", "B2": 0.1, "A3": "people", "B3": 10000,
                                "A4": "infected", "B4": 10, "A5": "lockdown", "B5": 15, "A6": "effect", "B6": 0.5}  # fmt: skip
    for row in range(9, 40):
        cells[f"A{row}"] = row - 9
        if row == 9:
            cells |= {"B9": "=B3-B4", "C9": "=B4", "D9": 0}
        else:
            cells[f"B{row}"] = f"=B{row - 1}-F{row - 1}"
            cells[f"C{row}"] = f"=C{row - 1}+F{row - 1}-G{row - 1}"
            cells[f"D{row}"] = f"=D{row - 1}+G{row - 1}"
        cells[f"E{row}"] = f"=IF(A{row}>=$B$5,$B$1*(1-$B$6),$B$1)"
        cells[f"F{row}"] = f"=E{row}*B{row}*C{row}/$B$3"
        cells[f"G{row}"] = f"=$B$2*C{row}"
        cells[f"H{row}"] = f"=E{row}/$B$2*B{row}/$B$3"
        cells[f"J{row}"] = f"=B{row}+C{row}+D{row}-$B$3"
    cells |= {"L1": "=MAX(C9:C39)", "L2": "=INDEX(A9:A39,MATCH(L1,C9:C39,0))", "L3": "=MAX(J9:J39)", "L4": "=1-B39/B3",
              "L5": '=COUNTIF(H9:H39,">1")', "L6": "=IF(H39<1,\"over\",\"growing\")"}  # fmt: skip
    spec = (
        '[inputs]\nbeta = { at = "B1", low = 0.1, high = 0.8 }\ngamma = { at = "B2", low = 0.05, high = 0.4 }\n'
        'people = { at = "B3", low = 1000, high = 1000000, integer = true }\ninfected = { at = "B4", low = 1, high = 100 }\n'
        'day = { at = "B5", low = 0, high = 40, integer = true }\neffect = { at = "B6", low = 0, high = 0.9 }\n'
        '[outputs]\nS = "B9:B39"\nI = "C9:C39"\nR = "D10:D39"\nreproduction = "H9:H39"\npeak = "L1"\npeak_day = "L2"\n'
        'lost = { at = "L3", atol = 1e-6 }\nattacked = "L4"\ngrowing_days = "L5"\nstate = "L6"\n'
    )
    return _layout(
        cells,
        spec,
        """
def model(beta, gamma, people, infected, day, effect):
    S, I, R = [people - infected], [infected], [0.0]
    rates = np.where(np.arange(31) >= day, beta * (1 - effect), beta)
    for rate in rates[:-1]:
        new, recovered = rate * S[-1] * I[-1] / people, gamma * I[-1]
        S.append(S[-1] - new)
        I.append(I[-1] + new - recovered)
        R.append(R[-1] + recovered)
    S, I, R = np.array(S), np.array(I), np.array(R)
    reproduction = rates / gamma * S / people
    return {"S": S, "I": I, "R": R[1:], "reproduction": reproduction, "peak": I.max(), "peak_day": I.argmax(), "lost": 0.0,
            "attacked": 1 - S[-1] / people, "growing_days": (reproduction > 1).sum(),
            "state": "over" if reproduction[-1] < 1 else "growing"}
""",
    )


def life_table() -> Layout:
    """A life table of ages 60 to 90 by Gompertz' law: survivors, expectation of life, annuity and insurance values."""
    cells: dict[str, object] = {"A1": "level", "B1": 0.01, "A2": "slope", "B2": 0.1, "A3": "interest", "B3": 0.03,
                                "A4": "start", "B4": 100000, "A5": "age", "B5": 65}  # fmt: skip
    for row in range(8, 39):
        cells[f"A{row}"] = 52 + row
        cells[f"B{row}"] = 1 if row == 38 else f"=MIN(1,$B$1*EXP($B$2*(A{row}-60)))"
        cells[f"C{row}"] = "=B4" if row == 8 else f"=C{row - 1}-D{row - 1}"
        cells[f"D{row}"] = f"=C{row}*B{row}"
        cells[f"E{row}"] = f"=C{row}-D{row}/2"
        cells[f"F{row}"] = f"=SUM(E{row}:E$38)"
        cells[f"G{row}"] = f"=IF(C{row}>0,F{row}/C{row},0)"
        cells[f"H{row}"] = f"=C{row}/(1+$B$3)^A{row}"
        cells[f"I{row}"] = f"=SUM(H{row}:H$38)"
        cells[f"J{row}"] = f"=D{row}/(1+$B$3)^(A{row}+1)"
    cells["B38"] = "=MIN(1,1+0*B1)"
    cells |= {"L1": "=VLOOKUP(B5,A8:I38,9,FALSE)/VLOOKUP(B5,A8:H38,8,FALSE)", "L2": "=VLOOKUP(B5,A8:G38,7,FALSE)",
              "L3": "=SUM(J8:J38)/H8", "L4": "=SUM(D8:D38)-B4", "L5": "=INDEX(A8:A38,MATCH(MAX(D8:D38),D8:D38,0))",
              "L6": '=SUMIF(A8:A38,">="&B5,D8:D38)/B4'}  # fmt: skip
    spec = (
        '[inputs]\nlevel = { at = "B1", low = 0.002, high = 0.03 }\nslope = { at = "B2", low = 0.05, high = 0.14 }\n'
        'interest = { at = "B3", low = 0, high = 0.08 }\nstart = { at = "B4", low = 1000, high = 200000 }\n'
        'age = { at = "B5", low = 60, high = 90, integer = true }\n'
        '[outputs]\nq = "B8:B38"\nl = { at = "C8:C38", atol = 1e-6 }\nd = { at = "D8:D38", atol = 1e-6 }\n'
        'e = { at = "G8:G38", rtol = 1e-6 }\nT = { at = "F8:F38", atol = 1e-6 }\n'
        'annuity = "L1"\nexpectation = "L2"\ninsurance = "L3"\nbalance = { at = "L4", atol = 1e-6 }\nmode = "L5"\nshare = "L6"\n'
    )
    return _layout(
        cells,
        spec,
        """
def model(level, slope, interest, start, age):
    ages = np.arange(60, 91)
    q = np.minimum(1, level * np.exp(slope * (ages - 60)))
    q[-1] = 1
    l = start * np.concatenate([[1], np.cumprod(1 - q[:-1])])
    d = l * q
    T = (l - d / 2)[::-1].cumsum()[::-1]
    v = 1 / (1 + interest)
    D = l * v**ages
    at = int(age) - 60
    e = np.where(l > 0, T / np.maximum(l, 1e-300), 0)
    return {"q": q, "l": l, "d": d, "T": T, "e": e, "annuity": D[at:].sum() / D[at], "expectation": e[at],
            "insurance": (d * v ** (ages + 1)).sum() / D[0], "balance": 0.0, "mode": ages[d.argmax()],
            "share": d[at:].sum() / start}
""",
    )


WITHOUT_RANGES = (softmax, relu_net, adam, discounted_cash_flow, low_pass)
WITH_RANGES = (lstm_cell, loan, black_scholes, epidemic, life_table)
DOMAINS: dict[str, Callable[[], Layout]] = {build.__name__: build for build in (*WITHOUT_RANGES, *WITH_RANGES)}
