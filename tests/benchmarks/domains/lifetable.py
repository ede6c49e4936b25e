"""A life table after Gompertz and Makeham, its commutation numbers, and the premium and reserves of a whole life cover."""

import numpy as np

CELLS = {
    "Life!A1:A9": [
        "Makeham A",
        "Gompertz B",
        "Gompertz c",
        "Interest",
        "Radix",
        "Sum insured",
        "Loading",
        "Discount",
        "Premium",
    ],
    "Life!B1:B7": [0.0005, 0.00005, 1.1, 0.025, 100000, 50000, 0.15],
    "Life!B8": "=1/(1+B4)",
    "Life!B9": "=B6*O14*(1+B7)",
    "Life!D1:D7": [
        "Median age",
        "Expected at 60",
        "Deaths",
        "Highest reserve",
        "Monthly premium",
        "Survivors to 70",
        "Premiums in sum",
    ],
    "Life!E1": '=A14+COUNTIF(C14:C31,">"&C14/2)',
    "Life!E2": "=G14",
    "Life!E3": "=SUM(D14:D31)",
    "Life!E4": "=MAX(P14:P31)",
    "Life!E5": "=ROUND(B9/12,2)",
    "Life!E6": "=VLOOKUP(70,A14:C31,3,FALSE)/C14",
    "Life!E7": "=SUMPRODUCT(C14:C31,R14:R31)*B9/B5",
    "Life!A13:R13": [
        "Age",
        "q",
        "l",
        "d",
        "L",
        "T",
        "e",
        "v",
        "D",
        "N",
        "C",
        "M",
        "Annuity",
        "Cover",
        "Premium",
        "Reserve",
        "Band",
        "Pays",
    ],
    "Life!A14": 60,
    "Life!A15:A31": "=A14+1",
    "Life!B14:B31": "=MIN(1,$B$1+$B$2*$B$3^A14)",
    "Life!C14": "=B5",
    "Life!C15:C31": "=C14-D14",
    "Life!D14:D31": "=C14*B14",
    "Life!E14:E31": "=C14-D14/2",
    "Life!F14:F31": "=SUM(E14:E$31)",
    "Life!G14:G31": "=F14/C14",
    "Life!H14:H31": "=$B$8^(A14-$A$14)",
    "Life!I14:I31": "=C14*H14",
    "Life!J14:J31": "=SUM(I14:I$31)",
    "Life!K14:K31": "=D14*H14*$B$8",
    "Life!L14:L31": "=SUM(K14:K$31)",
    "Life!M14:M31": "=J14/I14",
    "Life!N14:N31": "=L14/I14",
    "Life!O14:O31": "=N14/M14",
    "Life!P14:P31": "=$B$6*N14-$B$9*M14",
    "Life!Q14:Q31": '=IF(B14<0.02,"low",IF(B14<0.05,"middle","high"))',
    "Life!R14:R31": "=IF(A14<65,1,0.5)",
}
NAMES = {}
SPEC = """workbook = "lifetable.xlsx"
reference = "lifetable.py:reference"
sheet = "Life"

[inputs]
makeham = { at = "B1", low = 0.0001, high = 0.002 }
gompertz = { at = "B2", low = 0.00002, high = 0.0001 }
base = { at = "B3", low = 1.07, high = 1.12 }
interest = { at = "B4", low = 0.005, high = 0.06 }
radix = { at = "B5", choices = [1000, 100000, 1000000] }
insured = { at = "B6", low = 10_000, high = 200_000 }
loading = { at = "B7", low = 0.05, high = 0.3 }

[outputs]
q = "B14:B31"
survivors = "C14:C31"
deaths = "D14:D31"
expectation = "G14:G31"
D = "I14:I31"
N = "J14:J31"
C = "K14:K31"
M = "L14:L31"
annuity = "M14:M31"
cover = "N14:N31"
net_premium = "O14:O31"
reserve = { at = "P14:P31", atol = 1e-6 }
band = "Q14:Q31"
premium = "B9"
median_age = "E1"
expected = "E2"
all_deaths = "E3"
highest_reserve = "E4"
monthly = "E5"
to_seventy = "E6"
paid = "E7"
"""


def reference(makeham, gompertz, base, interest, radix, insured, loading):
    ages = np.arange(60, 78)
    q = np.minimum(1, makeham + gompertz * base**ages)
    survivors = radix * np.concatenate([[1], np.cumprod(1 - q)[:-1]])
    deaths = survivors * q
    lived = survivors - deaths / 2
    v = (1 + interest) ** -(ages - 60.0)
    D, C = survivors * v, deaths * v / (1 + interest)
    T, N, M = (np.cumsum(column[::-1])[::-1] for column in (lived, D, C))
    net = M / N
    premium = insured * net[0] * (1 + loading)
    reserve = insured * M / D - premium * N / D
    return {
        "q": q, "survivors": survivors, "deaths": deaths, "expectation": T / survivors, "D": D, "N": N, "C": C, "M": M,
        "annuity": N / D, "cover": M / D, "net_premium": net, "reserve": reserve,
        "band": ["low" if rate < 0.02 else "middle" if rate < 0.05 else "high" for rate in q],
        "premium": premium, "median_age": 60 + (survivors > survivors[0] / 2).sum(), "expected": T[0] / survivors[0],
        "all_deaths": deaths.sum(), "highest_reserve": reserve.max(), "monthly": np.floor(premium / 12 * 100 + 0.5) / 100,
        "to_seventy": survivors[10] / radix, "paid": (survivors * np.where(ages < 65, 1, 0.5)).sum() * premium / radix,
    }  # fmt: skip


FAULTS = [
    ("deaths of the year before", "reference", {"Life!C16:C31": ("D15", "D14")}),
    ("age not the exponent", "reference", {"Life!B14:B31": ("A14", "$A$14")}),
    ("Makeham's term forgotten", "omission", {"Life!B14:B31": ("$B$1+", "")}),
    ("q without its limit's sibling", "function", {"Life!B14:B31": ("MIN", "MAX")}),
    ("Gompertz power of a product", "parenthesis", {"Life!B14:B31": ("$B$2*$B$3^A14", "($B$2*$B$3)^A14")}),
    ("whole deaths taken off", "unit", {"Life!E14:E31": ("/2", "")}),
    ("deaths added", "operator", {"Life!E14:E31": ("-D14", "+D14")}),
    ("T from the first age on", "anchor", {"Life!F14:F31": ("E14", "E$14")}),
    ("N begins a row later", "range", {"Life!J14:J30": ("I14:", "I15:")}),
    ("M without the last row", "range", {"Life!L14:L30": ("K$31", "K$30")}),
    ("discount not from 60", "omission", {"Life!H14:H31": ("-$A$14", "-59")}),
    ("discount grows", "sign", {"Life!H14:H31": ("(A14-$A$14)", "-(A14-$A$14)")}),
    ("discount without parentheses", "parenthesis", {"Life!B8": ("(1+B4)", "1+B4")}),
    ("deaths not discounted to the end", "omission", {"Life!K14:K31": ("*$B$8", "")}),
    ("C of survivors", "reference", {"Life!K14:K31": ("D14", "C14")}),
    ("annuity upside down", "arguments", {"Life!M14:M31": ("J14/I14", "I14/J14")}),
    ("cover over N", "reference", {"Life!N14:N31": ("I14", "J14")}),
    ("annuity's formula in cover", "neighbour", {"Life!N20": "=J20/I20"}),
    ("reserve with the net premium", "rate", {"Life!P14:P31": ("$B$9", "O14")}),
    ("reserve adds the premium", "operator", {"Life!P14:P31": ("-$B$9", "+$B$9")}),
    ("band at 2 %", "constant", {"Life!Q14:Q31": ("0.02", "0.03")}),
    ("a q typed", "hard-coded", {"Life!B22": 0.021}),
    ("column 2 for 3", "lookup", {"Life!E6": ("C31,3", "C31,2")}),
    ("half at 65 too late", "comparison", {"Life!R14:R31": ("<65", "<=65")}),
    ("loading of the interest", "rate", {"Life!B9": ("B7", "B4")}),
]
DOUBLES = [
    ("whole deaths taken off", "loading of the interest"),
    ("Makeham's term forgotten", "cover over N"),
    ("discount grows", "band at 2 %"),
    ("column 2 for 3", "a q typed"),
    ("reserve adds the premium", "deaths not discounted to the end"),
]
