"""Excel's family Financial: payments, depreciation, securities and bonds, by Microsoft's examples and Excel's stored values."""

import pytest
from test_engines import workbook

from xlparity.engines.evaluator.functions import bonds, depreciation, finance, securities
from xlparity.engines.registry import find_engine
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import ErrorValue, Unsupported

DIV, NUM, VALUE = map(ErrorValue, ("#DIV/0!", "#NUM!", "#VALUE!"))
CELLS = {"A1": True, "A2": "hello", "A3": "2", "A4": "=1/0", "C1": -20, "C2": 5, "C3": 5, "C6": 7, "D1": "x"}
FLOWS = "{-70000;12000;15000;18000;21000;26000}"
MIRR_FLOWS = "{-120000;39000;30000;21000;37000;46000}"
DATED = "{-10000;2750;4250;3250;2750},{39448;39508;39751;39859;39904}"

CASES = [
    # stored by Excel (ironcalc's PV, FV, PMT, NPER and docs_PV)
    ("=PV(1,3,100,10,1)", -176.25), ("=PV(0,3,100,2,1)", -302), ("=PV(0.05,5,,1000)", -783.526166468459),
    ("=PV(-3,0.5,1)", NUM), ("=PV(-1,20,300)", DIV), ('=PV(1,2,3,4,"false")', VALUE), ("=PV(A4,A2,1)", DIV),
    ("=FV(1,3,100,300,1)", -3800), ("=FV(0.5,12.5,100)", -31581.232382676626), ("=FV(-1,-2,1)", DIV), ("=FV(-3,-3.5,1)", NUM),
    ("=PMT(1,3,100,300,1)", -78.57142857142858), ("=PMT(0,3,100,300,1)", -133.33333333333334), ("=PMT(-3,5,100)", NUM),
    ("=NPER(1,3,100,0,1)", -4.142957953842043), ("=NPER(0,3,100,23,1)", -41), ("=NPER(1,3,100,12,0)", NUM),
    ("=NPER(0.05,-100,1000,0,2)", 13.2532278981381),  # LibreOffice and IronCalc: any type but 0 is 1
    ("=NPER(0.5,12,100,0,A1)", -3.278052588745499),
    # stored by Excel (ironcalc's RATE, IPMT_PPMT, ISPMT, CUMPRINC_CUMIPMT)
    ("=RATE(48,-200,8000)", 0.007701472488201368), ("=RATE(12,-200,8000,0,1)", -0.1678337611998994),
    ("=IPMT(0.1,3,3,8000)", -292.44712990936563), ("=IPMT(0.01,1,36,8000,0,1)", 0), ("=IPMT(0.1,4,3,8000)", NUM),
    ("=IPMT(0.1,3.9,3,8000,10,1)", -26.866364667656377), ("=PPMT(0.1,3,3,8000)", -2924.4712990936564),
    ("=PPMT(0.3,5,36,8000,0,1)", -0.4169797444000284), ("=PPMT(0,4,20,300,0,1)", -15), ("=ISPMT(0.2,1,3,100)", -40 / 3),
    ("=ISPMT(1,2,0,3)", DIV), ("=CUMIPMT(0.01,36,8000,1.2,8.53,1)", -501.92756475693704),
    ("=CUMIPMT(7,36,8000,3,A3+8,A3-1)", -56000),
    ("=CUMPRINC(0.8,36,18000,2.7,9.667,1)", -0.0012603466877548824), ("=CUMPRINC(0.01,36,8000,3,10,0.7)", NUM),
    ("=CUMPRINC(0.0083,36,8000,3,10,A1)", VALUE),
    # stored by Excel (ironcalc's NPV, IRR, XNPV, XIRR, FVSCHEDULE); Microsoft's pages of IRR, MIRR and XNPV
    ("=NPV(0.05,100,25,125)", 225.893532015981), ("=NPV(1.5,{12,20;10,45})", 9.792), ("=NPV(0.1,C1:C6)", -5.511918584796122),
    (f"=IRR({FLOWS})", 0.086630948036531), ("=IRR({-2,5})", 1.5), ("=IRR(C1:C6)", -0.0730084383401457), ("=IRR(C2)", NUM),
    ("=IRR({20,5,5})", NUM), ("=IRR({-20,5,5,30},-10)", VALUE), (f"=MIRR({MIRR_FLOWS},0.1,0.12)", 0.1260941303659051),
    ("=MIRR({-5,2,4},-1,0.2)", 0.13137084989847603), ("=MIRR({5,6,6},0.1,0.2)", DIV), ("=MIRR({-6,-1,-2},0.1,0.2)", -1),
    ("=MIRR({-50,25,30},0.5,-12)", NUM), (f"=XNPV(0.09,{DATED})", 2086.64760203153), (f"=XNPV(-0.4,{DATED})", NUM),
    ("=XNPV(0.1,{-1,2},{45000,45100,45200})", NUM), ("=XNPV(0.1,{-1,2},{45000,44000})", NUM),
    ("=XIRR({1,2},{45000,45100})", NUM), ("=FVSCHEDULE(120,{0.2,0.4,0.6,0.8})", 580.608), ("=FVSCHEDULE(1000,-1.5)", -500),
    ("=FVSCHEDULE(1,C4:C5)", 1), ("=FVSCHEDULE(1,D1)", VALUE),
    # stored by Excel (ironcalc's SLN_SYD, DB_DDB)
    ("=SLN(100,5,20)", 4.75), ("=SLN(100,2,0)", DIV), ("=SYD(100,5,20,10)", 4.976190476190476), ("=SYD(290,2,5,0.1)", 113.28),
    ("=SYD(100,5,5,5.4)", NUM), ("=DB(100,10,5,3,1)", 22.567920075), ("=DB(23,10,4,5,2)", 1.8687313963962309),
    ("=DB(12,10,4,4.5,2)", 0.48879979875), ("=DB(1,10,4,1,2)", -0.12966666666666665), ("=DB(100,10,4,3,13)", NUM),
    ("=DB(0,10,4,1,2)", 0), ("=DDB(100,10,5,3,1)", 12.8), ("=DDB(100,10.233,4.2312,3.2,1.5)", 13.532735530775124),
    ("=DDB(100,10,4,3,4)", 0), ("=DDB(12,10,4,4.5)", NUM),
    # stored by Excel (ironcalc's NOMINAL_EFFECT, RRI, PDURATION, DOLLARs)
    ("=EFFECT(0.5,4.5)", 0.601806640625), ("=EFFECT(0,10)", NUM), ("=EFFECT(10,A1)", VALUE),
    ("=NOMINAL(0.5,10)", 0.4137974399241062),
    ("=NOMINAL(2,0.99)", NUM), ("=RRI(2,3,4)", 0.15470053837925146), ("=RRI(2,3,0)", -1), ("=RRI(-7.2,3,4)", NUM),
    ("=PDURATION(0.2,100,200)", 3.8017840169239268), ("=PDURATION(A1,100,200)", 1), ("=PDURATION(0.5,-100,200)", NUM),
    ("=DOLLARDE(12.1234,12)", 13.028333333333334), ("=DOLLARDE(-0.5,2)", -2.5), ("=DOLLARDE(10,-2)", NUM),
    ("=DOLLARDE(10,0.5)", DIV),
    ("=DOLLARFR(100.98999,36)", 100.3563964), ("=DOLLARFR(0.01,10)", 0.01), ("=DOLLARFR(A2,2)", VALUE),
    # stored by Excel (ironcalc's DISC, INTRATE, ACCRINTM, TBILLs); Microsoft's pages of the others
    ("=DISC(39472,39614,97.975,100,1)", 0.05219366197183125), ("=DISC(46170,48728,12.5,123,1)", 0.1282764259425237),
    ("=DISC(39472,39614,97.975,100,5)", NUM), ("=INTRATE(DATE(2027,2,15),DATE(2027,5,15),2000000,2040000)", 0.08),
    ("=RECEIVED(39493,39583,1000000,0.0575,2)", 1014584.65440716), ("=PRICEDISC(39494,39508,0.0525,100,2)", 99.7958333333333),
    ("=YIELDDISC(39494,39508,99.795,100,2)", 0.0528225719868 ), ("=ACCRINTM(39539,39614,0.1,1000,3)", 20.54794520547945),
    ("=ACCRINTM(DATE(2023,11,15),DATE(2024,3,15),0.1,1000,1)", 33.060109289617486), ("=ACCRINTM(39614,39539,0.1,1000,3)", NUM),
    ("=PRICEMAT(39493,39551,39397,0.061,0.061)", 99.9844988755569),
    ("=YIELDMAT(39522,39755,39394,0.0625,100.0123)", 0.060954333691538),
    ("=TBILLEQ(20000,20182,0.5)", 0.6784386617100372), ("=TBILLEQ(14640,15006,0.5)", 0.8522961312491701),
    ("=TBILLEQ(1000,1366,0.5)", NUM),
    ("=TBILLEQ(45332,45650,7)", NUM), ("=TBILLPRICE(20000,20182,0.5)", 74.72222222222223), ("=TBILLPRICE(A1,45731,0.5)", VALUE),
    ("=TBILLYIELD(20000,20182,200)", -0.989010989010989), ("=TBILLYIELD(14640,15005,0)", NUM),
    # stored by Excel (ironcalc's COUPDAYS and PRICE_YIELD); Microsoft's pages of DURATION and MDURATION
    ("=COUPDAYS(DATE(2020,1,1),DATE(2024,3,17),2,1)", 182), ("=COUPDAYS(DATE(2020,1,1),DATE(2021,1,1),2,3)", 182.5),
    ("=COUPDAYBS(DATE(2020,1,1),DATE(2024,3,17),1,0)", 284), ("=COUPDAYSNC(DATE(2020,1,1),DATE(2021,1,1),1,2)", 366),
    ("=COUPNCD(DATE(2020,1,1),DATE(2024,3,17),2)", 43907), ("=COUPPCD(DATE(2020,1,1),DATE(2024,3,17),2)", 43725),
    ("=COUPNUM(DATE(2020,1,1),DATE(2024,3,17),2)", 9), ("=COUPNUM(DATE(2020,1,1),DATE(2024,3,17),3)", NUM),
    ("=PRICE(DATE(2020,3,1),DATE(2030,3,1),0.06,0.07,130,1,0)", 108.22689722310892),
    ("=PRICE(DATE(2020,3,1),DATE(2030,3,1),0.04,0.05,155,2,2)", 125.77032071441235),
    ("=YIELD(DATE(2020,3,1),DATE(2030,3,1),0.06,107.9707748819741,130,2,0)", 0.07),
    ("=DURATION(DATE(2018,7,1),DATE(2048,1,1),0.08,0.09,2,1)", 10.9191452815919),
    ("=MDURATION(39448,42370,0.08,0.09,2,1)", 5.73566981391884),
    # stored by Excel (ironcalc's ACCRINT and accrint_cases): the days since the coupon before may be below zero
    ("=ACCRINT(39508,39691,39569,0.1,1000,2,0)", 16.666666666666664),
    ("=ACCRINT(39512,39691,39569,0.1,1000,2,0,FALSE)", 15.555555555555555),
    ("=ACCRINT(DATE(2020,12,1),DATE(2021,12,1),DATE(2021,3,1),0.075,100,2,2,FALSE)", -1.9166666666666665),
    ("=ACCRINT(DATE(2020,12,1),DATE(2021,12,1),DATE(2021,3,1),0.075,100,2,2,TRUE)", 1.8333333333333335),
    ("=ACCRINT(DATE(2021,6,1),DATE(2021,12,1),DATE(2022,3,1),0.025,5000,2,1)", 93.23770491803279),
    ("=ACCRINT(DATE(2020,2,3),DATE(2023,12,1),DATE(2023,4,12),0.33,3000,4.3,1,FALSE)", -312.77472527472526),
    ("=ACCRINT(DATE(2021,6,1),DATE(2021,12,1),DATE(2021,12,1),0.025,5000,2,3)", 62.67123287671234),
    ("=ACCRINT(39508,39691,39569,0,1000,2)", NUM), ("=ACCRINT(39508,39691,39569,0.1,1000,3)", NUM),
    # stored by Excel (ironcalc's PRICE_YIELD, its sheets of odd periods)
    ("=ODDFPRICE(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),DATE(2021,3,1),0.075,0.05,120,1,1)", 131.5377155865953),
    ("=ODDFPRICE(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),DATE(2021,3,1),0.075,0.05,120,2,2)", 131.48376704654166),
    ("=ODDLPRICE(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),0.075,0.0589,120,2,2)", 122.36705839417525),
    ("=ODDLYIELD(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),0.075,122.36705839417525,120,2,2)", 0.0589),
]  # fmt: skip

REFUSED = [
    "=PV(0.0000001,12,-100)", "=RATE(10,-1200,2000)", "=RATE(48,-200,8000,0,0,5)", "=RATE(0,-200,8000)", "=RATE(4,-1,4)",
    "=IPMT(-1.5,2,5,100)", "=NPV(0.1,-1,1.1)", "=IRR({20,-5,-20,-5,-10,5})", "=IRR({1,-2,1})",
    "=IRR({-130;30;20;30;20;30})", "=IRR({-20,5,5,30},17)", "=IRR({-1,0,300})", f"=XIRR({DATED})", "=XNPV(0.1, C1:C2, D1:D2)",
    "=XNPV(0,{-1,2},{45000,45100})", "=SYD(100,-1,5,2)", "=DB(100,10,4,0.5)", "=DB(0,0,4,1)", "=DB(1000,100,10,11)",
    "=DDB(100,10,4,0.5)", "=RRI(2,-3,-4)",
    "=EFFECT(0.1,C1:C2)", "=EFFECT(40000,40000)", "=VDB(2400,300,10,0,1)", "=AMORLINC(2400,39679,39813,300,1,0.15,1)",
    "=ODDFYIELD(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),DATE(2021,3,1),0.075,131,120,1,1)",
    "=INTRATE(DATE(2023,1,31),DATE(2023,2,28),1000,1100)", "=PRICEDISC(DATE(2023,1,5),DATE(2025,2,5),0.05,100,1)",
    "=DISC(DATE(2023,2,28),DATE(2023,3,31),97,100,0)", "=DISC(A5,45000,97,100)", "=ACCRINTM(45000,45100,0.1,1000,-0.5)",
    "=DURATION(DATE(2020,1,10),DATE(2024,3,17),0.05,0.06,2,1)",
    "=PRICE(DATE(2020,1,10),DATE(2020,3,17),0.05,0.06,100,2,2)", "=YIELD(DATE(2020,3,1),DATE(2030,3,1),0.06,500,100,2)",
    "=ACCRINT(39700,39691,39869,0.1,1000,2)", "=ACCRINT(DATE(2021,7,1),DATE(2021,12,1),DATE(2022,3,1),0.1,1000,2)",
    "=ODDLPRICE(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,31),0.075,0.06,120,2)",
    "=ODDFPRICE(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),DATE(2021,3,1),0.075,0.05,120,4)",
]  # fmt: skip


@pytest.fixture(scope="module")
def compute(tmp_path_factory):
    def computed(formulas):
        """The formulas' values, each in a cell of its own beside CELLS."""
        cells = CELLS | {f"F{n}": prefixed(text) for n, text in enumerate(formulas, start=1)}
        book = workbook(tmp_path_factory.mktemp("book"), None, S=cells)
        values = {cell.a1: value for cell, value in find_engine("formulas").load(book).recalculate({}).items()}
        return [values[f"F{n}"] for n in range(1, len(formulas) + 1)]

    return computed


def test_finance_is_what_excel_makes_of_it(compute):
    """Microsoft's examples and Excel's stored values to nine digits, and Excel's own error where there is one."""
    wrong = []
    for (formula, expected), value in zip(CASES, compute([formula for formula, _ in CASES]), strict=True):
        near = pytest.approx(expected, rel=1e-9, abs=1e-12) if isinstance(expected, int | float) else expected
        if value != near:
            wrong.append((formula, expected, value))
    assert wrong == []


@pytest.mark.parametrize("family", [finance, depreciation, securities, bonds])
def test_every_financial_function_has_a_case(family):
    """An entry of a table without a case would be trusted because it did not crash."""
    assert {name for name in family.FUNCTIONS if not any(f"={name}(" in formula for formula, _ in CASES)} == set()


def test_what_is_not_certain_about_finance_is_refused(compute):
    """Where Excel's iteration, or one of several ways to count days, decides, nobody knows Excel's answer."""
    found = zip(REFUSED, compute(REFUSED), strict=True)
    assert [(formula, value) for formula, value in found if not isinstance(value, Unsupported)] == []


def test_blanks_and_texts_of_whole_columns_are_passed_over(compute):
    """Cells of a column that nobody looks at are blank, and blanks are no payments."""
    assert compute(["=IRR(C:C)", "=NPV(0.1,C:C)"]) == pytest.approx([-0.0730084383401457, -5.511918584796122])
