"""Distributions, intervals of confidence and tests of hypotheses: what Excel gives for them, and what is refused.

Expected values with all their digits are those that Excel stored in the workbooks of the IronCalc project; those with few,
marked by a tilde, are the results in the examples of Microsoft's pages on the functions.
"""

import pytest
from formula_cases import evaluate, same, used

from xlparity.engines.evaluator.functions import counts, distributions, hypotheses
from xlparity.excel.values import Unsupported

# D1: TRUE, D2: the text 0.5, D3: a blank, D4: the text hello, D5: #DIV/0!; below them two samples.
CELLS = {"D1": True, "D2": "0.5", "D4": "hello", "D5": "=1/0", "D6": "true", "D7": "abc",
         **{f"A{row}": value for row, value in enumerate((1, 2, 3, 4, -3, True, "hello"), start=1)},
         **{f"B{row}": value for row, value in enumerate((2, -3.3, 0, True, "no", 2, 2), start=1)}}  # fmt: skip

CASES = {
    # Normal and lognormal: the examples, then the domain; old names are new ones.
    "=NORM.DIST(42,40,1.5,TRUE)": 0.9087887802741321,
    "=NORM.DIST(42,40,1.5,FALSE)": 0.10934004978399575,
    "=NORMDIST(42,40,1.5,TRUE)": "~0.9087888",
    "=NORM.DIST(42,40,0,TRUE)": "#NUM!",
    "=NORM.DIST(,40,1.5,TRUE)": 5.7347825020024226e-157,
    "=NORM.DIST(42,,1.5,TRUE)": 1,
    "=NORM.DIST(42,40,1.5,)": 0.10934004978399575,
    "=NORM.DIST(42,40,1.5,D!D3)": 0.10934004978399575,
    "=NORM.DIST(42,40,1.5,D!D6)": 0.9087887802741321,
    "=NORM.DIST(42,40,1.5,D!D7)": "#VALUE!",
    "=NORM.DIST(42,D!D5,1.5,TRUE)": "#DIV/0!",
    "=NORM.S.DIST(1.333333,TRUE)": 0.9087887256040951,
    "=NORM.S.DIST(D!D1,TRUE)": 0.841344746068543,
    "=NORM.S.DIST(D!D4,TRUE)": "#VALUE!",
    "=NORM.S.DIST(-10,TRUE)": 7.619853024160475e-24,
    "=NORMSDIST(1.333333)": "~0.908788726",
    "=NORM.INV(0.908789,40,1.5)": 42.00000200956616,
    "=NORMINV(0.908789,40,1.5)": "~42.000002",
    "=NORM.INV(0.5,40,1.5)": 40,
    "=NORM.INV(1,40,1.5)": "#NUM!",
    "=NORM.INV(0.5,40,0)": "#NUM!",
    "=NORM.S.INV(0.908789)": 1.3333346730441071,
    "=NORM.S.INV(D!D2)": 0,
    "=NORM.S.INV(0)": "#NUM!",
    "=NORMSINV(0.908789)": "~1.3333347",
    "=LOGNORM.DIST(4,3.5,1.2,TRUE)": 0.03908355570680048,
    "=LOGNORM.DIST(4,3.5,1.2,FALSE)": 0.01761759668181922,
    "=LOGNORM.DIST(0,3.5,1.2,TRUE)": "#NUM!",
    "=LOGNORMDIST(4,3.5,1.2)": "~0.0390836",
    "=LOGNORM.INV(0.039084,3.5,1.2)": 4.000025218680638,
    "=LOGINV(0.039084,3.5,1.2)": "~4.0000252",
    "=LOGNORM.INV(0.5,2,1)": 7.38905609893065,
    "=PHI(2.3)": 0.028327037741601186,
    "=GAUSS(1.96)": 0.4750021048517795,
    "=GAUSS(0.0000001)": 3.9894228032189005e-08,
    # Gamma, chi-squared, exponential, Weibull.
    "=GAMMA.DIST(10,9,2,TRUE)": 0.06809363472184855,
    "=GAMMA.DIST(10,9,2,FALSE)": 0.032639019674079374,
    "=GAMMA.DIST(0,9,2,FALSE)": 0,
    "=GAMMA.DIST(0,0.5,1,FALSE)": "#NUM!",
    "=GAMMA.DIST(10,1000000,2,TRUE)": 0,
    "=GAMMADIST(10.00001131,9,2,TRUE)": "~0.068094",
    "=GAMMA.INV(0.068094,9,2)": 10.00001119143718,
    "=GAMMA.INV(0.5,1000,2)": 1999.3333728539303,
    "=GAMMA.INV(0,9,2)": 0,
    "=GAMMA.INV(1,9,2)": "#NUM!",
    "=GAMMAINV(0.068094,9,2)": "~10.0000112",
    "=GAMMA(-3.75)": 0.26786612886141664,
    "=GAMMA(-3)": "#NUM!",
    "=GAMMA(172)": "#NUM!",
    "=GAMMALN(4.0000001)": 1.7917595948398235,
    "=GAMMALN.PRECISE(10000000000)": 220258509288.81058,
    "=GAMMALN(0)": "#NUM!",
    '=GAMMALN(" 4 ")': 1.791759469228055,
    "=CHISQ.DIST(12.3,4,TRUE)": 0.9847456053442304,
    "=CHISQ.DIST(12.3,7.2,FALSE)": 0.030107210682426052,
    "=CHISQ.DIST(-1,4,TRUE)": "#NUM!",
    "=CHISQ.DIST.RT(8,3.34)": 0.04601170568923137,
    "=CHIDIST(18.307,10)": "~0.0500006",
    "=CHISQ.INV(0.93,1)": "~3.28302",
    "=CHISQ.INV.RT(0.050001,10)": "~18.306973",
    "=CHIINV(0.050001,10)": "~18.306973",
    "=EXPON.DIST(0.2,10,TRUE)": 0.8646647167633873,
    "=EXPON.DIST(0,5,FALSE)": 5,
    "=EXPON.DIST(0.00001,0.00001,TRUE)": 9.999999999500002e-11,
    "=EXPON.DIST(1,0,TRUE)": "#NUM!",
    "=EXPONDIST(0.2,10,FALSE)": "~1.35335283",
    "=WEIBULL.DIST(0.8,1,9,TRUE)": 0.08505277126996899,
    "=WEIBULL.DIST(0.4,1,9,FALSE)": 0.10628097101144768,
    "=WEIBULL(105,20,100,FALSE)": "~0.035589",
    # Beta, F, Student: degrees of freedom are truncated.
    "=BETA.DIST(3,2,3,TRUE,1,10)": 0.21582075903063558,
    "=BETA.DIST(3,2,3,FALSE,1,10)": 0.17924096936442618,
    "=BETA.DIST(33587,3,600,TRUE,2000,5489582)": 0.6734553797493481,
    "=BETA.DIST(0.234,2,2.5,TRUE,0.234,0.234)": "#NUM!",
    "=BETA.DIST(10,9,2,TRUE)": "#NUM!",
    "=BETADIST(2,8,10,1,3)": "~0.6854706",
    "=BETA.INV(0.215820759030636,2,3,1,10)": "~3.000000000",
    "=BETA.INV(1,1,2,0,1)": "#NUM!",
    "=BETAINV(0.685470581,8,10,1,3)": "~2.0000000",
    "=F.DIST(0.8,2.4,3,TRUE)": 0.4733220523344033,
    "=F.DIST(0.7,4,2.4,FALSE)": 0.40509259259259256,
    "=F.DIST.RT(0.7,4,2.4)": 0.6597222222222223,
    "=FDIST(15.20686486,6,4)": "~0.010000",
    "=F.INV(0.01,6,4)": "~0.10930991",
    "=F.INV.RT(0.01,6,4)": "~15.20686",
    "=FINV(0.01,6,4)": "~15.20686",
    "=F.INV(0.01,0.5,4)": "#NUM!",
    "=T.DIST(3,5.2,TRUE)": 0.9849503760512687,
    "=T.DIST(-2,5.2,FALSE)": 0.0650903103262165,
    "=T.DIST(0,5,TRUE)": 0.5,
    "=T.DIST.2T(3,5.2)": 0.030099247897462586,
    "=T.DIST.2T(-2,5.2)": "#NUM!",
    "=T.DIST.RT(-2,5.2)": 0.9490302605850708,
    "=TDIST(1.959999998,60,2)": "~0.054645",
    "=TDIST(1.959999998,60,3)": "#NUM!",
    "=T.INV(0.75,2)": "~0.8164966",
    "=T.INV(0.0650903103262165,5.2)": -1.8093538332133492,
    "=T.INV.2T(0.546449,60)": "~0.606533",
    "=TINV(0.05464,60)": "~1.96",
    # Counts: successes, failures and trials are truncated; what is omitted is 0.
    "=BINOM.DIST(7,8,0.7,TRUE)": 0.94235199,
    "=BINOM.DIST(3,17,0.2,FALSE)": 0.23925373020405763,
    "=BINOM.DIST(2.99,10.99,0.5,TRUE)": 0.0546875,
    "=BINOM.DIST(1000,10000,0.1,TRUE)": 0.508421039265265,
    "=BINOM.DIST(1,1000000,0.00001,TRUE)": 0.0004993787976951216,
    "=BINOM.DIST(2,10,0,TRUE)": 1,
    "=BINOM.DIST(10,2,0.3,TRUE)": "#NUM!",
    "=BINOM.DIST(,,,)": 1,
    "=BINOM.DIST(3,D!D5,3,TRUE)": "#DIV/0!",
    "=BINOMDIST(6,10,0.5,FALSE)": "~0.2050781",
    "=BINOM.DIST.RANGE(17,0.2,3,10)": 0.6903019185006181,
    "=BINOM.DIST.RANGE(60,0.75,48)": "~0.084",
    "=BINOM.DIST.RANGE(10,0.3,5,3)": "#NUM!",
    "=BINOM.INV(100000,0.7,0.8)": 70122,
    "=BINOM.INV(10,0.5,0.5)": 5,
    "=BINOM.INV(10,0.7,1)": "#NUM!",
    "=CRITBINOM(6,0.5,0.75)": 4,
    "=NEGBINOM.DIST(7,8,0.7,TRUE)": 0.949987459946224,
    "=NEGBINOM.DIST(3,17,0.2,FALSE)": 6.50284892159999e-10,
    "=NEGBINOM.DIST(99,100,0.01,TRUE)": 1.690659363904351e-142,
    "=NEGBINOM.DIST(2,10,1,TRUE)": "#NUM!",
    "=NEGBINOMDIST(10,5,0.25)": "~0.0550487",
    "=POISSON.DIST(10,5,FALSE)": 0.018132788707821874,
    "=POISSON.DIST(1000000,1000000,TRUE)": 0.5002659614862837,
    "=POISSON.DIST(2.999999,5,TRUE)": 0.12465201948308113,
    "=POISSON.DIST(1,0,FALSE)": 0,
    "=POISSON.DIST(-0.000001,5,TRUE)": "#NUM!",
    "=POISSON(2,5,FALSE)": "~0.084224",
    "=HYPGEOM.DIST(1.8,4.2,8.2,22,TRUE)": 0.5349282296650714,
    "=HYPGEOM.DIST(1.8,4.2,8.2,18.34,FALSE)": 0.31372549019607815,
    "=HYPGEOMDIST(1,4,8,20)": "~0.3633",
    "=HYPGEOM.DIST(5,4,8,20,FALSE)": "#NUM!",
    # Confidence and tests; a T.TEST of pairs passes over a pair in which not both are numbers.
    "=CONFIDENCE.NORM(0.05,1,50.9)": 0.2771807648699355,
    "=CONFIDENCE.NORM(0.05,1,0.999999)": "#NUM!",
    '=CONFIDENCE.NORM("5%",1,50)': 0.2771807648699355,
    "=CONFIDENCE(0.05,2.5,50)": "~0.692952",
    "=CONFIDENCE.T(0.05,1,50)": 0.2841968554957298,
    "=CONFIDENCE.T(0.05,1,1)": "#DIV/0!",
    "=Z.TEST({1,2,3,2,2.2,1.8,2,1,2},2,0.8)": 0.6615388804893105,
    "=Z.TEST({3,6,7,8,6,5,4,2,1,9},4)": "~0.090574",
    "=ZTEST({3,6,7,8,6,5,4,2,1,9},6)": "~0.863043",
    "=T.TEST(D!A1:A7,D!B1:B7,1,1)": 0.15855028798217946,
    "=T.TEST(D!A1:A7,D!B1:B7,2.2,3.3)": 0.6039040157469742,
    "=T.TEST(D!A1:A7,D!B1:B7,1,2)": 0.3017830576436469,
    "=T.TEST(D!A1:A7,D!B1:B7,0.6,1)": "#NUM!",
    "=TTEST({3,4,5,8,9,1,2,4,5},{6,19,3,2,14,4,5,17,1},2,1)": "~0.196016",
    "=F.TEST({1,2,3,4},{5,6,7,2.4})": 0.5023992107800741,
    "=FTEST({6,7,9,15,21},{20,28,31,38,40})": "~0.648318",
    "=CHISQ.TEST({1;2;3;4},{3;4;2;3})": 0.3666353840752714,
    "=CHITEST({58,35;11,25;10,23},{45.35,47.65;17.56,18.44;16.09,16.91})": "~0.0003082",
    "=CHISQ.TEST({1,2,3},{1,2})": "#N/A",
}  # fmt: skip

REFUSED = [
    # The last digits of the share decide the result, to which Excel's own arithmetic comes some other way.
    "=LOGNORM.INV(0.49999999999915673,3.5,1000000000000)", "=NORM.INV(0.999999713348428,-5,1)",
    "=BETA.INV(0.9999999999999962,2,2.5,0.234,1.2)", "=T.INV(0.4999999,900)", "=T.DIST(0.00001,900,TRUE)",
    # A share or a point at the edge, of which the documentation does not say what comes of it.
    "=CHISQ.INV(1,3)", "=F.INV(0,3,4)", "=T.INV(1,3)", "=CHISQ.DIST(0,2,FALSE)", "=GAMMA.DIST(0,1,2,FALSE)",
    "=BETA.DIST(0,2,3,FALSE)", "=F.DIST(0,2,3,FALSE)", "=WEIBULL.DIST(0,1,2,FALSE)", "=WEIBULL.DIST(30,1000,0.5,TRUE)",
    "=BINOM.INV(10,0,0.5)",
    "=HYPGEOM.DIST(1,4,18,20,FALSE)",
    # A count that is whole but for the sixteenth digit, texts that are numbers in some countries, whole columns.
    "=BINOM.DIST(2.9999999999999996,10,0.5,TRUE)", '=NORM.S.DIST("1,5",TRUE)', '=NORM.S.DIST(1,"1")',
    "=SUMPRODUCT(GAUSS(D!A:A))", "=CHISQ.TEST(D!A1:A7,D!B1:B7)", "=Z.TEST(D!D3:D4,1)", "=NORM.DIST(1,2,3)", "=NORM.DIST()",
]  # fmt: skip


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    return evaluate(tmp_path_factory.mktemp("distributions"), [*CASES, *REFUSED], CELLS)


@pytest.mark.parametrize("formula", CASES)
def test_a_distribution_has_the_value_that_excel_gives(values, formula):
    """Domains, truncation and what is omitted differ from function to function, and scipy's are none of Excel's."""
    assert same(values[formula], CASES[formula]), values[formula]


@pytest.mark.parametrize("formula", REFUSED)
def test_a_distribution_is_refused_where_excels_answer_is_not_certain(values, formula):
    """The limit, an error value and the neighbouring number would each pass for a result."""
    assert isinstance(values[formula], Unsupported), values[formula]


@pytest.mark.parametrize("name", [*distributions.FUNCTIONS, *counts.FUNCTIONS, *hypotheses.FUNCTIONS])
def test_every_distribution_has_a_case(name):
    """A function that no case calls is one that nobody has looked at."""
    assert any(name in used(formula) for formula in CASES)
