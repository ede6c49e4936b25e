"""Data tables of what-if analysis, one and two inputs: each cell is a recalculation with other values in the input cells."""

import json

import numpy as np
import openpyxl
import pytest
from conftest import examples
from formula_cases import PROGRAMS, at
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import DataTableFormula

import xlparity
from xlparity.engines.registry import find_engine
from xlparity.excel import ooxml
from xlparity.excel.contents import DataTable, Formula
from xlparity.excel.values import BLANK, ErrorValue, Unsupported
from xlparity.excel.workbook import read_workbook
from xlparity.results.report import Verdict
from xlparity.settings import Options

# A balance after some years at a rate, and three tables: of rates down, of years across, and of both.
CELLS = {
    "A1": 1000, "A2": 0.05, "A3": 10, "A4": "=1+A2", "A5": "=A1*A4^A3", "A6": "=A5-A1",
    "D1": "=A5", "E1": "=A6", "C2": 0.01, "C3": "=C2*2", "C4": 0.03,
    "C7": "=A5", "D7": 1, "E7": 2, "C8": 0.1, "C9": 0.2,
    "C12": "=A5", "D11": 1, "E11": 2, "F12": "=SUM(D8:E9)", "F13": "=D3*2",
}  # fmt: skip
TABLES = {
    "D2": {"ref": "D2:E4", "dt2D": False, "dtr": False, "r1": "A2"},
    "D8": {"ref": "D8:E9", "dt2D": True, "dtr": True, "r1": "A3", "r2": "A2"},
    "D12": {"ref": "D12:E12", "dt2D": False, "dtr": True, "r1": "A3"},
}


def expected(principal=1000.0):
    """What the formulas of the tables give, by compound interest."""
    down = {f"D{row}": principal * (1 + rate) ** 10 for row, rate in ((2, 0.01), (3, 0.02), (4, 0.03))}
    gains = {f"E{row}": down[f"D{row}"] - principal for row in (2, 3, 4)}
    both = {
        f"{letter}{row}": principal * (1 + rate) ** years
        for letter, years in (("D", 1), ("E", 2))
        for row, rate in ((8, 0.1), (9, 0.2))
    }
    across = {"D12": principal * 1.05, "E12": principal * 1.05**2}
    return {**down, **gains, **both, **across, "F12": sum(both.values()), "F13": 2 * down["D3"]}


def written(folder, cells=None, tables=None, stored=None, sheet="S"):
    """The path of a workbook with these data tables, and the values that it stores."""
    book = openpyxl.Workbook()
    book.active.title = sheet
    for address, content in (CELLS if cells is None else cells).items():
        book.active[address] = content
    for address, about in (TABLES if tables is None else tables).items():
        book.active[address] = DataTableFormula(**about)
    book.save(path := folder / "book.xlsx")
    parts = ooxml.read_parts(path.read_bytes(), path)
    part = "xl/worksheets/sheet1.xml"
    parts[part] = ooxml.write_values(parts[part], stored or {}, sheet)
    path.write_bytes(ooxml.pack(parts))
    return path


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return find_engine("formulas").load(read_workbook(written(tmp_path_factory.mktemp("tables"))))


def values_of(path, overrides=None, engine="formulas"):
    values = find_engine(engine).load(read_workbook(path)).recalculate(overrides or {}).values_in(0)
    return {cell.a1: value for cell, value in values.items()}


def test_the_cells_of_a_table_are_computed_in_every_sample(session):
    """A table follows the inputs that it does not replace."""
    principals = np.array([1000.0, 2000.0, 0.0])
    found = session.recalculate({at("A1"): principals}, 3)
    for sample, principal in enumerate(principals):
        values = found.values_in(sample)
        wanted = expected(principal)
        assert {address: values[at(address)] for address in wanted} == pytest.approx(wanted, rel=1e-14)
        assert values[at("A5")] == pytest.approx(principal * 1.05**10)  # the input cells have their own values again


@pytest.mark.libreoffice
def test_libreoffice_finds_the_same(tmp_path, convert):
    """It reads the tables as MULTIPLE.OPERATIONS, and computes them when it opens a file of its own."""
    own = convert(tmp_path, written(tmp_path), form="fods")
    sheet = openpyxl.load_workbook(convert(tmp_path / "again", own), data_only=True).active
    wanted = expected()
    assert {address: sheet[address].value for address in wanted} == pytest.approx(wanted, rel=1e-13)


@given(
    st.lists(st.floats(-0.5, 2).map(lambda rate: round(rate, 6)), min_size=2, max_size=2),
    st.lists(st.integers(0, 30), min_size=2, max_size=2),
)
@examples(20)
def test_each_cell_is_a_recalculation_with_the_values_beside_it(session, rates, years):
    """Bit for bit: the same formulas are computed."""
    given = dict(zip(map(at, ("C8", "C9", "D7", "E7")), (*rates, *map(float, years)), strict=True))
    table = session.recalculate(given).values_in(0)
    for row, rate in zip((8, 9), rates, strict=True):
        for letter, count in zip("DE", years, strict=True):
            alone = session.recalculate({at("A2"): rate, at("A3"): float(count)})
            assert table[at(f"{letter}{row}")] == alone[at("A5")]


def test_what_is_given_for_a_formula_or_a_cell_of_a_table_counts(session):
    """A formula that is an input is a constant, also while the table is computed."""
    found = session.recalculate({at("A4"): 2.0, at("D12"): 5.0}).values_in(0)
    assert [found[at(address)] for address in ("D2", "D8", "E8", "D12", "E12")] == [
        1024000.0,
        2000.0,
        4000.0,
        5.0,
        4000.0,
    ]


@pytest.mark.parametrize(
    ("cells", "address", "value"),
    [
        ({"D1": 7}, "D3", 7.0),  # a constant in place of the formula
        ({"D1": None}, "D3", 0.0),
        ({"D1": "=A2"}, "D3", 0.02),  # the input cell itself
        ({"D1": "=A9"}, "D3", 0.0),
        ({"D1": '=IF(A2>0.015,"high","low")'}, "D2", "low"),
        ({"D1": "=1/(A2-0.02)"}, "D3", ErrorValue("#DIV/0!")),
        ({"C3": ErrorValue("#N/A")}, "D3", ErrorValue("#N/A")),
        ({"C3": "x"}, "D3", ErrorValue("#VALUE!")),
        ({"A2": "=A3/200"}, "D2", 1000 * 1.01**10),  # a formula in the input cell is replaced for the time
        ({"D1": "=SUM(A1:A3)"}, "D3", 1010.02),
        ({"C1": "=MAX(D2:E4)"}, "D3", 1000 * 1.02**10),  # the corner of a table of one input is no part of it
        ({"D1": "=A5+D12", "C12": "=A1*A3"}, "D3", 1000 * 1.02**10 + 1000),  # another table, which has another input
    ],
)  # fmt: skip
def test_whatever_the_formula_gives_is_in_the_table(tmp_path, cells, address, value):
    """Texts, errors and blanks go through the formula as they do in the input cell."""
    cells = {name: content.code if isinstance(content, ErrorValue) else content for name, content in cells.items()}
    found = values_of(written(tmp_path, {**CELLS, **cells}))[address]
    assert found == (pytest.approx(value, rel=1e-14) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    ("cells", "tables", "reason"),
    [
        ({}, {"del1": True}, "was deleted"),
        ({}, {"r1": None}, "is no reference"),
        ({}, {"r1": "A2:A3"}, "no single cell"),
        ({}, {"r1": "D3"}, "in the table"),
        ({}, {"r1": "C3"}, "in the table"),
        ({}, {"dt2D": True, "dtr": False, "r2": "A3"}, "not in the order"),
        ({}, {"ref": "D2"}, None),
        ({"C3": "=A2*2"}, {}, "values depend on its input cell"),
        ({"A4": "=1+A2+0*RAND()"}, {}, "over S!A4, which has another value in each of its cells"),
        ({"A4": "=1+A2+0*A5"}, {}, "over a circular reference"),
        ({"A4": "=1+OFFSET(A1,A9+1,0)"}, {}, "over a reference that cells decide"),
        ({"C3": '=INDIRECT("A"&A3-8)'}, {}, "over a reference that cells decide"),  # which is the input cell
        ({"A4": "=1+A2+0*D12"}, {}, "over a circular reference"),
        ({"D1": "=A5+D12"}, {}, "over another one"),
        ({"A4": "=1+A2+0*D4"}, {}, "over a circular reference"),
        ({"A4": '=1+A2+0*CELL("width")'}, {}, "CELL"),
    ],
)  # fmt: skip
def test_a_table_whose_values_are_not_certain_is_refused(tmp_path, cells, tables, reason):
    """What Excel stores for it looks like constants, and is not taken for any; what depends on it is refused as well."""
    table = {name: value for name, value in {**TABLES["D2"], **tables}.items() if value is not None}
    path = written(tmp_path, {**CELLS, **cells}, {"D2": table, "D12": TABLES["D12"]}, {"D2": 1, "D3": 2})
    values = values_of(path)
    if reason is None:  # a table of one cell
        assert values["D2"] == pytest.approx(1000 * 1.01**10)
        return
    assert isinstance(values["D2"], Unsupported)
    assert reason in values["D2"].reason
    assert isinstance(values["F13"], Unsupported)


def test_a_blank_among_the_values_concerns_its_own_cells(tmp_path):
    """Whether a formula sees a blank or a zero then is not documented."""
    values = values_of(written(tmp_path, {**CELLS, "C4": None}))
    assert isinstance(values["D4"], Unsupported)
    assert values["D3"] == pytest.approx(1000 * 1.02**10)


def test_a_table_is_one_formula_with_precedents(tmp_path):
    """Excel shows it as {=TABLE(row input,column input)} in each of its cells."""
    book = read_workbook(written(tmp_path))
    assert book.formulas == 10 + len(TABLES)
    assert [str(book.formula(at(cell))) for cell in ("E4", "E9", "D12")] == [
        "{=TABLE(,A2)}",
        "{=TABLE(A3,A2)}",
        "{=TABLE(A3,)}",
    ]
    assert isinstance(book.formula(at("E4")), DataTable)
    assert set(book.graph.precedents(at("E9"))) == set(map(at, ("A2", "A3", "C7", "D7", "E7", "C8", "C9")))
    assert at("D8") in book.graph.after([at("A1")])


@pytest.mark.parametrize(
    "engine",
    PROGRAMS,
)  # fmt: skip
def test_other_engines_leave_tables_open(tmp_path, engine):
    """A program may keep what the file stores."""
    stored = {"D2": 1, "D3": 2, "E3": 3}
    values = values_of(written(tmp_path, stored=stored), engine=engine)
    assert all(isinstance(values[address], Unsupported) for address in ("D2", "D3", "E4", "E9"))
    assert values["A5"] == pytest.approx(1000 * 1.05**10)


def test_stored_values_of_a_table_are_compared_and_replaced(run, tmp_path):
    """All cells of a table are one formula element."""
    path = written(tmp_path, stored=expected() | {"E4": 1.0})
    found = json.loads(run("recalc", path, "--check", "--format", "json").out)
    differing = [result for result in found["cells"] if result["status"] == "differs"]
    assert [result["cell"] for result in differing] == ["S!E4"]
    assert run("recalc", path, "--out", tmp_path / "new.xlsx").code == 0
    assert json.loads(run("recalc", tmp_path / "new.xlsx", "--check", "--format", "json").out)["counts"]["differs"] == 0


REFERENCE = """
def balances(principal, rates):
    growth = {'factor': 1.05, 'balance': principal * 1.05**10}
    return {**growth, 'table': [[principal * (1 + rate)**10 for rate in rates.ravel()]]}
"""


def spec(folder, cells=None, table=None, outputs=("factor", "balance", "table")):
    """A spec of the first table and of what is before it."""
    path = written(folder, {**CELLS, "C3": 0.02, **(cells or {})}, {"D2": {**TABLES["D2"], **(table or {})}})
    (folder / "balances.py").write_text(REFERENCE)
    places = {"factor": '"A4"', "balance": '"A5"', "table": '{ at = "D2:D4", transpose = true }'}
    lines = [f"{name} = {places[name]}" for name in outputs]
    (folder / "book.parity.toml").write_text(
        f'workbook = "{path.name}"\nreference = "balances.py:balances"\nsheet = "S"\n[inputs]\nprincipal = "A1"\n'
        'rates = { at = "C2:C4", low = 0, high = 0.2 }\n[outputs]\n' + "\n".join(lines) + "\n"
    )
    return folder / "book.parity.toml"


def test_a_table_is_verified_in_every_scenario(tmp_path):
    """Both what it reads beside itself and what is before its formula vary."""
    report = xlparity.verify(spec(tmp_path))
    assert report.verdict is Verdict.PASS
    assert report.checks[0].scenarios.run > 50


def test_a_wrong_formula_before_a_table_is_the_cause_and_not_the_table(tmp_path):
    """The table follows from it."""
    report = xlparity.verify(spec(tmp_path, {"A5": "=A1*A4^A3+A1"}))
    assert report.verdict is Verdict.FAIL
    (finding,) = report.checks[0].findings
    assert [cell.a1 for cell in finding.cells] == ["A5"]
    assert finding.affects == 3


@pytest.mark.parametrize("outputs", [("table",), ("factor", "balance", "table")])
def test_a_table_over_another_cell_is_wrong_and_has_no_suggestion(tmp_path, outputs):
    """No part of a data table can be replaced by a formula."""
    report = xlparity.verify(spec(tmp_path, table={"r1": "A3"}, outputs=outputs))
    assert report.verdict is Verdict.FAIL
    assert {cell.a1 for finding in report.checks[0].findings for cell in finding.cells} == {"D2", "D3", "D4"}
    assert all(finding.suggestion is None for finding in report.checks[0].findings)


def test_mutants_change_no_table(tmp_path):
    """There are mutants of the formulas before it."""
    report = xlparity.mutate(spec(tmp_path), options=Options(mutants=30, jobs=1))
    assert report.outcomes
    assert not any("TABLE" in str(outcome.mutant) for outcome in report.outcomes)


def test_an_edit_of_a_formula_reaches_the_table(tmp_path):
    """Suggestions are computed in sessions of edited workbooks."""
    book = read_workbook(written(tmp_path))
    session = find_engine("formulas").load(book)
    new = session.like(book.edited({at("A4"): Formula("=2+A2"), at("C2"): BLANK})).recalculate({})
    assert new[at("D4")] == pytest.approx(1000 * 2.03**10)
    assert isinstance(new[at("D2")], Unsupported)
