"""Reading and patching files: nothing is lost without a word, and nothing is changed that was not meant."""

import datetime
import math
import re
import warnings
import zipfile

import openpyxl
import pytest
from conftest import examples
from formula_cases import PROGRAMS
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from xlparity.engines.registry import find_engine
from xlparity.errors import WorkbookError
from xlparity.excel import ooxml
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.fill import filled
from xlparity.excel.ooxml import pack, write_values
from xlparity.excel.values import BLANK, ErrorValue, Unsupported
from xlparity.excel.workbook import Formula, read_workbook

SHEET = "xl/worksheets/sheet1.xml"


def sheet_of(*cells: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        + "".join(cells)
        + "</row></sheetData></worksheet>"
    ).encode()


def file_with(folder, cells, patch=None):
    """A workbook with these cells, its sheet's XML patched by pairs of old and new."""
    book = openpyxl.Workbook()
    for address, value in cells.items():
        book.active[address] = value
    path = folder / "book.xlsx"
    book.save(path)
    if patch:
        parts = ooxml.read_parts(path.read_bytes(), path)
        for old, new in patch:
            assert old in parts[SHEET], parts[SHEET]
            parts[SHEET] = parts[SHEET].replace(old, new)
        path.write_bytes(pack(parts))
    return path


def test_constants_keep_their_type_and_every_bit(tmp_path):
    """Absent, zero, blank and error are four things, and 1e-20 is not 0."""
    cells = {
        "A1": 1e-20,
        "A2": 0,
        "A3": "text",
        "A4": True,
        "A5": "#N/A",
        "A7": 0.3,
        "A8": datetime.datetime(2026, 11, 24),
    }
    path = file_with(tmp_path, cells, [(b"<v>0.3</v>", b"<v>0.30000000000000004</v>")])  # openpyxl writes 16 digits
    book = read_workbook(path)
    held = {cell.a1: value for cell, value in book.cells.items()}
    assert held == {
        "A1": 1e-20, "A2": 0.0, "A3": "text", "A4": True, "A5": ErrorValue("#N/A"), "A7": 0.30000000000000004, "A8": 46350.0,
    }  # fmt: skip
    assert type(held["A2"]) is float


def test_a_time_of_day_is_the_serial_number_that_the_file_has(tmp_path):
    """openpyxl makes a time of it and rounds that; the raw number is exact."""
    path = file_with(tmp_path, {"A1": datetime.datetime(2026, 11, 24, 12, 34, 56)})
    [stored] = ooxml.scan(ooxml.read_parts(path.read_bytes(), path)[SHEET], "sheet").cells
    assert read_workbook(path).cells[Cell("Sheet", 1, 1)] == float(stored.value)


def test_the_members_of_an_array_area_are_no_constants(tmp_path):
    """Excel stores the results there as plain values; taken for constants, they would hide the formula."""
    path = file_with(
        tmp_path,
        {"A1": 1, "A2": 2, "B1": ArrayFormula("B1:B2", "=A1:A2*2"), "B2": 99},
    )
    book = read_workbook(path)
    assert book.members == {Cell("Sheet", 2, 2): Cell("Sheet", 1, 2)}
    assert Cell("Sheet", 2, 2) not in book.cells
    assert str(book.formula(Cell("Sheet", 2, 2))) == "{=A1:A2*2}"
    assert book.formulas == 1


@pytest.mark.parametrize(
    ("hidden", "value"), [(b"<f>A1+1</f><v>9</v>", 2.0), (b"<v>7</v>", 7.0)], ids=["a formula", "a constant"]
)
@pytest.mark.parametrize(
    "engine",
    ["formulas", *PROGRAMS],
)
def test_what_is_hidden_under_a_merged_cell_is_computed_with(tmp_path, hidden, value, engine):
    """Nobody sees it, but Excel keeps it, and formulas that refer to it read it; openpyxl drops it."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"], book.active["C1"] = 1, 5, "=B1"
    path = tmp_path / "merged.xlsx"
    book.save(path)
    parts = ooxml.read_parts(path.read_bytes(), path)
    parts[SHEET] = re.sub(rb'<c r="B1"[^>]*>.*?</c>', b'<c r="B1">' + hidden + b"</c>", parts[SHEET])
    parts[SHEET] = parts[SHEET].replace(
        b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    )
    path.write_bytes(pack(parts))
    read = read_workbook(path)
    assert find_engine(engine).load(read).recalculate({}).values_in(0)[Cell("Sheet", 1, 3)] == value
    assert read.formulas == 1 + (b"<f>" in hidden)


def test_an_empty_formula_and_a_data_table_are_refused(tmp_path):
    """Both are counted by the file and computed by nobody here."""
    path = file_with(tmp_path, {"A1": 1, "B1": "=A1"}, [(b"<f>A1</f>", b"<f></f>")])
    book = read_workbook(path)
    assert isinstance(book.cells[Cell("Sheet", 1, 2)], Unsupported)
    table = b'<f t="dataTable" ref="B1:B1" dt2D="0" dtr="0" r1="A1"/>'
    book = read_workbook(file_with(tmp_path, {"A1": 1, "B1": "=A1"}, [(b"<f>A1</f>", table)]))
    assert isinstance(book.cells[Cell("Sheet", 1, 2)], Unsupported)


def test_shared_formulas_are_read_for_every_cell(tmp_path):
    """Excel writes a filled column as one formula and marks."""
    shared = b'<f t="shared" ref="B1:B3" si="0">A1*2</f>'
    mark = b'<f t="shared" si="0"/>'
    path = file_with(
        tmp_path,
        {"A1": 1, "A2": 2, "A3": 3, "B1": "=A1*2", "B2": "=A2*22", "B3": "=A3*222"},
        [(b"<f>A1*2</f>", shared), (b"<f>A2*22</f>", mark), (b"<f>A3*222</f>", mark)],
    )
    book = read_workbook(path)
    assert [book.cells[Cell("Sheet", row, 2)] for row in (1, 2, 3)] == [Formula(f"=A{row}*2") for row in (1, 2, 3)]


def test_a_text_that_begins_with_an_equals_sign_is_no_formula(week_one):
    """The guide shows formulas as texts; computed, they would be compared with nothing."""
    book = read_workbook(week_one.with_name("regressor.xlsx"))
    assert "=1/(1+EXP(-I9))" in {value for cell, value in book.cells.items() if cell.sheet == "Guide"}
    assert not any(isinstance(value, Formula) for cell, value in book.cells.items() if cell.sheet == "Guide")


def test_a_stray_cell_in_the_last_corner_does_not_keep_us_waiting(tmp_path):
    """One cell at XFD1048576 makes a walk over the grid run for ever."""
    path = file_with(tmp_path, {"A1": 3, "XFD1048576": 1})
    assert len(read_workbook(path).cells) == 2


def test_two_elements_for_one_cell_are_refused():
    """Two readers would disagree on which counts."""
    with pytest.raises(WorkbookError, match="A1"):
        ooxml.scan(sheet_of('<c r="A1"><v>1</v></c>', '<c r="A1"><v>2</v></c>'), "sheet")


ELEMENTS = st.sampled_from(
    [
        '<c r="{r}"><f>A1+1</f></c>',
        '<c r="{r}" s="3"><f>A1+1</f><v></v></c>',
        '<c r="{r}" t="str" s="3"><f>A1&amp;"x"</f><v>old</v></c>',
        '<c r="{r}" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c s="1" r="{r}"/>',
        '<c r="{r}"></c>',
        '<c r="{r}" t="inlineStr"><is><t>a &lt; b</t></is></c>',
        "<c r='{r}' t='b'><f/><v>1</v></c>",
        '<c r="{r}"><f t="shared" si="0"/><v/><extLst/></c>',
    ]
)
VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1),
    st.just(ErrorValue("#NUM!")),
    st.just(BLANK),
)


@examples(100)
@given(st.lists(st.tuples(ELEMENTS, VALUES), min_size=1, max_size=6), st.data())
def test_writing_values_changes_the_values_and_nothing_else(cells, data):
    """The stored value is what was written, and taking it out again leaves what stood around it, byte for byte."""
    named = [(f"{'ABCDEF'[k]}1", element, value) for k, (element, value) in enumerate(cells)]
    xml = sheet_of(*(element.format(r=address) for address, element, _ in named))
    chosen = data.draw(st.sets(st.sampled_from([address for address, _, _ in named])))
    written = write_values(xml, {a: value for a, _, value in named if a in chosen}, "sheet")
    stored = stored_values(written)
    for address, element, value in named:
        if address not in chosen:
            assert element.format(r=address).encode() in written
        elif value is BLANK:
            assert address not in stored
        else:
            assert stored[address] == expected_text(value)
    blanked = write_values(xml, dict.fromkeys(chosen, BLANK), "sheet")
    assert write_values(written, dict.fromkeys(chosen, BLANK), "sheet") == blanked


def stored_values(xml):
    from xml.etree import ElementTree  # noqa: PLC0415

    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return {
        cell.attrib["r"]: (cell.attrib.get("t", "n"), cell.findtext(f"{main}v"))
        for cell in ElementTree.fromstring(xml).iter(f"{main}c")
        if cell.find(f"{main}v") is not None
    }


def expected_text(value):
    if isinstance(value, bool):
        return "b", str(int(value))
    if isinstance(value, float):
        assert math.isfinite(value)
        return "n", repr(value)
    return ("e", value.code) if isinstance(value, ErrorValue) else ("str", value)


NEW = '<c r="{}"><v>1.0</v></c>'


@pytest.mark.parametrize(
    ("rows", "address", "written"),
    [
        ('<row r="2"><c r="B2"/></row>', "A2", f'<row r="2">{NEW.format("A2")}<c r="B2"/></row>'),
        ('<row r="2"><c r="B2"/></row>', "C2", f'<row r="2"><c r="B2"/>{NEW.format("C2")}</row>'),
        ('<row r="2" ht="9"/>', "C2", f'<row r="2" ht="9">{NEW.format("C2")}</row>'),
        ('<row r="2"></row>', "C2", f'<row r="2">{NEW.format("C2")}</row>'),
        ('<row r="2"/>', "C1", f'<row r="1">{NEW.format("C1")}</row><row r="2"/>'),
        ('<row r="2"/>', "C3", f'<row r="2"/><row r="3">{NEW.format("C3")}</row>'),
        ("", "C3", f'<row r="3">{NEW.format("C3")}</row>'),
    ],
)
def test_a_value_without_a_cell_is_given_one_in_its_place(rows, address, written):
    """A member of an array area need not have an element, and Excel reads rows and cells in ascending order only."""
    page = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
    assert write_values(page.format(rows).encode(), {address: 1.0}, "sheet") == page.format(written).encode()
    if not rows:
        closed = page.replace("<sheetData>{}</sheetData>", "<sheetData/>").encode()
        assert write_values(closed, {address: 1.0}, "sheet") == page.format(written).encode()


def test_prefixed_elements_are_written_with_their_prefix():
    """Other programs than Excel write <x:c>; a plain <v> inside would be in no namespace."""
    page = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row r="1">'
        '<x:c r="A1">{}</x:c>{}</x:row></x:sheetData></x:worksheet>'
    )
    written = write_values(page.format("<x:f>1+1</x:f><x:v>3</x:v>", "").encode(), {"A1": 2.0, "B1": "a&b "}, "sheet")
    text = '<x:c r="B1" t="str"><x:v xml:space="preserve">a&amp;b </x:v></x:c>'
    assert written == page.format("<x:f>1+1</x:f><x:v>2.0</x:v>", text).encode()


def test_xml_in_another_encoding_is_not_patched():
    """Bytes of UTF-8 in the midst of UTF-16 would damage the file."""
    with pytest.raises(WorkbookError, match="UTF-8"):
        write_values('<?xml version="1.0" encoding="UTF-16"?><worksheet/>'.encode("utf-16"), {"B7": 1.0}, "sheet")


@pytest.mark.parametrize("text", [b'B1+"x', b"B1+[x", b"FOO(", b"B1+&lt;&gt;"])
def test_a_formula_that_cannot_be_taken_apart_is_unsupported_and_the_others_are_read(tmp_path, text):
    """openpyxl gives up the whole file where it cannot move a shared formula from cell to cell."""
    cells = {"A1": "=B1", "A2": "=B2", "A3": "=B1*2", "B1": 1, "B2": 2}
    shared = [
        (b"<f>B1</f>", b'<f t="shared" ref="A1:A2" si="0">' + text + b"</f>"),
        (b"<f>B2</f>", b'<f t="shared" si="0"/>'),
    ]
    book = read_workbook(file_with(tmp_path, cells, shared))
    values = find_engine("formulas").load(book).recalculate({})
    found = {cell.a1: value for cell, value in values.items()}
    assert isinstance(found["A1"], Unsupported)
    assert isinstance(found["A2"], Unsupported)
    assert found["A3"] == 2.0
    assert book.formulas == 3


def test_a_dynamic_array_formula_fills_its_area_and_no_other(tmp_path):
    """Excel marks it in the cell's metadata; were its result of another size, it would fill other cells than the file says."""
    cells = {"A1": "=B1", "B1": 1, "B2": 2, "B3": 3, "C1": "=A1+A2+A3"}
    for area, fits in (("A1:A3", True), ("A1:A2", False)):
        patch = [
            (b'<c r="A1">', b'<c r="A1" cm="1">'),
            (b"<f>B1</f>", f'<f t="array" ref="{area}">B1:B3*2</f>'.encode()),
        ]
        book = read_workbook(file_with(tmp_path, cells, patch))
        assert book.formula(Cell("Sheet", 1, 1)).spills
        found = {cell.a1: value for cell, value in find_engine("formulas").load(book).recalculate({}).items()}
        assert (found["C1"] == 12.0) is fits
        assert isinstance(found["A1"], Unsupported) is not fits


def test_cells_over_which_a_volatile_formula_spills_belong_to_it(tmp_path):
    """Excel gives them formula elements of their own, without a text; each is counted, and none is a formula."""
    cells = {"A1": "=B1", "A2": "=B2", "B1": 1, "B2": 2}
    patch = [
        (b'<c r="A1">', b'<c r="A1" cm="1">'),
        (b"<f>B1</f>", b'<f t="array" ref="A1:A2" ca="1">B1:B2*2</f>'),
        (b"<f>B2</f>", b'<f ca="1"/>'),
    ]
    book = read_workbook(file_with(tmp_path, cells, patch))
    found = {cell.a1: value for cell, value in find_engine("formulas").load(book).recalculate({}).items()}
    assert (book.formulas, found["A1"], found["A2"]) == (2, 2.0, 4.0)


def test_the_cells_of_a_data_table_are_refused(tmp_path):
    """What Excel last made of it stands there as plain numbers, and is no constant to go by."""
    cells = {"A1": "=B1", "A2": 7, "A3": 8, "B1": 1, "C1": "=A2+1", "C2": "=B1+1"}
    patch = [(b"<f>B1</f>", b'<f t="dataTable" ref="A1:A3" dt2D="0" dtr="0" r1="B1"/>')]
    book = read_workbook(file_with(tmp_path, cells, patch))
    found = {cell.a1: value for cell, value in find_engine("formulas").load(book).recalculate({}).items()}
    assert isinstance(found["C1"], Unsupported)
    assert found["C2"] == 2.0


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ('<c r="A1">\n <f>1+1</f>\n <v>3</v>\n</c>', '<c r="A1">\n <f>1+1</f><v>2.0</v>\n \n</c>'),
        ('<c r="A1"><!-- <v>9</v> --><f>1+1</f></c>', '<c r="A1"><!-- <v>9</v> --><f>1+1</f><v>2.0</v></c>'),
        (
            '<c r="A1"><f><![CDATA[IF(1>0,"</f>x",1)]]></f></c>',
            '<c r="A1"><f><![CDATA[IF(1>0,"</f>x",1)]]></f><v>2.0</v></c>',
        ),
        ('<c foo="a>b" r="A1" t=\'str\'><f>1</f></c>', '<c foo="a>b" r="A1"><f>1</f><v>2.0</v></c>'),
        (
            '<c r="A1"><f>1</f><v>3</v><extLst><v>8</v></extLst></c>',
            '<c r="A1"><f>1</f><v>2.0</v><extLst><v>8</v></extLst></c>',
        ),
        ('<c r="A1" vm="1" cm="1" t="e"><f>1</f><v>#N/A</v></c>', '<c r="A1" cm="1"><f>1</f><v>2.0</v></c>'),
        ("<c><f>1</f></c><c/>", "<c><f>1</f><v>2.0</v></c><c/>"),
    ],
)
def test_a_value_is_written_behind_its_formula_and_nowhere_else(cell, written):
    """Excel minds the order of what stands in a cell, and what looks like a value may be a comment or part of a formula."""
    assert write_values(sheet_of(cell), {"A1": 2.0}, "sheet") == sheet_of(written)


def test_many_cells_without_elements_are_written_in_one_go():
    """An array formula over a large block has one element in the file, and thousands of cells to fill."""
    values = {f"A{row}": 1.0 for row in range(2, 30_002)}
    assert write_values(sheet_of('<c r="A1"/>'), values, "sheet").count(b"<v>1.0</v>") == 30_000


def test_a_package_with_two_parts_of_one_name_is_refused(tmp_path):
    """Two readers would see two workbooks."""
    path = file_with(tmp_path, {"A1": 1})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(SHEET, sheet_of())
    with pytest.raises(WorkbookError, match=f"two parts of one name, {SHEET}"):
        read_workbook(path)


def with_sheet(folder, xml, name="book.xlsx"):
    """A workbook whose one sheet is this XML."""
    path = file_with(folder, {"A1": 1})
    parts = ooxml.read_parts(path.read_bytes(), path)
    path = folder / name
    path.write_bytes(pack({**parts, SHEET: xml}))
    return path


CHOICE = (
    '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    '<mc:Choice Requires="x">{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>'
)
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"

# What is in the rows of a sheet, and what is said of it: two programs that read it would see two workbooks.
TWO_READINGS = [
    (f'<row r="1"><c r="A1">{CHOICE.format("<v>1</v>", "<v>2</v>")}</c></row>', "cell A1 has <AlternateContent> in it"),
    (f'<row r="1"><c r="A1" t="inlineStr"><is>{CHOICE.format("<t>a</t>", "<t>b</t>")}</is></c></row>',
     "cell A1 has <AlternateContent> in it"),
    (CHOICE.format('<row r="1"/>', '<row r="2"/>'), "the table of rows has <AlternateContent> in it"),
    (f'<row r="1"><c r="A1"><v>5</v><s:f xmlns:s="{STRICT}">2+2</s:f></c></row>',
     "an element <f> in the other namespace of Excel's, plain or Strict"),
    ('<row r="1"><c r="A1"><x/></c></row>', "cell A1 has an element <x>"),
    (f'<row r="{"9" * 5000}"/>', "row 999999999 is not on the grid, which ends at row 1048576"),
    ('<row r="1"><c r="A1"><f>1+1</f><f>2+2</f></c></row>', "cell A1 has two <f>"),
    ('<row r="1"><c r="A1"><v>1</v><v>2</v></c></row>', "cell A1 has two <v>"),
    ('<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is><is><t>b</t></is></c></row>', "cell A1 has two <is>"),
    ('<row r="1"><c r="A1"><is><t>a</t></is><v>2</v></c></row>', "cell A1 has <is> beside <v>"),
    ('<row r="1"><c r="A1" t="str"><f>B1</f><v>2</v><is><t>a</t></is></c></row>', "cell A1 has <v> beside <is>"),
    ('<row r="1"><c r="A1"><f>1+<b/>1</f></c></row>', "cell A1 has an element <b> inside its <f>"),
    ('<row r="1"><c r="A1"><v>1<b>2</b></v></c></row>', "cell A1 has an element <b> inside its <v>"),
    ('<row r="1"><c r="A1"><f>1+<!-- 9 -->1</f></c></row>', "cell A1 has a comment or an instruction inside its <f>"),
    ('<row r="1"><c r="A1"><f>1+<?php 9?>1</f></c></row>', "cell A1 has a comment or an instruction inside its <f>"),
    ('<row r="4"><c r="B5"><v>1</v></c></row>', "cell B5 is in row 4"),
    ('<row r="4"><c r="B5"/></row>', "cell B5 is in row 4"),
    ('<row><c r="B5"/><c r="C6"><v>1</v></c></row>', "cell C6 is in row 5"),
    ('<row r="1"><c r="A1"><v>1</v></c><c r="A1" s="0"/></row>', "cell A1 is there twice"),
    ('<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="B2"><v>1</v></c></row>', "row 2 is there twice"),
    ('<row r="2"/><row r="3"/><row r="2"><c r="B2"><v>1</v></c></row>', "row 2 is after row 3"),
    ('<row r="0"/>', "row 0 is not on the grid"),
    ('<row r="1"><c r="XFE1"><v>1</v></c></row>', "cell XFE1 is not on the grid"),
    ('<c r="A1"><v>1</v></c>', "cell A1 is in no row"),
    ('<row r="1"><c r="A1"/><x:c xmlns:x="y" r="B1"><v>1</v></x:c></row>', "row 1 has an element <c> that is no cell"),
    ('<row r="1"/></sheetData><sheetData><row r="2"/>', "the sheet has two tables of rows"),
    (
        '</sheetData><extLst><ext uri="x"><row r="1"><c r="A1"><v>1</v></c></row></ext></extLst><sheetData>',
        "cell A1 is not in the sheet's table of rows",
    ),
    (
        '<row r="1"><c r="A1"><f t="shared" si="0" ref="A1:A2">1</f></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0" ref="A1:A2">2</f></c></row>',
        "cell A2 defines the shared formula 0, which is defined already",
    ),
    (
        '<row r="1"><c r="A1"><f t="shared" si="0">3*B1</f></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0" ref="A1:A2">2*B2</f></c></row>',
        "cell A1 has the shared formula 0, which no cell before it defines",
    ),
    ('<row r="1"><c r="A1"><f t="shared" ref="A1:A2">1</f></c></row>', "cell A1 has a shared formula without a number"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "said"), TWO_READINGS)
def test_a_sheet_that_two_programs_read_differently_is_refused_with_the_place(tmp_path, rows, said):
    """A cell would be called right by one formula, while Excel computes another."""
    xml = sheet_of().replace(b'<row r="1"></row>', rows.encode())
    with pytest.raises(WorkbookError, match=re.escape(f"book.xlsx: sheet 'Sheet': {said}")) as raised:
        read_workbook(with_sheet(tmp_path, xml))
    assert "programs read in different ways; let Excel repair it" in str(raised.value)


@pytest.mark.parametrize(
    ("part", "kind", "first"),
    [
        ("xl/book2.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", "xl/workbook.xml"),
        ("xl/texts2.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml",
         "xl/sharedStrings.xml"),
    ],
)  # fmt: skip
def test_a_part_that_only_its_content_type_makes_the_workbook_or_its_texts_is_refused(tmp_path, part, kind, first):
    """openpyxl finds these two by their types and Excel by the relations: a right workbook hid a wrong one."""
    path = file_with(tmp_path, {"A1": "text"})
    parts = ooxml.read_parts(path.read_bytes(), path)
    rels = "xl/_rels/workbook.xml.rels"
    if first not in parts:  # openpyxl writes none where there are numbers only
        parts[first] = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
        relation = f'<Relationship Id="t" Type="http://x/sharedStrings" Target="/{first}"/></Relationships>'.encode()
        parts[rels] = parts[rels].replace(b"</Relationships>", relation)
    types = parts["[Content_Types].xml"]
    override = f'<Override PartName="/{part}" ContentType="{kind}"/>'.encode()
    at = types.index(b"<Override")
    path.write_bytes(pack({**parts, part: parts[first], "[Content_Types].xml": types[:at] + override + types[at:]}))
    with pytest.raises(WorkbookError, match=re.escape(f"gives {part} the type that {first} has by its relation")):
        read_workbook(path)


def test_an_array_formula_without_an_area_is_not_computed(tmp_path):
    """It is in no file that Excel writes, and ended in a fault of xlparity."""
    path = with_sheet(tmp_path, sheet_of('<c r="A1"><f t="array">1+1</f></c>'))
    assert read_workbook(path).cells[Cell("Sheet", 1, 1)] == Unsupported("an array formula whose area is no range")


def test_the_cells_of_another_namespace_are_no_cells(tmp_path):
    """openpyxl reads an empty sheet there, and other programs the cells."""
    with pytest.raises(WorkbookError, match="in a namespace that is not Excel's"):
        read_workbook(with_sheet(tmp_path, sheet_of('<c r="A1"><v>1</v></c>').replace(b"spreadsheetml/2006", b"x")))


@pytest.mark.parametrize(
    "rows",
    [
        '<row><c r="A1"><v>1</v></c></row><row><c r="A7"><v>2</v></c></row>',  # the cells say where they are
        '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c/><c r="B1"><v>1</v><extLst><ext uri="x"><v>9</v></ext></extLst></c><extLst/></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is>\n<r><t>a</t></r><rPh sb="0" eb="1"><t>b</t></rPh>\n</is></c></row>',
        '<!-- a --><row r="1"><!-- b --><c r="A1"><!-- c --><v>1</v></c></row>',
    ],
)
def test_what_all_programs_read_alike_is_read(tmp_path, rows):
    """Not every file has an address everywhere, and what is unusual is not yet ambiguous."""
    xml = sheet_of().replace(b'<row r="1"></row>', rows.encode())
    assert read_workbook(with_sheet(tmp_path, xml)).cells


def test_what_tells_how_to_pronounce_a_text_is_no_part_of_it():
    """Of a text in its cell, as of a shared one."""
    inline = '<c r="A1" t="inlineStr"><is>\n<r><t>a</t></r><rPh sb="0" eb="1"><t>b</t></rPh>\n</is></c>'
    assert ooxml.scan(sheet_of(inline), "sheet").cells[0].value == "a"


@pytest.mark.parametrize("twin", ["XL/Worksheets/Sheet1.xml", "xl\\worksheets\\sheet1.xml"])
def test_parts_whose_names_are_one_to_excel_are_refused(tmp_path, twin):
    """Excel and Windows take them for one part, other programs for two, of which one has the cells."""
    path = file_with(tmp_path, {"A1": 1})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(twin, sheet_of())
    with pytest.raises(WorkbookError, match=re.escape(f"two parts of one name, {SHEET} and {twin};")):
        read_workbook(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sheetId="1" state="visible" r:id="rId1" />', 'sheetId="1" r:id="rId1"/><sheet name="B" sheetId="2" r:id="rId1"/>',
         f"the sheets 'Sheet' and 'B' are one part, {SHEET}"),
        ('</Relationships>', '<Relationship Id="rId1" Type="t" Target="theme/theme1.xml"/></Relationships>',
         "xl/_rels/workbook.xml.rels has two relations of the id rId1"),
    ],
)  # fmt: skip
def test_two_sheets_on_one_part_and_two_relations_of_one_id_are_refused(tmp_path, old, new, said):
    """Which sheet a formula of the other means, and which part a sheet is, would be anybody's guess."""
    path = file_with(tmp_path, {"A1": 1})
    parts = ooxml.read_parts(path.read_bytes(), path)
    part = "xl/workbook.xml" if "sheetId" in old else "xl/_rels/workbook.xml.rels"
    assert old.encode() in parts[part], parts[part]
    path.write_bytes(pack({**parts, part: parts[part].replace(old.encode(), new.encode())}))
    with pytest.raises(WorkbookError, match=re.escape(said)):
        read_workbook(path)


@pytest.mark.parametrize("other", ["worksheets/Sheet1.xml", "WORKSHEETS\\\\sheet1.xml"])
def test_two_sheets_on_one_part_are_refused_however_it_is_spelled(tmp_path, other):
    """A package has one part of both names, so a sheet of its own would be the other's twin."""
    path = file_with(tmp_path, {"A1": 1})
    parts = ooxml.read_parts(path.read_bytes(), path)
    book, rels = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    kind = re.search(rb'Type="([^"]*/worksheet)"', parts[rels])[1]
    listed = parts[book].replace(b"</sheets>", b'<sheet name="B" sheetId="2" r:id="x"/></sheets>')
    related = b'<Relationship Id="x" Type="%s" Target="%s"/></Relationships>' % (kind, other.encode())
    parts |= {book: listed, rels: parts[rels].replace(b"</Relationships>", related)}
    path.write_bytes(pack(parts))
    with pytest.raises(WorkbookError, match="the sheets 'Sheet' and 'B' are one part"):
        read_workbook(path)


@pytest.mark.parametrize("part", ["_rels/.rels", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"])
def test_the_error_of_a_damaged_listing_names_the_file(tmp_path, part):
    """Of many workbooks in one run, a person must know which."""
    path = file_with(tmp_path, {"A1": 1})
    parts = ooxml.read_parts(path.read_bytes(), path)
    path.write_bytes(pack({**parts, part: parts[part][:-9]}))
    with pytest.raises(WorkbookError, match=re.escape(f"{path}: the part {part} is damaged")):
        read_workbook(path)


def test_two_workbooks_in_one_package_are_refused(tmp_path):
    """One program takes the first, another asks for the kind of the part."""
    path = file_with(tmp_path, {"A1": 1})
    parts = ooxml.read_parts(path.read_bytes(), path)
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    new = f'<Relationship Id="x" Type="{kind}" Target="xl/other.xml"/></Relationships>'.encode()
    rels = parts["_rels/.rels"].replace(b"</Relationships>", new)
    path.write_bytes(pack({**parts, "_rels/.rels": rels, "xl/other.xml": parts["xl/workbook.xml"]}))
    with pytest.raises(WorkbookError, match=r"names two workbooks, xl/other\.xml and xl/workbook\.xml"):
        read_workbook(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("part", ["[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET])
def test_a_part_with_a_document_type_is_refused(tmp_path, part, encoding):
    """Its entities may be the text of a formula; Excel opens no such file."""
    path = file_with(tmp_path, {"A1": 1, "B1": "a"})
    parts = ooxml.read_parts(path.read_bytes(), path)
    body = parts[part].decode().partition("?>")[2] if parts[part].startswith(b"<?xml") else parts[part].decode()
    xml = f'<?xml version="1.0" encoding="{encoding[:6].rstrip("-")}"?>\n<!-- <a> -->\n<!DOCTYPE x [<!ENTITY e "1">]>{body}'
    path.write_bytes(pack({**parts, part: xml.encode(encoding)}))
    with pytest.raises(WorkbookError, match=re.escape(f"book.xlsx: the part {part} has a document type")):
        read_workbook(path)


def test_a_document_type_is_refused_in_a_sheet_of_any_name(tmp_path):
    """A part may end in anything."""
    path = file_with(tmp_path, {"A1": 1})
    parts = ooxml.read_parts(path.read_bytes(), path)
    sheet = parts.pop(SHEET)
    parts["xl/worksheets/sheet1.dat"] = b"<!DOCTYPE worksheet>" + sheet
    for name in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
        parts[name] = parts[name].replace(b"sheet1.xml", b"sheet1.dat")
    path.write_bytes(pack(parts))
    with pytest.raises(WorkbookError, match=r"sheet 'Sheet' has a document type"):
        read_workbook(path)


def test_a_document_type_in_what_no_formula_reads_is_nobodys_business(tmp_path):
    """Pictures have some, and so may the data that an add-in put there."""
    path = file_with(tmp_path, {"A1": 1})
    parts = ooxml.read_parts(path.read_bytes(), path)
    odd = dict.fromkeys(("xl/media/image1.svg", "customXml/item1.xml"), b"<!DOCTYPE svg><svg/>")
    path.write_bytes(pack({**parts, **odd}))
    assert read_workbook(path).cells


def broken_pivot(folder):
    """A workbook with a pivot table whose cache openpyxl cannot read."""
    path = file_with(folder, {"A1": 1})
    parts = ooxml.read_parts(path.read_bytes(), path)
    cache, kinds = (
        "xl/pivotCache/pivotCacheDefinition1.xml",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts[cache] = (
        f'<pivotCacheDefinition xmlns="{main}"><cacheSource type="nonsense"/></pivotCacheDefinition>'.encode()
    )
    rels = "xl/_rels/workbook.xml.rels"
    relation = f'<Relationship Id="rId9" Type="{kinds}/pivotCacheDefinition" Target="/{cache}"/></Relationships>'
    parts[rels] = parts[rels].replace(b"</Relationships>", relation.encode())
    caches = f'<pivotCaches><pivotCache xmlns:r="{kinds}" cacheId="1" r:id="rId9"/></pivotCaches></workbook>'
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"</workbook>", caches.encode())
    path.write_bytes(pack(parts))
    return path


def test_a_pivot_table_that_is_damaged_is_no_business_of_ours(tmp_path):
    """No formula reads its cache; openpyxl refuses the file for it, even as Excel wrote it."""
    assert read_workbook(broken_pivot(tmp_path)).cells


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"</sheetData>", b'</sheetData><autoFilter ref="A1:A2"><filterColumn colId="x"/></autoFilter>'),
        (b"<sheetData>", b'<cols><col min="a" max="b"/></cols><sheetData>'),
        (b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:A1048576"/></mergeCells>'),
    ],
    ids=["a filter", "widths of columns", "a column merged whole"],
)
def test_what_no_formula_reads_is_not_looked_at(tmp_path, old, new):
    """openpyxl refuses the first two, and spells the last one out cell by cell, for a minute."""
    assert read_workbook(file_with(tmp_path, {"A1": 1}, [(old, new)])).cells == {Cell("Sheet", 1, 1): 1.0}


def rezipped(path, change):
    """The file with its parts as ``change`` has them."""
    parts = ooxml.read_parts(path.read_bytes(), path)
    path.write_bytes(pack(change(parts)))
    return path


def test_a_strict_workbook_is_read_as_a_plain_one(tmp_path):
    """Excel offers it in the list of formats; the namespaces are other ones, and dates may be written out."""
    path = file_with(tmp_path, {"A1": 2, "B1": "=A1*2", "C1": "text", "D1": 45322.5})
    book = openpyxl.load_workbook(path)
    book.active.add_table(openpyxl.worksheet.table.Table(displayName="T", ref="F1:F2"))
    book.active["F1"] = "x"
    book.defined_names["n"] = openpyxl.workbook.defined_name.DefinedName("n", attr_text="Sheet!$A$1")
    book.save(path)
    plain = read_workbook(path)
    there = {
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
            b"http://purl.oclc.org/ooxml/officeDocument/relationships"
        ),
    }

    def strict(parts):
        for old, new in there.items():
            parts = {name: part.replace(old, new) for name, part in parts.items()}
        date = re.sub(rb'<c r="D1"[^>]*><v>45322.5</v>', b'<c r="D1" t="d"><v>2024-01-31T12:00:00</v>', parts[SHEET])
        return parts | {SHEET: date}

    found = read_workbook(rezipped(path, strict))
    assert (found.cells, found.scope, found.sheets) == (plain.cells, plain.scope, plain.sheets)
    assert found.scope.tables["t"].columns == ("x",)


@pytest.mark.parametrize(
    ("text", "serial"),
    [
        ("2024-01-31", 45322.0), ("2024-01-31T12:00:00Z", 45322.5), ("T06:00", 0.25), ("06:00:00", 0.25), ("1900-02-28", 59.0),
        ("1900-03-01", 61.0), ("2024-02-30", None), ("", None), ("yesterday", None),
    ],
)  # fmt: skip
def test_a_date_that_is_written_out_is_its_serial_number(text, serial):
    """Excel counts a 29 February 1900; a date that there is not is no number."""
    [cell] = ooxml.scan(sheet_of(f'<c r="A1" t="d"><v>{text}</v></c>'), "sheet").cells
    assert ooxml.stored_value(cell, ()) == serial
    later = ooxml.stored_value(cell, (), date1904=True)
    assert serial is None or later == (serial if serial < 1 else serial - 1462 if serial > 1462 else None)


def test_cells_without_addresses_follow_one_another(tmp_path):
    """Some programs write none; the place follows from the order."""
    rows = "<row><c><v>1</v></c><c/><c><f>A1+1</f></c></row><row/><row><c r='B3'><v>4</v></c><c><v>5</v></c></row>"
    xml = sheet_of().replace(b'<row r="1"></row>', rows.encode())
    found = {cell.a1: str(content) for cell, content in read_workbook(with_sheet(tmp_path, xml)).cells.items()}
    assert found == {"A1": "1.0", "C1": "=A1+1", "B3": "4.0", "C3": "5.0"}


@pytest.mark.parametrize("kind", ["chartsheet", "dialogsheet", "xlMacrosheet"])
def test_a_sheet_of_another_kind_is_left_out(tmp_path, kind):
    """No formula of a worksheet reads a chart or a dialog; one that reads a macro sheet is unsupported."""
    book = openpyxl.Workbook()
    book.active["A1"], book.create_sheet("Other")["A1"] = "=Other!A1", 3
    book.save(path := tmp_path / "book.xlsx")
    rels = "xl/_rels/workbook.xml.rels"

    def other(parts):
        second = re.sub(rb'(?<=relationships/)worksheet(?=" Target="[^"]*sheet2)', kind.encode(), parts[rels])
        assert second != parts[rels]
        return parts | {rels: second, "xl/worksheets/sheet2.xml": b"no XML"}

    found = read_workbook(rezipped(path, other))
    assert found.sheets == ("Sheet",)
    assert found.tabs == ("Sheet", "Other")  # which SHEET and SHEETS count
    assert isinstance(
        find_engine("formulas").load(found).recalculate({}).values_in(0)[Cell("Sheet", 1, 1)], Unsupported
    )


def test_a_table_of_texts_that_is_missing_is_missed_only_by_its_cells(tmp_path):
    """Where nothing refers to it, the file is whole; a cell that does has no text that anybody knows."""
    xml = sheet_of('<c r="A1" t="s"><v>0</v></c>', '<c r="B1"><v>1</v></c>')
    book = read_workbook(with_sheet(tmp_path, xml))
    assert book.cells[Cell("Sheet", 1, 2)] == 1.0
    assert book.cells[Cell("Sheet", 1, 1)] == Unsupported("the text number '0', which the file does not have")


def test_a_damaged_picture_is_nobodys_business(tmp_path):
    """A wrong checksum matters in a part that is read, and there it is named."""
    path = file_with(tmp_path, {"A1": 1})
    for part, read in (("xl/media/image1.png", True), (SHEET, False)):
        parts = ooxml.read_parts(path.read_bytes(), path)
        with zipfile.ZipFile(broken := tmp_path / "broken.xlsx", "w", zipfile.ZIP_STORED) as archive:
            for name, data in {**parts, part: parts.get(part, b"") + b"<!-- damaged -->"}.items():
                archive.writestr(name, data)
        broken.write_bytes(broken.read_bytes().replace(b"<!-- damaged -->", b"<!-- DAMAGED -->"))
        if read:
            assert read_workbook(broken).cells
        else:
            with pytest.raises(WorkbookError, match=rf"the part {SHEET}: Bad CRC-32"):
                read_workbook(broken)


SHARED = [
    ("A1*2", "", "=A2*2"),
    ("SUM(A:A,$1:1)+YTD1", "", "=SUM(A:A,$1:2)+YTD1"),
    ("SUM(Q1:Q4!A1)", "", "=SUM(Q1:Q4!A2)"),
    ("A1*2", "A2*2", "=A2*2"),
    ("A1*2", "A2*3", "a shared formula with a text of its own, which programs read in different ways"),
    ("A1048576", "", "a shared formula with a reference that leaves the grid"),
    ("", "", "an empty formula"),
]


@pytest.mark.parametrize(("text", "own", "expected"), SHARED)
def test_a_shared_formula_is_what_excel_fills_it_into(tmp_path, text, own, expected):
    """Names that look like cells stay, whole rows move, and sheets do not; what two programs read differently is nothing."""
    cells = (
        f'<row r="1"><c r="B1"><f t="shared" ref="B1:B2" si="0">{text}</f></c></row>'
        f'<row r="2"><c r="B2"><f t="shared" si="0">{own}</f></c></row>'
    )
    book = read_workbook(with_sheet(tmp_path, sheet_of().replace(b'<row r="1"></row>', cells.encode())))
    second = book.cells[Cell("Sheet", 2, 2)]
    assert (second.reason if isinstance(second, Unsupported) else str(second)) == expected


@pytest.mark.parametrize(
    ("formula", "rows", "columns", "expected"),
    [
        ('=B2*5%&"%d%"', 1, -1, '=A3*5%&"%d%"'),  # a text with what stands for a number in Python
        ("=A2", 0, -1, None),  # column 0 is no whole row
        ("=A2", -2, 0, None),
        ("=$A2+B$1", -1, -1, "=$A1+A$1"),
        ("=C:$D", -9, 1, "=D:$D"),  # columns have no row that could leave the grid
        ("=$2:3", 4, -9, "=$2:7"),
        ("=A1048575+A1", 1, 16383, "=XFD1048576+XFD2"),
        ("=A1048575+A1", 2, 0, None),
    ],
)
def test_a_filled_formula_moves_as_far_as_the_grid_goes(formula, rows, columns, expected):
    """Excel writes a filled column as one formula, so a wrong text here would be the formula of every cell below it."""
    assert filled(formula, rows, columns) == expected


LOOSE = Unsupported(
    "a text with white space around it that the file does not say to keep: Excel drops it, others do not"
)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A1"><v>5</v><extLst><ext uri="{x}"><is><t>1</t></is></ext></extLst></c>', 5.0),
        ('<c r="A1" t="inlineStr"><is><t> ab</t></is></c>', LOOSE),
        ('<c r="A1" t="inlineStr"><is><t xml:space="preserve"> ab</t></is></c>', " ab"),
        ('<c r="A1" t="inlineStr"><is><r><rPr/><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
        ('<c r="A1" t="inlineStr"><is><r><t>a </t></r><r><t>b</t></r></is></c>', LOOSE),
        ('<c r="A1" t="str"><v>x </v></c>', LOOSE),
        ('<c r="A1" t="inlineStr"><is><t> </t></is></c>', LOOSE),  # as openpyxl writes it
        ('<c r="A1" t="inlineStr"><is><t>\xa0a</t></is></c>', "\xa0a"),
        ('<c r="A1" t="inlineStr"><is><t>_xD83D__xDE00_ _x0041_</t></is></c>', "\U0001f600 A"),
        ('<c r="A1"><v></v></c>', None),
        ('<c r="A1" t="b"><v/></c>', None),
        ('<c r="A1" t="str"><v/></c>', ""),
        (f'<c r="A1" t="s"><v>{"9" * 5000}</v></c>', Unsupported(f"the text number '{'9' * 30}', which the file does not have")),
        ('<c r="A1" t="b"><v>2</v></c>', Unsupported("the value '2' of the type 'b', which is none of Excel's")),
        ('<c r="A1"><f t="shared" ref="" si="0">B1+1</f></c>', Formula("=B1+1")),
        ('<c r="A1" cm="0"><f t="array" ref="A1">B1:B2</f></c>', Formula("=B1:B2", parse_range("A1", "Sheet"), spills=False)),
    ],
)  # fmt: skip
def test_what_a_cell_contains_is_what_excel_reads(tmp_path, cell, value):
    """No text of an extension, no white space that Excel drops and others keep, no number out of nothing."""
    found = read_workbook(with_sheet(tmp_path, sheet_of(cell))).cells
    assert found.get(Cell("Sheet", 1, 1)) == value


@pytest.mark.parametrize(
    ("text", "value"), [("<t> a</t>", LOOSE), ('<t xml:space="preserve"> a</t>', " a"), ("<t>a</t>", "a")]
)
def test_a_shared_text_keeps_its_white_space_only_where_the_file_says_so(tmp_path, text, value):
    """Excel trims it, LibreOffice does not: two programs would compute two lengths."""
    path = with_sheet(tmp_path, sheet_of('<c r="A1" t="s"><v>0</v></c>'))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    relation = f'<Relationship Id="texts" Type="{kind}" Target="SharedStrings.xml"/></Relationships>'.encode()
    texts = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si>{text}</si></sst>'.encode()
    rels = "xl/_rels/workbook.xml.rels"
    book = read_workbook(
        rezipped(
            path,
            lambda parts: (
                parts | {rels: parts[rels].replace(b"</Relationships>", relation), "xl\\sharedstrings.xml": texts}
            ),
        )
    )
    assert book.cells == {Cell("Sheet", 1, 1): value}  # found although its name differs in case and slashes


def test_a_name_or_a_table_that_is_there_twice_means_nothing_certain(tmp_path):
    """Some programs take the first, others the last."""
    path = file_with(tmp_path, {"A1": 1, "A2": 2, "B1": "=x*2"})
    both = (b'<definedName name="x">Sheet!$A$1</definedName>', b'<definedName name="X">Sheet!$A$2</definedName>')
    names = b"<definedNames>%s%s</definedNames>" % both

    def twice(parts):
        book = parts["xl/workbook.xml"].replace(b"<definedNames/>", b"").replace(b"<definedNames />", b"")
        return parts | {"xl/workbook.xml": book.replace(b"<calcPr", names + b"<calcPr")}

    value = find_engine("formulas").load(read_workbook(rezipped(path, twice))).recalculate({})[Cell("Sheet", 1, 2)]
    assert isinstance(value, Unsupported)
    assert "Sheet!$A$1 and Sheet!$A$2" in value.reason


@pytest.mark.parametrize(
    ("part", "encoding", "said"),
    [
        (SHEET, "gbk", "multi-byte encodings are not supported"),
        ("xl/workbook.xml", "foo", "the part xl/workbook.xml is damaged (unknown encoding: foo)"),
    ],
)
def test_a_part_in_an_encoding_that_nobody_knows_is_one_sentence(tmp_path, part, encoding, said):
    """It was called a fault of xlparity."""
    path = file_with(tmp_path, {"A1": 1})
    begin = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
    rezipped(path, lambda parts: parts | {part: begin + parts[part].rpartition(b"?>")[2]})
    with pytest.raises(WorkbookError, match=re.escape(said)):
        read_workbook(path)


def test_a_relation_without_a_target_is_passed_over(tmp_path):
    """A link may have none, and no formula reads it."""
    path = file_with(tmp_path, {"A1": 1})
    rels = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" Type="http://x/hyperlink" TargetMode="External"/></Relationships>'
    )
    rezipped(path, lambda parts: parts | {"xl/worksheets/_rels/sheet1.xml.rels": rels})
    assert read_workbook(path).cells
