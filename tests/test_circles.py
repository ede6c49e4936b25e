"""Circular references in workbooks that have Excel iterate; the values at rest are closed forms of linear equations."""

import json
import math

import numpy as np
import openpyxl
import pytest
from formula_cases import at

import xlparity
from xlparity.engines.registry import find_engine
from xlparity.errors import WorkbookError
from xlparity.excel import ooxml
from xlparity.excel.values import Depends, ErrorValue, Unsupported
from xlparity.excel.workbook import read_workbook
from xlparity.results.report import Verdict

SHEET = "xl/worksheets/sheet1.xml"
SETTLED, ENDLESS, UNCERTAIN = "has not settled after", "does not come to rest", "with which its iteration begins"

# Debt that pays for the interest on the mean of what is owed: B2 = need + interest, B4 = rate * (opening + closing) / 2.
DEBT = {
    "A1": "opening", "B1": 1000, "A2": "closing", "B2": "=B1+B3+B4", "A3": "need", "B3": 200,
    "A4": "interest", "B4": "=B6*B5", "A5": "mean", "B5": "=(B1+B2)/2", "A6": "rate", "B6": 0.1,
}  # fmt: skip


def closing(opening=1000.0, need=200.0, rate=0.1):
    """The closing debt: c = o + n + r (o + c) / 2."""
    return (opening * (1 + rate / 2) + need) / (1 - rate / 2)


@pytest.fixture
def iterated(tmp_path):
    """Writes a workbook that iterates, with the values that it stores for its formulas, and reads it."""

    def written(cells, stored=None, **settings):
        book = openpyxl.Workbook()
        book.active.title = "S"
        for address, content in cells.items():
            book.active[address] = content
        for name, value in {"iterate": True, "iterateCount": 100, "iterateDelta": 0.001, **settings}.items():
            setattr(book.calculation, name, value)
        book.save(path := tmp_path / "book.xlsx")
        parts = ooxml.read_parts(path.read_bytes(), path)
        values = {address: float(value) if type(value) is int else value for address, value in (stored or {}).items()}
        parts[SHEET] = ooxml.write_values(parts[SHEET], values, "S")
        path.write_bytes(ooxml.pack(parts))
        return read_workbook(path)

    return written


@pytest.fixture
def computed(iterated):
    """The values of a workbook that iterates, by address."""

    def values(cells, stored=None, **settings):
        found = find_engine("formulas").load(iterated(cells, stored, **settings)).recalculate({}).values_in(0)
        return {cell.a1: value for cell, value in found.items()}

    return values


def is_refused(value, reason):
    return isinstance(value, Unsupported) and not isinstance(value, Depends) and reason in value.reason


@pytest.mark.parametrize("change", [1e-12, 0.0])
def test_a_circle_comes_to_the_value_at_which_it_rests(computed, change):
    """With a maximum change far below the tolerance Excel shows that value; with none it computes all passes."""
    values = computed(DEBT, iterateDelta=change)
    assert values["B2"] == pytest.approx(closing(), rel=1e-14)
    assert values["B4"] == pytest.approx(0.05 * (1000 + closing()), rel=1e-14)


def test_what_excel_shows_short_of_rest_is_the_other_reading(computed):
    """With the usual maximum change of 0.001 Excel stops before, and by how much is not known to the last digit."""
    value = computed({**DEBT, "C2": "=2*B2"})["C2"]
    assert isinstance(value, Depends)
    assert value.exact == pytest.approx(2 * closing(), rel=1e-14)
    assert 1e-9 < abs(value.rounded - value.exact) < 0.002
    assert "Maximum Change" in value.reason


def test_stored_values_at_rest_are_what_excel_shows(computed):
    """Excel has computed often enough: each time it goes on from the values that it has."""
    at_rest = {"B2": closing(), "B5": (1000 + closing()) / 2, "B4": 0.05 * (1000 + closing())}
    assert computed(DEBT, at_rest)["B2"] == pytest.approx(closing(), rel=1e-14)
    near = {address: value + 1e-4 for address, value in at_rest.items()}
    value = computed(DEBT, near)["B2"]
    assert isinstance(value, Depends)
    assert (value.exact, value.rounded) == (pytest.approx(closing(), rel=1e-14), near["B2"])


@pytest.mark.parametrize(
    ("cells", "stored", "reason"),
    [
        ({"A1": "=A1+1"}, {"A1": 7}, SETTLED),  # a counter
        ({"A1": "=A1+0.0001"}, {"A1": 7}, ENDLESS),  # a counter whose steps are less than Excel's maximum change
        ({"A1": "=1-A1"}, {"A1": 1}, SETTLED),
        ({"A1": "=2*A1+1"}, {"A1": 1}, SETTLED),
        ({"A1": "=A2", "A2": "=A1"}, {"A1": 42, "A2": 42}, UNCERTAIN),  # it keeps what the file stores
        ({"A1": "=A1"}, {}, UNCERTAIN),
        ({"A1": "=MAX(A1,B1)", "B1": 3}, {"A1": 5}, UNCERTAIN),  # the largest value that there ever was
        ({"A1": "=MAX(A1,B1)", "B1": 3}, {}, UNCERTAIN),
        ({"A1": '=IF(A1="on","on","off")'}, {"A1": "on"}, UNCERTAIN),
        ({"A1": "=OR(A1,B1)", "B1": False}, {"A1": True}, UNCERTAIN),  # a latch
        ({"A1": "=IF(A2>100,200,50)", "A2": "=A1"}, {"A1": 200.0, "A2": 200.0}, UNCERTAIN),  # 50 from an empty cell
        ({"A1": "=(A1+2/A1)/2"}, {"A1": -1.5}, UNCERTAIN),  # the root of 2 that is below zero
        ({"A1": "=1/(A2+1)", "A2": "=A1/2"}, {"A1": ErrorValue("#DIV/0!"), "A2": ErrorValue("#DIV/0!")}, UNCERTAIN),
        ({"A1": "=A2*B1", "A2": "=A1/2+1", "B1": "=NOW()"}, {}, "NOW"),
    ],
)  # fmt: skip
def test_what_depends_on_the_past_is_refused(computed, cells, stored, reason):
    """Excel's value depends on how often it has computed, or on what was in the cells; no formula says what that was."""
    values = computed({**cells, "Z1": "=A1&1"}, stored)
    assert is_refused(values["A1"], reason)
    assert is_refused(values["Z1"], reason)


def test_a_circle_that_grows_beyond_all_numbers_has_not_settled(computed):
    """Excel ends at #NUM! after so many passes; the equation has a solution, and no formula is wrong."""
    values = computed({**DEBT, "B6": 10}, iterateCount=1000)
    assert is_refused(values["B2"], SETTLED)
    assert computed({"A1": "=A2*2", "A2": "=LN(-1)+A1"})["A1"] == ErrorValue("#NUM!")  # which has a cause of its own


def test_the_largest_number_of_passes_is_the_workbooks(computed):
    """A counter with one pass is how people number their invoices; a slow circle may need more than the file allows."""
    assert is_refused(computed({"A1": "=A1+1"}, {"A1": 7}, iterateCount=1)["A1"], f"{SETTLED} 1 pass")
    slow = {"A1": "=0.5*A1+1"}
    assert is_refused(computed(slow, iterateCount=5)["A1"], f"{SETTLED} 5 passes")
    assert computed(slow, {"A1": 2}, iterateCount=5)["A1"] == 2.0


def test_a_circle_through_a_branch_that_is_not_taken_has_the_value_of_the_other(computed):
    """The switch with which people turn a circle off."""
    cells = {**DEBT, "B7": 0, "B4": "=IF(B7=1,B6*B5,B6*B1)"}
    assert computed(cells)["B2"] == 1300.0
    assert isinstance(computed({**cells, "B7": 1})["B2"], Depends)


def test_small_values_come_to_rest_as_large_ones_do(computed):
    """A rate is a millionth of the balances in its circle, and all of it may be less than the maximum change."""
    values = computed({"A1": "=1000000000+1000*A2", "A2": "=A1*0.00000000005"}, iterateDelta=1e-14)
    assert values["A2"] == pytest.approx(0.05 / (1 - 5e-8), rel=1e-14)
    value = computed({"A1": "=A1/2+0.000000001"})["A1"]
    assert isinstance(value, Depends)
    assert value.exact == pytest.approx(2e-9, rel=1e-12)
    assert value.rounded < 1.9e-9


def test_errors_and_texts_in_a_circle(computed):
    """An error that the circle makes by itself, whatever it begins with, is its value."""
    values = computed({"A1": "=A2+1", "A2": '=A1/2+"x"', "B1": '=IF(LEN(B1)>=0,"done","never")'})
    assert (values["A1"], values["B1"]) == (ErrorValue("#VALUE!"), "done")


def test_two_circles_and_what_is_between_them(computed):
    """Each settles for itself, in the order in which they depend on one another."""
    values = computed(
        {"A1": "=A2/2+1", "A2": "=A1", "B1": "=A1*10", "C1": "=C2/2+B1", "C2": "=C1", "D1": "=C1+A1", "E1": "=1+1"},
        iterateDelta=1e-13,
    )
    expected = {"A1": 2, "B1": 20, "C1": 40, "D1": 42, "E1": 2}
    assert {address: values[address] for address in expected} == pytest.approx(expected, rel=1e-13)


def test_a_long_circle_is_computed_whichever_way_it_runs(computed):
    """Up the sheet, each formula is computed before its precedents, and what is new comes one cell farther a pass."""
    down = {f"A{row}": f"=A{row - 1}/1.01" for row in range(2, 41)} | {"A1": "=A40+1"}
    up = {f"A{row}": f"=A{row + 1}/1.01" for row in range(1, 40)} | {"A40": "=A1+1"}
    first = 1 / (1 - 1.01**-39)
    assert computed(down, iterateDelta=1e-13, iterateCount=1000)["A1"] == pytest.approx(first, rel=1e-12)
    assert is_refused(computed(up, iterateDelta=1e-13)["A40"], f"{SETTLED} 100 passes")


def test_an_array_formula_and_a_range_on_a_circle(iterated):
    """An array formula is computed as a whole; its cells have stored values of their own."""
    book = iterated({"A1": 4, "B1": "=SUM(C1:C2)/4+A1", "C1": 1, "C2": 2}, iterateDelta=1e-13)
    table = openpyxl.worksheet.formula.ArrayFormula("C1:C2", "=B1*{0.5;0.25}")
    source = openpyxl.load_workbook(book.path)
    source.active["C1"], source.active["C2"] = table, None
    source.save(book.path)
    values = find_engine("formulas").load(read_workbook(book.path)).recalculate({})
    assert values[at("B1")] == pytest.approx(4 / (1 - 0.75 / 4), rel=1e-13)
    assert values[at("C2")] == pytest.approx(values[at("B1")] / 4, rel=1e-13)


def test_every_sample_settles_for_itself(iterated):
    """Of many samples one may diverge, one is switched off, one has a text among its inputs."""
    session = find_engine("formulas").load(iterated({**DEBT, "C2": "=B2-B1"}, iterateDelta=1e-12))
    rates = np.array([0.1, 0.2, 0.0, 3.0])
    column = session.recalculate({at("B6"): rates}, 4)[at("C2")]
    assert column[:3] == pytest.approx([closing(rate=rate) - 1000 for rate in rates[:3]], rel=1e-12)
    assert is_refused(column[3], SETTLED)  # r / 2 > 1
    assert session.recalculate({at("B1"): "x"})[at("C2")] == ErrorValue("#VALUE!")
    held = session.recalculate({at("B4"): np.array([50.0, 60.0])}, 2)  # the circle is cut there
    assert held[at("B2")] == pytest.approx([1250, 1260])


def test_a_sample_settles_alone_as_it_does_among_others(iterated):
    """To the last bit: it stays where it rests, while others go on."""
    session = find_engine("formulas").load(iterated(DEBT, iterateDelta=1e-12))
    rates = np.array([0.0, 0.1, 0.5, 0.9, 1.5, -1.0])
    many = session.recalculate({at("B6"): rates}, len(rates))
    for sample, rate in enumerate(rates):
        assert repr(many.values_in(sample)) == repr(session.recalculate({at("B6"): float(rate)}).values_in(0))


def test_a_formula_on_a_circle_is_judged_on_the_values_of_its_precedents(iterated):
    """All values are held there, and nothing is circular."""
    session = find_engine("formulas").load(iterated(DEBT))
    forced = session.forced({at("B2"): 2.0, at("B4"): 3.0, at("B5"): 5.0}, 1)
    assert (forced[at("B2")], forced[at("B4")], forced[at("B5")]) == (1203.0, 0.5, 501.0)


def test_references_that_values_decide_beside_a_circle(computed):
    """The circle is computed before them, or after them."""
    cells = {**DEBT, "C1": 2, "C2": "=OFFSET(B1,C1-1,0)", "D1": 0.5, "D2": "=D3/2+OFFSET(D1,C1-2,0)", "D3": "=D2"}
    values = computed(cells, iterateDelta=1e-12)
    assert values["C2"] == pytest.approx(closing(), rel=1e-14)
    assert isinstance(values["D2"], Unsupported)  # through the reference itself, it is not computed


def linear(folder, iterate, change=1e-12, rate="0.05"):
    """A spec whose workbook is the debt above, of which ``rate`` of the sum is the interest."""
    book = openpyxl.Workbook()
    for address, content in {**DEBT, "B4": f"=B6/0.1*{rate}*2*B5"}.items():
        book.active[address] = content
    book.calculation.iterate, book.calculation.iterateDelta = iterate, change
    book.save(folder / "debt.xlsx")
    (folder / "debt.py").write_text(
        "def debt(opening, need, rate):\n    closing = (opening * (1 + rate / 2) + need) / (1 - rate / 2)\n"
        "    mean = (opening + closing) / 2\n    return {'closing': closing, 'mean': mean, 'interest': rate * mean}\n"
    )
    (folder / "debt.parity.toml").write_text(
        'workbook = "debt.xlsx"\nreference = "debt.py:debt"\nsheet = "Sheet"\n[inputs]\nopening = "B1"\nneed = "B3"\n'
        'rate = { at = "B6", low = 0.01, high = 0.3 }\n[outputs]\nclosing = "B2"\nmean = "B5"\ninterest = "B4"\n'
    )
    return folder / "debt.parity.toml"


def test_a_circle_is_verified_in_every_scenario(tmp_path):
    """Against the solution of its equation."""
    report = xlparity.verify(linear(tmp_path, iterate=True))
    assert report.verdict is Verdict.PASS
    assert report.checks[0].scenarios.run > 50


def test_a_circle_that_excel_does_not_iterate_fails(tmp_path):
    """The same formulas, and Excel has no value for them."""
    report = xlparity.verify(linear(tmp_path, iterate=False))
    assert report.verdict is Verdict.FAIL
    assert {finding.code for finding in report.checks[0].findings} == {"XP302"}


def test_where_excel_stops_is_not_assessed_unless_the_tolerance_allows_for_it(tmp_path):
    """The value at rest is the reference's; what Excel shows is up to 0.001 away."""
    spec = linear(tmp_path, iterate=True, change=0.001)
    report = xlparity.verify(spec)
    assert report.verdict is Verdict.UNASSESSED
    assert {finding.code for finding in report.checks[0].findings} == {"XP302"}
    assert "set 'Maximum Change'" in report.checks[0].findings[0].message
    allowed = xlparity.Options(atol=0.01)
    assert xlparity.verify(spec, options=allowed).verdict is Verdict.PASS


@pytest.mark.parametrize("change", [1e-12, 0.001])
def test_of_a_wrong_circle_the_wrong_formula_is_found(tmp_path, change):
    """All of its cells differ, and only one formula is wrong on the reference's values."""
    report = xlparity.verify(linear(tmp_path, iterate=True, change=change, rate="0.06"))
    assert report.verdict is Verdict.FAIL
    (finding,) = report.checks[0].findings
    assert [cell.a1 for cell in finding.cells] == ["B4"]
    assert finding.code.startswith("XP1")


@pytest.mark.parametrize(
    ("stored", "counts"),
    [
        ({"B2": closing(), "B5": (1000 + closing()) / 2, "B4": 0.05 * (1000 + closing())}, {"equal": 3}),
        ({"B2": closing() + 1e-4, "B5": (1000 + closing()) / 2, "B4": 0.05 * (1000 + closing())}, {"equal": 2, "unsupported": 1}),
        ({"B2": closing() + 4e-3, "B5": (1000 + closing()) / 2, "B4": 0.05 * (1000 + closing())}, {"equal": 2, "unsupported": 1}),
        ({"B2": 1300, "B5": 1150, "B4": 100}, {"unsupported": 3}),
    ],
)  # fmt: skip
def test_stored_values_of_a_circle_are_held_against_what_it_settles_at(run, iterated, stored, counts):
    """Near rest Excel stops, in an order of its own, and what it stored is not stale.

    An interest of 100 on 1150 is wrong, but there is no value that ``recalc`` could store in its place.
    """
    path = iterated(DEBT, stored).path
    found = json.loads(run("recalc", path, "--check", "--format", "json").out)["counts"]
    assert {name: found[name] for name in counts} == counts


@pytest.mark.parametrize("name", ["iterateCount", "iterateDelta"])
def test_damaged_settings_are_one_clear_error(iterated, name):
    """A limit that is no number leaves open what Excel does."""
    path = iterated({"A1": 1}).path
    parts = ooxml.read_parts(path.read_bytes(), path)
    old = b'iterateCount="100"' if name == "iterateCount" else b'iterateDelta="0.001"'
    assert old in parts["xl/workbook.xml"]
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(old, f'{name}="many"'.encode())
    path.write_bytes(ooxml.pack(parts))
    with pytest.raises(WorkbookError, match="settings of iterative calculation"):
        read_workbook(path)


def test_excel_has_limits_where_the_file_names_none(iterated):
    """ECMA-376 gives the defaults: 100 passes, 0.001."""
    path = iterated({"A1": 1}).path
    parts = ooxml.read_parts(path.read_bytes(), path)
    parts["xl/workbook.xml"] = (
        parts["xl/workbook.xml"].replace(b' iterateCount="100"', b"").replace(b' iterateDelta="0.001"', b"")
    )
    path.write_bytes(ooxml.pack(parts))
    found = read_workbook(path).iteration
    assert (found.passes, found.change) == (100, 0.001)
    assert math.isfinite(found.change)
