"""A loan with its schedule, and a company that owes it, valued by discounted cash flows with a terminal value."""

CELLS = {
    "Loan!A1:A8": ["Principal", "Rate a year", "Years", "Months", "Fee a month", "Extra", "Payment", "Rate a month"],
    "Loan!B1": 250000,
    "Loan!B2": 0.045,
    "Loan!B3": 10,
    "Loan!B4": "=B3*12",
    "Loan!B5": 12,
    "Loan!B6": 400,
    "Loan!B7": "=PMT(MonthlyRate,B4,-B1)",
    "Loan!B8": "=B2/12",
    "Loan!D1:D6": ["Interest in sum", "Fees in sum", "Mean balance", "Highest interest", "Share of interest", "Cost"],
    "Loan!E1": "=SUM(C12:C35)",
    "Loan!E2": "=SUM(F12:F35)",
    "Loan!E3": "=AVERAGE(G12:G35)",
    "Loan!E4": "=MAX(C12:C35)",
    "Loan!E5": "=E1/(E1+SUM(D12:D35))",
    "Loan!E6": "=E1+E2",
    "Loan!A11:H11": ["Month", "Opening", "Interest", "Repaid", "Extra", "Fee", "Closing", "Interest so far"],
    "Loan!A12": 1,
    "Loan!A13:A35": "=A12+1",
    "Loan!B12": "=B1",
    "Loan!B13:B35": "=G12",
    "Loan!C12:C35": "=B12*MonthlyRate",
    "Loan!D12:D35": "=$B$7-C12",
    "Loan!E12:E35": "=IF(MOD(A12,3)=0,MIN($B$6,B12/200),0)",
    "Loan!F12:F35": "=IF(B12>100000,$B$5/2,$B$5)",
    "Loan!G12:G35": "=B12-D12-E12",
    "Loan!H12:H35": "=SUM(C$12:C12)",
    "DCF!A1:A9": ["Revenue", "Growth", "Margin", "Tax", "Investment", "WACC", "Growth after", "Debt", "Shares"],
    "DCF!B1:B7": [1000, 0.06, 0.2, 0.25, 0.05, 0.09, 0.02],
    "DCF!B8": "=Loan!G35/1000",
    "DCF!B9": 100,
    "DCF!A12:A20": [
        "Year",
        "Revenue",
        "EBIT",
        "Tax",
        "After tax",
        "Investment",
        "Cash flow",
        "Factor",
        "Present value",
    ],
    "DCF!B12": 1,
    "DCF!C12:F12": "=B12+1",
    "DCF!B13": "=B1*(1+$B$2)",
    "DCF!C13:F13": "=B13*(1+$B$2)",
    "DCF!B14:F14": "=B13*$B$3",
    "DCF!B15:F15": "=MAX(0,B14-20)*$B$4",
    "DCF!B16:F16": "=B14-B15",
    "DCF!B17:F17": "=B13*$B$5",
    "DCF!B18:F18": "=B16-B17",
    "DCF!B19:F19": "=1/(1+$B$6)^B12",
    "DCF!B20:F20": "=B18*B19",
    "DCF!A22:A29": [
        "Of the years",
        "Terminal",
        "Of the terminal",
        "Value",
        "Equity",
        "A share",
        "NPV",
        "Terminal share",
    ],
    "DCF!B22": "=SUM(B20:F20)",
    "DCF!B23": "=F18*(1+$B$7)/($B$6-$B$7)",
    "DCF!B24": "=B23*F19",
    "DCF!B25": "=B22+B24",
    "DCF!B26": "=B25-B8",
    "DCF!B27": "=B26/B9",
    "DCF!B28": "=NPV(B6,B18:F18)",
    "DCF!B29": "=B24/B25",
}
NAMES = {"MonthlyRate": "Loan!$B$8"}
SPEC = """workbook = "finance.xlsx"
reference = "finance.py:reference"
sheet = "Loan"

[inputs]
principal = { at = "B1", low = 50_000, high = 500_000 }
rate = { at = "B2", low = 0.01, high = 0.12 }
years = { at = "B3", low = 3, high = 30, integer = true }
fee = { at = "B5", low = 0, high = 30 }
extra = { at = "B6", low = 100, high = 1000 }
revenue = { at = "DCF!B1", low = 500, high = 2000 }
growth = { at = "DCF!B2", low = 0, high = 0.15 }
margin = { at = "DCF!B3", low = 0.15, high = 0.4 }
tax_rate = { at = "DCF!B4", low = 0.1, high = 0.4 }
capex = { at = "DCF!B5", low = 0.02, high = 0.08 }
wacc = { at = "DCF!B6", low = 0.07, high = 0.15 }
terminal_growth = { at = "DCF!B7", low = 0, high = 0.03 }
shares = { at = "DCF!B9", low = 50, high = 200 }

[outputs]
payment = "B7"
opening = "B12:B35"
interest = "C12:C35"
repaid = "D12:D35"
extra_repaid = "E12:E35"
closing = "G12:G35"
interest_so_far = "H12:H35"
total_interest = "E1"
total_fees = "E2"
mean_balance = "E3"
highest_interest = "E4"
interest_share = "E5"
cost = "E6"
sales = "DCF!B13:F13"
ebit = "DCF!B14:F14"
tax = "DCF!B15:F15"
investment = "DCF!B17:F17"
cash_flow = "DCF!B18:F18"
present = "DCF!B20:F20"
present_sum = "DCF!B22"
terminal = "DCF!B23"
terminal_present = "DCF!B24"
value = "DCF!B25"
equity = "DCF!B26"
a_share = "DCF!B27"
npv = "DCF!B28"
terminal_share = "DCF!B29"
"""


def reference(
    principal, rate, years, fee, extra, revenue, growth, margin, tax_rate, capex, wacc, terminal_growth, shares
):
    monthly, months = rate / 12, years * 12
    payment = principal * monthly / (1 - (1 + monthly) ** -months)
    opening, interest, repaid, extra_repaid, closing, fees = [], [], [], [], [], []
    balance = principal
    for month in range(1, 25):
        opening.append(balance)
        interest.append(balance * monthly)
        repaid.append(payment - interest[-1])
        extra_repaid.append(min(extra, balance / 200) if month % 3 == 0 else 0.0)
        fees.append(fee / 2 if balance > 100_000 else fee)
        balance = balance - repaid[-1] - extra_repaid[-1]
        closing.append(balance)
    total_interest, total_fees = sum(interest), sum(fees)
    sales = [revenue * (1 + growth) ** year for year in range(1, 6)]
    ebit = [margin * sale for sale in sales]
    tax = [tax_rate * max(0, profit - 20) for profit in ebit]
    investment = [capex * sale for sale in sales]
    cash_flow = [a - b - c for a, b, c in zip(ebit, tax, investment, strict=True)]
    present = [flow / (1 + wacc) ** year for year, flow in enumerate(cash_flow, 1)]
    terminal = cash_flow[-1] * (1 + terminal_growth) / (wacc - terminal_growth)
    terminal_present = terminal / (1 + wacc) ** 5
    value = sum(present) + terminal_present
    equity = value - balance / 1000
    return {
        "payment": payment, "opening": opening, "interest": interest, "repaid": repaid, "extra_repaid": extra_repaid,
        "closing": closing, "interest_so_far": [sum(interest[: n + 1]) for n in range(24)],
        "total_interest": total_interest, "total_fees": total_fees, "mean_balance": sum(closing) / 24,
        "highest_interest": max(interest), "interest_share": total_interest / (total_interest + sum(repaid)),
        "cost": total_interest + total_fees, "sales": sales, "ebit": ebit, "tax": tax, "investment": investment,
        "cash_flow": cash_flow, "present": present, "present_sum": sum(present), "terminal": terminal,
        "terminal_present": terminal_present, "value": value, "equity": equity, "a_share": equity / shares,
        "npv": sum(present), "terminal_share": terminal_present / value,
    }  # fmt: skip


FAULTS = [
    ("interest on the month before", "reference", {"Loan!C13:C35": ("B13", "B12")}),
    ("payment not anchored", "anchor", {"Loan!D12:D35": ("$B$7", "B7")}),
    ("interest so far begins anew", "anchor", {"Loan!H12:H35": ("C$12", "C12")}),
    ("a month of interest left out", "range", {"Loan!E1": ("C35", "C34")}),
    ("mean over a column more", "range", {"Loan!E3": ("G35", "H35")}),
    ("extra repayment added", "operator", {"Loan!G12:G35": ("-E12", "+E12")}),
    ("fee also halved at the limit", "comparison", {"Loan!F12:F35": (">", ">=")}),
    ("extra every fourth month", "constant", {"Loan!E12:E35": ("A12,3", "A12,4")}),
    ("yearly rate every month", "unit", {"Loan!B8": ("B2/12", "B2")}),
    ("extra repayment forgotten", "omission", {"Loan!G12:G35": ("-E12", "")}),
    ("terminal value without parentheses", "parenthesis", {"DCF!B23": ("($B$6-$B$7)", "$B$6-$B$7")}),
    ("principal with the wrong sign", "sign", {"Loan!B7": ("-B1", "B1")}),
    ("median for mean", "function", {"Loan!E3": ("AVERAGE", "MEDIAN")}),
    ("smallest for highest interest", "function", {"Loan!E4": ("MAX", "MIN")}),
    ("extra in the other months", "branches", {"Loan!E12:E35": "=IF(MOD(A12,3)=0,0,MIN($B$6,B12/200))"}),
    ("rate and months swapped", "arguments", {"Loan!B7": ("MonthlyRate,B4", "B4,MonthlyRate")}),
    ("a month's interest typed", "hard-coded", {"Loan!C20": 900}),
    ("all investment typed", "hard-coded", {"DCF!B17:F17": 55}),
    ("after tax as the cash flow", "neighbour", {"DCF!D16": "=D14-D17"}),
    ("factor without parentheses", "parenthesis", {"DCF!B19:F19": ("(1+$B$6)", "1+$B$6")}),
    ("growth after for growth", "rate", {"DCF!C13:F13": ("$B$2", "$B$7")}),
    ("opening balance as the debt", "reference", {"DCF!B8": ("G35", "B35")}),
    ("terminal value of year 4", "reference", {"DCF!B23": ("F18", "E18")}),
    ("terminal value without growth", "omission", {"DCF!B23": ("*(1+$B$7)", "")}),
    ("debt not in thousands", "unit", {"DCF!B8": ("/1000", "")}),
]
DOUBLES = [
    ("yearly rate every month", "extra repayment forgotten"),
    ("terminal value of year 4", "debt not in thousands"),
    ("a month's interest typed", "median for mean"),
    ("growth after for growth", "factor without parentheses"),
    ("terminal value without growth", "interest on the month before"),
]
