"""What a formula lacks is found in its data: a term, a factor, a limit or a number where it is exact, and else nothing."""

import re
import tempfile
from pathlib import Path

import openpyxl
import pytest
from conftest import Small
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

import xlparity
from xlparity.actions.fix import corrected
from xlparity.results.report import Verdict
from xlparity.settings import Options

ENOUGH = Options(time=600)  # a busy machine must not end the search
ROWS = range(2, 8)
VALUES = {f"A{row}": 0.3 * row - 1.1 for row in ROWS} | {f"B{row}": 1.7 * row - 2 for row in ROWS}
VALUES |= {"F1": 0.05, "G1": 12.5, "H1": 2.5}
INPUTS = """
a = { at = "A2:A7", low = -3, high = 3 }
b = { at = "B2:B7", low = 1, high = 9 }
r = { at = "F1", low = 0.01, high = 0.2 }
k = { at = "G1", low = 5, high = 20 }
s = { at = "H1", low = 1, high = 5 }"""


def filled(text, column="C"):
    """The formula in each row of a column, # standing for the row and @ for the one before."""
    return {f"{column}{row}": text.replace("#", str(row)).replace("@", str(row - 1)) for row in ROWS}


def findings(small, cells, reference, *, inputs=INPUTS, outputs='y = "C2:C7"'):
    """The findings about a workbook with these cells beside the inputs, whose reference has this body."""
    small.write_cells(VALUES | cells)
    parameters = ", ".join(re.findall(r"^(\w+) =", inputs, re.MULTILINE))
    small.reference.write_text(f"import numpy as np\n\ndef double({parameters}):\n    {reference}\n")
    small.write_spec(inputs=f"[inputs]{inputs}", outputs=f"[outputs]\n{outputs}")
    return [finding for check in xlparity.verify(small.spec, options=ENOUGH).checks for finding in check.findings]


LACKING = [
    ("=A#+B#", "a + b - r * a", "=A2+B2-$F$1*A2", "the term -$F$1*A2 (-r*a) is missing"),
    ("=A#*B#", "a * b / 12", "=A2*B2/12", "the divisor 12 is missing"),
    ("=A#*B#*$F$1", "a * b * r / 100", "=A2*B2*$F$1/100", "the divisor 100 is missing"),
    ("=A#*B#", "a * b * (1 - r)", "=A2*B2*(1-$F$1)", "the factor 1-$F$1 (1-r) is missing"),
    ("=A#*B#", "a * b * 0.85", "=A2*B2*0.85", "the factor 0.85 is missing"),
    ("=A#*B#", "a * b + 1000", "=A2*B2+1000", "the term 1000 is missing"),
    ("=A#", "a + b * (1 - r)", "=A2+(1-$F$1)*B2", "the term (1-$F$1)*B2 ((1-r)*b) is missing"),
    ("=A#*3", "a * 3 + r * a * b / k", "=A2*3+$F$1*A2*B2/$G$1", "(r*a*b/k) is missing"),
    ("=A#*3", "a * 3 + r * b - k * s / 2", "=A2*3+B2*$F$1-$G$1*$H$1/2", "is missing"),
    # The growth factor of a terminal value, a discount, and half the variance in d1 of Black and Scholes.
    ("=B#/($G$1-$F$1)", "b * (1 + r) / (k - r)", "=B2*(1+$F$1)/($G$1-$F$1)", "the factor 1+$F$1 (1+r) is missing"),
    ("=A#*$G$1", "a * k / (1 + r) ** b", "=A2*$G$1/(1+$F$1)^B2", "the divisor (1+$F$1)^B2 is missing"),
    ("=$G$1", "k * np.exp(-r * b)", "=$G$1*EXP(-$F$1*B2)", "the factor EXP(-$F$1*B2) is missing"),
    ("=(LN($G$1)+$F$1*B#)/SQRT(B#)", "(np.log(k) + (r + s**2 / 2) * b) / np.sqrt(b)",
     "=(LN($G$1)+($F$1+$H$1^2/2)*B2)/SQRT(B2)", "the term $H$1^2/2 (s^2/2) is missing"),
    # Within functions: what is lacking there follows from what the whole formula would have to be.
    ("=B#/(1+EXP(-A#))", "b / (1 + np.exp(-a - r * b))", "=B2/(1+EXP(-A2-$F$1*B2))", "the term -$F$1*B2 (-r*b) is missing"),
    ("=MAX(0,A#*B#)", "np.maximum(0, a * b - r * k)", "=MAX(0,A2*B2-$F$1*$G$1)", "the term -$F$1*$G$1 (-r*k) is missing"),
    ("=IF(A#>0,B#*$H$1,$G$1)", "np.where(a > 0, b * s / 52, k)", "=IF(A2>0,B2*$H$1/52,$G$1)", "the divisor 52 is missing"),
    ("=NORM.S.DIST(A#,TRUE)*$G$1", "np.vectorize(NormalDist().cdf)(a - r * s) * k",
     "=_xlfn.NORM.S.DIST(A2-$F$1*$H$1,TRUE)*$G$1", "the term -$F$1*$H$1 (-r*s) is missing"),
    ("=ROUND(A#*$G$1*100,2)", "np.floor(a * k * 100 / 12 * 100 + 0.5) / 100", "=ROUND(A2*$G$1*100/12,2)",
     "the divisor 12 is missing"),
    ("=A#-B#*$F$1*9", "a - np.minimum(b * r * 9, s)", "=A2-MIN(B2*$F$1*9,$H$1)",
     "a limit is missing: B2*$F$1*9 should be at most $H$1 (s)"),
    ("=A#-B#", "a - np.minimum(b, s)", "=A2-MIN(B2,$H$1)", "a limit is missing: B2 should be at most H1 (s)"),
    ("=A#/52+B#", "a / 365 + b", "=A2/365+B2", "the number 52 should be 365"),
    ("=A#*B#+10^-9*$G$1", "a * b + 1e-2 * k", "=A2*B2+10^-2*$G$1", "the number 9 should be 2"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "reference", "suggestion", "said"), LACKING)
def test_what_a_formula_lacks_is_suggested_as_a_person_would_write_it(small, formula, reference, suggestion, said):
    """Each is more than one edit of the catalogue away, and exact on all samples."""
    formula = formula.replace("NORM.S.DIST", "_xlfn.NORM.S.DIST")
    (found,) = findings(
        small, filled(formula), f"from statistics import NormalDist; y = {reference}; return {{'y': y}}"
    )
    assert found.suggestion == suggestion
    assert said in found.message
    assert len(found.cells) == len(ROWS)


@pytest.mark.parametrize(
    ("formula", "reference"),
    [
        ("=A#", "a + np.sin(1e4 * b)"),  # noise
        ("=A#", "a + 0.123456789 * b"),  # a number that no one types
        ("=A#", "a + b * r + k * s + a * b"),  # three terms
        ("=A#", "a * (1 + 1e-6 * np.sin(1e4 * b))"),  # nearly a
        ("=A#^2", "a**2 + r * a + 1e-7 * np.cos(1e4 * k)"),  # nearly r*a
    ],
)
def test_what_is_not_exact_is_no_suggestion(small, formula, reference):
    """A fit with free numbers always finds something; a wrong suggestion is worse than none."""
    (found,) = findings(small, filled(formula), f"return {{'y': {reference}}}")
    assert found.suggestion is None


def test_values_that_hardly_vary_are_no_evidence(small):
    """Of an input that is 0 or 1, 7*x, 7*x^2 and 7*x^3 are one and the same."""
    (found,) = findings(
        small, {"C1": "=A1*2", "A1": 1}, "return {'y': 2 * x + 7.5 * x**2}", inputs='\nx = { at = "A1", choices = [0, 1] }',
        outputs='y = "C1"',
    )  # fmt: skip
    assert found.suggestion is None


def test_a_cell_that_is_zero_in_every_sample_is_no_term(small):
    """Any multiple of it would fit."""
    cells = filled("=A#*B#") | {"J1": 0} | filled("=A#*0", "I")
    (found,) = findings(small, cells, "return {'y': a * b + np.sin(1e4 * k)}")
    assert found.suggestion is None


def test_quantities_whose_names_look_like_addresses_keep_their_names(small):
    """W1 and b2 are weights, and the references in a sentence are those of the first cell."""
    inputs = INPUTS.replace("a =", "W1 =").replace("b =", "b2 =")
    (found,) = findings(small, filled("=A#"), "return {'y': W1 + b2 * W1 / 12}", inputs=inputs)
    assert "the factor 1+B2/12 (1+b2/12) is missing" in found.message


def test_a_count_is_a_factor_where_it_is_a_cell_and_not_a_number(small):
    """1/m is what is meant, and not 1/6, although m is 6 in every sample."""
    cells = filled("=A#*B#") | {"J1": "=COUNT(A2:A7)"} | filled("=$G$1/$J$1", "D")
    body = "return {'y': a * b / 6, 'z': 0 * a + k / 6}"
    (found,) = findings(small, cells, body, outputs='y = "C2:C7"\nz = "D2:D7"')
    assert found.suggestion == "=A2*B2/$J$1"


def test_a_function_of_a_range_is_found_where_the_formula_has_it_already(small):
    """The decay of one of two weights was left out."""
    cells = {"C2": "=SUMSQ(A2:A7)*$F$1"} | {f"D{row}": 0.1 * row for row in ROWS}
    inputs = INPUTS + '\nw = { at = "D2:D7", low = -2, high = 2 }'
    body = "return {'y': r * ((a**2).sum() + (w**2).sum())}"
    (found,) = findings(small, cells, body, inputs=inputs, outputs='y = "C2"')
    assert found.suggestion in ("=(SUMSQ(A2:A7)+SUMSQ(D2:D7))*$F$1", "=SUMSQ(A2:A7)*$F$1+$F$1*SUMSQ(D2:D7)")


def test_no_term_depends_on_the_formula_itself(small):
    """The payment is the interest and the rest of it: true, and circular."""
    cells = filled("=A#*B#") | filled("=C#-B#", "D")
    (found,) = findings(
        small, cells, "y = a * b + np.sin(1e4 * a); return {'y': y, 'z': y - b}", outputs='y = "C2:C7"\nz = "D2:D7"'
    )
    assert found.suggestion is None


def test_constants_in_place_of_a_whole_quantity_are_a_formula_where_it_is_small(small):
    """They have no siblings to be like; the interest of a loan is the balance times the rate, by 12."""
    (found,) = findings(small, filled("0.5") | {f"C{row}": 0.5 for row in ROWS}, "return {'y': b * r / 12}")
    assert (found.code, found.suggestion) == ("XP201", "=$F$1*B2/12")


def test_constants_in_place_of_a_whole_quantity_have_no_suggestion_otherwise(small):
    """Nothing small is exact."""
    (found,) = findings(small, {f"C{row}": 0.5 for row in ROWS}, "return {'y': b * r / 12 + np.sqrt(k - a)}")
    assert (found.code, found.suggestion) == ("XP201", None)


def test_a_term_of_the_row_before_is_found(small):
    """A balance is the one before, with its interest."""
    cells = {"C1": 3} | filled("=C@+B#")
    body = "y = [3.0]; [y.append(y[-1] * (1 + r / 12) + b.ravel()[n]) for n in range(6)]; return {'y': np.array(y[1:])}"
    (found,) = findings(small, cells, body)
    assert found.suggestion in ("=C1+B2+$F$1*C1/12", "=C1*(1+$F$1/12)+B2")


def test_a_bias_is_found_in_an_array_formula(small):
    """The term is a row of numbers, one for each column of the array, and the factor one number."""
    small.write_cells(VALUES)
    book = openpyxl.load_workbook(small.workbook)
    sheet = book.active
    for column, value in zip("IJK", (0.3, -0.7, 1.2), strict=True):
        sheet[f"{column}1"] = value
        for row in (2, 3):
            sheet[f"{column}{row}"] = row * value
    sheet["L5"] = ArrayFormula("L5:N6", "=I2:K3*$H$1")
    book.save(small.workbook)
    inputs = INPUTS + '\nc = { at = "I1:K1", low = -1, high = 1 }\nw = { at = "I2:K3", low = -2, high = 2 }'
    small.reference.write_text("def double(a, b, r, k, s, c, w):\n    return {'y': w * s - r * c}\n")
    small.write_spec(inputs=f"[inputs]{inputs}", outputs='[outputs]\ny = "L5:N6"')
    (found,) = [finding for check in xlparity.verify(small.spec, options=ENOUGH).checks for finding in check.findings]
    assert found.suggestion == "{=I2:K3*$H$1-$F$1*I1:K1}"


def test_what_a_helper_lacks_is_found_by_what_it_would_have_to_be(small):
    """Half the variance is missing in a cell that no output binds; its value follows from those of its readers."""
    cells = {"J1": "=(F1-H1)*G1"} | filled("=EXP((LN(B#)+$J$1)/10)")
    (found,) = findings(small, cells, "return {'y': np.exp((np.log(b) + (r - s + s**2 / 2) * k) / 10)}")
    assert [cell.a1 for cell in found.cells] == ["J1"]
    assert found.suggestion == "=(F1-H1+H1^2/2)*G1"


def test_the_formula_of_the_same_cell_on_another_sheet_is_suggested(small):
    """Sheets that are built alike, one a year, have one formula in one place."""
    small.write_cells({"A1": 3, "A2": 5, "B1": "=A1+A2"})
    book = openpyxl.load_workbook(small.workbook)
    other = book.create_sheet("Next")
    other["A1"], other["A2"], other["B1"] = 4, 6, "=LN(A2^2+SQRT(A1))/7.13"
    book.save(small.workbook)
    small.reference.write_text(
        "import numpy as np\n\ndef double(x, z, u, v):\n"
        "    return {'y': np.log(z**2 + x**0.5) / 7.13, 'w': np.log(v**2 + u**0.5) / 7.13}\n"
    )
    small.write_spec(
        inputs="[inputs]\n" + "\n".join(
            f'{name} = {{ at = "{at}", low = 1, high = 9 }}'
            for name, at in {"x": "A1", "z": "A2", "u": "Next!A1", "v": "Next!A2"}.items()
        ),
        outputs='[outputs]\ny = "B1"\nw = "Next!B1"',
    )  # fmt: skip
    (found,) = [finding for check in xlparity.verify(small.spec, options=ENOUGH).checks for finding in check.findings]
    assert found.suggestion == "=LN(A2^2+SQRT(A1))/7.13"
    assert "it is not the formula of Next!B1" in found.message


QUANTITIES = {"A#": "a", "B#": "b", "$F$1": "r", "$G$1": "k", "$H$1": "s"}
COEFFICIENTS = {"": "", "2*": "2*", "1/12*": "1/12*", "0.01*": "0.01*", "3*": "3*"}


@st.composite
def terms(draw):
    """A term as Excel and as Python write it: a number, and one or two quantities multiplied or divided."""
    number = draw(st.sampled_from(sorted(COEFFICIENTS)))
    first, second = draw(st.permutations(sorted(QUANTITIES)))[:2]
    operator = draw(st.sampled_from(["*", "/", ""]))
    if operator == "/" and second == "A#":  # which may be 0
        operator = "*"
    excel = number + first + (operator + second if operator else "")
    python = number + QUANTITIES[first] + (operator + QUANTITIES[second] if operator else "")
    return draw(st.sampled_from("+-")), excel, python


@settings(max_examples=20, deadline=None)
@given(parts=st.lists(terms(), min_size=2, max_size=3, unique_by=lambda part: part[1]))
def test_a_term_taken_out_of_a_random_formula_is_found(parts):
    """With the suggestion, however it is written, the workbook computes what the reference does."""
    (sign, _, lost), *kept = parts
    formula = "=" + "".join(sign + excel for sign, excel, _ in kept)
    reference = "".join(sign + python for sign, _, python in kept) + sign + lost
    with tempfile.TemporaryDirectory() as folder:
        small = Small(Path(folder))
        (found,) = findings(small, filled(formula), f"return {{'y': ({reference}) + 0 * a}}")
        assert found.suggestion is not None
        data, _ = corrected(xlparity.verify(small.spec, options=ENOUGH))
        small.workbook.write_bytes(data)
        assert xlparity.verify(small.spec, options=ENOUGH).verdict is Verdict.PASS


@settings(max_examples=15, deadline=None)
@given(part=terms(), share=st.floats(0.101, 0.997).filter(lambda x: abs(x * 1000 - round(x * 1000)) > 1e-3))
def test_a_term_with_a_number_that_nobody_types_is_not_found(part, share):
    """The coefficient is no number of three digits, nor one over such a number, nor a cell."""
    sign, _, lost = part
    scale = share * 1.0000123
    with tempfile.TemporaryDirectory() as folder:
        found = findings(
            Small(Path(folder)), filled("=A#*B#"), f"return {{'y': a * b {sign} {scale!r} * ({lost}) * np.sqrt(b + k)}}"
        )
    assert [finding.suggestion for finding in found] == [None]


@pytest.mark.parametrize(("helper", "said"), [(0.3, "it is 0.3, and with 0.35"), ("=F1*2", "the number 2 should be 3")])
def test_a_helper_is_found_by_readers_of_which_one_does_not_depend_on_it_in_every_sample(small, helper, said):
    """Where a is 0, the product with it says nothing about the other factor; both readers are right."""
    right = "r * 3" if isinstance(helper, str) else "0.35"
    cells = {**filled("=A#*$J$1+B#"), **filled("=B#*$J$1", "D"), "J1": helper}
    reference = f"return {{'y': a * {right} + b, 'z': b * {right}}}"
    (found,) = findings(small, cells, reference, outputs='y = "C2:C7"\nz = "D2:D7"')
    assert [cell.a1 for cell in found.cells] == ["J1"] and said in found.message


def test_no_helper_is_made_right_by_a_reference_to_an_empty_cell(small):
    """That is a way to write 0, here F1-F2 for F1."""
    cells = {**filled("=IFERROR(B#/$J$1,0)"), "J1": "=F1-F1"}
    found = findings(small, cells, "return {'y': b / r}")
    assert found and not any("F2" in finding.message for finding in found)


def test_of_helpers_that_explain_the_same_cells_the_one_with_the_smallest_fix_is_named(small):
    """The nearer one would need a whole term to make up for a sign."""
    cells = {**filled("=A#*$J$2"), **filled("=B#+$J$2", "D"), "J1": "=F1+G1", "J2": "=J1*2"}
    reference = "return {'y': a * (r - k) * 2, 'z': b + (r - k) * 2}"
    (found,) = findings(small, cells, reference, outputs='y = "C2:C7"\nz = "D2:D7"')
    assert [cell.a1 for cell in found.cells] == ["J1"] and found.suggestion == "=F1-G1"


SOFTMAX = {f"{column}{row}": f"=EXP({of}{row})" for row in ROWS for column, of in zip("EFG", "ABC", strict=True)}
SOFTMAX |= {f"{column}{row}": f"={of}{row}/I{row}" for row in ROWS for column, of in zip("JKL", "EFG", strict=True)}
SOFTMAX |= {f"N{row}": f"=A{row}*2" for row in ROWS} | {f"O{row}": f"=LN(J{row})" for row in ROWS} | {"N8": 1}


@pytest.mark.parametrize("wrong", ["=SUM(N#:N#)", 1.5, "=SUM(O#:O#)"], ids=["another sum", "typed", "a circle"])
def test_the_sum_of_a_row_is_suggested_and_right_formulas_of_the_circle_are_not_blamed(small, wrong):
    """The total of a softmax, which could also be E/A: by value, and absurd to read."""
    given = {f"{column}{row}": 0.3 * row - 0.2 * ord(column) % 3 for row in ROWS for column in "ABC"}
    total = filled(wrong, "I") if isinstance(wrong, str) else {f"I{row}": wrong for row in ROWS}
    found = findings(
        small, given | SOFTMAX | total,
        "E = np.exp(x); total = E.sum(axis=1, keepdims=True); A = E / total\n"
        "    return {'E': E, 'total': total, 'A': A, 'N': 2 * x[:, :1], 'O': np.log(A[:, :1])}",
        inputs='\nx = { at = "A2:C7", low = -1, high = 1 }',
        outputs='E = "E2:G7"\ntotal = "I2:I7"\nA = "J2:L7"\nN = "N2:N7"\nO = "O2:O7"',
    )  # fmt: skip
    assert [(finding.suggestion, finding.cells[0].a1) for finding in found] == [("=SUM(E2:G2)", "I2")]


@pytest.mark.parametrize(
    "wrong", ["=1-COUNT(A1:A4)", "=COUNT(A1:A4)^2", "=COUNT(A1:A4)+1", "=2*COUNT(A1:A4)", "=COUNT(A1:A4)/2"]
)
def test_of_a_count_the_number_that_is_too_much_is_taken_away(small, wrong):
    """A count is 4 in every sample, which many numbers in the formula would make of it; the function alone is no such guess."""
    small.write_cells({**{f"A{k}": k / 2 for k in range(1, 5)}, "B1": wrong})
    small.reference.write_text("def double(x):\n    return {'y': float(x.size)}\n")
    small.write_spec(inputs='[inputs]\nx = "A1:A4"')
    (found,) = xlparity.verify(small.spec).checks[0].findings
    assert found.suggestion == "=COUNT(A1:A4)"


@pytest.mark.parametrize("wrong", ["=2*COUNT(A1:A2)", "=COUNT(A1:A4)-2", "=SUM(A1:A4)-5"])
def test_of_a_count_no_number_is_guessed(small, wrong):
    """Numbers that lead to 3 in every sample would be right by value and absurd to read."""
    small.write_cells({**{f"A{k}": k / 2 for k in range(1, 5)}, "B1": wrong})
    small.reference.write_text("def double(x):\n    return {'y': 3.0}\n")
    small.write_spec(inputs='[inputs]\nx = "A1:A4"')
    (found,) = xlparity.verify(small.spec).checks[0].findings
    assert found.suggestion is None
