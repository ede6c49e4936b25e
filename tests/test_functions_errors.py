"""Which error value a call has where several could be it, and values of functions that were computed wrongly once."""

import pytest
from formula_cases import evaluate, same

from xlparity.excel.values import Unsupported

CELLS = {"A1": 1, "A2": 2, "A3": 3, "A4": 4, "B1": 5, "B2": 6, "B3": 7, "B4": 8, "E1": "=NA()", "E2": "=1/0"}

# Values that Excel stored in public workbooks.
CASES = {
    '=SUBSTITUTE("aaa","a","b",TRUE)': "#VALUE!", '=SUBSTITUTE("aaa","a","b",2)': "aba", '=SUBSTITUTE("aaa","a","b","2")': "aba",
    "=CONFIDENCE.T(0.999,1,1E+20)": "#NUM!",
    "=RRI(5,0,0)": 0, "=RRI(0,0,0)": "#NUM!", "=T.DIST(0,,)": "#DIV/0!", "=T.DIST(1,0,TRUE)": "#NUM!", "=Z.TEST(5,5)": "#DIV/0!",
    "=ADDRESS(1,1,1,TRUE)": "$A$1", "=VALUETOTEXT(0.9)": "0.9", "=VLOOKUP(0,{1,0},0)": "#N/A", '=MODE(1.1,"1",1)': "#VALUE!",
    "=BESSELJ(1.9,2)": 0.3299257276923873, "=PERCENTILE(D!E1:E1,0.5)": "#N/A", "=LARGE(D!E1:E1,1)": "#N/A",
    '=LARGE(D!A1:A4,"x")': "#VALUE!", "=GCD(NA(),4)": "#N/A", "=GCD(-1,4)": "#NUM!", "=YEARFRAC(NA(),2,1)": "#N/A",
    '=IF("25%",1,2)': "#VALUE!", '=NOT("2024-01-10")': "#VALUE!", '=IF("1",1,2)': "#VALUE!",
    '=ISODD("2024-01-10")': True, '=ISEVEN("25%")': True, '=ISODD("$3")': True, '=ISEVEN("x")': "#VALUE!",
    '=TEXT(0.5,"0%")': "50%", '=TEXT(0.5,"0.0%")': "50.0%",
}  # fmt: skip
# It is not known at which argument Excel looks first, or what it writes.
REFUSED = [
    '=VLOOKUP(1,D!A1:B4,2,"25%")', '=FIXED(1,2,"$3")', '=VLOOKUP(1,D!A1:B4,2,"2024-01-10")',
    '=PERCENTILE(D!E1:E1,"x")', "=PERCENTILE(D!E1:E1,2)", "=QUARTILE(D!E1:E1,9)", "=LARGE(D!E1:E1,9)", '=SMALL(D!E1:E1,"x")',
    '=YEARFRAC("x",NA(),1)', "=YEARFRAC(1/0,NA(),1)", '=DEC2BIN("x",NA())', '=GCD(-1,"x")', '=LCM("x",-1)', '=IRR(D!E1:E1,"x")',
    '=VLOOKUP("zz",D!A1:B4,0,FALSE)', '=VLOOKUP("zz",D!A1:B4,9,FALSE)', '=TEXT(0.5,"#%#")', '=TEXT(0.5,"%#%#%")',
    '=TEXT(0.5,"%0")', '=HLOOKUP("zeta",D!A1:B4,0,FALSE)',
    "=ADDRESS(1,1,1,TRUE,D!Z9)", '=ADDRESS(1,1,1,TRUE,"")', "=VALUETOTEXT(0.1+0.2)", "=ARRAYTOTEXT(D!A1:A2/3)",
]  # fmt: skip


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    return evaluate(tmp_path_factory.mktemp("errors"), [*CASES, *REFUSED], CELLS)


@pytest.mark.parametrize("formula", CASES)
def test_a_call_has_the_value_that_excel_stored(values, formula):
    """Each of these was another one here."""
    assert same(values[formula], CASES[formula])


@pytest.mark.parametrize("formula", REFUSED)
def test_a_call_is_refused_where_excels_choice_is_not_certain(values, formula):
    """A wrong error value blames a right formula, as a wrong number does."""
    assert isinstance(values[formula], Unsupported)
