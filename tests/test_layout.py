"""A formula as it reads from its cell: what was filled or copied from one cell to another is one form, wherever it stands."""

import re
from collections import defaultdict
from pathlib import Path

import openpyxl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from layouts import LAYOUTS
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter
from planted import at, planted, quantity_map_of

from xlparity.diagnosis.relative import QuantityMap
from xlparity.excel.address import MAX_ROW, parse_range
from xlparity.excel.fill import filled, turned
from xlparity.excel.workbook import Formula, read_workbook
from xlparity.spec.binding import CellMap, Offset, Output
from xlparity.tolerance import Tolerance


def forms(book, quantity_map, *, by_element=False):
    """Of every bound quantity, or element, the forms of its formulas from iteration 2 on, or of the only one."""
    found = defaultdict(set)
    for cell, position in quantity_map.positions.items():
        formula = book.formula(cell)
        last = len(quantity_map.offsets[position.check])
        if formula is not None and position.iteration > (last > 1):
            block = position.check, position.iteration
            key = (
                (position.check, position.variable, position.element)
                if by_element
                else (position.check, position.variable)
            )
            found[key].add(quantity_map.form(book.members.get(cell, cell), formula, block))
    return found


@pytest.fixture(scope="module")
def week(week_one):
    """The week-1 workbook and its quantity map."""
    return quantity_map_of(week_one)


def test_every_quantity_of_the_week_1_workbook_has_one_form(week):
    """22 iterations, samples and features, and History's rows that lie across: a fault shows as a second form."""
    found = forms(*week)
    # A nudged loss reads the column of its own feature, from a row: there is one formula for each of the three.
    one_each = {key: {"loss_plus": 3, "loss_minus": 3}.get(key[1], 1) for key in found}
    assert {key: len(each) for key, each in found.items()} == one_each
    assert len([key for key in found if key[0] == "training"]) == 17
    assert {key[1] for key in found if key[0] == "history"} == {"loss", "W1", "b1", "dW1", "db1", "accuracy", "A1"}


def test_one_cell_that_was_changed_has_a_form_of_its_own(week_one, tmp_path):
    """Its neighbours keep theirs."""
    planted(week_one, tmp_path / "regressor.xlsx", {"I100": "=J93-L94"})
    (tmp_path / week_one.name).write_bytes(week_one.read_bytes())
    found = forms(*quantity_map_of(tmp_path / week_one.name))
    several = {key: len(each) for key, each in found.items() if key[0] != "gradient" and len(each) > 1}
    assert several == {("training", "dz1"): 2}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_form_of_a_formula_is_written_back_as_the_formula(name, tmp_path):
    """Irregular blocks, side by side, transposed, on several sheets, with names: nothing is lost on the way."""
    book, quantity_map = quantity_map_of(LAYOUTS[name]().write(tmp_path))
    seen = 0
    for cell, position in quantity_map.positions.items():
        formula, block = book.formula(cell), (position.check, position.iteration)
        if formula is not None and cell not in book.members:
            assert quantity_map.text_for(quantity_map.form(cell, formula, block), cell, block) == formula.text
            seen += 1
    assert seen > 3


@pytest.mark.parametrize(
    "name", ["stacked_with_one_late", "side_by_side_by_label", "repeated_and_turned", "one_per_sheet"]
)
def test_blocks_at_other_distances_have_the_same_forms(name, tmp_path):
    """A block that stands a row too late, or on another sheet, is filled with the same formulas at other addresses."""
    book, quantity_map = quantity_map_of(LAYOUTS[name]().write(tmp_path))
    found = forms(book, quantity_map, by_element=True)
    assert {key: len(each) for key, each in found.items()} == dict.fromkeys(found, 1)
    assert len(found) > 20
    assert all(len(offsets) > 2 for offsets in quantity_map.offsets.values())


def test_one_cell_s_form_is_written_for_the_others_as_they_stand_there(week):
    """What is suggested for a whole quantity is what somebody has filled in, in every iteration."""
    book, quantity_map = week
    first: dict[tuple[str, str], tuple] = {}
    written = 0
    for cell, position in quantity_map.positions.items():
        formula = book.formula(cell)
        if formula is None or cell in book.members or position.iteration < 2:
            continue
        block = position.check, position.iteration
        form = first.setdefault((position.check, position.variable), quantity_map.form(cell, formula, block))
        assert quantity_map.text_for(form, cell, block) == formula.text
        written += 1
    assert written > 1000


def test_what_is_written_keeps_its_texts_and_spaces_and_equal_forms_need_not(week):
    """A suggestion that changed the words of a formula would be another formula."""
    _, quantity_map = week
    text = '=IF( J30 > 0.5, "Is  large", rate )'
    form = quantity_map.form(at("I30"), Formula(text), ("training", 2))
    assert quantity_map.text_for(form, at("I31"), ("training", 2)) == text.replace("J30", "J31")
    for other, same in (('=if(J30>0.5,"Is  large",RATE)', True), ('=IF(J30>0.5,"is  large",rate)', False)):
        assert (quantity_map.form(at("I30"), Formula(other), ("training", 2)) == form) is same
    assert quantity_map.form(at("I30"), Formula('=IF(J30>0.5,"Is large",rate)'), ("training", 2)) != form


def test_a_form_tells_the_iteration_and_the_quantity(week):
    """The same reference to the block before is one block before in every block, and no quantity is taken for another."""
    _, quantity_map = week
    form = quantity_map.form(at("F114"), Formula("=F107"), ("training", 6))
    assert [(r.to, r.part, r.delta) for r in form.references] == [(("training", "W1_new"), "alike", -1)]
    assert quantity_map.text_for(form, at("F30"), ("training", 2)) == "=F23"
    assert quantity_map.text_for(form, at("F9"), ("training", 1)) is None  # there is no iteration 0
    assert form != quantity_map.form(at("F114"), Formula("=F93"), ("training", 6))  # W1, of the same place in the block
    assert form == quantity_map.form(at("F115"), Formula("=F108"), ("training", 6))
    assert form != quantity_map.form(at("F115"), Formula("=F107"), ("training", 6))


def test_another_sheet_and_another_direction_make_no_difference(week):
    """History lays the weights in a row: the third across is the third down in Training."""
    book, quantity_map = week
    form = quantity_map.form(at("History!C8"), book.formula(at("History!C8")), ("history", 3))
    assert str(book.formula(at("History!C8"))) == "=Training!F51"
    assert quantity_map.text_for(form, at("History!E8"), ("history", 3)) == "=Training!F53"
    assert quantity_map.text_for(form, at("History!D27"), ("history", 22)) == "=Training!F451"


def test_a_quantity_that_the_reference_has_turned_is_the_same_element_by_element(tmp_path):
    """A column that the spec binds with ``transpose`` has its elements in the reference's order, not in the sheet's."""
    book = openpyxl.Workbook()
    for row in range(2):
        for column in range(3):
            book.active.cell(row + 1, column + 1, row * 3 + column)
            book.active.cell(column + 5, row + 1, f"=2*{get_column_letter(column + 1)}{row + 1}")
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "r.py").write_text("def double(x):\n    return {'y': 2 * x}\n")
    spec = tmp_path / "book.parity.toml"
    spec.write_text(
        'workbook = "book.xlsx"\nreference = "r.py:double"\nsheet = "Sheet"\n[inputs]\nx = "A1:C2"\n'
        '[outputs]\ny = { at = "A5:B7", transpose = true }\n'
    )
    found, quantity_map = quantity_map_of(spec)
    every = {quantity_map.form(c, found.formula(c), ("book", 1)) for c in parse_range("Sheet!A5:B7").cells()}
    assert len(every) == 1
    assert next(iter(every)).references[0].part == "alike"


# --- as Excel fills ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> QuantityMap:
    """A map whose one quantity is far from all cells that formulas here refer to."""
    path = Path(tmp_path_factory.mktemp("far")) / "book.xlsx"
    book = openpyxl.Workbook()
    book.create_sheet("Data")
    book.save(path)
    output = Output("y", parse_range("Sheet!ZZ900000"), Tolerance(rtol=1e-9, atol=1e-12))
    cells = CellMap((output,), (Offset(0, 0),), frozenset())
    return QuantityMap(read_workbook(path), [("check", cells, ())])


PLACES = st.tuples(st.integers(31, 60), st.integers(31, 60))  # no move by 29 or less leaves the grid


@st.composite
def references(draw, *, mixed):
    """References as somebody types them; the two ends of a range have their dollars alike, unless ``mixed``."""
    row, column = draw(PLACES)
    rows, columns = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    dollars = [draw(st.sampled_from(["", "$"])) for _ in range(4)]
    if not mixed:
        dollars[2:] = dollars[:2]
    text = f"{dollars[0]}{get_column_letter(column)}{dollars[1]}{row}"
    if rows or columns:
        text += f":{dollars[2]}{get_column_letter(column + columns)}{dollars[3]}{row + rows}"
    return draw(st.sampled_from(["", "Data!", "'Data'!"])) + text


def formulas(*, mixed):
    """A formula with up to three references, among words that look like some."""
    words = st.sampled_from(
        ["=SUM({0})*{1}", "={0}-LOG10({1})", '=IF({0}="A1",{1},{2})', "=ATAN2({0},{2})/{1}", "={0}"]
    )
    three = st.tuples(*[references(mixed=mixed)] * 3)
    return st.builds(lambda text, given: text.format(*given), words, three)


@given(formulas(mixed=True), PLACES, PLACES)
def test_a_formula_is_filled_as_excel_fills_it(formula, here, there):
    """Every ``$`` holds its row or column; openpyxl's own translator is the judge."""
    names = [f"{get_column_letter(column)}{row}" for row, column in (here, there)]
    assume(names[0] != names[1])
    expected = Translator(formula, origin=names[0]).translate_formula(names[1])
    assert filled(formula, there[0] - here[0], there[1] - here[1]) == expected


@given(formulas(mixed=False), PLACES, PLACES)
def test_a_form_is_written_in_another_cell_as_excel_fills_it(far, formula, here, there):
    """Where nothing is bound and there are no blocks, a place is told from the own cell, or from the ``$``."""
    formula = formula.replace("'Data'!", "Data!")
    cells = [at(f"{get_column_letter(column)}{row}", "Sheet") for row, column in (here, there)]
    form = far.form(cells[0], Formula(formula), ("check", 1))
    expected = Translator(formula, origin=cells[0].a1).translate_formula(cells[1].a1)
    assert far.text_for(form, cells[1], ("check", 1)) == expected
    assert far.form(cells[1], Formula(expected), ("check", 1)) == form


@pytest.mark.parametrize(
    ("formula", "rows", "columns", "result"),
    [
        ("=A1", -1, 0, None),
        ("=A1", 0, -1, None),
        ("=$A$1", -1, -1, "=$A$1"),
        (f"=A{MAX_ROW}", 1, 0, None),
        ("=XFD1", 0, 1, None),
        ("=B2:B4", 1, 1, "=C3:C5"),
        ('="A1"&LOG10(A1)', 1, 0, '="A1"&LOG10(A2)'),
        ("=rate*A1", 1, 0, "=rate*A2"),
    ],
)
def test_nothing_is_filled_over_the_edge_of_the_grid(formula, rows, columns, result):
    """Excel has #REF! there; no formula is suggested or planted that could not have been filled in."""
    assert filled(formula, rows, columns) == result


def test_a_dollar_more_or_less_is_put_at_every_reference():
    """All slips of the F4 key there are, one reference or end of a range at a time, with what is to be said of each."""
    found = {new.text: turn.sentence for turn, new in turned(Formula("=A2/SUM($A2:$D2)+Data!$B$3"))}
    assert list(found) == [
        "=A$2/SUM($A2:$D2)+Data!$B$3",
        "=$A2/SUM($A2:$D2)+Data!$B$3",
        "=$A$2/SUM($A2:$D2)+Data!$B$3",
        "=A2/SUM($A$2:$D$2)+Data!$B$3",
        "=A2/SUM(A2:D2)+Data!$B$3",
        "=A2/SUM(A$2:D$2)+Data!$B$3",
        "=A2/SUM($A$2:$D2)+Data!$B$3",
        "=A2/SUM(A2:$D2)+Data!$B$3",
        "=A2/SUM(A$2:$D2)+Data!$B$3",
        "=A2/SUM($A2:$D$2)+Data!$B$3",
        "=A2/SUM($A2:D2)+Data!$B$3",
        "=A2/SUM($A2:D$2)+Data!$B$3",
        "=A2/SUM($A2:$D2)+Data!$B3",
        "=A2/SUM($A2:$D2)+Data!B$3",
        "=A2/SUM($A2:$D2)+Data!B3",
    ]
    assert found["=$A2/SUM($A2:$D2)+Data!$B$3"] == "A2 moved as the formula was filled; it should be $A2"
    assert found["=A2/SUM($A2:$D2)+Data!B3"] == "Data!$B$3 did not move as the formula was filled; it should be Data!B3"
    assert all(
        re.fullmatch(r".+ (moved|did not move) as the formula was filled; it should be .+", s) for s in found.values()
    )
