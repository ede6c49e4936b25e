"""Formulas that are inputs: cut, with their stored values in their place; and the clock of a workbook."""

import json

import openpyxl
import pytest
from formula_cases import PROGRAMS
from test_engines import ArrayFormula

from xlparity.actions.recalc import check_stored
from xlparity.engines.registry import find_engine
from xlparity.excel.address import parse_range
from xlparity.excel.workbook import read_workbook

REFERENCE = """
def f(chance, rate, x):
    return {"y": chance * x, "z": chance * x * rate + 1}
"""
CELLS = {
    "A1": "=RAND()", "B1": 3, "C1": "=VLOOKUP(2,G1:H3,2,FALSE)", "D1": "=A1*B1", "E1": "=D1*C1+1", "F1": "=NOW()",
    "G1": 1, "G2": 2, "G3": 3, "H1": 0.1, "H2": 0.2, "H3": 0.3,
}  # fmt: skip
STORED = {"A1": 0.25, "C1": 0.2}
SPEC = """
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
[inputs]
chance = "A1"
rate = {{ at = "C1", cut = {cut} }}
x = "B1"
[outputs]
y = "D1"
z = "E1"
"""

TWO = """
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
[check.first.inputs]
chance = "A1"
x = "B1"
rate = {{ at = "C1", cut = true }}
[check.first.outputs]
y = "D1"
[check.second]
inputs = {{ x = "H2", rate = "B1", chance = "G1" }}
outputs = {{ c = "C1" }}
""".format()

BLANK = """
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
[inputs]
chance = "A1"
x = { at = "H1:I1", cut = true }
rate = "B1"
[outputs]
y = "D1"
"""


def made(folder, cells=CELLS, stored=STORED, spec=None, cut="true"):
    """The spec of a workbook with these cells, of which some formulas store a value."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "S"
    for address, content in cells.items():
        array = str(content).startswith("{")
        sheet[address.split(":")[0]] = ArrayFormula(address, content[1:-1]) if array else content
    path = folder / "book.xlsx"
    book.save(path)
    store(path, stored)
    (folder / "ref.py").write_text(REFERENCE)
    (folder / "book.parity.toml").write_text(SPEC.format(cut=cut) if spec is None else spec)
    return folder / "book.parity.toml"


def store(path, values):
    """Puts these stored values into the file."""
    from xlparity.excel import ooxml  # noqa: PLC0415

    data = path.read_bytes()
    file = ooxml.Editor(data, path)
    part = file.sheets["S"]
    file[part] = ooxml.write_values(file[part], values, "S")
    path.write_bytes(file.saved())


def test_a_formula_is_taken_as_an_input_and_cut(run, tmp_path):
    """What hangs on it is verified for any value of it; what it computes itself is not, and the report says so."""
    spec = made(tmp_path)
    done = run("verify", spec)
    said = " ".join(done.out.split())
    assert done.code == 0, done.out
    assert "100 scenarios: all 2 cells agree" in said
    assert "XP206 S!A1 of input 'chance' is a formula, whose stored value is taken as the input" in said
    assert "5 formulas in the file: 2 compared, 2 taken as inputs, 1 not covered (S!F1)" in said
    found = json.loads(run("verify", spec, "--format", "json").out)["census"]
    assert (found["formulas"], found["bound"], found["taken"], found["unbound"]) == (5, 2, 2, 1)


@pytest.mark.parametrize(
    "engine",
    [
        "formulas",
        "excelmodel",
        *PROGRAMS,
    ],
)
def test_every_engine_reads_the_value_and_not_the_formula(run, tmp_path, engine):
    """On the stored inputs as well, which other programs read from the file by themselves."""
    done = run("verify", made(tmp_path), "--engine", engine)
    assert done.code == 0, done.out


def test_a_wrong_formula_behind_it_is_found(run, tmp_path):
    """A check of which an input is cut is a check like any other."""
    done = run("verify", made(tmp_path, {**CELLS, "E1": "=D1+C1+1"}))
    assert done.code == 1
    assert "fix =D1*C1+1" in " ".join(done.out.split())


def test_constants_beside_a_formula_that_is_cut_are_inputs_as_ever(run, tmp_path):
    """Wherever in the range the formula is."""
    (inputs, at) = 'chance = "G1"\nrate = "G2"\nx = { at = "B1:D1", cut = true }', "B2:D2"
    spec = f'workbook = "book.xlsx"\nreference = "ref.py:f"\nsheet = "S"\n[inputs]\n{inputs}\n[outputs]\ny = "{at}"\n'
    cells = {"B1": 3, "C1": "=VLOOKUP(2,G1:H3,2,FALSE)", "D1": 4, "G1": 1, "G2": 2, "G3": 3, "H2": 0.2}
    done = run("verify", made(tmp_path, cells | {f"{c}2": f"=$G$1*{c}1" for c in "BCD"}, {"C1": 0.2}, spec))
    assert done.code == 0, done.out + done.err
    assert "1 taken as an input" in " ".join(done.out.split())


def test_of_several_formulas_that_are_cut_the_first_is_named(run, tmp_path):
    """With how many more there are."""
    (inputs, at) = 'chance = "G1"\nrate = "G2"\nx = { at = "B1:D1", cut = true }', "B2:D2"
    spec = f'workbook = "book.xlsx"\nreference = "ref.py:f"\nsheet = "S"\n[inputs]\n{inputs}\n[outputs]\ny = "{at}"\n'
    cells = {"B1": 3, "C1": "=VLOOKUP(2,G1:H3,2,FALSE)", "D1": "=VLOOKUP(1,G1:H3,2,FALSE)", "G1": 1, "G2": 2, "H1": 4}
    spec = made(tmp_path, cells | {f"{c}2": f"=$G$1*{c}1" for c in "BCD"}, {"C1": 0.2, "D1": 4}, spec)
    findings = json.loads(run("verify", spec, "--format", "json").out)["checks"][0]["findings"]
    (finding,) = (finding for finding in findings if finding["code"] == "XP206")
    assert finding["message"].startswith("S!C1 and 1 more of input 'x' is a formula")
    assert finding["formula"] == "=VLOOKUP(2,G1:H3,2,FALSE)"


def test_an_input_that_is_not_cut_follows_what_it_depends_on(run, tmp_path):
    """A copy of an input, and a formula of one, change with it: setting such a cell alone would make a right cell wrong."""
    cells = {"A1": 2, "C1": "=A1*2", "B1": 3, "D1": "=A1*B1", "E1": "=D1*C1+1"}
    assert run("verify", made(tmp_path, cells, {"C1": 4}, cut="false")).code == 0
    # But nothing shows that a formula which ignores it is right.
    done = run("verify", made(tmp_path, {**cells, "E1": "=D1*(A1*2)+1"}, {"C1": 4}, cut="false"))
    assert done.code == 2
    assert "nothing shows that the formulas depend on it" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stored": {"C1": 0.2}}, "book.parity.toml:6: input 'chance' takes what is stored for the formula of S!A1, and nothing"),
        ({"spec": BLANK}, "7: check 'book': input 'x' needs a number in S!I1 of {book}, which contains (blank)"),
        ({"spec": TWO}, "8: input 'rate' cuts the formula of S!C1, which output 'c' compares"),
        ({"spec": "clock = { now = 12 }" + SPEC.format(cut="true")}, "1: 'now' of [clock] is a date, or a date and a time"),
        ({"spec": "clock = { now = 1492-01-01 }" + SPEC.format(cut="true")}, "1: 'now' of [clock] is a date"),
        ({"spec": "clock = { when = 1992-01-01 }" + SPEC.format(cut="true")}, "1: unknown key 'when'"),
        ({"spec": "clock = 1992-01-01" + SPEC.format(cut="true")}, "[clock] is a table such as"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_one_error(run, tmp_path, change, said):
    """With the line of the spec, and before anything is computed."""
    done = run("verify", made(tmp_path, **change))
    assert (done.code, done.out) == (2, "")
    assert said.replace("{book}", str(tmp_path / "book.xlsx")) in " ".join(done.err.split())


def test_of_an_array_formula_every_cell_is_cut(run, tmp_path):
    """One cell of it alone cannot be."""
    cells = {"A1:B1": "{=RAND()*{1,12}}", "C1": 0.2, "D1": "=A1*B1", "E1": "=D1*C1+1"}
    done = run("verify", made(tmp_path, cells, {"A1": 0.25, "B1": 3.0}))
    assert done.code == 0, done.out
    assert "taken as inputs" in done.out


def test_an_array_formula_is_cut_as_a_whole(run, tmp_path):
    """Else the cells that no input names would be constants that nobody chose."""
    cells = {"A1:A2": "{=RAND()*{1;12}}", "B1": 3.0, "C1": 0.2, "D1": "=A1*B1", "E1": "=D1*C1+1"}
    done = run("verify", made(tmp_path, cells, {"A1": 0.25, "A2": 3.0}, cut="false"))
    assert done.code == 2
    assert "input 'chance' cuts the array formula of S!A1:A2, of which S!A2 is no input; name all of it" in " ".join(
        done.err.split()
    )


CLOCK = """
clock = {{ now = {} }}
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
inputs = {{ x = "B1" }}
outputs = {{ y = "D1" }}
"""


@pytest.mark.parametrize("moment", ["2024-01-31T12:00:00", '"2024-01-31 12:00"'])
@pytest.mark.parametrize(
    "engine",
    ["formulas", *PROGRAMS],
)
def test_the_clock_of_a_spec_is_the_workbook_s(run, tmp_path, engine, moment):
    """So a workbook of today's date is verified tomorrow as well."""
    spec = made(tmp_path, {"B1": 2, "D1": '=B1*(now( )+TODAY()+LEN("NOW()"))'}, {}, CLOCK.format(moment))
    (tmp_path / "ref.py").write_text("def f(x):\n    return {'y': x * (45322.5 + 45322 + 5)}\n")
    done = run("verify", spec, "--engine", engine)
    assert done.code == 0, done.out


def test_a_date_is_another_number_in_the_other_date_system(run, tmp_path):
    """Where dates count from 1904, each is 1,462 less."""
    spec = made(tmp_path, {"B1": 2, "D1": "=B1*TODAY()"}, {}, CLOCK.format("2024-01-31"))
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "ref.py").write_text("def f(x):\n    return {'y': x * (45322 - 1462)}\n")
    assert run("verify", spec).code == 0


def test_recalc_has_no_clock_and_keeps_what_is_stored(tmp_path):
    """What the spec says is no matter of the file."""
    made(tmp_path)
    report, _ = check_stored(tmp_path / "book.xlsx")
    status = {result.cell.a1: result.status for result in report.results}
    assert (status["A1"], status["C1"], status["F1"]) == ("taken", "equal", "unsupported")


def test_a_workbook_that_takes_values_is_a_workbook(tmp_path):
    """Its graph ends at the cells that were cut, and its file is the one that was read."""
    made(tmp_path)
    book = read_workbook(tmp_path / "book.xlsx")
    cell = parse_range("A1", "S").first
    taken = book.taking({cell: 0.5})
    assert (taken.taken, taken.digest, taken.formulas) == ({cell: "=RAND()"}, book.digest, book.formulas - 1)
    assert find_engine("formulas").load(taken).recalculate({})[parse_range("D1", "S").first] == 1.5
