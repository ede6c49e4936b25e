"""The files of Excel: one place reads their XML, one changes it, and what is not meant to change does not."""

import ast
import io
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

import xlparity
from xlparity.errors import WorkbookError
from xlparity.excel.ooxml import (
    Content,
    Editor,
    Sheet,
    constant,
    isolated,
    read_parts,
    result,
    spliced,
    write_formulas,
    write_values,
)
from xlparity.excel.ooxml.editor import outline, with_attributes
from xlparity.excel.values import BLANK

PACKAGE = Path(xlparity.__file__).parent
OOXML = PACKAGE / "excel" / "ooxml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sources(folder=PACKAGE):
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}


def imported(source):
    """The modules that the source imports, by their full names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_nothing_else_opens_the_zip_or_walks_the_xml_of_a_file():
    """There were seven walks through a sheet's XML, each with its own mistakes about prefixes, empty elements and buttons."""
    for path, source in sources().items():
        if OOXML in path.parents:
            continue
        tools = {name for name in imported(source) if name.split(".")[0] in ("xml", "zipfile", "lxml", "html5lib")}
        # The JUnit report is XML that is written, and no file of Excel.
        assert tools <= ({"xml.etree.ElementTree"} if path.name == "junit.py" else set()), path
        assert "<sheetData" not in source, path
        assert "<row" not in source, path


def test_there_is_one_parser_that_reads_and_one_that_edits():
    """The reader refuses what two programs would read differently; the editor finds the places of elements.

    The quick way has a third one, which calls nothing: it checks that the sheet is well-formed.
    """
    found = {path.name: source.count("ParserCreate(") for path, source in sources().items() if "ParserCreate" in source}
    assert found == {"reader.py": 1, "ordinary.py": 1, "editor.py": 1}


def page(rows, prefix=""):
    head = f'<{prefix}worksheet xmlns{":" if prefix else ""}{prefix[:-1]}="{MAIN}">'
    return f"{head}<{prefix}sheetData>{rows}</{prefix}sheetData></{prefix}worksheet>".encode()


ROWS = st.lists(
    st.lists(
        st.sampled_from(
            [
                '<{p}c{r} s="1"/>',
                "<{p}c{r}></{p}c>",
                "<{p}c{r} t='str' ><{p}f>\"/>\"</{p}f><{p}v>/></{p}v></{p}c>",
                "<{p}c{r}><!-- <c> --><{p}f/><{p}v>1</{p}v><{p}extLst><{p}v>2</{p}v></{p}extLst></{p}c>",
                '<{p}c{r} t="inlineStr"><{p}is><{p}t>é</{p}t></{p}is></{p}c>',
                "<{p}c{r}\n><{p}f><![CDATA[<c>]]></{p}f></{p}c>",
            ]
        ),
        max_size=4,
    ),
    min_size=1,
    max_size=4,
)


@examples(100)
@given(ROWS, st.sampled_from(["", "x:"]), st.booleans(), st.sets(st.sampled_from(["A1", "B2", "E3", "AA9"])))
def test_what_is_written_and_taken_out_again_leaves_every_other_byte(rows, prefix, addressed, chosen):
    """With tags of any form, prefixes, and addresses that are left to be counted."""
    text = ""
    for number, cells in enumerate(rows, start=1):
        held = "".join(
            cell.format(p=prefix, r=f' r="{"ABCD"[k]}{number}"' if addressed else "") for k, cell in enumerate(cells)
        )
        text += f"<{prefix}row>{held}</{prefix}row>" if held else f"<{prefix}row/>"
    xml = page(text, prefix)
    sheet = Sheet(xml, "sheet")
    assert sheet.edited({}) == xml
    assert len(sheet.cells) == sum(map(len, rows))
    blank = dict.fromkeys(chosen, Content("", result(BLANK), style=7))
    filled = dict.fromkeys(chosen, Content("1+1", result(2.0), style=7))
    once = sheet.edited(filled)
    again = Sheet(once, "sheet")
    assert [again.cells[address].attributes["s"] for address in chosen] == ["7"] * len(chosen)
    assert {f.cell.a1: f.element.text for f in again.formulas() if f.cell.a1 in chosen} == dict.fromkeys(chosen, "1+1")
    assert again.edited(filled) == once
    assert again.edited(blank) == Sheet(again.edited(blank), "sheet").edited(blank)
    for address, cell in sheet.cells.items():
        if address not in chosen:
            assert xml[cell.start : cell.end] == once[again.cells[address].start : again.cells[address].end]


def test_many_edits_of_one_sheet_are_made_at_once():
    """Edits are positions in the XML as it was, so that values, formats and a relation are written in one go."""
    sheet = Sheet(page('<row r="2"><c r="B2"><f>1</f></c></row>'), "sheet")
    edits = [*sheet.edits({"B2": Content(stored=result(1.0))}), *sheet.edits({"A1": Content(stored=constant("a"))})]
    assert spliced(sheet.xml, edits) == page(
        '<row r="1"><c r="A1" t="inlineStr"><is><t xml:space="preserve">a</t></is></c></row>'
        '<row r="2"><c r="B2"><f>1</f><v>1.0</v></c></row>'
    )


@given(st.text(st.sampled_from("ab &<>'\"\t\n\r;#")))
def test_an_attribute_reads_as_it_was_given(value):
    """XML readers make a space of a tab and of a line's end in an attribute, and end it at a quotation mark."""
    xml = b'<row r="1" ht="2"/>'
    new = spliced(xml, [with_attributes(outline(xml, "sheet", depth=0), ht=value)])
    assert ElementTree.fromstring(new).attrib == {"r": "1", "ht": value}


def test_a_row_without_a_number_is_where_its_cells_say():
    """A new row before it must not be put behind it."""
    old = '<row><c r="A5"><v>1</v></c></row>'
    for address, new in (("A4", "{}" + old), ("A6", old + "{}"), ("B5", old.replace("</row>", "{}</row>"))):
        cell = f'<c r="{address}"><v>2.0</v></c>'
        written = cell if address == "B5" else f'<row r="{address[1:]}">{cell}</row>'
        assert write_values(page(old), {address: 2.0}, "sheet") == page(new.format(written))


def test_two_elements_for_one_cell_are_not_edited():
    """The new value would be in one of them, and some programs would read the other."""
    xml = page('<row r="1"><c r="A1"/><c r="A1"/></row>')
    with pytest.raises(WorkbookError, match=r"^sheet: .* two elements for the cell A1; save"):
        write_values(xml, {"A1": 1.0}, "sheet")


def test_a_cell_that_loses_its_formula_is_no_formula_that_spills():
    """What marks one that spills would be left on a constant."""
    xml = page('<row r="1"><c r="A1" cm="1" s="2"><f t="array" ref="A1:A2">B1:B2</f><v>1</v></c></row>')
    assert Sheet(xml, "sheet").edited({"A1": Content("", constant(True))}) == page(
        '<row r="1"><c r="A1" s="2" t="b"><v>1</v></c></row>'
    )


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_file_without_a_change_is_the_file():
    """The same bytes, not the same parts packed anew."""
    data = saved(openpyxl.Workbook())
    file = Editor(data, Path("book.xlsx"))
    part = file.sheets["Sheet"]
    file[part] = write_formulas(file[part], {}, "sheet")
    assert file.saved() == data
    with pytest.raises(WorkbookError, match=r"book\.xlsx: the part xl/other\.xml is missing"):
        file["xl/other.xml"]


def test_a_copy_for_another_program_does_not_iterate_and_reads_no_other_file():
    """With iterations a circle has a value; and no program is to fetch what a stranger's workbook names."""
    book = openpyxl.Workbook()
    book.calculation.iterate = True
    book.active["A1"].hyperlink = "http://example.org/"
    path = Path("book.xlsx")
    parts = read_parts(saved(book), path)
    new = isolated(parts, path)
    changed = {name for name in parts if parts[name] != new[name]}
    assert changed == {"xl/workbook.xml", "xl/worksheets/_rels/sheet1.xml.rels"}
    (old, calc) = (outline(xml["xl/workbook.xml"], "book", depth=1).child("calcPr") for xml in (parts, new))
    assert old.attributes == {**calc.attributes, "iterate": "1"}
    assert b"example.org" not in new["xl/worksheets/_rels/sheet1.xml.rels"]
