"""Formulas written into a file that is there: they are read as meant, and every byte that is not theirs stays."""

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from xlparity.actions.fix import fixed
from xlparity.actions.recalc import hold_against
from xlparity.engines.registry import find_engine
from xlparity.errors import WorkbookError
from xlparity.excel import ooxml
from xlparity.excel.address import Cell, parse_range
from xlparity.excel.ooxml import repack, write_formulas
from xlparity.excel.workbook import Formula, parse_workbook

SHEET = "xl/worksheets/sheet1.xml"
PATH = Path("book.xlsx")


def page(cells, row="1"):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<sheetData><row r="{row}">{cells}</row></sheetData></worksheet>'
    ).encode()


def book_of(cells, *edits):
    """The bytes of a workbook with these cells on ``Sheet``, stored values included, its XML edited by old and new."""
    made = openpyxl.Workbook()
    for address, value in cells.items():
        made.active[address] = value
    return stored(made, *edits)


def stored(made, *edits):
    buffer = io.BytesIO()
    made.save(buffer)
    data = edited(buffer.getvalue(), *edits)
    book = parse_workbook(data, PATH)
    return hold_against(data, book, find_engine("formulas").load(book).recalculate({}))[1]


def edited(data, *edits):
    xml = part(data)
    for old, new in edits:
        assert old in xml, xml
        xml = xml.replace(old, new)
    return repack(data, {SHEET: xml})


def part(data, name=SHEET):
    return ooxml.read_parts(data, PATH)[name]


def cell(address):
    return parse_range(address, "Sheet").first


def fix(data, **formulas):
    book = parse_workbook(data, PATH)
    held = {address: book.formula(cell(address)) for address in formulas}
    areas = {
        address: formula.area for address, formula in held.items() if formula and cell(address) not in book.members
    }
    return fixed(data, book, {cell(a): Formula(text, areas.get(a)) for a, text in formulas.items()})


def seen(data):
    """What a reader of stored values finds."""
    sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["Sheet"]
    return {held.coordinate: held.value for row in sheet for held in row if held.value is not None}


def texts(data):
    return {at.a1: str(held) for at, held in parse_workbook(data, PATH).cells.items() if isinstance(held, Formula)}


COURSE = {"L5": 0.75, "L6": 0.2, "N5": 1, "N6": 0, "P5": "=-(N5*LOG(L5))", "P6": "=-(N6*LN(L6))", "Q5": "=SUM(P5:P6)"}


def test_a_wrong_formula_is_exchanged_and_what_hangs_on_it_is_right():
    """Whoever opens the copy sees the numbers of the new formula, in its own cell and behind it."""
    data = book_of(COURSE)
    assert seen(data)["Q5"] == pytest.approx(0.124938736608)
    new = fix(data, P5="=-(N5*LN(L5))")
    assert texts(new) == texts(data) | {"P5": "=-(N5*LN(L5))"}
    assert seen(new)["P5"] == seen(new)["Q5"] == pytest.approx(0.287682072452)
    assert openpyxl.load_workbook(io.BytesIO(new))["Sheet"]["P5"].value == "=-(N5*LN(L5))"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<c r="A1"><f>B1</f><v>9</v></c>', '<c r="A1"><f>B1&lt;2</f></c>'),
        ('<c r="A1" s="3"><v>9</v></c>', '<c r="A1" s="3"><f>B1&lt;2</f></c>'),
        ('<c r="A1" t="s" s="3"><v>0</v></c>', '<c r="A1" s="3"><f>B1&lt;2</f></c>'),
        ('<c r="A1" t="inlineStr"><is><t>x</t></is></c>', '<c r="A1"><f>B1&lt;2</f></c>'),
        ('<c r="A1" t="b" vm="1"><v>1</v></c>', '<c r="A1"><f>B1&lt;2</f></c>'),
        ('<c s="3" r="A1"/>', '<c s="3" r="A1"><f>B1&lt;2</f></c>'),
        ("<c r='A1'></c>", "<c r='A1'><f>B1&lt;2</f></c>"),
        ("<c/>", "<c><f>B1&lt;2</f></c>"),
        ('<c r="A1" t="str"><f/><v>x</v></c>', '<c r="A1"><f>B1&lt;2</f></c>'),
        ('<c r="A1">\n <f ca="1">B1</f>\n <v>9</v>\n</c>', '<c r="A1">\n <f ca="1">B1&lt;2</f>\n \n</c>'),
        ('<c r="A1"><f><![CDATA[IF(1>0,"</f>",1)]]></f></c>', '<c r="A1"><f>B1&lt;2</f></c>'),
        ('<c r="A1"><!-- <f>1</f> --><f> 1</f></c>', '<c r="A1"><!-- <f>1</f> --><f>B1&lt;2</f></c>'),
        ('<c r="A1"><f xml:space="preserve"> 1</f></c>', '<c r="A1"><f>B1&lt;2</f></c>'),
        (
            '<c r="A1"><f>1</f><v>3</v><extLst><f>8</f></extLst></c>',
            '<c r="A1"><f>B1&lt;2</f><extLst><f>8</f></extLst></c>',
        ),
        (
            '<c r="A1" cm="1"><f t="array" aca="1" ref="A1:A3">B1:B3</f><v>3</v></c>',
            '<c r="A1" cm="1"><f t="array" aca="1" ref="A1:A3">B1&lt;2</f></c>',
        ),
        ('<c r="A1"><f ca="1" t="shared" si="4"/><v>3</v></c>', '<c r="A1"><f ca="1">B1&lt;2</f></c>'),
        ("<c r='A1'><f t = 'shared' ref='A1:A9' si='4'>B1</f></c>", "<c r='A1'><f>B1&lt;2</f></c>"),
        ("", '<c r="A1"><f>B1&lt;2</f></c>'),
    ],
)
def test_a_formula_takes_the_place_of_whatever_the_cell_held(old, new):
    """A constant, its type and its metadata go; style, comments and the area of an array formula stay."""
    around = '<c r="B1" t="s"  ><v>1</v></c><c r="C1"><f >B1 + 1</f><v>4</v></c>'
    assert write_formulas(page(old + around), {"A1": "=B1<2"}, "sheet") == page(new + around)


def test_a_cell_without_an_element_is_given_one_in_its_place():
    """Excel reads cells and rows in ascending order only."""
    old = page('<c r="B2"><v>1</v></c>', row="2")
    new = page('<c r="A2"><f>B2</f></c><c r="B2"><v>1</v></c><c r="C2"><f>B2</f></c>', row="2")
    new = new.replace(b"<sheetData>", b'<sheetData><row r="1"><c r="Z1"><f>B2</f></c></row>')
    assert write_formulas(old, {"C2": "=B2", "Z1": "=B2", "$A$2": "=B2"}, "sheet") == new


def test_prefixed_elements_get_prefixed_formulas():
    """Other programs than Excel write <x:c>; a plain <f> inside would be in no namespace."""
    text = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row r="1">'
        '<x:c r="A1">{}</x:c>{}</x:row></x:sheetData></x:worksheet>'
    )
    written = write_formulas(text.format("<x:v>3</x:v>", "").encode(), {"A1": "=B1", "B1": '="a"&2'}, "sheet")
    assert written == text.format("<x:f>B1</x:f>", '<x:c r="B1"><x:f>"a"&amp;2</x:f></x:c>').encode()


@pytest.mark.parametrize(
    "text", ['=IF(A1<>2,"a & b ]]> ","<f>")', "= A1+\n\t1 ", "=_xlfn.STDEV.S(A1:A2)", '="é€😀"&A1', "=A1+\r1"]
)
def test_a_formula_is_read_back_as_it_was_given(text):
    """Blanks, line breaks and what XML would take for markup are part of it, and so is the prefix of a newer function."""
    data = book_of({"A1": 1, "A2": 2})
    assert texts(fix(data, B1=text)) == {"B1": text}


SHARED = {"A1": 1, "A2": 2, "A3": 3, "B1": "=A1*2", "B2": "=A2*22", "B3": "=A3*222", "C1": "=SUM(B1:B3)"}
AS_SHARED = [
    (b"<f>A1*2</f>", b'<f t="shared" ref="B1:B3" si="0">A1*2</f>'),
    (b"<f>A2*22</f>", b'<f t="shared" si="0"/>'),
    (b"<f>A3*222</f>", b'<f t="shared" si="0"/>'),
]


def test_a_cell_that_shares_a_formula_is_given_its_own():
    """The others go on sharing theirs, and their bytes are as they were."""
    data = book_of(SHARED, *AS_SHARED)
    new = fix(data, B2="=A2*3")
    assert texts(new) == texts(data) | {"B2": "=A2*3"}
    assert b'<f t="shared" ref="B1:B3" si="0">A1*2</f>' in part(new)
    assert part(new).count(b'<f t="shared" si="0"/>') == 1
    assert seen(new) == seen(data) | {"B2": 6, "C1": 14}


def test_the_cell_that_defines_a_shared_formula_leaves_the_others_theirs():
    """Only its element has the text; without it the other cells would be blank, or take the new formula for their own."""
    data = book_of(SHARED, *AS_SHARED)
    assert texts(data)["B3"] == "=A3*2"
    new = fix(data, B1="=A1*5")
    assert texts(new) == {"B1": "=A1*5", "B2": "=A2*2", "B3": "=A3*2", "C1": "=SUM(B1:B3)"}
    assert b"shared" not in part(new)
    assert seen(new) == seen(data) | {"B1": 5, "C1": 15}
    for row in (2, 3):  # nothing but the formula element is another
        found = re.search(rb'<c r="B%d".*?</c>' % row, part(data))
        assert found is not None
        assert found[0].replace(b'<f t="shared" si="0"/>', b"<f>A%d*2</f>" % row) in part(new)


def test_all_cells_of_a_shared_formula_can_be_exchanged_at_once():
    """A fault that was filled down a column is mended in the whole column."""
    data = book_of(SHARED, *AS_SHARED)
    new = fix(data, B1="=A1*5", B2="=A2*5", B3="=A3*5")
    assert (seen(new)["C1"], texts(new)["B3"], b"shared" in part(new)) == (30, "=A3*5", False)


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("YTD1*A1", "=YTD1*A2"), ("SUM(A1:INDEX(A1:A3,2))", "=SUM(A2:INDEX(A2:A4,2))"), ("A1+Gone!A1", "=A2+Gone!A2"),
        ("Sheet!A1:Sheet!A2", "=Sheet!A2:Sheet!A3"), ("SUM(A:A)+SUM(1:1)", "=SUM(A:A)+SUM(2:2)"),
    ],
)  # fmt: skip
def test_a_shared_formula_is_written_out_as_excel_fills_it(text, second):
    """A name that looks like an address stays, and both ends of a range move."""
    made = openpyxl.Workbook()
    for address, value in SHARED.items():
        made.active[address] = value
    made.defined_names["YTD1"] = DefinedName("YTD1", attr_text="Sheet!$A$3")
    data = stored(made, (AS_SHARED[0][0], AS_SHARED[0][1].replace(b"A1*2", text.encode())), *AS_SHARED[1:])
    assert texts(fix(data, B1="=A1*5"))["B2"] == second


def test_a_shared_formula_that_leaves_the_grid_is_not_written_out():
    """What Excel makes of it there is not known here."""
    made = openpyxl.Workbook()
    for address, value in SHARED.items():
        made.active[address] = value
    data = stored(made, (AS_SHARED[0][0], AS_SHARED[0][1].replace(b"A1*2", b"A1048575+A1")), *AS_SHARED[1:])
    with pytest.raises(WorkbookError, match=r"B3 shares its formula"):
        fix(data, B1="=A1*5")
    assert texts(fix(data, B3="=A3*5"))["B3"] == "=A3*5"  # which leaves the others alone


def test_a_shared_formula_without_texts_is_not_written_out():
    """Whoever calls for the XML alone has to bring the texts of the other cells."""
    xml = page('<c r="A1"><f t="shared" ref="A1:B1" si="0">C1</f></c><c r="B1"><f t="shared" si="0"/><v>7</v></c>')
    with pytest.raises(WorkbookError, match="B1 shares"):
        write_formulas(xml, {"A1": "=D1"}, "sheet")
    written = page('<c r="A1"><f>D1</f></c><c r="B1"><f>D1</f><v>7</v></c>')
    assert write_formulas(xml, {"A1": "=D1"}, "sheet", others={"A1": "=C1", "B1": "=D1"}.get) == written


ARRAY = {"A1": 1, "A2": 2, "B1": ArrayFormula("B1:B2", "=A1:A2*2"), "C1": "=SUM(B1:B2)"}


def test_an_array_formula_is_exchanged_as_a_whole():
    """Its area stays, and every cell in it is new."""
    new = fix(book_of(ARRAY), B1="=A1:A2*3")
    assert texts(new)["B1"] == "{=A1:A2*3}"
    assert parse_workbook(new, PATH).members == {cell("B2"): cell("B1")}
    assert (seen(new)["B1"], seen(new)["B2"], seen(new)["C1"]) == (3, 6, 9)
    assert b'<f t="array" ref="B1:B2">A1:A2*3</f>' in part(new)


def test_an_array_formula_is_entered_over_numbers_that_were_pasted_there():
    """A block of numbers pasted over an array formula is mended by entering it anew, over the same cells."""
    data = book_of({**ARRAY, "B1": 5, "B2": 6})
    new = fixed(data, parse_workbook(data, PATH), {cell("B1"): Formula("=A1:A2*2", parse_range("B1:B2", "Sheet"))})
    assert (seen(new)["B1"], seen(new)["B2"], seen(new)["C1"]) == (2, 4, 6)
    assert part(new) == part(fix(book_of(ARRAY), B1="=A1:A2*2"))


def test_a_part_of_an_array_formula_cannot_be_changed():
    """Excel says so too; a formula written there would be another's result and be overwritten."""
    data = book_of(ARRAY)
    with pytest.raises(WorkbookError, match="B2 is part of the array formula in B1"):
        fix(data, B2="=A2*3")


def test_a_data_table_cannot_be_changed():
    """Its cells are computed together, from what the table says and not from their own formulas."""
    data = book_of({"A1": "=B1", "A2": 7, "B1": 1}, (b"<f>B1</f>", b'<f t="dataTable" ref="A1:A3" dt2D="0" r1="B1"/>'))
    for address in ("A1", "A2", "A3"):
        with pytest.raises(WorkbookError, match=f"{address} is part of a data table"):
            fix(data, **{address: "=B1"})


def test_an_array_formula_is_not_entered_over_other_formulas():
    """Excel refuses it, and the file would hold two formulas for one cell."""
    data = book_of({"A1": 1, "B1": 2, "B2": "=A1"})
    with pytest.raises(WorkbookError, match="B2 has a formula"):
        fixed(data, parse_workbook(data, PATH), {cell("B1"): Formula("=A1:A2*2", parse_range("B1:B2", "Sheet"))})


def test_a_spilling_formula_with_a_result_of_another_size_stores_nothing():
    """The file says over which cells it spills, and only Excel can say so anew; old results are none of its own."""
    spill = (b'<c r="B1">', b'<c r="B1" cm="1">')
    data = book_of(ARRAY, spill)
    assert seen(fix(data, B1="=A1:A2*3"))["B2"] == 6
    assert seen(fix(data, B1="=A1:A1*3")) == {"A1": 1, "A2": 2}


def test_a_value_that_is_out_of_date_and_cannot_be_computed_goes():
    """Excel would show it as it stands; a wrong number is worse than none, and what hangs on nothing new keeps its own."""
    cells = {
        "A1": 1, "B1": "=A1*2", "C1": '=CELL("width",B1)+B1', "D1": "=C1+1", "E1": "=RAND()", "F1": "=E1+A1", "G1": "=OTHER+1",
    }  # fmt: skip
    made = openpyxl.Workbook()
    for address, value in cells.items():
        made.active[address] = value
    made.defined_names["OTHER"] = DefinedName("OTHER", attr_text='Sheet!$B$1*CELL("width",Sheet!$B$1)')
    data = stored(made)
    for text in (b'CELL("width",B1)+B1', b"C1+1", b"RAND()", b"E1+A1", b"OTHER+1"):
        data = edited(data, (b"<f>%s</f><v />" % text, b"<f>%s</f><v>7</v>" % text))
    assert seen(data) == {"A1": 1, "B1": 2} | dict.fromkeys(["C1", "D1", "E1", "F1", "G1"], 7)
    assert seen(fix(data, B1="=A1*3")) == {"A1": 1, "B1": 3, "E1": 7, "F1": 7}


def test_nothing_but_the_sheet_is_another_part():
    """A chart, a macro, the times of the archive and the order of its entries come back as they were."""
    with zipfile.ZipFile(io.BytesIO(book_of(COURSE))) as archive:
        entries = [(entry, archive.read(entry)) for entry in archive.infolist()]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = b"made by hand"
        for k, (entry, content) in enumerate(entries):
            entry.date_time = (1999, 1, 1 + k, 0, 0, 0)
            archive.writestr(entry, content)
        archive.writestr("xl/vbaProject.bin", b"\x00\x01macro")
    data = buffer.getvalue()
    new = fix(data, P5="=-(N5*LN(L5))", R5="=P5")
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(io.BytesIO(new)) as copy:
        assert copy.comment == old.comment
        for before, after in zip(old.infolist(), copy.infolist(), strict=True):
            assert (after.filename, after.date_time, after.external_attr) == (
                before.filename,
                before.date_time,
                before.external_attr,
            )
            assert (old.read(before) == copy.read(after)) is (before.filename != SHEET)
    assert outside(part(new), "P5", "Q5", "R5") == outside(part(data), "P5", "Q5")


def outside(xml, *addresses):
    """The XML without these cells."""
    for address in addresses:
        xml, count = re.subn(rb'<c r="%s".*?</c>' % address.encode(), b"", xml)
        assert count == 1
    return xml


def test_no_formulas_and_formulas_that_are_there_change_nothing():
    """A copy of a file that is right is the file."""
    data = book_of(COURSE)
    assert fix(data) == data
    assert part(fix(data, P5=COURSE["P5"])) == part(data)


def test_sheets_are_told_apart():
    """The same address on two sheets is two cells."""
    made = openpyxl.Workbook()
    made.active["A1"] = 1
    made.create_sheet("Two & more")["A1"] = "=Sheet!A1*2"
    data = stored(made)
    at = Cell("Two & more", 1, 1)
    new = fixed(data, parse_workbook(data, PATH), {at: Formula("=Sheet!A1*3")})
    assert part(new) == part(data)
    assert parse_workbook(new, PATH).cells == {cell("A1"): 1.0, at: Formula("=Sheet!A1*3")}


def test_the_header_of_a_table_stays_a_text():
    """Excel takes a file with a formula there for damaged, and takes the table away."""
    made = openpyxl.Workbook()
    for row in (["x", "y"], [1, 2]):
        made.active.append(row)
    made.active.add_table(Table(displayName="T", ref="A1:B2"))
    with pytest.raises(WorkbookError, match="header of table T"):
        fix(stored(made), B1="=A2")


@pytest.mark.parametrize("text", ["A1", "", "=", "= \n", "=A1\x01", "=\ud800", "=" + "1+" * 4100 + "1", "{=A1"])
def test_what_is_no_formula_is_one_error(text):
    """The file would be damaged, or hold a text where a formula is meant."""
    with pytest.raises(WorkbookError, match="A1"):
        write_formulas(page(""), {"A1": text}, "sheet")


@pytest.mark.parametrize("address", ["A0", "A1:B2", "Sheet!A1", "XFE1", "A1048577", "x"])
def test_what_is_no_cell_is_one_error(address):
    """An element out of the grid makes Excel call the file damaged."""
    with pytest.raises(WorkbookError, match=r"^sheet: no formula can be written there: "):
        write_formulas(page(""), {address: "=1"}, "sheet")


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (page('<c r="A1"><f>1</f>'), "damaged"),
        (page('<c r="A1"><f>1</f></c>').replace(b"UTF-8", b"ISO-8859-1"), "UTF-8"),
        (page('<c r="A1"/>').decode().encode("utf-16"), "UTF-8"),
        (page('<c r="A1"><f>1</f><f>2</f></c>'), "two formulas"),
        (page('<c r="A1"><f>1</f></c><c r="A1"><f>2</f></c>'), "two elements"),
        (page('<c r="A1"/>', row="one"), "one"),
        (page('<c r="A1:B1"><f t="array" ref="A1:?">1</f></c>'), "A1:?"),
        (page("&c;").replace(b"<worksheet", b"<!DOCTYPE w [<!ENTITY c '<c/>'>]><worksheet"), "document type"),
        (b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>', "no place for A1"),
        (b"", "damaged"),
    ],
)
def test_a_sheet_that_cannot_be_edited_is_one_error(xml, message):
    """Half an edit is worse than none."""
    with pytest.raises(WorkbookError, match=rf"^sheet: .*{re.escape(message)}"):
        write_formulas(xml, {"A1": "=1"}, "sheet")


def test_a_sheet_that_is_not_there_is_one_error():
    """A formula that is left out without a word would be taken for written."""
    data = book_of({"A1": 1})
    with pytest.raises(WorkbookError, match="no sheet 'Other'"):
        fixed(data, parse_workbook(data, PATH), {Cell("Other", 1, 1): Formula("=1")})


OLD = st.sampled_from(["", "<c r='{r}' s='0'/>", '<c r="{r}"><v>2</v></c>', '<c r="{r}"><f>A9 + 1</f><v>3</v></c>'])
PIECES = st.lists(st.sampled_from(["A9", "$B$8", '"<&>"', "1.5", " ", "SUM(A7:B9)", "&", "<", "+", "\n"]), max_size=6)


@examples(60)
@given(st.lists(st.tuples(OLD, PIECES), min_size=1, max_size=12), st.sets(st.integers(0, 11)))
def test_formulas_round_trip_and_the_other_cells_keep_their_bytes(cells, chosen):
    """Whatever stood there, openpyxl reads what was written, and what was not written as it was."""
    address = [f"{'ABCD'[k % 4]}{1 + k // 4}" for k in range(len(cells))]
    held = [old.format(r=address[k]) for k, (old, _) in enumerate(cells)]
    rows = "</row><row r='{}'>".join("".join(held[k : k + 4]) for k in range(0, len(held), 4)).format(2, 3)
    given_formulas = {address[k]: "=" + "".join(["1", *cells[k][1]]) for k in chosen if k < len(cells)}
    xml = write_formulas(page(rows), given_formulas, "sheet")
    read = openpyxl.load_workbook(io.BytesIO(repack(EMPTY, {SHEET: xml})))["Sheet"]
    before = openpyxl.load_workbook(io.BytesIO(repack(EMPTY, {SHEET: page(rows)})))["Sheet"]
    for k, at in enumerate(address):
        assert read[at].value == given_formulas.get(at, before[at].value)
        assert at in given_formulas or held[k].encode() in xml
    assert write_formulas(xml, given_formulas, "sheet") == xml


EMPTY = book_of({})


@pytest.mark.libreoffice
def test_libreoffice_reads_the_copy_and_computes_the_same(convert, tmp_path):
    """An element in the wrong order, a cell out of place or a shared formula without its text would show."""
    data = book_of(COURSE | SHARED | {"D1": ArrayFormula("D1:D2", "=A1:A2*2")}, *AS_SHARED)
    new = fix(data, P5="=-(N5*LN(L5))", B1='=IF(A1<2,A1*5,"<&>")', D1="=A1:A2*4", E2="=B3+D2", L6="=A2/10")
    stripped = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", part(new))  # LibreOffice echoes what is stored
    assert stripped.count(b"<v>") < part(new).count(b"<v>")
    for name, xml in (("kept", part(new)), ("stripped", stripped)):
        (tmp_path / f"{name}.xlsx").write_bytes(repack(new, {SHEET: xml}))
    convert(tmp_path, *tmp_path.glob("*.xlsx"), form="csv")
    shown = (tmp_path / "stripped.csv").read_text()
    assert shown == (tmp_path / "kept.csv").read_text()
    assert shown.splitlines()[:3] == ["1,5,15,4" + "," * 13, "2,4,,8,14" + "," * 12, "3,6" + "," * 15]
    assert "0.287682072451781" in shown
