"""The generated workbook: live throughout, readable everywhere, the same bytes every time."""

import ast
import hashlib
import io
import itertools
import posixpath
import re
import shutil
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import pytest

import xlparity
from xlparity.actions.fix import corrected
from xlparity.actions.generate import build, differs
from xlparity.course.regressor import reference, sheet
from xlparity.course.regressor.faulty import plant_mistakes
from xlparity.course.regressor.pages import regressor
from xlparity.engines.registry import find_engine
from xlparity.excel import ooxml
from xlparity.excel.address import parse_range
from xlparity.excel.ooxml import pack, write_values
from xlparity.excel.values import BLANK
from xlparity.excel.workbook import Formula, formulas_of, parse_workbook, read_workbook
from xlparity.results.report import Verdict
from xlparity.settings import Options

# Excel's functions up to 2010 that the workbook may use; none of them is volatile.
CLASSIC = {"MMULT", "TRANSPOSE", "EXP", "LN", "SUM", "COUNT", "IF", "ABS", "SUMPRODUCT"}


@pytest.fixture(scope="session")
def path(week_one):
    return week_one.with_name("regressor.xlsx")


@pytest.fixture(scope="session")
def book(path):
    return openpyxl.load_workbook(path)


def test_the_sheets_are_the_courses(book):
    """A teacher finds them in the order in which the chapter goes."""
    assert book.sheetnames == ["Guide", "Forward pass", "Sigmoid", "Loss", "Training", "History"]
    labels = [cell.value for cell in book["Training"]["A"] if str(cell.value).startswith("Iteration")]
    assert labels == [f"Iteration {n}" for n in range(1, 23)]


def test_matrix_products_are_array_formulas_and_the_rest_fills_down(path):
    """The sheet reads as the code reads: one formula for A0 @ W1 + b1, one a sample for the sigmoid."""
    workbook = read_workbook(path)
    texts = {str(cell): str(formula) for cell, formula in formulas_of(workbook)}
    assert texts["Training!I9"] == "{=MMULT(B9:D12,F9:F11)+G9}"
    assert [texts[f"Training!J{row}"] for row in range(9, 13)] == [f"=1/(1+EXP(-I{row}))" for row in range(9, 13)]
    assert texts["Training!B16"] == "{=TRANSPOSE(B9:D12)}"
    assert texts["Training!F16"] == "{=1/M9*MMULT(B16:E18,I16:I19)}"
    assert texts["Training!F23"] == "=F9-$B$3*F16"
    assert texts["Training!F30"] == "=F23"
    assert texts["History!B6"] == "=Training!O9"


def test_only_the_first_block_and_alpha_hold_numbers(path):
    """Later blocks take data and weights from live references, never from copies; alpha is one cell."""
    workbook = read_workbook(path)
    numbers = {str(c) for c, v in workbook.cells.items() if c.sheet == "Training" and isinstance(v, float)}
    data = {f"Training!{letter}{row}" for letter in "BCD" for row in range(9, 13)}
    answers = {f"Training!L{row}" for row in range(9, 13)}
    assert numbers == data | answers | {"Training!F9", "Training!F10", "Training!F11", "Training!G9", "Training!B3"}


def test_the_first_weights_are_the_seeds_to_the_last_bit(path):
    """openpyxl writes 16 digits; the notebook's weights have 17."""
    workbook = read_workbook(path)
    stored = [workbook.cells[parse_range(f"Training!F{row}").first] for row in (9, 10, 11)]
    assert stored == reference.first_weights(1)[:, 0].tolist()


def test_every_line_of_numpy_in_the_guide_computes_what_it_stands_for():
    """The captions are what a student reads beside the formulas; a caption that computes something else teaches it."""
    (step,) = itertools.islice(reference.train(reference.X, reference.y, reference.first_weights(), 0.0, 0.7), 1)
    for variable in (*sheet.FORWARD, *sheet.BACKWARD, *sheet.UPDATE):
        if variable.role == "derived":
            name, separator, expression = variable.code.partition(" = ")
            value = eval(expression if separator else variable.code, {"np": np}, dict(step))
            np.testing.assert_array_equal(value, step[variable.name], err_msg=variable.name)
            assert not separator or name == variable.name.removesuffix("_new")
    np.random.seed(1)
    given = {
        variable.name: variable.code.partition(" = ")[2] for variable in sheet.FORWARD if variable.role != "derived"
    }
    values = {name: eval(code, {"np": np, "X": reference.X}) for name, code in given.items()}
    np.testing.assert_array_equal(values["W1"], reference.first_weights(1))
    np.testing.assert_array_equal(values["y"], reference.y)


def test_the_reference_imports_nothing_but_numpy():
    """Maths twice: a reference that shares code with the sheet would agree with its mistakes."""
    tree = ast.parse(Path(reference.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["import numpy as np"]


def test_columns_are_wide_enough_and_numbers_short_enough(book):
    """No ##### on the screen: what a formatted number takes fits its column."""
    for sheet_ in book.worksheets:
        for row in sheet_.iter_rows():
            for cell in row:
                if cell.data_type in "nf" and cell.value is not None and cell.column > 1:
                    assert cell.number_format in {"General", "0", "0%", "0.00", "0.000000", "0.00000000", "0.0E+00"}, (
                        cell
                    )
                    assert sheet_.column_dimensions[cell.column_letter].width >= 7, cell
                    if cell.number_format.startswith("0.0"):
                        assert sheet_.column_dimensions[cell.column_letter].width >= 10, cell


def test_no_function_is_newer_than_excel_2010_and_none_is_volatile(path):
    """It must open live on an old machine, and be the same each time it is opened."""
    workbook = read_workbook(path)
    used = {name for _, formula in formulas_of(workbook) for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", formula.text)}
    assert used <= CLASSIC


def test_inputs_are_blue_and_unlocked_and_formulas_black_and_locked(book):
    """The modelling convention, and what lets a student type into inputs only."""
    for page in book.worksheets:
        assert page.protection.sheet
        for row in page.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert (cell.font.color.rgb, cell.protection.locked) == ("00000000", True), cell
                elif not cell.protection.locked:
                    assert cell.font.color.rgb == "000000FF", cell
    free = {c.coordinate for row in book["Training"].iter_rows() for c in row if not c.protection.locked}
    assert {"B3", "B9", "F11", "G9", "L12"} <= free
    assert not book["Loss"]["D13"].protection.locked


def test_every_sheet_is_ready_to_print_and_to_scroll(book):
    """Print areas, one page wide; headers frozen."""
    for page in book.worksheets:
        assert page.print_area
        assert page.page_setup.fitToWidth == 1
        assert page.freeze_panes
    assert book["Training"].freeze_panes == "B6"
    assert {name: len(book[name]._charts) for name in book.sheetnames} == {
        "Guide": 0, "Forward pass": 0, "Sigmoid": 1, "Loss": 1, "Training": 0, "History": 2,
    }  # fmt: skip


def test_the_guide_links_to_every_sheet_and_shows_every_quantity(book):
    """The way in: name, meaning, line of numpy, Excel formula, where it stands."""
    guide = book["Guide"]
    links = {
        cell.hyperlink.location.split("!")[0].strip("'") for row in guide.iter_rows() for cell in row if cell.hyperlink
    }
    assert links == set(book.sheetnames) - {"Guide"}
    rows = {row[0]: row for row in guide.iter_rows(min_row=15, max_col=5, values_only=True) if row[4]}
    assert rows["z1"][2:] == ("z1 = A0 @ W1 + b1", "{=MMULT(B9:D12,F9:F11)+G9}", "Training I9:I12")
    assert rows["A1"][3] == "=1/(1+EXP(-I9))"
    assert guide["D19"].data_type == "s"  # shown, not computed


def test_every_formula_carries_the_value_that_the_engine_computed(path):
    """Previewers and Excel's protected view show numbers, and they are the engine's to the last bit."""
    workbook = read_workbook(path)
    stored = openpyxl.load_workbook(path, data_only=True)
    values = find_engine("formulas").load(workbook).recalculate({})
    compared = 0
    for cell, formula in formulas_of(workbook):
        for member in formula.area.cells() if formula.area else (cell,):
            assert stored[member.sheet].cell(member.row, member.column).value == values[member], member
            compared += 1
    assert compared > 1800
    assert openpyxl.load_workbook(path).calculation.fullCalcOnLoad


def test_pandas_reads_the_history_as_numbers(path):
    """What a person does who never opens Excel."""
    frame = pd.read_excel(path, sheet_name="History", header=4, usecols="A:O", nrows=22)
    assert frame["loss"].is_monotonic_decreasing
    assert frame["loss"].iloc[[0, 10, 20]].to_list() == pytest.approx([0.822322582088, 0.331466036109, 0.194718505175])


def test_the_values_are_not_the_references(two_iterations, tmp_path):
    """A wrong formula must show its own wrong value in the file, or the file would vouch for itself."""
    draft = regressor(iterations=2)
    draft.book["Training"]["N9"] = "=-(L9*LOG10(J9)+(1-L9)*LOG10(1-J9))"
    (tmp_path / "wrong.xlsx").write_bytes(build(draft)["regressor.xlsx"])
    stored = openpyxl.load_workbook(tmp_path / "wrong.xlsx", data_only=True)["Training"]["N9"].value
    right = openpyxl.load_workbook(two_iterations.with_name("regressor.xlsx"), data_only=True)["Training"]["N9"].value
    assert stored == pytest.approx(right / np.log(10))


def test_the_same_call_writes_the_same_bytes(path, week_one):
    """Committed workbooks are compared in CI; no clock, no machine, no user in them."""
    again = build(regressor())
    assert again == {"regressor.xlsx": path.read_bytes(), "regressor.parity.toml": week_one.read_bytes()}
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist()[1:] == sorted(archive.namelist()[1:])
        core = archive.read("docProps/core.xml").decode()
    assert "2000-01-01T00:00:00Z" in core
    assert core.count("xlparity") == 2


def test_check_names_the_files_that_differ(run, tmp_path):
    """Exit 1 and the names, so that CI says what to regenerate; it writes nothing."""
    done = run("generate", "--out", tmp_path, "--iterations", 2)
    assert done.code == 0
    assert run("generate", "--out", tmp_path, "--iterations", 2, "--check").code == 0
    done = run("generate", "--out", tmp_path, "--iterations", 3, "--check")
    assert done.code == 1
    assert done.err.count("differs from what xlparity generates") == 2
    (tmp_path / "regressor.parity.toml").unlink()
    done = run("generate", "--out", tmp_path, "--iterations", 2, "--check")
    assert done.code == 1
    assert [line.split()[0].rsplit("/")[-1] for line in done.err.splitlines()] == ["regressor.parity.toml"]
    assert not (tmp_path / "regressor.parity.toml").exists()


def patched(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    parts = ooxml.read_parts(data, "patched")
    assert old in parts[part]
    return pack({**parts, part: parts[part].replace(old, new, 1)})


def test_only_the_last_digits_of_a_stored_value_may_differ(path, tmp_path):
    """Another processor's exp() may end in another digit; a formula, an input or a larger difference is a difference."""
    ours = path.read_bytes()
    part = "xl/worksheets/sheet5.xml"
    stored = re.search(rb"<v>(0\.6\d{10,})</v>", ooxml.read_parts(ours, path)[part])[1]
    nearby = repr(float(np.nextafter(float(stored), 1))).encode()
    other = tmp_path / "other.xlsx"
    for changed, answer in [
        (patched(ours, part, stored, nearby), False),
        (patched(ours, part, stored, b"0.5"), True),
        (patched(ours, part, b"EXP(-I9)", b"EXP(-I8)"), True),
        (patched(ours, "docProps/core.xml", b"xlparity", b"somebody"), True),
        (ours[:-30], True),
    ]:
        other.write_bytes(changed)
        assert differs(other, ours) is answer


@pytest.mark.parametrize("options", [{"iterations": 30}, {"iterations": 5, "alpha": 0.3, "seed": 7}])
def test_other_iterations_rates_and_seeds_verify_as_well(run, tmp_path, options):
    """The workbook is not a recording of one run."""
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    done = run("generate", "--out", tmp_path, *arguments, "--verify")
    assert done.code == 0
    assert "✓ PASS" in done.out
    report = xlparity.verify(tmp_path / "regressor.parity.toml", options=Options(scenarios=0))
    assert report.checks[0].blocks == options["iterations"]


@pytest.mark.parametrize("arguments", [["--iterations", "1"], ["--alpha", "nan"], ["--seed", "-1"], ["softmax"]])
def test_what_cannot_be_generated_is_refused_and_nothing_written(run, tmp_path, arguments):
    """One error, exit code 2, no half of a workbook."""
    done = run("generate", *arguments, "--out", tmp_path / "out")
    assert done.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("answer", "verdict"), [(None, "your turn"), (4.61, "right"), (4.6, "right"), (0.01, "not yet"), (0, "not yet")]
)
def test_the_exercise_tells_the_student_whether_the_answer_is_right(path, answer, verdict):
    """y = 0 and a prediction of 0.99 cost -ln(0.01) = 4.605; to two decimals that is 4.61, and 4.6 is near enough."""
    workbook = read_workbook(path)
    where = next(
        cell for cell, content in workbook.cells.items() if str(cell) == "Loss!E13" and isinstance(content, Formula)
    )
    overrides = {} if answer is None else {where.moved(0, -1): float(answer)}
    assert find_engine("formulas").load(workbook).recalculate(overrides)[where] == verdict


@pytest.mark.libreoffice
def test_the_workbook_stays_live_in_libreoffice(path, week_one, convert, tmp_path):
    """Another program, with another kernel: change alpha and a weight, recalculate, compare with numpy again."""
    parts = ooxml.read_parts(path.read_bytes(), path)
    sheets = ooxml.sheet_parts(parts, path)
    for name, part in sheets.items():  # LibreOffice echoes stored values, so there must be none
        formulas = [cell.address for cell in ooxml.scan(parts[part], name).cells if cell.formula]
        parts[part] = write_values(parts[part], dict.fromkeys(formulas, BLANK), name)
    training = sheets["Training"]
    parts[training] = write_values(parts[training], {"B3": 0.5, "F10": -0.75}, "Training")
    changed = tmp_path / "changed.xlsx"
    changed.write_bytes(pack(parts))
    saved = convert(tmp_path / "saved", changed)

    weights = reference.first_weights()
    weights[1] = -0.75
    steps = reference.train(reference.X, reference.y, weights, 0.0, 0.5)
    history = openpyxl.load_workbook(saved, data_only=True)["History"]
    for row, (step, _) in enumerate(zip(steps, range(22), strict=False), start=6):
        values = [cell.value for cell in history[row]][1:15]
        expected = [
            step["loss"],
            *step["W1"][:, 0],
            step["b1"],
            *step["dW1"][:, 0],
            step["db1"],
            step["accuracy"],
            *step["A1"][:, 0],
        ]
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-14)
    # And what LibreOffice saved is verified as any stranger's workbook is: no false alarm.
    shutil.copy(week_one, tmp_path)
    assert xlparity.verify(tmp_path / week_one.name, workbook=saved).verdict is Verdict.PASS


def test_the_digest_is_the_files(path, week_one):
    """The report says which file it speaks of."""
    assert xlparity.verify(week_one).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_file_is_a_plain_package(path):
    """It opens without a repair prompt: every part is declared, and every relation leads to a part."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        types = archive.read("[Content_Types].xml").decode()
        for name in archive.namelist():
            assert f'PartName="/{name}"' in types or name.rsplit(".")[-1] in re.findall(r'Extension="(\w+)"', types), (
                name
            )
            if name.endswith(".rels"):
                folder = posixpath.dirname(posixpath.dirname(name))
                for relation in ElementTree.fromstring(archive.read(name)):
                    target = posixpath.normpath(posixpath.join("/", folder, relation.attrib["Target"])).lstrip("/")
                    assert target in archive.namelist(), (name, target)


def test_the_faulty_workbook_has_three_mistakes_and_each_is_named(week_one, tmp_path, run):
    """It is what the README's tour walks through: the mistakes are the only ones, and mending them gives the course's own."""
    faulty = tmp_path / "student.xlsx"
    assert run("generate", "--out", tmp_path, "--faulty", faulty).code == 0
    report = xlparity.verify(week_one, workbook=faulty)
    found = [(f.code, str(f.cells[0]), len(f.cells)) for check in report.checks for f in check.findings]
    assert found == [("XP101", "Training!N9", 88), ("XP202", "Training!F23", 1), ("XP201", "Training!G37", 1)]
    mended = parse_workbook(corrected(report)[0], faulty)
    assert mended.cells == read_workbook(week_one.with_name("regressor.xlsx")).cells


def test_the_typed_learning_rate_is_seen_on_other_inputs_only(two_iterations, tmp_path):
    """One of the mistakes computes what it should as long as nobody changes alpha: no comparison of stored values sees it."""
    draft = regressor(iterations=2, alpha=0.5)
    plant_mistakes(draft, 2)
    (tmp_path / "student.xlsx").write_bytes(build(draft)["regressor.xlsx"])
    report = xlparity.verify(two_iterations, workbook=tmp_path / "student.xlsx", options=Options(scenarios=0))
    assert {f.code for check in report.checks for f in check.findings} == {"XP101", "XP201"}


@pytest.mark.parametrize("name", ["regressor.xlsx", "student.xls"])
def test_the_faulty_workbook_overwrites_nothing(tmp_path, run, name):
    """The course's own workbook must not be taken for it, and Excel opens it only if it ends in .xlsx."""
    done = run("generate", "--out", tmp_path, "--faulty", tmp_path / name)
    assert (done.code, list(tmp_path.iterdir())) == (2, [])
    assert done.err.startswith("xlparity: faulty ")
