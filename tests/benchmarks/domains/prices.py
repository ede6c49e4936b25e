"""Orders priced by lookups: a price list, discounts by quantity, freight by zone and weight."""

CELLS = {
    "Orders!A1:A4": ["Free freight from", "VAT", "Handling", "Bonus from"],
    "Orders!B1:B4": [2000, 0.19, 4.5, 1000],
    "Orders!A6:L6": [
        "Item",
        "Quantity",
        "Zone",
        "Price",
        "Weight",
        "Discount",
        "Net",
        "Freight",
        "Charged",
        "Total",
        "Group",
        "Rank",
    ],
    "Orders!A7:A16": ["bolt", "nut", "gear", "pump", "belt", "nut", "valve", "gear", "bolt", "pump"],
    "Orders!B7:B16": [120, 40, 9, 2, 25, 150, 12, 60, 10, 5],
    "Orders!C7:C16": ["North", "East", "South", "North", "East", "South", "North", "East", "South", "North"],
    "Orders!D7:D16": "=VLOOKUP(A7,Prices!$A$2:$D$7,2,FALSE)",
    "Orders!E7:E16": "=INDEX(Prices!$C$2:$C$7,MATCH(A7,Prices!$A$2:$A$7,0))*B7",
    "Orders!F7:F16": "=VLOOKUP(B7,Tiers,2,TRUE)",
    "Orders!G7:G16": "=D7*B7*(1-F7)",
    "Orders!H7:H16": "=INDEX(Prices!$J$2:$L$4,MATCH(C7,Prices!$I$2:$I$4,0),MATCH(E7,Prices!$J$1:$L$1,1))",
    "Orders!I7:I16": "=IF(G7>=$B$1,0,H7)+$B$3",
    "Orders!J7:J16": "=(G7+I7)*(1+$B$2)",
    "Orders!K7:K16": "=VLOOKUP(A7,Prices!$A$2:$D$7,4,FALSE)",
    "Orders!L7:L16": "=RANK(J7,J$7:J$16)",
    "Orders!A18:A26": [
        "Net in sum",
        "North",
        "Large orders",
        "Dearest",
        "Dearest item",
        "Mean discount",
        "Parts",
        "Freight saved",
        "Bonus",
    ],
    "Orders!B18": "=SUM(G7:G16)",
    "Orders!B19": '=SUMIF(C7:C16,"North",J7:J16)',
    "Orders!B20": '=COUNTIF(B7:B16,">=50")',
    "Orders!B21": "=MAX(J7:J16)",
    "Orders!B22": "=INDEX(A7:A16,MATCH(B21,J7:J16,0))",
    "Orders!B23": "=SUMPRODUCT(F7:F16,G7:G16)/SUM(G7:G16)",
    "Orders!B24": '=SUMIFS(G7:G16,K7:K16,"part",C7:C16,"<>South")',
    "Orders!B25": '=SUMIF(G7:G16,">="&B1,H7:H16)',
    "Orders!B26": "=IF(B18>B4*10,B18*0.02,IF(B18>B4*5,B18*0.01,0))",
    "Prices!A1:D1": ["Item", "Price", "Weight", "Group"],
    "Prices!A2:A7": ["belt", "bolt", "gear", "nut", "pump", "valve"],
    "Prices!B2:B7": [12.5, 0.8, 34, 0.35, 420, 58],
    "Prices!C2:C7": [0.4, 0.05, 1.8, 0.02, 14, 2.6],
    "Prices!D2:D7": ["part", "small", "part", "small", "machine", "part"],
    "Prices!F1:G1": ["From", "Discount"],
    "Prices!F2:F6": [1, 10, 50, 100, 200],
    "Prices!G2:G6": [0, 0.03, 0.07, 0.1, 0.15],
    "Prices!I1": "Zone",
    "Prices!J1:L1": [0, 5, 25],
    "Prices!I2:I4": ["North", "East", "South"],
    "Prices!J2:L4": [6, 11, 24, 7.5, 14, 31, 9, 17, 38],
}
NAMES = {"Tiers": "Prices!$F$2:$G$6"}
SPEC = """workbook = "prices.xlsx"
reference = "prices.py:reference"
sheet = "Orders"

[inputs]
free = { at = "B1", low = 500, high = 3000 }
vat = { at = "B2", low = 0.05, high = 0.25 }
handling = { at = "B3", low = 1, high = 10 }
bonus_from = { at = "B4", low = 100, high = 1500 }
items = { at = "A7:A16", choices = ["belt", "bolt", "gear", "nut", "pump", "valve"] }
quantities = { at = "B7:B16", low = 1, high = 250, integer = true }
zones = { at = "C7:C16", choices = ["North", "East", "South"] }
prices = { at = "Prices!B2:B7", low = 0.5, high = 100 }
weights = { at = "Prices!C2:C7", low = 0.01, high = 3 }
discounts = { at = "Prices!G2:G6", low = 0, high = 0.3 }
freights = { at = "Prices!J2:L4", low = 5, high = 40 }

[outputs]
price = "D7:D16"
weight = "E7:E16"
discount = "F7:F16"
net = "G7:G16"
charged = "I7:I16"
total = "J7:J16"
rank = "L7:L16"
net_sum = "B18"
north = "B19"
large = "B20"
dearest = "B21"
dearest_item = "B22"
mean_discount = "B23"
parts = "B24"
saved = "B25"
bonus = "B26"
"""

ITEMS = ["belt", "bolt", "gear", "nut", "pump", "valve"]
GROUPS = ["part", "small", "part", "small", "machine", "part"]
FROM, HEAVY, ZONES = [1, 10, 50, 100, 200], [0, 5, 25], ["North", "East", "South"]


def reference(free, vat, handling, bonus_from, items, quantities, zones, prices, weights, discounts, freights):
    items, zones, quantities = items.ravel().tolist(), zones.ravel().tolist(), quantities.ravel().tolist()
    places = [ITEMS.index(item) for item in items]
    price = [prices[place, 0] for place in places]
    weight = [weights[place, 0] * n for place, n in zip(places, quantities, strict=True)]
    discount = [discounts[sum(n >= least for least in FROM) - 1, 0] for n in quantities]
    net = [p * n * (1 - d) for p, n, d in zip(price, quantities, discount, strict=True)]
    freight = [
        freights[ZONES.index(zone), sum(mass >= least for least in HEAVY) - 1]
        for zone, mass in zip(zones, weight, strict=True)
    ]
    charged = [handling + (0 if value >= free else f) for value, f in zip(net, freight, strict=True)]
    total = [(a + b) * (1 + vat) for a, b in zip(net, charged, strict=True)]
    net_sum = sum(net)
    share = 0.02 if net_sum > 10 * bonus_from else 0.01 if net_sum > 5 * bonus_from else 0
    return {
        "price": price, "weight": weight, "discount": discount, "net": net, "charged": charged, "total": total,
        "rank": [1 + sum(other > one for other in total) for one in total], "net_sum": net_sum,
        "north": sum(t for t, zone in zip(total, zones, strict=True) if zone == "North"),
        "large": sum(n >= 50 for n in quantities), "dearest": max(total), "dearest_item": items[total.index(max(total))],
        "mean_discount": sum(d * n for d, n in zip(discount, net, strict=True)) / net_sum,
        "parts": sum(n for n, p, z in zip(net, places, zones, strict=True) if GROUPS[p] == "part" and z != "South"),
        "saved": sum(f for f, n in zip(freight, net, strict=True) if n >= free), "bonus": share * net_sum,
    }  # fmt: skip


FAULTS = [
    ("weight for price", "lookup", {"Orders!D7:D16": ("$D$7,2", "$D$7,3")}),
    ("price list not anchored", "anchor", {"Orders!D7:D16": ("$A$2:$D$7", "A2:D7")}),
    ("price by approximate match", "lookup", {"Orders!D7:D16": "=VLOOKUP(A7,Prices!$B$2:$D$7,1,TRUE)"}),
    ("last item not in the list", "range", {"Orders!D7:D16": ("$D$7", "$D$6")}),
    ("price for weight", "reference", {"Orders!E7:E16": ("$C$2:$C$7", "$B$2:$B$7")}),
    ("match a row lower", "range", {"Orders!E7:E16": ("$A$2:$A$7", "$A$1:$A$7")}),
    ("weight of one", "omission", {"Orders!E7:E16": (")*B7", ")")}),
    ("exact match of a tier", "lookup", {"Orders!F7:F16": ("TRUE", "FALSE")}),
    ("tier instead of discount", "lookup", {"Orders!F7:F16": ("Tiers,2", "Tiers,1")}),
    ("discount without its parentheses", "parenthesis", {"Orders!G7:G16": ("(1-F7)", "1-F7")}),
    ("discount added", "operator", {"Orders!G7:G16": ("1-F7", "1+F7")}),
    (
        "zone and weight swapped",
        "arguments",
        {
            "Orders!H7:H16": "=INDEX(Prices!$J$2:$L$4,MATCH(E7,Prices!$J$1:$L$1,1),MATCH(C7,Prices!$I$2:$I$4,0))",
        },
    ),
    ("freight by the quantity", "reference", {"Orders!H7:H16": ("MATCH(E7", "MATCH(B7")}),
    ("free freight below", "comparison", {"Orders!I7:I16": (">=", "<")}),
    ("free freight before discount", "reference", {"Orders!I7:I16": ("G7>=", "D7*B7>=")}),
    ("handling forgotten", "omission", {"Orders!I7:I16": ("+$B$3", "")}),
    ("VAT on the freight alone", "parenthesis", {"Orders!J7:J16": ("(G7+I7)", "G7+I7")}),
    ("VAT in per cent", "unit", {"Orders!J7:J16": ("$B$2)", "$B$2/100)")}),
    ("ranks not anchored", "anchor", {"Orders!L7:L16": ("J$7:J$16", "J7:J16")}),
    ("ranks from the least", "arguments", {"Orders!L7:L16": ("J$16)", "J$16,1)")}),
    ("an order left out", "range", {"Orders!B18": ("G16", "G15")}),
    ("large from 51", "comparison", {"Orders!B20": (">=50", ">50")}),
    ("dearest by the net", "reference", {"Orders!B22": ("J7:J16", "G7:G16")}),
    ("bonus branches swapped", "branches", {"Orders!B26": "=IF(B18>B4*10,B18*0.01,IF(B18>B4*5,B18*0.02,0))"}),
    ("a discount typed", "hard-coded", {"Orders!F11": 0.03}),
]
DOUBLES = [
    ("weight of one", "free freight below"),
    ("weight for price", "an order left out"),
    ("exact match of a tier", "VAT in per cent"),
    ("discount added", "ranks from the least"),
    ("a discount typed", "handling forgotten"),
]
