"""Stored values: what the file says a formula comes to is compared with what it does come to, and put right on demand."""

import io
import json
import re
import tracemalloc
import zipfile

import openpyxl
import pytest
from openpyxl.chart import LineChart, Reference
from openpyxl.worksheet.formula import ArrayFormula

from xlparity.excel import ooxml
from xlparity.excel.ooxml import repack

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def book(tmp_path):
    """A workbook without stored values, with a chart, a style, a macro project and a part nobody knows."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Data"
    for address, content in {
        "A1": 0.1, "A2": 2, "B1": "=A1+0.2", "B2": '=IF(A2>1,"yes & no","")', "B3": "=A1>A2", "B4": "=1/0",
        "B5": '=INFO("release")', "B6": "=B5+1", "E1": "=SUM(C1:C2)",
    }.items():  # fmt: skip
        sheet[address] = content
    sheet["C1"] = ArrayFormula("C1:C2", "=A1:A2*2")
    sheet["A1"].number_format = "0.000"
    chart = LineChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=2))
    sheet.add_chart(chart, "G1")
    path = tmp_path / "book.xlsx"
    made.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\x00\x01macro")
        archive.writestr("customXml/item1.xml", "<kept exactly='so'/>")
    return path


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return [
            (e.filename, e.date_time, e.external_attr, e.compress_type, archive.read(e)) for e in archive.infolist()
        ]


def counts(run, path):
    done = run("recalc", "--check", path, "--format", "json")
    return done.code, json.loads(done.out)["counts"]


def test_a_picture_is_never_unpacked_as_a_whole(run, book):
    """A file of a few kilobytes could otherwise take gigabytes where it is written, though it did not where it was read."""
    size = 20_000_000
    with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", bytes(size))
    run("recalc", "--check", book)  # whatever is imported and kept is there now
    tracemalloc.start()
    try:
        run("recalc", book)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert contents(book)[-1][-1] == bytes(size)
    assert peak < size / 2


STORED = {"B1": 0.1 + 0.2, "B2": "yes & no", "B3": False, "B4": "#DIV/0!", "C1": 0.2, "C2": 4, "E1": 4.2}


def test_recalc_stores_what_the_formulas_compute(run, book):
    """Other programs show stored values; a workbook that openpyxl wrote has none."""
    assert counts(run, book)[0] == 3
    done = run("recalc", book)
    assert done.code == 0
    assert "2 keep their stored value" in done.out
    assert "B5" in done.out
    sheet = openpyxl.load_workbook(book, data_only=True)["Data"]
    assert {address: sheet[address].value for address in STORED} == pytest.approx(STORED)
    assert sheet["B5"].value is None


def test_recalc_changes_nothing_but_values_of_the_sheets(run, book, tmp_path):
    """A workbook has parts that no library keeps: what is loaded and saved comes back without them."""
    out = tmp_path / "out.xlsx"
    before = contents(book)
    assert run("recalc", book, "-o", out).code == 0
    after = contents(out)
    assert contents(book) == before
    assert [part[:4] for part in after] == [part[:4] for part in before]
    assert [name for (name, *_, old), (*_, new) in zip(before, after, strict=True) if old != new] == [SHEET]
    formulas = [cell.value for row in openpyxl.load_workbook(book)["Data"] for cell in row if cell.data_type == "f"]
    kept = [cell.value for row in openpyxl.load_workbook(out)["Data"] for cell in row if cell.data_type == "f"]
    assert [str(getattr(f, "text", f)) for f in kept] == [str(getattr(f, "text", f)) for f in formulas]


def test_a_second_recalc_writes_the_same_bytes(run, book):
    """Whoever keeps workbooks under version control must not see changes where there are none."""
    run("recalc", book)
    once = book.read_bytes()
    run("recalc", book)
    assert book.read_bytes() == once


def test_check_accepts_what_recalc_wrote_and_counts_every_formula(run, book):
    """The counts add up to the formula elements of the file, so that none is passed over."""
    run("recalc", book)
    code, found = counts(run, book)
    assert (code, found) == (2, {"formulas": 8, "equal": 6, "differs": 0, "unsupported": 2, "uncached": 0, "taken": 0})


def edited(book, *pairs):
    parts = ooxml.read_parts(book.read_bytes(), book)
    xml = parts[SHEET]
    for old, new in pairs:
        assert old in xml, xml
        xml = xml.replace(old, new)
    book.write_bytes(repack(book.read_bytes(), {SHEET: xml}))


@pytest.mark.parametrize(
    ("old", "new", "cell", "stored"),
    [
        (b"<v>0.30000000000000004</v>", b"<v>0.3001</v>", "Data!B1", 0.3001),
        (b"<v>yes &amp; no</v>", b"<v>yes</v>", "Data!B2", "yes"),
        (b't="b"><f>A1&gt;A2</f><v>0</v>', b"><f>A1&gt;A2</f><v>0</v>", "Data!B3", 0.0),
        (b"#DIV/0!", b"#N/A", "Data!B4", "#N/A"),
        (b"<v>4.0</v>", b"<v>4.5</v>", "Data!C2", 4.5),
    ],
)
def test_a_stored_value_that_differs_is_found_and_named(run, book, old, new, cell, stored):
    """Of an array formula every cell counts, and FALSE is not 0."""
    run("recalc", book)
    edited(book, (old, new))
    done = run("recalc", "--check", book, "--format", "json")
    report = json.loads(done.out)
    assert (done.code, report["verdict"], report["counts"]["differs"]) == (3, "stale", 1)
    (found,) = [cell for cell in report["cells"] if cell["status"] == "differs"]
    assert (found["cell"], found["stored"]) == (cell, stored)
    assert found["formula"]


@pytest.mark.libreoffice
def test_a_boolean_that_libreoffice_stores_as_a_number_is_equal(run, small, convert):
    """It writes TRUE as 1 where the cell has a number format; only its own files are read so."""
    small.write_cells({"A1": 3, "A2": "=A1>2", "A3": "=A1>5"})
    book = openpyxl.load_workbook(small.workbook)
    for address in ("A2", "A3"):
        book.active[address].number_format = "0.00"
    book.save(small.workbook)
    saved = convert(small.folder / "out", small.workbook)
    parts = ooxml.read_parts(saved.read_bytes(), saved)
    assert re.search(rb'r="A2"[^>]*t="n"><f[^>]*>[^<]*</f><v>1</v>', parts[SHEET])
    assert counts(run, saved)[1]["equal"] == 2
    app = parts["docProps/app.xml"].replace(b"<Application>LibreOffice", b"<Application>Microsoft Excel")
    saved.write_bytes(repack(saved.read_bytes(), {"docProps/app.xml": app}))
    assert counts(run, saved)[1]["differs"] == 2


def test_the_last_digits_of_a_stored_value_do_not_matter(run, book):
    """Excel and numpy differ in them; a relative difference of 1e-9 is the limit."""
    run("recalc", book)
    edited(book, (b"<v>0.30000000000000004</v>", b"<v>0.3</v>"))
    assert counts(run, book)[1]["differs"] == 0


def test_a_stored_value_beside_a_formula_that_cannot_be_computed_is_no_agreement(run, book):
    """It may be right; nobody has recomputed it."""
    run("recalc", book)
    edited(
        book,
        (b'<f>INFO("release")</f><v />', b'<f>INFO("release")</f><v>0.5</v>'),
        (b"<f>B5+1</f><v />", b"<f>B5+1</f><v>1.5</v>"),
    )
    code, found = counts(run, book)
    assert (code, found["unsupported"], found["uncached"], found["equal"]) == (2, 2, 0, 6)
    done = run("recalc", "--check", book)
    assert "? UNASSESSED" in done.out
    said = "6 of 8 formulas store what they compute, 2 could not be computed; --allow-unsupported ignores these."
    assert said in " ".join(done.out.split())
    assert run("recalc", "--check", "--allow-unsupported", book).code == 0
    assert run("recalc", "--allow-unsupported", book).code == 2


def test_a_stale_value_is_not_hidden_behind_a_formula_that_cannot_be_computed(run, book):
    """The one is proved, whatever the other may be; both are counted."""
    run("recalc", book)
    edited(
        book,
        (b'<f>INFO("release")</f><v />', b'<f>INFO("release")</f><v>0.5</v>'),
        (b"<f>B5+1</f><v />", b"<f>B5+1</f><v>1.5</v>"),
    )
    edited(book, (b"<v>4.0</v>", b"<v>4.5</v>"))
    done = run("recalc", "--check", book)
    assert done.code == 3
    assert "1 differs, 2 could not be computed" in " ".join(done.out.split())


def test_a_file_of_which_nothing_could_be_computed_is_not_assessed(run, small):
    """An exit code of 0 would say that its stored values had been confirmed."""
    small.write_cells({"A1": "=RAND()"})
    edited(small.workbook, (b"<f>RAND()</f><v />", b"<f>RAND()</f><v>0.5</v>"))
    assert run("recalc", "--check", small.workbook).code == 2
    assert run("recalc", "--check", "--allow-unsupported", small.workbook).code == 2


def test_what_depends_on_chance_is_taken_as_it_is_stored(run, small):
    """The cell's own value cannot be wrong; those that follow from it can, and are recomputed."""
    small.write_cells({"A1": "=RAND()", "B1": "=2*A1", "C1": "=B1+1", "D1": "=RAND()*A1"})
    edited(
        small.workbook,
        (b"<f>RAND()</f><v />", b"<f>RAND()</f><v>0.5</v>"),
        (b"<f>2*A1</f><v />", b"<f>2*A1</f><v>1</v>"),
        (b"<f>B1+1</f><v />", b"<f>B1+1</f><v>3</v>"),
        (b"<f>RAND()*A1</f><v />", b"<f>RAND()*A1</f><v>1.25</v>"),
    )
    expected = {"formulas": 4, "equal": 1, "differs": 1, "unsupported": 0, "uncached": 0, "taken": 2}
    assert counts(run, small.workbook) == (3, expected)
    done = run("recalc", small.workbook)
    assert "4 of 4 formulas recomputed" not in done.out
    assert "2 keep their stored value" in " ".join(done.out.split())
    said = "2 of 4 formulas store what they compute, 2 give another value each time and are taken as stored."
    assert said in " ".join(run("recalc", "--check", small.workbook).out.split())
    assert counts(run, small.workbook)[1]["equal"] == 2


def test_a_formula_that_could_not_be_computed_and_stores_nothing_is_not_stale(run, small):
    """To recalc it, as was advised, stores nothing either."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": "=_xlfn.TRIMRANGE(A1)"})
    assert run("recalc", small.workbook).code == 0
    assert counts(run, small.workbook) == (
        2,
        {"formulas": 2, "equal": 1, "differs": 0, "unsupported": 1, "uncached": 0, "taken": 0},
    )
    assert run("recalc", "--check", "--allow-unsupported", small.workbook).code == 0


@pytest.mark.parametrize("arguments", [["--check"], []])
def test_a_file_that_cannot_be_read_is_one_error(run, tmp_path, arguments):
    """No half-written file beside it either."""
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"no zip")
    done = run("recalc", broken, *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert broken.read_bytes() == b"no zip"
    assert list(tmp_path.iterdir()) == [broken]


def test_check_writes_no_workbook(run, small, tmp_path):
    """--check with --out is a contradiction, and says so."""
    done = run("recalc", "--check", small.workbook, "-o", tmp_path / "out.xlsx")
    assert done.code == 2
    assert "--out" in done.err


@pytest.mark.libreoffice
def test_a_recalculated_file_opens_in_libreoffice(run, book, convert, tmp_path):
    """An element in the wrong order, or a cell out of place, would not."""
    run("recalc", book)
    convert(tmp_path, book, form="csv")
    assert (tmp_path / "book.csv").read_text().startswith("0.1,0.3,0.2,,4.2")


def test_shared_texts_and_escapes_are_read_as_stored_values(run, small):
    """Some programs store a formula's text in the table of shared texts, or what XML cannot hold as a code."""
    small.write_cells({"A1": "x", "A2": '=A1&""', "A3": '="a"&A1'})
    run("recalc", small.workbook)
    edited(small.workbook, (b't="str"><f>A1&amp;""</f><v>x</v>', b't="s"><f>A1&amp;""</f><v>0</v>'))
    edited(small.workbook, (b"<v>ax</v>", b"<v>a_x0078_</v>"))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    rels = "xl/_rels/workbook.xml.rels"
    link = f'<Relationship Id="texts" Type="{relation}" Target="sharedStrings.xml"/></Relationships>'.encode()
    listing = ooxml.read_parts(small.workbook.read_bytes(), small.workbook)[rels]
    data = repack(small.workbook.read_bytes(), {rels: listing.replace(b"</Relationships>", link)})
    small.workbook.write_bytes(data)
    with zipfile.ZipFile(small.workbook, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}"><si><t>x</t><rPh><t>y</t></rPh></si></sst>')
    assert counts(run, small.workbook) == (
        0,
        {"formulas": 2, "equal": 2, "differs": 0, "unsupported": 0, "uncached": 0, "taken": 0},
    )


def test_a_package_is_closed_as_it_was(book):
    """Times, attributes and the comment of the archive are kept."""
    data = book.read_bytes()
    with zipfile.ZipFile(io.BytesIO(repack(data, {SHEET: b"<new/>"}))) as new, zipfile.ZipFile(book) as old:
        assert [e.date_time for e in new.infolist()] == [e.date_time for e in old.infolist()]
        assert new.read(SHEET) == b"<new/>"


@pytest.mark.parametrize("check", [True, False])
def test_the_outcome_is_said_whatever_the_report_is_written_as(run, small, check):
    """On standard error where a program reads the other; --quiet says nothing beside a report of another kind."""
    words = [
        "recalc",
        small.workbook,
        *(["--check"] if check else ["--out", small.folder / "new.xlsx"]),
        "--format",
        "json",
    ]
    report = small.folder / "report.json"
    outcome = run(*words[:-2], "--quiet").out
    assert outcome.startswith("~ STALE" if check else "wrote")
    piped, written = run(*words), run(*words, "--output", report)
    assert json.loads(piped.out) == json.loads(report.read_text())
    assert piped.err == outcome
    assert (written.out, written.err) == (outcome, f"wrote {report.as_posix()}\n")
    assert run(*words, "--quiet").err == ""
    quiet = run(*words, "--output", report, "--quiet")
    assert (quiet.out, quiet.err) == ("", "")


def test_a_circle_that_does_not_settle_is_not_stale(run, tmp_path):
    """Excel stops it where it likes: recalc stores no value for it, so a check that asks for one would never end."""
    made = openpyxl.Workbook()
    made.active["A1"], made.active["B1"], made.active["B2"] = 3, "=A1+B1/2", "=2*B1"
    made.calculation.iterate = True
    made.save(path := tmp_path / "book.xlsx")
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read(SHEET).decode()
    sheet = re.sub(r"(<f>A1\+B1/2</f>)<v ?/?>(</v>)?", r"\1<v>5.9</v>", sheet)
    sheet = re.sub(r"(<f>2\*B1</f>)<v ?/?>(</v>)?", r"\1<v>11.8</v>", sheet)
    assert "5.9" in sheet
    assert "11.8" in sheet
    path.write_bytes(repack(path.read_bytes(), {SHEET: sheet.encode()}))
    done = run("recalc", "--check", path)
    assert done.code == 2
    assert "Excel stops iterating before it settles" in " ".join(done.out.split())
    assert "stores it" not in done.out
