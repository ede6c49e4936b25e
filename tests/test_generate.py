"""The generated workbooks: live throughout, readable everywhere, the same bytes every time."""

import ast
import hashlib
import io
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
from conftest import write_files

import xlparity
from xlparity.actions.courses import ALL, course_names, find_courses
from xlparity.actions.fix import corrected
from xlparity.actions.generate import build, differs
from xlparity.course import common
from xlparity.course.regressor import reference, sheet
from xlparity.course.regressor.faulty import plant_mistakes
from xlparity.course.regressor.pages import regressor
from xlparity.course.two_layer import reference as net
from xlparity.course.two_layer import sheet as net_sheet
from xlparity.course.wine_solution import reference as wine_reference
from xlparity.course.wine_solution import sheet as wine
from xlparity.engines.registry import find_engine
from xlparity.excel import ooxml
from xlparity.excel.address import parse_range
from xlparity.excel.ooxml import pack, write_values
from xlparity.excel.values import BLANK, Depends
from xlparity.excel.workbook import Formula, formulas_of, parse_workbook, read_workbook
from xlparity.results.report import Verdict
from xlparity.settings import Options

# Excel's functions up to 2010 that the workbook may use; none of them is volatile.
CLASSIC = {
    "MMULT",
    "TRANSPOSE",
    "EXP",
    "LN",
    "TANH",
    "SUM",
    "COUNT",
    "IF",
    "ABS",
    "SUMPRODUCT",
    "AVERAGE",
    "STDEVP",
    "MAX",
}


@pytest.fixture(scope="session")
def path(week_one):
    return week_one.with_name("regressor.xlsx")


@pytest.fixture(scope="session")
def net_path(two_layer_net):
    return two_layer_net.with_name("two_layer.xlsx")


@pytest.fixture(scope="session", params=course_names())
def each(request, path, net_path, tmp_path_factory):
    """The path of each course workbook in turn."""
    name = request.param
    known = {"regressor": path, "two_layer": net_path}
    if name in known:
        return known[name]
    course = find_courses(name)[name]
    spec = write_files(tmp_path_factory.mktemp(name), build(course.draft(22, course.alpha, 1)))
    return spec.with_name(f"{name}.xlsx")


@pytest.fixture(scope="session")
def book(each):
    return openpyxl.load_workbook(each)


SHEETS = {
    "regressor": {"Guide": 0, "Forward pass": 0, "Sigmoid": 1, "Loss": 1, "Training": 0, "History": 2},
    "two_layer": {"Guide": 0, "Tanh": 1, "Training": 0, "History": 3, "Gradient check": 0},
    "wine_challenge": {"Guide": 0, "Wine": 0, "Softmax": 0, "Two-layer net": 0},
    "wine_solution": {
        "Guide": 0, "Wine": 0, "Softmax": 0, "Two-layer net": 0, "Softmax training": 0, "Net training": 0, "History": 2
    },
}  # fmt: skip


def test_the_sheets_are_the_courses(each, book):
    """A teacher finds them in the order in which the chapter goes, with so many charts on each."""
    assert [(page.title, len(page._charts)) for page in book] == list(SHEETS[each.stem].items())
    if "Training" in book.sheetnames:
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


def test_the_net_reads_as_its_code_reads(net_path):
    """Matrices and rows of both layers are array formulas; a bias in a row has a sum for each hidden unit."""
    texts = {str(cell): str(formula) for cell, formula in formulas_of(read_workbook(net_path))}
    assert texts["Training!O9"] == "{=MMULT(B9:D12,G9:I11)+K9:M9}"
    assert [texts[f"Training!{column}12"] for column in "STU"] == [f"=TANH({column}12)" for column in "OPQ"]
    assert texts["Training!O16"] == "{=MMULT(S9:U12,G16:G18)+K16}"
    assert texts["Training!G23"] == "{=1/S16*MMULT(B23:E25,O23:O26)}"
    assert texts["Training!S30"] == "{=TRANSPOSE(G16:G18)}"
    assert texts["Training!O30"] == "{=MMULT(O23:O26,S30:U30)*(1-S9:U12^2)}"
    assert [texts[f"Training!{column}30"] for column in "KLM"] == [f"=1/S16*SUM({c}30:{c}33)" for c in "OPQ"]
    assert (texts["Training!H38"], texts["Training!L37"]) == ("=H10-$B$3*H31", "=L9-$B$3*L30")
    assert (texts["Training!H51"], texts["Training!L50"]) == ("=H38", "=L37")
    assert [texts[f"History!{column}6"] for column in "HKP"] == ["=Training!G9", "=Training!G10", "=Training!I11"]
    assert texts["'Gradient check'!E10"] == "=Training!H31"


def test_only_the_first_block_and_alpha_hold_numbers(path):
    """Later blocks take data and weights from live references, never from copies; alpha is one cell."""
    workbook = read_workbook(path)
    numbers = {str(c) for c, v in workbook.cells.items() if c.sheet == "Training" and isinstance(v, float)}
    data = {f"Training!{letter}{row}" for letter in "BCD" for row in range(9, 13)}
    answers = {f"Training!L{row}" for row in range(9, 13)}
    assert numbers == data | answers | {"Training!F9", "Training!F10", "Training!F11", "Training!G9", "Training!B3"}


def test_the_first_weights_are_the_seeds_to_the_last_bit(path, net_path):
    """openpyxl writes 16 digits; the notebook's weights have 17."""

    def stored(path, area):
        workbook = read_workbook(path)
        return [workbook.cells[cell] for cell in parse_range(f"Training!{area}").cells()]

    assert stored(path, "F9:F11") == reference.first_weights(1).ravel().tolist()
    W1, W2 = net.first_weights(1)
    assert (stored(net_path, "G9:I11"), stored(net_path, "G16:G18")) == (W1.ravel().tolist(), W2.ravel().tolist())
    assert {*stored(net_path, "K9:M9"), *stored(net_path, "K16")} == {0.0}


def one_step(name):
    """What the course's reference computes in an iteration, and the sheet's quantities."""
    if name == "regressor":
        steps = reference.train(common.X, common.y, reference.first_weights(), 0.0, 1.0)
        return {**next(steps), "alpha": 1}, sheet.TRAINING
    if name == "two_layer":
        W1, W2 = net.first_weights()
        return net.iterate(common.X, common.y, W1, np.zeros((1, 3)), W2, 0.0, 2), net_sheet.TRAINING
    training = {
        "softmax": wine.SOFTMAX, "net": wine.NET, "softmax_training": wine.SOFTMAX_TRAINING, "net_training": wine.NET_TRAININGS[2]
    }[name]  # fmt: skip
    model = training.author.model
    shapes = [model.shape(model.variables[each]) for each in training.inputs[3:-1]]
    given = [wine_reference.first_weights(shape) for shape in shapes]
    X, cultivar = np.array(wine.WINES.X), np.array(wine.WINES.cultivar)[:, None]
    return getattr(wine_reference, f"{name.split('_')[0]}_step")(
        X, cultivar, np.array([[1, 2, 3]]), *given, 1
    ), training


@pytest.mark.parametrize("name", ["regressor", "two_layer", "softmax", "net", "softmax_training", "net_training"])
def test_every_line_of_numpy_in_the_guide_computes_what_it_stands_for(name):
    """The captions are what a student reads beside the formulas; a caption that computes something else teaches it."""
    step, training = one_step(name)
    np.random.seed(1)
    for variable in training.quantities:
        target, separator, expression = variable.code.partition(" = ")
        known = dict(step) if variable.role == "derived" or training.start or not separator else {}
        names = {"np": np, "X": common.X, "softmax": wine_reference.softmax}
        value = eval(expression if separator else variable.code, names, known)
        # What a chained parameter is computed to be is what the step calls the new one.
        chained = variable.role == "state" and training.start and variable.formula
        found = step[f"{variable.name}_new" if chained else variable.name]
        # The softmax of the reference is computed in another way, which is safe, but may end in another digit.
        np.testing.assert_allclose(value, found, rtol=1e-14, atol=1e-15, err_msg=variable.name)
        assert not separator or target == variable.name.removesuffix("_new")


@pytest.mark.parametrize("module", [reference, net, wine_reference])
def test_the_reference_imports_nothing_but_numpy(module):
    """Maths twice: a reference that shares code with the sheet would agree with its mistakes."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["import numpy as np"]


def test_columns_are_wide_enough_and_numbers_short_enough(book):
    """No ##### on the screen: what a formatted number takes fits its column."""
    for sheet_ in book.worksheets:
        for row in sheet_.iter_rows():
            for cell in row:
                if cell.data_type in "nf" and cell.value is not None and cell.column > 1:
                    patterns = {"General": 7, '"alpha "General': 10, "0": 7, "0%": 7, "0.0000": 9} | dict.fromkeys(
                        ("0.00", "0.000000", "0.00000000", "0.0E+00"), 10
                    )
                    assert sheet_.column_dimensions[cell.column_letter].width >= patterns[cell.number_format], cell


def test_no_function_is_newer_than_excel_2010_and_none_is_volatile(each):
    """It must open live on an old machine, and be the same each time it is opened."""
    workbook = read_workbook(each)
    used = {name for _, formula in formulas_of(workbook) for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", formula.text)}
    assert used <= CLASSIC


def test_inputs_are_blue_and_unlocked_and_formulas_black_and_locked(each, book):
    """The modelling convention, and what lets a student type into inputs only."""
    for page in book.worksheets:
        assert page.protection.sheet
        for row in page.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert (cell.font.color.rgb, cell.protection.locked) == ("00000000", True), cell
                elif not cell.protection.locked:
                    assert cell.font.color.rgb == "000000FF", cell
    if "Training" not in book.sheetnames:
        return
    free = {c.coordinate for row in book["Training"].iter_rows() for c in row if not c.protection.locked}
    if each.stem == "regressor":
        assert {"B3", "B9", "F11", "G9", "L12"} <= free
        assert not book["Loss"]["D13"].protection.locked
    else:
        areas = ("B3", "B9:D12", "G9:I11", "K9:M9", "G16:G18", "K16", "Q16:Q19")
        assert free == {cell.a1 for area in areas for cell in parse_range(f"Training!{area}").cells()}


def test_every_sheet_is_ready_to_print_and_to_scroll(book):
    """Print areas, one page wide unless that were unreadable; headers frozen."""
    for page in book.worksheets:
        assert page.print_area
        assert page.page_setup.fitToWidth == {"Wine": 2, "Softmax": 2, "Two-layer net": 4, "Net training": 4}.get(
            page.title, 1
        )
        assert page.freeze_panes
    if "Training" in book.sheetnames:
        assert book["Training"].freeze_panes == "B6"


def test_the_guide_links_to_every_sheet_and_shows_every_quantity(each, book):
    """The way in: name, meaning, line of numpy, Excel formula, where it stands."""
    guide = book["Guide"]
    links = {
        cell.hyperlink.location.split("!")[0].strip("'") for row in guide.iter_rows() for cell in row if cell.hyperlink
    }
    assert links == set(book.sheetnames) - {"Guide"}
    rows: dict[str, tuple[str, ...]] = {}
    for row in guide.iter_rows(max_col=5, values_only=True):
        if row[4]:
            rows.setdefault(row[0], row)
    trainings = {
        "regressor": [sheet.TRAINING],
        "two_layer": [net_sheet.TRAINING],
        "wine_challenge": [wine.SOFTMAX, wine.NET],
        "wine_solution": [wine.SOFTMAX, wine.NET, wine.SOFTMAX_TRAINING, wine.NET_TRAININGS[0]],
    }[each.stem]
    names = [variable.name for training in trainings for variable in training.quantities]
    assert list(rows) == list(dict.fromkeys(["name", *names]))
    z1, A1 = {
        "regressor": ("{=MMULT(B9:D12,F9:F11)+G9}", "=1/(1+EXP(-I9))"),
        "two_layer": ("{=MMULT(B9:D12,G9:I11)+K9:M9}", "=TANH(O9)"),
        "wine_solution": ("{=MMULT(Wine!$V$8:$AH$185,C9:E21)+F9:H9}", "=M9/P9"),
        "wine_challenge": ("yours", "yours"),
    }[each.stem]
    assert (rows["z1"][2], rows["z1"][3]) == ("yours" if z1 == "yours" else "z1 = A0 @ W1 + b1", z1)
    assert rows["A1"][3] == A1
    assert guide["D19"].data_type == "s"  # shown, not computed


def test_every_formula_carries_the_value_that_the_engine_computed(each):
    """Previewers and Excel's protected view show numbers, and they are the engine's to the last bit."""
    workbook = read_workbook(each)
    stored = openpyxl.load_workbook(each, data_only=True)
    values = find_engine("formulas").load(workbook).recalculate({})
    compared = 0
    for cell, formula in formulas_of(workbook):
        for member in formula.area.cells() if formula.area else (cell,):
            value = values[member]
            value = value.exact if isinstance(value, Depends) else value
            assert stored[member.sheet].cell(member.row, member.column).value == value, member
            compared += 1
    assert compared > 1800
    assert openpyxl.load_workbook(each).calculation.fullCalcOnLoad


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


def test_the_same_call_writes_the_same_bytes(each):
    """Committed workbooks are compared in CI; no clock, no machine, no user in them."""
    name = each.stem
    course = find_courses(name)[name]
    again = build(course.draft(22, course.alpha, 1))
    spec = each.with_name(f"{name}.parity.toml").read_bytes()
    assert again == {f"{name}.xlsx": each.read_bytes(), f"{name}.parity.toml": spec}
    with zipfile.ZipFile(each) as archive:
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
    done = run("generate", "regressor", "--out", tmp_path, "--iterations", 3, "--check")
    assert done.code == 1
    assert done.err.count("differs from what xlparity generates") == 2
    (tmp_path / "regressor.parity.toml").unlink()
    done = run("generate", ALL, "--out", tmp_path, "--iterations", 2, "--check")
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


@pytest.mark.parametrize("name", ["regressor", "two_layer"])
@pytest.mark.parametrize("options", [{"iterations": 30}, {"iterations": 5, "alpha": 0.3, "seed": 7}])
def test_other_iterations_rates_and_seeds_verify_as_well(run, tmp_path, name, options):
    """The workbooks are not recordings of one run."""
    arguments = [word for option, value in options.items() for word in (f"--{option}", value)]
    done = run("generate", name, "--out", tmp_path, *arguments, "--verify")
    assert done.code == 0
    assert "✓ PASS" in done.out
    report = xlparity.verify(tmp_path / f"{name}.parity.toml", options=Options(scenarios=0))
    assert report.checks[0].blocks == options["iterations"]
    stored = openpyxl.load_workbook(tmp_path / f"{name}.xlsx")["Training"]["B3"].value
    assert stored == options.get("alpha", {"regressor": 1, "two_layer": 2}[name])


def test_without_a_name_all_workbooks_are_written_and_the_solved_ones_verified(run, tmp_path):
    """The README's first command; the challenge has empty cells, and would not pass before a student has filled them."""
    done = run("generate", "--out", tmp_path, "--verify")
    assert done.code == 0
    assert {path.stem for path in tmp_path.glob("*.xlsx")} == set(course_names())
    passed = re.findall(r"✓ PASS  \S*?(\w+)\.xlsx", done.out)
    assert passed == [name for name in course_names() if name != "wine_challenge"]


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
    steps = reference.train(common.X, common.y, weights, 0.0, 0.5)
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


def test_the_file_is_a_plain_package(each):
    """It opens without a repair prompt: every part is declared, and every relation leads to a part."""
    with zipfile.ZipFile(io.BytesIO(each.read_bytes())) as archive:
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


@pytest.mark.parametrize("name", ["regressor.xlsx", "two_layer.xlsx", "student.xls"])
def test_the_faulty_workbook_overwrites_nothing(tmp_path, run, name):
    """The course's own workbook must not be taken for it, and Excel opens it only if it ends in .xlsx."""
    done = run("generate", "--out", tmp_path, "--faulty", tmp_path / name)
    assert (done.code, list(tmp_path.iterdir())) == (2, [])
    assert done.err.startswith("xlparity: faulty ")


def test_a_faulty_copy_is_of_a_workbook_that_has_mistakes(tmp_path, run):
    """One of the two has; the error says which, and nothing is written."""
    done = run("generate", "two_layer", "--out", tmp_path, "--faulty", tmp_path / "student.xlsx")
    assert (done.code, list(tmp_path.iterdir())) == (2, [])
    assert done.err.rstrip().endswith("name one course workbook with typical mistakes: regressor")


@pytest.mark.libreoffice
def test_the_net_stays_live_in_libreoffice(two_layer_net):
    """Broadcast rows, TANH of a range within SUMPRODUCT and 1-A1^2 in braces are computed by another program alike."""
    options = Options(engines=("libreoffice",), scenarios=5)
    assert xlparity.verify(two_layer_net, options=options).verdict is Verdict.PASS
