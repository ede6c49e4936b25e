"""Workbooks that once passed, or could pass, although Excel computes something else: each is refused or found wrong.

The reference gives what a naive reading of the formula gives, so that only the verifier's care stands between the workbook
and a match.
"""

import json
import re
import sys

import openpyxl
import pytest
from conftest import Small
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

import xlparity
from xlparity.excel import ooxml
from xlparity.excel.ooxml import pack
from xlparity.results.report import Verdict
from xlparity.settings import Options

SHEET = "xl/worksheets/sheet1.xml"


def verdict(small, formula, returns, cells=None):
    """The verdict on ``formula`` in B1, with 2 in the input A1, against a reference that returns this expression of x."""
    small.reference.write_text(f"import numpy as np\ndef double(x):\n    return {{'y': {returns}}}\n")
    small.write_cells({"A1": 2, "B1": formula, **(cells or {})})
    return xlparity.verify(small.spec).verdict


@pytest.mark.parametrize(
    ("formula", "returns", "cells"),
    [
        pytest.param("=1--A1^2", "1 + x**2", {}, id="Excel binds the minus tighter than the power: 1-(-A1)^2"),
        pytest.param("=A1*IF((A1<1000)=1,1,0)", "x", {}, id="TRUE=1 is FALSE in Excel"),
        pytest.param("=A1*IF((A1>1)>5,1,0)", "0 * x", {}, id="TRUE is greater than any number"),
        pytest.param('=IF(A1=2,4,A1&"")', "x**2", {}, id="a constant wherever the engine can compute it"),
        pytest.param(
            "=SUMPRODUCT(IF(C1:C3>0,C1:C3,0))*A1", "6 * x", {"C1": 1, "C2": 2, "C3": 3}, id="IF in SUMPRODUCT"
        ),
        pytest.param(
            "=A1*SUMPRODUCT(C1:C2,TRANSPOSE(D1:E1))", "11 * x", {"C1": 1, "C2": 2, "D1": 3, "E1": 4}, id="TRANSPOSE"
        ),
        pytest.param("=IF(C1=0,0,A1)", "x", {"C1": "=0.5-0.4-0.1"}, id="Excel makes 0 of what a subtraction leaves"),
        pytest.param(
            "=IF(C1=0,0,A1)", "x", {"C1": "=D1-1000000.1", "D1": 1000000.1000000001}, id="the same, of a million"
        ),
        pytest.param("=A1+INT(C1)-5", "x - 1", {"C1": 4.999999999999999}, id="Excel has 15 digits: INT gives 5"),
        pytest.param("=A1+SIGN(C1)", "x - 1", {"C1": "=0.5-0.4-0.1"}, id="the sign of what a subtraction leaves"),
        pytest.param("=IF(EXP(C1)=0,0,A1)", "x", {"C1": -740}, id="Excel has no denormal numbers"),
        pytest.param("=A1*2+IFERROR(1/C1,5)", "2 * x", {"C1": "inf"}, id="inf is a text"),
        pytest.param("=A1*C1", "1000 * x", {"C1": "1_000"}, id="1_000 is a text"),
        pytest.param("=A1*C1", "5 * x", {"C1": "5,0"}, id="a text that Excel may take for a number"),
        pytest.param('=IF("a\nb"="ab",A1,0)', "x", {}, id="a line break in a text"),
        pytest.param('=IF(C1<"a",0,A1)', "x", {"C1": "_x"}, id="Excel sorts signs before letters"),
        pytest.param(
            ArrayFormula("B1", "=A1*SUM(IF(A1>-1000,5,C1:C3))"), "15 * x", {"C1": 1, "C2": 2, "C3": 3}, id="IF spreads"
        ),
        pytest.param("=A1*AVERAGE(IF(A1>-100,C1,0),4)", "2 * x", {}, id="a blank chosen by IF is no number to AVERAGE"),
        pytest.param("=IF(C1,A1,0)", "x", {"C1": "=0.5-0.4-0.1"}, id="a condition of what a subtraction leaves"),
        pytest.param(
            "=A1+SQRT(-C1)", "x + 5.268e-9", {"C1": "=0.5-0.4-0.1"}, id="the root of what a subtraction leaves"
        ),
        pytest.param(
            "=1+0*A1", "float(x == 1) if x in (0, 1) else x", {"A1": True}, id="a truth value is varied as well"
        ),
        pytest.param("=A1+MMULT(,)", "x", {}, id="a matrix product of nothing"),
        pytest.param(
            "=(A1-10)^(1/3)", "-np.cbrt(10 - x)", {}, id="an odd root of a negative number, of which tales differ"
        ),
        pytest.param("=A1*PRODUCT(C1:C3)", "x", {}, id="the product of blanks is 0"),
        pytest.param("=IFERROR(OFFSET(A1,0.2+0*A1,0),0)+A1", "x", {}, id="an unsupported function in IFERROR"),
        pytest.param("=SUM(C1:C3*A1)", "6 * x", {"C1": 1, "C2": 2, "C3": 3}, id="implicit intersection"),
    ],
)
def test_what_excel_computes_otherwise_is_no_match(small, formula, returns, cells):
    """Once is enough to make a verifier worthless."""
    assert verdict(small, formula, returns, cells) is not Verdict.PASS


@pytest.mark.parametrize(
    ("formula", "returns", "cells"),
    [
        ("=1-(-A1)", "1 + x", {}),
        ("=1--A1", "1 + x", {}),
        ("=(-A1)^2", "x**2", {}),
        ("=IF(A1>1,A1,-A1)", "x if x > 1 else -x", {}),
        ("=SUMPRODUCT(C1:C3*EXP(C1:C3))*A1", "x * sum(k * np.exp(k) for k in (1, 2, 3))", {"C1": 1, "C2": 2, "C3": 3}),
        ("=A1+IFERROR(1/C1,5)", "x + 5", {"C1": "none"}),
        ("=a1\n+ 1", "x + 1", {}),
        ("=A1*C1", "5 * x", {"C1": "5"}),
        ("=INT(A1*1E20)/1E20", "np.floor(x * 1e20) / 1e20", {}),
        ("=A1*5.+1e-3", "x * 5 + 0.001", {}),
        ("=A1-B9", "x - 0.1", {"B9": 0.1}),
    ],
)
def test_what_excel_computes_alike_is_a_match(small, formula, returns, cells):
    """Care is no excuse for refusing what is certain."""
    assert verdict(small, formula, returns, cells) is Verdict.PASS


def test_a_constant_passes_under_no_tolerance_and_no_domain(small):
    """The logarithm is undefined for half of what is drawn; what is left shows that the formula is dead."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': np.log(x)}\n")
    small.write_cells({"A1": 0.1, "B1": "=-2.302585092994046+0*A1"})
    check = xlparity.verify(small.spec).checks[0]
    assert check.scenarios.dropped > 0
    assert check.scenarios.failed == check.scenarios.run > 0
    assert check.verdict is Verdict.FAIL


def test_a_reference_that_is_defined_nowhere_else_leaves_the_check_unassessed(small):
    """Where no other input can be tried, a constant is as good as a formula."""
    small.reference.write_text("def double(x):\n    return {'y': 6.0 if x == 3 else float('nan')}\n")
    report = xlparity.verify(small.spec)
    assert (report.checks[0].scenarios.run, report.checks[0].scenarios.dropped) == (0, 100)
    assert report.verdict is Verdict.UNASSESSED


def test_what_one_check_computes_may_be_the_input_of_another(small):
    """No false alarm: the second check's input follows from the first one's, and is not set behind its back."""
    small.reference.write_text("def double(x):\n    return {'y': 2 * x}\n")
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": "=2*B1"})
    small.write_spec(
        inputs='[check.first]\ninputs = { x = "A1" }\noutputs = { y = "B1" }',
        outputs='[check.second]\ninputs = { x = "B1" }\noutputs = { y = "C1" }',
    )
    report = xlparity.verify(small.spec)
    assert [(check.name, check.scenarios.run) for check in report.checks] == [("first", 100), ("second", 100)]
    assert report.verdict is Verdict.PASS


def test_an_input_that_is_a_formula_is_varied_as_well(small):
    """alpha = 1/10 is an input, and what ignores it is dead."""
    small.write_cells({"A1": "=1/2", "B1": "=1+0*A1"})
    assert xlparity.verify(small.spec).verdict is Verdict.FAIL


def test_an_input_that_copies_a_cell_is_varied_with_it(small):
    """No false alarm: the formulas may refer to the cell itself, and the input follows."""
    small.write_cells({"D1": 3, "A1": "=D1", "B1": "=2*D1"})
    report = xlparity.verify(small.spec)
    assert report.checks[0].scenarios.run == 100
    assert report.verdict is Verdict.PASS


def test_a_skipped_output_does_not_keep_another_checks_input_from_being_varied(small):
    """What is not compared is not computed by anybody's word."""
    small.write_cells({"A1": 3, "B1": "=6+0*A1", "D1": 1, "E1": "=2*D1"})
    small.write_spec(
        inputs='[check.a]\ninputs = { x = "A1" }\noutputs = { y = "B1" }',
        outputs='[check.b]\ninputs = { x = "D1" }\noutputs = { y = "E1", r = { at = "A1", skip = "later" } }',
    )
    assert xlparity.verify(small.spec).verdict is Verdict.FAIL


def test_labels_that_count_from_0_are_an_error(run, small):
    """Block 1 would be the second one."""
    small.write_cells({"A1": 3, "A2": "Step 0", "A3": "Step 1", "B3": "=2*A1"})
    small.write_spec(blocks='[blocks]\nlabel = "Step {n}"', outputs='[outputs]\ny = "B3"')
    done = run("verify", small.spec)
    assert done.code == 2
    assert "blocks count from 1" in done.err


def test_a_relative_name_is_not_taken_for_a_fixed_one(small):
    """Sheet!A1 without dollars means another cell in every cell that uses it."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"] = 3, "=rel*2"
    for text, expected in (("Sheet!A1", Verdict.UNASSESSED), ("Sheet!$A$1", Verdict.PASS)):
        book.defined_names["rel"] = DefinedName("rel", attr_text=text)
        book.save(small.workbook)
        assert xlparity.verify(small.spec).verdict is expected


def test_a_formula_of_its_own_inside_an_array_area_is_no_match(small):
    """Which of the two counts is Excel's secret; the area is refused."""
    small.reference.write_text("import numpy as np\ndef double(x):\n    return {'y': x * np.ones((3, 1))}\n")
    small.write_spec(outputs='[outputs]\ny = "B1:B3"')
    small.write_cells({"A1": 3, "B1": ArrayFormula("B1:B3", "=A1*1"), "B2": "=A1*0+55", "B3": None})
    report = xlparity.verify(small.spec)
    assert report.checks[0].counts["match"] == 0
    assert report.verdict is Verdict.UNASSESSED


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/workbook.xml", rb"<calcPr ", b'<calcPr fullPrecision="0" '),
        (SHEET, rb"<sheetPr>", b'<sheetPr transitionEvaluation="1">'),
    ],
)
def test_settings_that_change_the_arithmetic_are_refused(run, small, part, old, new):
    """Precision as displayed, and Lotus's rules: the same formulas, other numbers."""
    parts = ooxml.read_parts(small.workbook.read_bytes(), small.workbook)
    patched = re.sub(old, new, parts[part])
    assert patched != parts[part]
    small.workbook.write_bytes(pack({**parts, part: patched}))
    done = run("verify", small.spec)
    assert done.code == 2
    assert "turn it off" in done.err


def test_each_spec_has_its_own_helpers(run, tmp_path, small):
    """Two folders with a helper.py each: the second must not get the first one's."""
    text = small.spec.read_text()
    for name, factor in (("a", 2), ("b", 3)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "helper.py").write_text(f"K = {factor}\n")
        (folder / "small.py").write_text("import helper\ndef double(x):\n    return {'y': helper.K * x}\n")
        (folder / "small.xlsx").write_bytes(small.workbook.read_bytes())
        (folder / "small.parity.toml").write_text(text)
    assert run("verify", tmp_path / "a/small.parity.toml", tmp_path / "b/small.parity.toml").code == 1


@pytest.mark.parametrize("in_process", [False, True])
@pytest.mark.parametrize("installed", ["elsewhere", "folder/site-packages"])
def test_a_library_of_a_reference_is_loaded_once(tmp_path, monkeypatch, installed, in_process):
    """Of two copies of one library, each has classes and settings that the other does not know."""
    for folder in ("folder", installed):
        (tmp_path / folder).mkdir()
    small = Small(tmp_path / "folder")
    (small.folder / "lies_beside.py").write_text("K = 1\n")
    (tmp_path / installed / "a_library.py").write_text("K = 2\n")
    small.reference.write_text(
        "import a_library, lies_beside\ndef double(x):\n    return {'y': a_library.K * lies_beside.K * x}\n"
    )
    monkeypatch.syspath_prepend(tmp_path / installed)
    assert xlparity.verify(small.spec, options=Options(in_process=in_process)).verdict is Verdict.PASS
    kept = sys.modules.pop("a_library", None), sys.modules.pop("lies_beside", None)
    assert [module is not None for module in kept] == [in_process, False]


def test_a_gap_in_the_labels_is_an_error(run, small):
    """Epoch 1, Epoch 3: the blocks after the gap would not be compared, and nobody would know."""
    small.write_cells({"A1": 3, "A2": "Step 1", "B2": "=2*A1", "A3": "Step 3", "B3": "=7"})
    small.write_spec(blocks='[blocks]\nlabel = "Step {n}"', outputs='[outputs]\ny = "B2"')
    done = run("verify", small.spec)
    assert done.code == 2
    assert "block 3 opens in Sheet!A3, and there is no block 2" in done.err


def test_an_output_that_stands_in_an_input_is_an_error(run, small):
    """It would vanish from the report."""
    small.write_spec(outputs='[outputs]\ny = "B1"\nx = "A1"')
    done = run("verify", small.spec)
    assert done.code == 2
    assert "output 'x' is in input cells only" in done.err


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("np.array([6 + 1j])", "the complex number (6+1j)"),
        ("[6 + 1j, None]", "the complex number (6+1j)"),
        ("np.ma.masked_array([6.0], mask=[True])", "it is masked"),
        ("b'6'", "the bytes b'6'"),
        ("np.timedelta64(6, 'D')", "of type timedelta64[D]"),
        ("[datetime.timedelta(6), 6]", "a timedelta"),
        ("np.array([(6.0,)], dtype=[('a', float)])", "of type [('a', '<f8')]"),
    ],
)
def test_an_expectation_that_no_cell_holds_is_refused(run, small, value, said):
    """numpy would drop the imaginary part and the mask."""
    small.reference.write_text(f"import datetime\nimport numpy as np\ndef double(x):\n    return {{'y': {value}}}\n")
    done = run("verify", small.spec)
    assert done.code == 2
    assert "'y' is no array of cell values" in done.err
    assert said in done.err


@pytest.mark.parametrize(
    "value",
    [
        "'6'", "['6']", "np.array(['6'])", "np.array(['6'], dtype=object)", "np.datetime64('1970-01-07')",
        "np.array([np.datetime64('1970-01-07')], dtype=object)", "datetime.date(1970, 1, 7)", "None", "[None]",
    ],
)  # fmt: skip
def test_an_expectation_of_another_kind_matches_no_number(run, small, value):
    """numpy would read '6' as a number, and count the days of a date since 1970."""
    small.reference.write_text(f"import datetime\nimport numpy as np\ndef double(x):\n    return {{'y': {value}}}\n")
    done = run("verify", small.spec)
    assert (done.code, "0      –" in done.out or "mismatch" in done.out) == (1, True), done.out


@pytest.mark.parametrize(
    "value",
    ["Decimal(2) * Decimal(x)", "2 * Fraction(x)", "int(2 * x)", "np.float32(2) * np.float32(x)", "[2 * Fraction(x)]"],
)
def test_other_kinds_of_numbers_are_numbers(small, value):
    """A port of a ledger computes in Decimal."""
    small.reference.write_text(
        "import numpy as np\nfrom decimal import Decimal\nfrom fractions import Fraction\n"
        f"def double(x):\n    return {{'y': {value}}}\n"
    )
    small.write_spec(inputs='[inputs]\nx = { at = "A1", choices = [1, 2, 5] }')
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


def test_the_second_engine_vouches_for_no_more_than_the_first(small):
    """Its functions are the same ones, and it has no list of those that are right."""
    assert verdict(small, "=IFERROR(OFFSET(A1,0.2+0*A1,0),0)+A1", "x") is Verdict.UNASSESSED
    assert xlparity.verify(small.spec, options=Options(engines=("excelmodel",))).verdict is Verdict.UNASSESSED


@pytest.mark.parametrize(
    "formula",
    [
        "=SUM((A1):A3)",
        "=A1\nB1",
        "=" + "+".join(["A1"] * 1200),
        "=SUM(A1,",
        "=A1 2",
        "=(A1,A2)",
    ],
)
def test_a_formula_that_cannot_be_parsed_makes_its_cell_unsupported(small, formula):
    """And not the workbook unreadable."""
    small.write_cells({"A1": 3, "B1": formula})
    assert [r.status for r in xlparity.verify(small.spec).checks[0].results] == ["unsupported"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'r="B1"', b'r="B01"'),
        (b"<v>3</v>", b"<v>1e999</v>"),
        (b"<v>3</v>", b"<v>" + b"1" * 401 + b"</v>"),
        (b"<f>2*A1</f>", b'<f t="array" ref="B1:B">2*A1</f>'),
        (b"<f>2*A1</f>", b'<f t="array" ref="B1:XFD1048576">2*A1</f>'),
    ],
)
def test_a_number_or_an_area_out_of_bounds_is_one_clear_answer(run, small, old, new):
    """Neither a traceback nor an hour of walking the grid."""
    parts = ooxml.read_parts(small.workbook.read_bytes(), small.workbook)
    assert old in parts[SHEET]
    small.workbook.write_bytes(pack({**parts, SHEET: parts[SHEET].replace(old, new)}))
    assert run("verify", small.spec, "--format", "json").code == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"inputs": '[inputs]\nx = "A1:XFD1048576"'}, "spans"),
        ({"inputs": '[inputs]\nx = { at = "A1", also = [{ at = "C1:C2" }] }'}, "another shape"),
        ({"inputs": '[inputs]\nx = { at = "A1", low = -1e308, high = 1e308 }'}, "at most 1e100"),
        ({"blocks": "[blocks]\nfirst = 1\nstep = 1\ncount = 1000000000000"}, "together"),
        ({"blocks": "[blocks]\ncolumns = [1, 16384]"}, "outside the grid"),
        ({"tolerance": f"tolerance = {{ rtol = {'9' * 5001} }}"}, "not TOML"),
        ({"workbook": r'workbook = "w\u0000.xlsx"'}, "cannot be read"),
        ({"reference": 'reference = "builtins:min"'}, "has no readable parameters"),
    ],
)
def test_numbers_out_of_all_bounds_are_refused_in_one_line(run, small, changed, said):
    """What nobody writes on purpose, and a generated spec may have."""
    small.write_spec(**changed)
    done = run("verify", small.spec)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


def test_what_a_reference_prints_does_not_get_into_the_json(run, small):
    """A notebook's code prints its loss."""
    small.reference.write_text("print('hello')\ndef double(x):\n    print('loss', x)\n    return {'y': 2 * x}\n")
    done = run("verify", small.spec, "--format", "json")
    assert done.code == 0
    assert done.out.startswith("{")


def test_a_reference_may_be_written_with_dataclasses(small):
    """Which look their module up by its name."""
    small.reference.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: float\n"
        "def double(x):\n    return {'y': 2 * P(x).x}\n"
    )
    assert xlparity.verify(small.spec).verdict is Verdict.PASS


def test_a_fault_of_ours_never_looks_like_a_verdict(run, small, monkeypatch):
    """Exit code 1 would say that the workbook is wrong."""
    monkeypatch.setattr("xlparity.pipeline.count_coverage", lambda *_: 1 / 0)
    done = run("verify", small.spec)
    assert done.code == 2
    assert "a fault in xlparity, ZeroDivisionError" in done.err


def test_a_report_is_written_through_a_link(run, small):
    """The link stays a link."""
    target, link = small.folder / "target.json", small.folder / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    assert run("verify", small.spec, "--format", "json", "--output", link).code == 0
    assert link.is_symlink()
    assert target.read_text().startswith("{")


# --- what a third adversarial review found ------------------------------------------------------------------------------


def test_the_cells_of_an_input_must_hold_the_same(run, small):
    """The reference sees one of them only, and what is computed from another copy would be right for other data."""
    small.write_cells({"A1": 3, "A2": 4, "B1": "=2*A1"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", also = [{ at = "A2" }] }')
    done = run("verify", small.spec, "--format", "json")
    assert done.code == 1
    (finding,) = json.loads(done.out)["checks"][0]["findings"]
    assert (finding["code"], finding["cells"]) == ("XP403", ["Sheet!A2"])
    assert finding["message"].endswith("Sheet!A2 holds 4 and Sheet!A1 3.")
    small.write_cells({"A1": 3, "A2": 3, "B1": "=2*A1"})
    assert run("verify", small.spec).code == 0
    small.write_cells({"A1": 3, "A2": 3 + 4e-12, "B1": "=2*A1"})
    (finding,) = xlparity.verify(small.spec).checks[0].findings
    assert finding.message.endswith("Sheet!A2 holds 3.000000000004 and Sheet!A1 3.")
    small.write_cells({"A1": 3, "A2": 4, "A3": 5, "B1": "=2*A1"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", also = [{ at = "A2" }, { at = "A3" }] }')
    (finding,) = xlparity.verify(small.spec).checks[0].findings
    assert finding.message.endswith("Sheet!A2 holds 4 and Sheet!A1 3 and 1 more.")


@pytest.mark.parametrize(
    ("one", "other", "codes"),
    [(True, True, []), (False, False, []), (True, False, ["XP403"]), (True, 1, ["XP403"]), (0, False, ["XP403"])],
)
def test_a_truth_value_is_the_same_as_an_equal_truth_value_only(small, one, other, codes):
    """To Python True equals 1, and SUM of a cell with TRUE in it is 0."""
    small.write_cells({"A1": one, "A2": other, "B1": "=2*A1"})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", also = [{ at = "A2" }] }')
    assert [finding.code for finding in xlparity.verify(small.spec).checks[0].findings] == codes


@pytest.mark.parametrize(("at", "also"), [("A1", "A2"), ("A2", "A1")])
def test_a_copy_that_is_a_formula_beside_one_that_is_none_is_not_varied(run, small, at, also):
    """Whoever varies the constant behind the one leaves the other as it was, and a right workbook would fail.

    Nor does it pass: nothing shows that the formulas follow that input.
    """
    small.write_cells({"A1": "=D1", "A2": 5, "D1": 5, "E1": 1, "B1": "=A1+A2+E1"})
    small.reference.write_text("def double(x, e):\n    return {'y': 2 * x + e}\n")
    small.write_spec(inputs=f'[inputs]\nx = {{ at = "{at}", also = [{{ at = "{also}" }}] }}\ne = "E1"')
    done = run("verify", small.spec)
    assert done.code == 2
    assert f"input 'x' (Sheet!{at}) kept its stored value" in " ".join(done.out.split())


def test_an_output_is_not_input_in_a_part_of_it(run, small):
    """The part would be left out of the comparison without a word."""
    small.write_cells({"A1": 5, "B1": "=A1*7", "B2": "=A1*7", "B3": "=A1"})
    small.reference.write_text("def double(x):\n    return {'y': [[x], [x], [x]]}\n")
    inputs = '[inputs]\nx = { at = "A1", also = [{ at = "B1" }, { at = "B2" }] }'
    small.write_spec(inputs=inputs, outputs='[outputs]\ny = "B1:B3"')
    done = run("verify", small.spec)
    assert done.code == 2
    assert "both claim Sheet!B1, in block 1; only" in done.err


def test_an_output_is_no_input_in_a_later_block(run, small):
    """The whole block would be left out; in the first one, a quantity that is updated has its starting value."""
    small.write_cells({"A1": 5, "A2": "=2*A1", "A3": "=2*A2"})
    small.reference.write_text("def double(x):\n    for _ in range(3):\n        yield {'x': x}\n        x = 2 * x\n")
    spec = "[blocks]\nfirst = 1\nstep = 1\ncount = 3\n[outputs]\nx = 'A1'"
    small.write_spec(inputs='[inputs]\nx = "A1"', outputs=spec)
    assert run("verify", small.spec).code == 0
    small.write_spec(inputs='[inputs]\nx = { at = "A1", also = [{ at = "A2" }] }', outputs=spec)
    done = run("verify", small.spec)
    assert (done.code, "both claim Sheet!A2, in block 2; only all of a first block" in done.err) == (2, True)


EPOCHS = {"A1": "Epoch 1", "B2": "=A9*2", "A4": "Epoch 2", "B5": "=B2*2", "A7": "Epoch 3", "B8": "=B5*2", "A9": 1}


@pytest.mark.parametrize(
    ("label", "code"), [("Epoch 3", 0), ("epoch  3", 0), ("Epoch3", 0), ('="Epoch "&3', 2), ("Epch 3", 2)]
)
def test_the_last_block_is_not_lost_by_its_label(run, small, label, code):
    """A block that nobody finds is a block that nobody compares."""
    small.write_cells({**EPOCHS, "A7": label})
    small.reference.write_text("def double(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    small.write_spec(blocks='[blocks]\nlabel = "Epoch {n}"', inputs='[inputs]\nx = "A9"', outputs='[outputs]\ny = "B2"')
    done = run("verify", small.spec)
    assert done.code == code
    assert code == 0 or "give the blocks by rows" in done.err
    small.write_cells({**EPOCHS, "A7": label, "B8": "=B5*3"})
    assert run("verify", small.spec).code != 0


def test_names_that_differ_in_letters_are_different_names(run, small):
    """str.upper makes STRASSE of straße; to Excel they are two names."""
    book = openpyxl.Workbook()
    for address, content in {"A1": 5, "D1": 7, "B1": "=2*strasse"}.items():
        book.active[address] = content
    for name, cell in {"straße": "$A$1", "strasse": "$D$1"}.items():
        book.defined_names[name] = DefinedName(name, attr_text=f"Sheet!{cell}")
    book.save(small.workbook)
    small.write_spec(inputs='[inputs]\nx = "straße"')
    assert run("verify", small.spec).code == 1


def test_headers_that_differ_in_spaces_are_different_columns(run, small):
    """Excel keeps them apart, and a sum of the wrong column looks like any other sum."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["a b", "a  b"], [1, 10], [2, 20]):
        sheet.append(row)
    sheet.add_table(Table(displayName="T", ref="A1:B3"))
    sheet["D1"] = "=SUM(T[a  b])"
    book.save(small.workbook)
    small.reference.write_text("def double(x):\n    return {'y': x.sum()}\n")
    for at, code in (("A2:A3", 1), ("T[a b]", 1), ("B2:B3", 0), ("T[a  b]", 0)):
        small.write_spec(inputs=f'[inputs]\nx = "{at}"', outputs='[outputs]\ny = "D1"')
        assert run("verify", small.spec).code == code


def test_a_text_is_read_without_the_codes_of_its_file(run, small):
    """XML cannot hold every character, and _x0041_ in the file is an A in the cell."""
    small.write_cells({"A1": 2, "D1": "a_x0041_", "E1": "aA", "B1": "=IF(D1=E1,3*A1,2*A1)"})
    assert run("verify", small.spec).code == 1


@pytest.mark.parametrize("command", [["recalc", "{book}"], ["recalc", "--check", "{book}"], ["verify", "{spec}"]])
def test_a_report_does_not_overwrite_what_it_is_about(run, small, command):
    """--output names the report, and in another command the workbook."""
    before = small.workbook.read_bytes()
    words = [word.format(book=small.workbook, spec=small.spec) for word in command]
    for path in [small.workbook] + [small.spec] * (command[0] == "verify"):
        kept = path.read_bytes()
        assert run(*words, "--output", path).code == 2
        assert path.read_bytes() == kept
    assert small.workbook.read_bytes() == before


def test_a_workbook_is_left_alone_where_its_report_cannot_be_written(run, small):
    """One error, and nothing half done."""
    before = small.workbook.read_bytes()
    assert run("recalc", small.workbook, "--output", small.folder).code == 2
    assert small.workbook.read_bytes() == before


def test_a_workbook_keeps_its_permissions(run, small):
    """A private file is not to be made the world's."""
    small.workbook.chmod(0o600)
    assert run("recalc", small.workbook).code == 0
    assert small.workbook.stat().st_mode & 0o777 == 0o600


def test_a_damaged_table_is_one_error(run, small):
    """What is not a range is no area of a table."""
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append([1])
    book.active.add_table(Table(displayName="T", ref="A1:A2"))
    book.save(small.workbook)
    parts = ooxml.read_parts(small.workbook.read_bytes(), small.workbook)
    parts["xl/tables/table1.xml"] = parts["xl/tables/table1.xml"].replace(b'ref="A1:A2"', b'ref="A:A"')
    small.workbook.write_bytes(pack(parts))
    done = run("verify", small.spec)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "damaged" in done.err


@pytest.mark.parametrize("label", [None, '="Epoch "&2', "Epch 2"])
def test_all_blocks_but_the_first_are_not_lost_by_their_labels(run, small, label):
    """The formulas are filled from block to block, and tell what the labels do not."""
    cells = {
        "A1": "Epoch 1",
        "B2": "=C2*2",
        "C2": 1,
        "A4": label,
        "B5": "=C5*2",
        "C5": "=B2",
        "A7": label,
        "B8": "=C8*3",
        "C8": "=B5",
    }
    small.write_cells({address: content for address, content in cells.items() if content is not None})
    small.reference.write_text("def double(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    small.write_spec(blocks='[blocks]\nlabel = "Epoch {n}"', inputs='[inputs]\nx = "C2"', outputs='[outputs]\ny = "B2"')
    done = run("verify", small.spec)
    assert done.code == 2
    assert "give the blocks by rows" in done.err


@pytest.mark.parametrize(
    ("cells", "inputs", "code"),
    [
        ({"A1": "=B1", "B1": 1, "A2": 2, "C1": "=1+A2"}, 'a = { at = "A1", also = [{ at = "B1" }] }', 1),
        ({"A1": "=B1", "B1": 1, "A2": 2, "C1": "=A1+A2"}, 'a = { at = "A1", also = [{ at = "B1" }] }', 0),
        ({"A1": 1, "B1": "=A1", "A2": 2, "C1": "=1+A2"}, 'a = { at = "A1", also = [{ at = "B1" }] }', 1),
    ],
)
def test_an_input_page_with_links_is_varied_at_its_root(run, small, cells, inputs, code):
    """A number in place of an input is found by no other means than another value of it."""
    small.write_cells(cells)
    small.reference.write_text("def double(a, b):\n    return {'y': a + b}\n")
    small.write_spec(inputs=f'[inputs]\n{inputs}\nb = "A2"', outputs='[outputs]\ny = "C1"')
    assert run("verify", small.spec).code == code


def test_a_copy_that_is_typed_over_is_found(run, small):
    """The other blocks follow the first one, and this one would stay behind when a person changes it."""
    cells = {"C2": 3, "C5": "=C2", "C8": "=C5", "B2": "=C2*2", "B5": "=C5*2", "B8": "=C8*2"}
    small.reference.write_text("def double(x):\n    while True:\n        yield {'y': 2 * x}\n")
    small.write_spec(
        blocks="[blocks]\nrows = [2, 5, 8]",
        inputs='[inputs]\nx = { at = "C2", every_block = true }',
        outputs='[outputs]\ny = "B2"',
    )
    small.write_cells(cells)
    assert run("verify", small.spec).code == 0
    small.write_cells({**cells, "C5": 3, "C8": 3})
    assert run("verify", small.spec).code == 0  # all typed is a layout of its own
    small.write_cells({**cells, "C5": 3})
    done = run("verify", small.spec, "--format", "json")
    assert (done.code, json.loads(done.out)["checks"][0]["findings"][0]["code"]) == (1, "XP203")


def test_of_an_input_of_several_cells_each_has_its_copies(small):
    """The first block's, which are constants, are no copies."""
    small.reference.write_text("def double(x):\n    while True:\n        yield {'y': x.sum()}\n")
    small.write_spec(
        blocks="[blocks]\nrows = [2, 5, 8]",
        inputs='[inputs]\nx = { at = "C2:D2", every_block = true }',
        outputs='[outputs]\ny = "B2"',
    )
    cells = {"C2": 3, "D2": 4, "C5": "=C2", "D5": "=D2", "C8": "=C5", "D8": "=D5"}
    small.write_cells(cells | {f"B{row}": f"=C{row}+D{row}" for row in (2, 5, 8)})
    report = xlparity.verify(small.spec)
    assert (report.verdict, report.checks[0].findings) == (Verdict.PASS, ())
    small.write_cells({**cells, "D8": 4} | {f"B{row}": f"=C{row}+D{row}" for row in (2, 5, 8)})
    (finding,) = xlparity.verify(small.spec).checks[0].findings
    assert (finding.code, [cell.a1 for cell in finding.cells]) == ("XP203", ["D8"])
    # Data that is typed in each block, and shown again beside it.
    small.write_spec(
        blocks="[blocks]\nrows = [2, 5, 8]",
        inputs='[inputs]\nx = { at = "C2:D2", every_block = true, also = [{ at = "E2:F2" }] }',
        outputs='[outputs]\ny = "B2"',
    )
    cells = {f"{column}{row}": value for row in (2, 5, 8) for column, value in (("C", 3), ("D", 4))}
    cells |= {f"{to}{row}": f"={of}{row}" for row in (2, 5, 8) for of, to in (("C", "E"), ("D", "F"))}
    small.write_cells(cells | {f"B{row}": f"=E{row}+D{row}" for row in (2, 5, 8)})
    report = xlparity.verify(small.spec)
    assert (report.verdict, report.checks[0].findings) == (Verdict.PASS, ())


@pytest.mark.parametrize(
    ("formula", "returns"),
    [
        ("=A1", "np.maximum(x, 0)"),
        ("=ABS(A1)", "x"),
        ("=SQRT(A1^2)", "x"),
        ("=INT(A1)", "np.trunc(x)"),
        ("=A1", "abs(x)"),
    ],
)
def test_what_is_right_on_one_side_of_zero_only_is_no_match(small, formula, returns):
    """A rectifier and the identity agree on all that is positive."""
    assert verdict(small, formula, returns) is Verdict.FAIL


def test_sets_in_which_nothing_changes_are_not_counted(run, small):
    """They would show that other inputs agree where there were none."""
    small.write_spec(inputs='[inputs]\nx = { at = "A1", choices = [3] }')
    assert "no scenario was compared" in run("verify", small.spec).out


@pytest.mark.parametrize("option", ["--rtol", "--atol"])
def test_a_tolerance_is_finite(run, small, option):
    """With an infinite one there is nothing to be found out."""
    assert run("verify", small.spec, option, "inf").code == 2
