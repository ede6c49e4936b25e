"""``xlparity verify --annotate``: what is wrong is shown in the file itself, and everything else in it stays as it was."""

import math
import re
import shutil
import zipfile
from dataclasses import replace

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from planted import planted

import xlparity
from xlparity.actions.annotate import annotated_copy
from xlparity.actions.annotate.marks import COLOURS, MEANINGS, marks
from xlparity.actions.annotate.summary import FONTS
from xlparity.errors import WorkbookError
from xlparity.excel.address import Cell
from xlparity.excel.ooxml import Content, Sheet, constant, pack, write_formulas, write_values
from xlparity.excel.workbook import read_workbook
from xlparity.results.report import Finding, Verdict
from xlparity.results.rules import CAUSES

FAULTS = {"N31": "=-(L31*LOG(J31)+(1-L31)*LN(1-J31))", "I30": "=MMULT(B30:D33,F30:F32)", "J10": 0.25}


@pytest.fixture(scope="module")
def faulty(two_iterations, tmp_path_factory):
    """A workbook with three faults, its report, and the annotated copy; nobody writes to this folder."""
    folder = tmp_path_factory.mktemp("annotated")
    path = planted(two_iterations, folder / "faulty.xlsx", FAULTS)
    report = xlparity.verify(two_iterations, workbook=path)
    copy = folder / "shown.xlsx"
    copy.write_bytes(annotated_copy(report).data)
    return path, report, copy


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def annotated(small, name="shown.xlsx", **cells):
    """The annotated copy of the small workbook, with these cells in it if any are given."""
    if cells:
        small.write_cells(cells)
    copy = small.workbook.with_name(name)
    copy.write_bytes(annotated_copy(xlparity.verify(small.spec)).data)
    return copy


def commented_copy(small, comments, sheet="Sheet"):
    """The small workbook, wrong in B1, with comments that somebody else has put there; the annotated copy."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    book = openpyxl.load_workbook(small.workbook)
    for address, text in comments.items():
        book[sheet][address].comment = Comment(text, "a teacher")
    book.save(small.workbook)
    return annotated(small)


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_every_cell_that_is_not_right_is_coloured_and_no_other(faulty):
    """The colours are the report's: the faults loudest, what follows paler, what only seems right in yellow."""
    path, report, copy = faulty
    expected = {cell: COLOURS[mark.kind] for cell, mark in marks(report).items()}
    old, new = openpyxl.load_workbook(path), openpyxl.load_workbook(copy)
    assert {mark.kind for mark in marks(report).values()} == {"cause", "wrong", "sometimes"}
    for sheet in old:
        for cell in (cell for row in sheet for cell in row):
            there = new[sheet.title][cell.coordinate]
            own = cell.fill.fgColor.rgb
            assert there.fill.fgColor.rgb == expected.get(Cell(sheet.title, cell.row, cell.column), own)


def test_a_coloured_cell_keeps_its_number_format_font_and_borders(faulty):
    """A percentage stays a percentage: the fill is all that is new."""
    path, report, copy = faulty
    old, new = openpyxl.load_workbook(path), openpyxl.load_workbook(copy)
    for cell in marks(report):
        before, after = old[cell.sheet][cell.a1], new[cell.sheet][cell.a1]
        assert after.number_format == before.number_format
        for part in ("font", "border", "alignment", "protection"):
            assert repr(getattr(after, part)) == repr(getattr(before, part))
    assert len({new[cell.sheet][cell.a1].number_format for cell in marks(report)}) > 1


def test_the_comment_says_what_was_expected_what_is_there_why_and_what_to_write(faulty):
    """Whoever reads it in Excel needs nothing else."""
    text = openpyxl.load_workbook(faulty[2])["Training"]["N31"].comment.text
    assert text.startswith("xlparity\nsample_loss of iteration 2: differs from the Python reference\n")
    assert re.search(r"^expected: 0\.598786\d+$", text, re.MULTILINE)
    assert re.search(r"^actual: 0\.\d+$", text, re.MULTILINE)
    assert "why: XP101 Training!N31 in iteration 2: " in text
    assert "should be the natural logarithm LN" in text
    assert text.endswith("suggestion: =-(L31*LN(J31)+(1-L31)*LN(1-J31))")
    assert "no fault was found in this formula" not in text


def test_a_cell_that_is_wrong_because_of_another_says_where_to_look(faulty):
    """Nobody is to mend a formula that is right."""
    _, report, copy = faulty
    named = {cell for check in report.checks for finding in check.findings for cell in finding.cells}
    follows = next(r.cell for c in report.checks for r in c.results if r.status == "mismatch" and r.cell not in named)
    text = openpyxl.load_workbook(copy)[follows.sheet][follows.a1].comment.text
    assert "why: no fault was found in this formula itself, so look at the cells that it refers to;" in text


def test_a_cell_that_is_right_on_the_stored_inputs_only_says_what_to_type_to_see_it(small):
    """Else whoever looks at it sees nothing wrong."""
    cell = openpyxl.load_workbook(annotated(small, A1=3, B1="=3+A1"))["Sheet"]["B1"]
    assert "y: right on the stored inputs only, and wrong on others" in cell.comment.text
    assert re.search(r"^set Sheet!A1 to \S+ and Sheet!B1 is off by", cell.comment.text, re.MULTILINE)


def test_the_faults_are_the_loudest_marks_and_then_the_largest_differences(faulty):
    """The first of them are commented where there are too many."""
    _, report, _ = faulty
    marked = marks(report)
    order = [list(MEANINGS).index(mark.kind) for mark in marked.values()]
    assert order == sorted(order)
    off = {r.cell: abs(r.difference) for check in report.checks for r in check.results if r.difference is not None}
    wrong = [off[cell] for cell, mark in marked.items() if mark.kind == "wrong" and cell in off]
    assert len(wrong) > 20
    assert wrong == sorted(wrong, reverse=True)


def test_a_remark_on_a_wrong_cell_does_not_make_it_quieter(small):
    """It says one thing more, in the colour of what is wrong."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    report = xlparity.verify(small.spec)
    cell = Cell("Sheet", 1, 2)
    check = replace(report.checks[0], findings=(Finding("XP501", "y", (cell,), (1,), "the file stores 7"),))
    mark = marks(replace(report, checks=(check,)))[cell]
    assert mark.kind == "wrong"
    assert mark.text.endswith("why: XP501 the file stores 7.")


def test_each_cell_of_a_finding_is_given_its_own_formula(small):
    """What is said once for all of them is mended cell by cell."""
    small.reference.write_text("def double(x):\n    return {'y': 2 * x}\n")
    small.write_spec(inputs='[inputs]\nx = { at = "A1:A3", low = -3, high = 3 }', outputs='[outputs]\ny = "B1:B3"')
    copy = annotated(small, A1=1, A2=2, A3=3, B1="=3*A1", B2="=3*A2", B3="=3*A3")
    sheet = openpyxl.load_workbook(copy)["Sheet"]
    assert [sheet[f"B{k}"].comment.text.rsplit("\n", 1)[1] for k in (1, 2, 3)] == [
        f"suggestion: =2*A{k}" for k in (1, 2, 3)
    ]


def test_the_summary_links_to_every_finding_and_to_the_worst_cells(faulty):
    """The last sheet is the way in: the verdict on top, and a click from each line to its cell."""
    _, report, copy = faulty
    book = openpyxl.load_workbook(copy)
    assert book.sheetnames[-1] == "xlparity"
    sheet = book["xlparity"]
    assert sheet["A1"].value == "xlparity: FAIL"
    links = [cell.hyperlink.location for row in sheet for cell in row if cell.hyperlink]
    firsts = [str(finding.cells[0]) for check in report.checks for finding in check.findings]
    assert links[: len(firsts)] == firsts
    assert len(links) == len(firsts) + 50
    shown = {cell.value for row in sheet for cell in row}
    assert {f.code for check in report.checks for f in check.findings} <= shown
    assert {f.suggestion for check in report.checks for f in check.findings} <= shown
    assert {"the fault is here", f"{report.workbook} checked by {report.spec}", "0.25"} <= shown
    assert any(str(text).endswith("point at a coloured cell to read what is wrong.") for text in shown)
    listed = [[cell.value for cell in row] for row in sheet]
    causes = {row[3]: row[2] for row in listed if row[3] in CAUSES}
    assert causes == {f.code: str(f.iterations[0]) for check in report.checks for f in check.findings}
    heading = next(k for k, row in enumerate(listed) if row[0] == "worst cells")
    apart = [abs(row[6]) if row[6] is not None else math.inf for row in listed[heading + 1 : heading + 51]]
    assert apart == sorted(apart, reverse=True)
    for place in links:
        name, _, address = place.rpartition("!")
        assert book[name.strip("'")][address].comment is not None


def test_the_copy_opens_on_the_summary_and_on_no_other_sheet(small):
    """It is what to read first; of two sheets that are selected, Excel makes a group and types into both."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    book = openpyxl.load_workbook(small.workbook)
    book["Sheet"].sheet_view.tabSelected = True  # as Excel saves it
    book.save(small.workbook)
    book = openpyxl.load_workbook(annotated(small))
    assert book.active.title == "xlparity"
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == ["xlparity"]


def test_a_workbook_without_a_window_is_given_one_that_shows_the_summary(small):
    """Libraries leave out what Excel would write, and the view must stand before the sheets."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    written = parts(small.workbook)
    written["xl/workbook.xml"] = re.sub(rb"<bookViews>.*</bookViews>", b"", written["xl/workbook.xml"])
    small.workbook.write_bytes(pack(written))
    copy = annotated(small)
    assert openpyxl.load_workbook(copy).active.title == "xlparity"
    assert b"</bookViews><sheets>" in parts(copy)["xl/workbook.xml"]


@pytest.mark.parametrize("kind", ["cause", "wrong", "sometimes", "unknown"])
def test_a_link_is_readable_on_each_of_the_colours(kind):
    """Blue on red is hard to read: 4.5 to 1 is what the guidelines for accessible texts ask for."""
    light, dark = (luminance(colour) for colour in (COLOURS[kind], FONTS["link"].colour))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour):
    """The relative luminance of an ARGB colour, as WCAG 2 defines it."""
    parts = (int(colour[k : k + 2], 16) / 255 for k in (2, 4, 6))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_summary_counts_what_is_coloured(faulty):
    """Its legend adds up to the cells of each kind."""
    _, report, copy = faulty
    sheet = openpyxl.load_workbook(copy)["xlparity"]
    counted = {row[2].value: row[1].value for row in sheet["A1:C15"] if row[2].value in MEANINGS.values()}
    kinds = [mark.kind for mark in marks(report).values()]
    assert counted == {MEANINGS[kind]: kinds.count(kind) for kind in set(kinds)}


def test_what_could_not_be_judged_on_other_inputs_is_not_said_to_match(small):
    """Beyond 3.5 the root is refused: the cell is right on the stored inputs, and nobody knows what it is on others."""
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "C1"')
    small.reference.write_text("def double(x):\n    return {'y': 2 * x, 'z': 2 * x}\n")
    sheet = openpyxl.load_workbook(annotated(small, A1=3, B1="=2*A1+0*(3.5-A1)^(1/3)", C1="=2*A1"))["xlparity"]
    assert sheet["A1"].value == "xlparity: UNASSESSED"
    assert sheet["A2"].value.startswith(
        "Cells that match the Python reference: 1; that differ: 0; that could not be assessed: 1."
    )
    rows = [[cell.value for cell in row] for row in sheet]
    heading = next(k for k, row in enumerate(rows) if row[0] == "check")
    assert rows[heading][2:6] == ["compared", "match", "wrong", "not assessed"]
    assert rows[heading + 1][2:6] == [2, 1, 0, 1]


def test_of_a_right_workbook_nothing_is_coloured(small):
    """It is given a summary that says so, and no comment."""
    copy = annotated(small)
    book = openpyxl.load_workbook(copy)
    assert book["xlparity"]["A1"].value == "xlparity: PASS"
    assert all(cell.comment is None and cell.fill.fill_type is None for row in book["Sheet"] for cell in row)
    old, new = (parts(path)["xl/worksheets/sheet1.xml"] for path in (small.workbook, copy))
    selected = rb' tabSelected="\d"'
    assert re.sub(selected, b"", new) == re.sub(selected, b"", old)


def test_a_known_difference_is_shown_as_one_with_its_reason(small):
    """What the spec accepts is counted and shown, never hidden."""
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = "B2"\n[[accept]]\ncells = ["B1"]\nreason = "rounded on purpose"')
    small.reference.write_text("def double(x):\n    return {'y': 2 * x, 'z': x + 1}\n")
    cell = openpyxl.load_workbook(annotated(small, A1=3, B1="=3*A1", B2="=A1+1"))["Sheet"]["B1"]
    assert cell.fill.fgColor.rgb == COLOURS["accepted"]
    assert cell.comment.text.endswith("why: rounded on purpose")


# --- what is left as it is -------------------------------------------------------------------------------------------


def test_nothing_but_what_must_is_another_file_in_the_copy(faulty):
    """Sheets without a wrong cell, charts, texts and themes are the bytes that they were."""
    path, report, copy = faulty
    old, new = parts(path), parts(copy)
    assert old.keys() <= new.keys()
    assert any("chart" in name for name in old)
    changed = {name for name in old if old[name] != new[name]}
    touched = {cell.sheet for cell in marks(report)}
    books = openpyxl.load_workbook(path).sheetnames
    sheets = {f"xl/worksheets/sheet{number}.xml" for number, name in enumerate(books, start=1) if name in touched}
    index = {"xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"}
    assert changed - {name for name in changed if name.endswith(".rels")} == sheets | (
        index - {"xl/_rels/workbook.xml.rels"}
    )


def test_in_a_sheet_only_formats_and_one_relation_are_new(faulty):
    """Taken out again, the sheet is what it was, byte for byte."""
    path, _, copy = faulty
    old, new = parts(path), parts(copy)
    for name in (name for name in old if name.startswith("xl/worksheets/sheet") and old[name] != new[name]):
        style = rb' s="\d+"'
        bare = re.sub(rb"<legacyDrawing [^>]*/>", b"", new[name])
        assert sorted(re.sub(style, b"", bare).split(b"><")) == sorted(re.sub(style, b"", old[name]).split(b"><"))


def test_the_copy_computes_and_stores_what_the_original_does(faulty):
    """It is the same workbook to whoever verifies it."""
    path, _, copy = faulty
    old, new = read_workbook(path), read_workbook(copy)
    assert {cell: c for cell, c in new.cells.items() if cell.sheet != "xlparity"} == old.cells


def test_the_copy_is_the_same_on_every_run(faulty):
    """No clock and no machine is in it."""
    _, report, copy = faulty
    assert annotated_copy(report).data == copy.read_bytes()


def test_macros_and_whatever_else_nobody_knows_stay(small):
    """openpyxl drops a part that it does not know; the copy has it."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    extra = {"xl/vbaProject.bin": b"\x00macros", "customXml/item1.xml": b"<mine/>"}
    small.workbook.write_bytes(pack(parts(small.workbook) | extra))
    assert extra.items() <= parts(annotated(small)).items()


# --- comments that are there -----------------------------------------------------------------------------------------


def test_a_comment_that_is_there_keeps_its_text_and_ours_follows(small):
    """A teacher's remark in the wrong cell is not written over, and one elsewhere is left alone."""
    sheet = openpyxl.load_workbook(commented_copy(small, {"B1": "look <here> & there", "A1": "an input"}))["Sheet"]
    assert sheet["B1"].comment.text.startswith("look <here> & there\n\nxlparity\ny: differs")
    assert sheet["B1"].comment.author == "a teacher"
    assert sheet["A1"].comment.text == "an input"


def test_a_comment_beside_others_has_a_box_of_its_own(small):
    """Boxes have numbers, and two with one number make Excel repair the file."""
    copy = commented_copy(small, {"A1": "an input", "C7": "nothing"})
    sheet = openpyxl.load_workbook(copy)["Sheet"]
    assert {c.coordinate for row in sheet for c in row if c.comment} == {"A1", "B1", "C7"}
    new = parts(copy)
    (boxes,) = [name for name in new if name.endswith(".vml")]
    numbers = re.findall(rb"_x0000_s\d+", new[boxes])
    assert len(numbers) == len(set(numbers)) == 3
    assert (sheet["B1"].comment.author, sheet["A1"].comment.author) == ("xlparity", "a teacher")


def test_the_boxes_of_two_sheets_have_numbers_of_their_own(faulty):
    """A number stands for one box in the whole file."""
    new = parts(faulty[2])
    boxes = [xml for name, xml in new.items() if name.endswith(".vml")]
    numbers = [number for xml in boxes for number in re.findall(rb'id="_x0000_s(\d+)"', xml)]
    assert len(boxes) > 1
    assert len(numbers) == len(set(numbers))


def test_a_comment_in_the_last_corner_stands_before_its_cell(small):
    """A box that reaches over the edge of the grid makes Excel repair the file."""
    small.write_spec(outputs='[outputs]\ny = "XFD1048576"')
    new = parts(annotated(small, A1=3, XFD1048576="=3*A1"))
    (boxes,) = [xml for name, xml in new.items() if name.endswith(".vml")]
    left, _, top, _, right, _, bottom, _ = map(int, re.search(rb"<x:Anchor>(.*?)</x:Anchor>", boxes)[1].split(b","))
    assert 0 <= left < right < 2**14
    assert 0 <= top < bottom < 2**20


def test_a_conversation_is_left_to_itself(small):
    """Excel 365 shows the conversation's own part, and the comment beside it is only a copy for old programs."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    book = openpyxl.load_workbook(small.workbook)
    book["Sheet"]["B1"].comment = Comment("[Threaded comment]", "tc={8C1F}")
    book.save(small.workbook)
    cell = openpyxl.load_workbook(annotated(small))["Sheet"]["B1"]
    assert cell.comment.text == "[Threaded comment]"
    assert cell.fill.fgColor.rgb == COLOURS["cause"]


# --- workbooks of all kinds ------------------------------------------------------------------------------------------


def test_a_cell_that_is_not_in_the_file_is_coloured_as_its_column_is(small):
    """Nothing stands where a formula must: the cell has no element, and shows the format of its column."""
    small.write_cells({"A1": 3, "A2": 4})
    book = openpyxl.load_workbook(small.workbook)
    column = book["Sheet"].column_dimensions["B"]
    column.number_format = "0.000"
    column.fill = PatternFill("solid", fgColor="FF00FF00")
    book.save(small.workbook)
    cell = openpyxl.load_workbook(annotated(small))["Sheet"]["B1"]
    assert cell.value is None
    assert cell.fill.fgColor.rgb == COLOURS["cause"]
    assert cell.number_format == "0.000"
    assert cell.comment is not None


def test_tags_with_a_prefix_are_continued_with_it(small):
    """Some programs write ``<x:row>``, which is the same to every reader."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    written = parts(small.workbook)
    for name in ("xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"):
        text = re.sub(rb"(</?)(?=[A-Za-z])", rb"\1x:", written[name])
        written[name] = text.replace(b"xmlns=", b"xmlns:x=", 1)
    small.workbook.write_bytes(pack(written))
    book = openpyxl.load_workbook(annotated(small))
    assert book["Sheet"]["B1"].comment is not None
    assert book["Sheet"]["B1"].fill.fgColor.rgb == COLOURS["cause"]
    assert book.sheetnames == ["Sheet", "xlparity"]


def test_the_anchors_of_a_button_are_neither_columns_nor_rows(small):
    """A form control has an xdr:col and an xdr:row, which were taken for the sheet's: ``KeyError: 'min'``."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    small.write_spec(outputs='[outputs]\ny = { at = "B1:B2" }')
    small.reference.write_text("def double(x):\n    return {'y': [2 * x, 2 * x]}\n")
    written = parts(small.workbook)
    written["xl/worksheets/sheet1.xml"] = with_button(written["xl/worksheets/sheet1.xml"])
    small.workbook.write_bytes(pack(written))
    copy = annotated(small)
    sheet = openpyxl.load_workbook(copy)["Sheet"]
    assert sheet["B1"].fill.fgColor.rgb == COLOURS["cause"]
    assert sheet["B2"].fill.fgColor.rgb != "00000000"  # it has no element in the file
    assert with_button(b"</sheetData>").removeprefix(b"</sheetData>") in parts(copy)["xl/worksheets/sheet1.xml"]


def with_button(xml):
    """The sheet with a form control behind its cells, as Excel anchors one."""
    spaces = {
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    }
    declared = "".join(f' xmlns:{prefix}="{space}"' for prefix, space in spaces.items())
    ends = "".join(
        f"<{end}><xdr:col>{k}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{k}</xdr:row><xdr:rowOff>0</xdr:rowOff></{end}>"
        for k, end in ((4, "from"), (5, "to"))
    )
    button = (
        f'<mc:AlternateContent{declared}><mc:Choice Requires="x14"><controls><control shapeId="1025" name="Button 1">'
        f'<controlPr defaultSize="0"><anchor>{ends}</anchor></controlPr></control></controls></mc:Choice></mc:AlternateContent>'
    )
    return xml.replace(b"</sheetData>", b"</sheetData>" + button.encode())


def test_new_cells_are_put_among_the_rows_of_the_sheet_and_never_into_a_button():
    """By values, by formulas, and in the copies that other engines are given."""
    page = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row>%s</sheetData></worksheet>'
    )
    old = with_button(page % b"")
    for address in ("A2", "B6"):
        new = b'<row r="%s"><c r="%s"><v>2.0</v></c></row>' % (address[1:].encode(), address.encode())
        assert write_values(old, {address: 2.0}, "sheet") == with_button(page % new)
        assert write_formulas(old, {address: "=1"}, "sheet") == with_button(page % new.replace(b"v>2.0</v", b"f>1</f"))
        assert Sheet(old, "sheet").edited({address: Content("", constant(2.0))}) == with_button(page % new)


def test_what_a_sheet_shows_is_told_by_namespace_and_not_by_prefix(small):
    """The relation of a sheet is an id of one namespace, whatever else is called id, and whatever its prefix is."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    opened = openpyxl.load_workbook(small.workbook)
    opened["Sheet"].sheet_view.tabSelected = True
    opened.save(small.workbook)
    written = parts(small.workbook)
    book = (
        written["xl/workbook.xml"]
        .replace(b"xmlns:r=", b"xmlns:q=")
        .replace(b" r:id=", b' xmlns:z="z" z:id="rId9" q:id=')
    )
    small.workbook.write_bytes(pack({**written, "xl/workbook.xml": book}))
    copy = annotated(small)
    assert openpyxl.load_workbook(copy)["Sheet"].sheet_view.tabSelected is False


@pytest.mark.parametrize("name", ["xlparity", "XLparity"])
def test_a_sheet_of_our_name_is_not_written_over(small, name):
    """The copy of a copy has two summaries; Excel tells no names apart by capitals."""
    book = openpyxl.load_workbook(annotated(small, A1=3, B1="=3*A1"))
    book["xlparity"].title = "another"  # openpyxl takes the same name in capitals for a second sheet
    book["another"].title = name
    book.save(small.workbook)
    book = openpyxl.load_workbook(annotated(small, "again.xlsx"))
    assert book.sheetnames == ["Sheet", name, "xlparity (2)"]


def test_a_sheet_whose_name_needs_quotes_is_linked_to(small):
    """A link says 'My data'!B1 as a formula would."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    book = openpyxl.load_workbook(small.workbook)
    book["Sheet"].title = "My <data> & 'more'"
    book.save(small.workbook)
    small.write_spec(sheet='''sheet = "My <data> & 'more'"''')
    sheet = openpyxl.load_workbook(annotated(small))["xlparity"]
    links = {cell.hyperlink.location for row in sheet for cell in row if cell.hyperlink}
    assert links == {"'My <data> & ''more'''!B1"}


def test_white_letters_on_a_pale_colour_are_made_dark(small):
    """White on blue becomes white on pink, which nobody reads."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    book = openpyxl.load_workbook(small.workbook)
    book["Sheet"]["B1"].font = Font(color="FFFFFFFF", bold=True)
    book["Sheet"]["B1"].fill = PatternFill("solid", fgColor="FF002060")
    book.save(small.workbook)
    cell = openpyxl.load_workbook(annotated(small))["Sheet"]["B1"]
    assert cell.font.b
    assert cell.font.color.rgb != "FFFFFFFF"


def test_of_very_many_wrong_cells_all_are_coloured_and_the_worst_commented(faulty):
    """Each comment is a drawing, and Excel is slow with thousands of them; the summary says that there are fewer."""
    _, report, copy = faulty
    some = annotated_copy(report, most_comments=7)
    assert (some.coloured, some.commented) == (len(marks(report)), 7)
    part = copy.with_name("some.xlsx")
    part.write_bytes(some.data)
    book = openpyxl.load_workbook(part)
    commented = {(sheet.title, c.coordinate) for sheet in book for row in sheet for c in row if c.comment}
    assert commented == {(cell.sheet, cell.a1) for cell in list(marks(report))[:7]}
    causes = {cell for check in report.checks for finding in check.findings for cell in finding.cells}
    assert {(cell.sheet, cell.a1) for cell in causes} <= commented
    said = f"7 of {some.coloured:,} cells have a comment, the most important ones"
    assert said in [row[0].value for row in book["xlparity"]["A1:A20"]]


def test_a_workbook_that_has_been_changed_since_is_not_annotated(small):
    """The colours would be about another file."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    report = xlparity.verify(small.spec)
    assert report.verdict is Verdict.FAIL
    small.write_cells({"A1": 3, "B1": "=4*A1"})
    with pytest.raises(WorkbookError, match="has been changed since it was verified; verify it again"):
        annotated_copy(report)


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_writes_the_copy_and_its_exit_code_is_the_verdict(run, small):
    """The report goes where it went, and the copy is told of on standard error."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    out = small.folder / "shown.xlsx"
    done = run("verify", small.spec, "--annotate", out, "--format", "json")
    assert done.code == 1
    assert done.out == run("verify", small.spec, "--format", "json").out
    written, verdict = done.err.split("\n", 1)
    assert written == f"wrote {out.as_posix()}: 1 cell coloured, 1 commented, sheet 'xlparity' added"
    assert verdict.startswith("✗ FAIL")
    assert openpyxl.load_workbook(out)["Sheet"]["B1"].comment is not None


@pytest.mark.parametrize("name", ["small.xlsx", "small.parity.toml", "small.py", "shown.xlsm", "shown"])
def test_no_file_that_is_read_is_written_over_and_no_other_kind_of_file_written(run, small, name):
    """As with --fix."""
    before = {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()}
    done = run("verify", small.spec, "--annotate", small.folder / name)
    assert done.code == 2
    assert "--annotate" in done.err or "would overwrite" in done.err
    assert {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()} == before


def test_the_mended_and_the_annotated_copy_are_two_files(run, small):
    """Of two copies under one name, the second would be taken for the first."""
    done = run("verify", small.spec, "--fix", small.folder / "a.xlsx", "--annotate", small.folder / "a.xlsx")
    assert done.code == 2
    assert "would overwrite" in done.err


@pytest.mark.libreoffice
def test_libreoffice_opens_it_with_comments_colours_and_links(faulty, convert, tmp_path):
    """Another reader than ours, which keeps on saving what it has understood."""
    _, report, copy = faulty
    book = openpyxl.load_workbook(convert(tmp_path / "saved", copy))
    for cell, mark in marks(report).items():
        there = book[cell.sheet][cell.a1]
        assert there.fill.fgColor.rgb == COLOURS[mark.kind]
        assert there.comment.text.startswith("xlparity\n")
    links = [cell.hyperlink.location for row in book["xlparity"] for cell in row if cell.hyperlink]
    assert "Training!N31" in links


@pytest.mark.libreoffice
def test_a_workbook_that_libreoffice_saved_is_annotated_beside_its_comments(small, convert, tmp_path):
    """Another program lays out formats, comments and boxes in its own way."""
    commented_copy(small, {"B1": "look here", "A1": "an input"})
    shutil.copy(convert(tmp_path / "saved", small.workbook), small.workbook)
    copy = annotated(small)
    for path in (copy, convert(tmp_path / "again", copy)):
        sheet = openpyxl.load_workbook(path)["Sheet"]
        assert re.match(r"look here\n+xlparity\ny: differs", sheet["B1"].comment.text)
        assert sheet["A1"].comment.text == "an input"
        assert sheet["B1"].fill.fgColor.rgb == COLOURS["cause"]


def test_a_strict_workbook_is_not_annotated(small):
    """Comments and sheets would come in the plain namespaces, and Excel would have to repair the file."""
    small.write_cells({"A1": 3, "B1": "=3*A1"})
    file = parts(small.workbook)
    spaces = {
        b"schemas.openxmlformats.org/spreadsheetml/2006": b"purl.oclc.org/ooxml/spreadsheetml",
        b"schemas.openxmlformats.org/officeDocument/2006": b"purl.oclc.org/ooxml/officeDocument",
    }
    for old, new in spaces.items():
        file = {name: part.replace(old, new) for name, part in file.items()}
    small.workbook.write_bytes(pack(file))
    report = xlparity.verify(small.spec)
    assert report.verdict is Verdict.FAIL
    with pytest.raises(
        WorkbookError, match="a Strict Open XML workbook cannot be annotated; save a plain Excel workbook"
    ):
        annotated_copy(report)
