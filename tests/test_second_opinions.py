"""The engines that read the file itself: what they are given, what they must refuse, and how they fail."""

import gc
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from types import SimpleNamespace

import openpyxl
import pytest
from formula_cases import PROGRAMS
from test_contract import LIE, saved_with_lies
from test_engines import at, workbook

from xlparity.engines.common.files import FileTemplate
from xlparity.engines.libreoffice import LibreOfficeEngine
from xlparity.engines.registry import engine_names, find_engine, list_engines
from xlparity.errors import EngineError, UsageError, WorkbookError
from xlparity.excel import ooxml
from xlparity.excel.ooxml import pack
from xlparity.excel.values import BLANK, MISSING, ErrorValue, Unsupported
from xlparity.excel.workbook import read_workbook


def sheet_xml(path):
    parts = ooxml.read_parts(path.read_bytes(), path)
    return parts[next(iter(ooxml.sheet_parts(parts, path).values()))].decode()


def repacked(path, change, part="xl/worksheets/sheet1.xml"):
    """The workbook with one part of its file changed."""
    parts = ooxml.read_parts(path.read_bytes(), path)
    parts[part] = change(parts[part].decode()).encode()
    path.write_bytes(pack(parts))
    return read_workbook(path)


def with_rows(folder, rows):
    """A workbook whose one sheet holds exactly these rows of XML."""
    path = folder / "raw.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "S"
    book.save(path)
    data = f"<sheetData>{rows}</sheetData>" if rows else "<sheetData/>"
    return repacked(path, lambda xml: re.sub("<sheetData ?/>|<sheetData></sheetData>", lambda _: data, xml))


# --- cached ----------------------------------------------------------------------------------------------------------


def test_stored_values_are_told_to_the_last_bit(tmp_path):
    """What Excel computed is the one witness that is Excel; a digit lost on the way would be held against it."""
    book = with_rows(
        tmp_path,
        '<row r="1"><c r="A1"><f>1/3</f><v>0.33333333333333331</v></c><c r="B1" t="str"><f>"a"</f><v>a &amp; b_x000A_</v></c>'
        '<c r="C1" t="b"><f>TRUE</f><v>1</v></c><c r="D1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="E1"><f>2</f></c>'
        '<c r="F1"><v>1E-20</v></c><c r="G1" t="str"><f>""</f><v></v></c><c r="H1"><f>1</f><v>x</v></c></row>'
        '<row r="2"><c r="A2"><f t="array" ref="A2:B2">A1:B1</f><v>7</v></c><c r="B2"><v>8.5</v></c></row>',
    )
    values = find_engine("cached").load(book).recalculate({})
    expected = [1 / 3, "a & b\n", True, ErrorValue("#DIV/0!"), MISSING, 1e-20, ""]
    assert [values[at(f"{column}1")] for column in "ABCDEFG"] == expected
    assert values[at("H1")] is MISSING
    assert (values[at("A2")], values[at("B2")]) == (7.0, 8.5)


def test_stored_values_cannot_be_recalculated(tmp_path):
    """What the file stores says nothing about other inputs."""
    with pytest.raises(UsageError, match="cannot be recalculated"):
        find_engine("cached").load(workbook(tmp_path, S={"A1": 1})).recalculate({at("A1"): 2.0})


# --- copies of the file ----------------------------------------------------------------------------------------------


def test_a_copy_holds_no_stored_value_of_a_formula(tmp_path):
    """One that is left may come back as if it had been computed."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"], book.active["C1"] = 3, "=A1*2", "text"
    made = tmp_path / "copy.xlsx"
    made.write_bytes(FileTemplate(saved_with_lies(book, tmp_path / "book.xlsx"), ()).copy({}))
    assert f"{LIE!r}" in sheet_xml(tmp_path / "book.xlsx")
    assert "987654321" not in sheet_xml(made)
    assert "A1*2" in sheet_xml(made)


ROWS = '<row r="2"><c r="B2" s="0"><v>1</v></c><c r="D2"><v>2</v></c></row><row r="4"/><row r="6"><c r="A6"><f>B2</f></c></row>'


@pytest.mark.parametrize("rows", [ROWS, ""])
def test_new_cells_and_rows_stand_where_readers_expect_them(tmp_path, rows):
    """A row or a cell out of order is a damaged file to Excel, and is passed over by others."""
    new = ["A1", "C1", "A2", "C2", "E2", "B4", "C5", "B6", "A9"]
    made = tmp_path / "copy.xlsx"
    made.write_bytes(FileTemplate(with_rows(tmp_path, rows), ()).copy({at(address): 5.0 for address in new}))
    order = [at(address) for address in re.findall(r'<c r="([A-Z]+[0-9]+)"', sheet_xml(made))]
    assert order == sorted(order)
    numbers = [int(number) for number in re.findall(r'<row r="([0-9]+)"', sheet_xml(made))]
    assert numbers == sorted(set(numbers))
    read = read_workbook(made).cells
    assert {address: read[at(address)] for address in new} == dict.fromkeys(new, 5.0)


def test_a_copy_is_made_of_the_file_that_was_read(tmp_path):
    """Another file under the same name would be compared with the formulas of the old one."""
    book = workbook(tmp_path, S={"A1": 1})
    workbook(tmp_path, S={"A1": 2})
    with pytest.raises(WorkbookError, match="has changed"):
        FileTemplate(book, ())


@pytest.mark.parametrize("value", [MISSING, Unsupported("?"), float("inf"), float("nan")])
def test_a_value_that_no_file_can_hold_is_refused(tmp_path, value):
    """Written all the same, it would make another file of it, or none that opens."""
    with pytest.raises(UsageError, match="no value that a file can hold"):
        FileTemplate(workbook(tmp_path, S={"A1": 1}), ()).copy({at("A1"): value})


# --- both of them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_formulas_that_live_off_an_overridden_one_are_computed(tmp_path, name):
    """A shared formula has its text in one cell only, and that may be the one that is overridden or refused."""
    shared = "".join(f'<c r="{column}1"><f t="shared" si="0"/><v>9</v></c>' for column in "CD")
    book = with_rows(
        tmp_path,
        '<row r="1"><c r="A1"><v>2</v></c><c r="B1"><f t="shared" ref="B1:D1" si="0">A1*3</f><v>9</v></c>'
        + shared
        + "</row>",
    )
    session = find_engine(name).load(book)
    values = session.recalculate({at("B1"): 10.0})
    assert [values[at(f"{column}1")] for column in "BCD"] == [10.0, 30.0, 90.0]
    assert session.recalculate({})[at("D1")] == 54.0


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_follows_from_something_refused_is_refused(tmp_path, name, capfd):
    """Their value of what xlparity refuses is worth nothing, and by no way round does it become worth something.

    Nothing may be printed either: the command line's own output may be JSON.
    """
    cells = {
        "A1": "=NOW()", "A2": "=IF(A1>0,1,2)", "A3": "=INDIRECT(B1)", "B1": "A1", "A4": "=moment*0", "A5": "=SUM(A4:A9)",
        "C1": 2, "C2": "=C1*2", "A6": "=C2+A12", "A12": "=[1]Sheet1!$A$1",
        "E1:E2": "{=C1:C2*A12}", "F1": "=E2", "G1": "=G2", "G2": "=G1+1",
    }  # fmt: skip
    path = workbook(tmp_path, {"moment": "TODAY()"}, S=cells).path
    iterated = '<calcPr iterate="1" iterateCount="100"'
    book = repacked(path, lambda xml: xml.replace("<calcPr", iterated), "xl/workbook.xml")
    session = find_engine(name).load(book)
    values = session.recalculate({})
    refused = {cell.a1 for cell, value in values.items() if isinstance(value, Unsupported)}
    assert refused == {"A1", "A2", "A3", "A4", "A5", "A6", "A12", "E1", "E2", "F1", "G1", "G2"}
    assert values[at("C2")] == 4.0
    assert (
        str(values[at("A2")])
        == "unsupported: it depends on S!A1: NOW gives another value each time; make its cell an input"
    )
    freed = session.recalculate({at(address): 1.0 for address in ("A1", "A4", "A12", "G1")})
    assert {address: freed[at(address)] for address in ("A2", "A6", "F1", "G2")} == {"A2": 1, "A6": 5, "F1": 4, "G2": 2}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_workbook_is_not_opened(tmp_path, name):
    """A workbook from a stranger may not make this machine call anybody, or read another of its files."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        target = f"http://127.0.0.1:{server.getsockname()[1]}/other.xlsx"
        path = workbook(
            tmp_path, S={"A1": 2, "B1": "=[1]Other!A1", "C1": "=A1*2", "D1": f'=_xlfn.WEBSERVICE("{target}")'}
        ).path
        parts = ooxml.read_parts(path.read_bytes(), path)
        office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        links = parts["xl/_rels/workbook.xml.rels"].decode()
        parts["xl/_rels/workbook.xml.rels"] = links.replace(
            "</Relationships>",
            f'<Relationship Id="x1" Type="{office}/externalLink" Target="/xl/externalLinks/externalLink1.xml"/></Relationships>',
        ).encode()
        parts["xl/workbook.xml"] = (
            parts["xl/workbook.xml"]
            .decode()
            .replace(
                "<calcPr",
                f'<externalReferences><externalReference xmlns:r="{office}" r:id="x1"/></externalReferences><calcPr',
            )
            .encode()
        )
        parts["xl/externalLinks/externalLink1.xml"] = (
            f'<externalLink xmlns="{main}"><externalBook xmlns:r="{office}" r:id="rId1"><sheetNames><sheetName val="Other"/>'
            '</sheetNames><sheetDataSet><sheetData sheetId="0"><row r="1"><cell r="A1"><v>999</v></cell></row></sheetData>'
            "</sheetDataSet></externalBook></externalLink>"
        ).encode()
        parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
            f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{office}/externalLinkPath" Target="{target}" '
            'TargetMode="External"/></Relationships>'
        ).encode()
        path.write_bytes(pack(parts))
        values = find_engine(name).load(read_workbook(path)).recalculate({})
        with pytest.raises(TimeoutError):
            server.accept()
    assert isinstance(values[at("B1")], Unsupported)
    assert isinstance(values[at("D1")], Unsupported)
    assert values[at("C1")] == 4.0


# --- how they fail ---------------------------------------------------------------------------------------------------


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a shell script called soffice on PATH, in place of what is there."""

    def install(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "soffice").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "soffice").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")

    return install


def alive(pid):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and "Z" not in state


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path, program):
    """soffice is a script that starts the real program; killed alone, it would leave that running for ever."""
    program(f"sleep 60 & echo $! > {tmp_path}/child; wait")
    session = LibreOfficeEngine(time_limit=0.5).load(workbook(tmp_path, S={"A1": 1}))
    with pytest.raises(EngineError, match=r"more than 1 s"):
        session.recalculate({})
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not alive(child):
            break
        time.sleep(0.1)
    assert not alive(child)


def test_a_program_that_gives_nothing_back_is_an_error(tmp_path, program):
    """Nothing back is not an empty workbook."""
    program("echo out of memory")
    with pytest.raises(EngineError, match=r"gave nothing back .out of memory"):
        LibreOfficeEngine().load(workbook(tmp_path, S={"A1": 1})).recalculate({})
    with pytest.raises(EngineError, match="cannot be started"):
        (tmp_path / "bin" / "soffice").write_text("#!/no/such/shell\n")
        LibreOfficeEngine().load(workbook(tmp_path, S={"A1": 1})).recalculate({})


@pytest.mark.libreoffice
def test_truth_values_of_libreoffice_are_told_from_numbers(tmp_path):
    """It has numbers only, and a format that shows some of them as TRUE; an array or a format of one's own lacks that."""
    path = workbook(
        tmp_path, S={"A1": 1, "A2": 3, "B1:B2": "{=A1:A2>2}", "C1": "=A1>0", "D1": "=SUM(B1:B2)", "E1": "=A1*0"}
    ).path
    book = openpyxl.load_workbook(path)
    book["S"]["C1"].number_format = "0.00"
    book.save(path)
    values = find_engine("libreoffice").load(read_workbook(path)).recalculate({})
    assert [values[at(address)] for address in ("B1", "B2", "C1")] == [False, True, True]
    assert type(values[at("C1")]) is bool
    assert isinstance(values[at("D1")], Unsupported)
    assert type(values[at("E1")]) is float


@pytest.mark.libreoffice
def test_libreoffice_leaves_no_folder_and_no_lock_behind(tmp_path, monkeypatch):
    """Each session has a profile of its own, of some megabytes."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    session = find_engine("libreoffice").load(workbook(tmp_path, S={"A1": 1, "B1": "=A1*2"}))
    sets = [{at("A1"): 2.0}, {at("B1"): BLANK}, {}]
    assert [session.recalculate(each)[at("B1")] for each in sets] == [4.0, BLANK, 2.0]
    del session
    gc.collect()
    assert list((tmp_path / "temporary").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"temporary", "sheets.xlsx"}


@pytest.mark.ironcalc
@pytest.mark.filterwarnings("ignore")
def test_a_panic_in_ironcalc_is_an_error_with_a_sentence(tmp_path, monkeypatch):
    """A panic is a BaseException that no one else catches, and would end the whole run."""
    library = sys.modules.get("ironcalc") or __import__("ironcalc")
    session = find_engine("ironcalc").load(workbook(tmp_path, S={"A1": 1}))
    monkeypatch.setattr(session, "_library", SimpleNamespace(load_from_xlsx=lambda *_: library.test_panic()))
    with pytest.raises(WorkbookError, match="IronCalc cannot compute it"):
        session.recalculate({})


@pytest.mark.ironcalc
def test_ironcalc_is_given_no_workbook_that_counts_its_days_from_1904(tmp_path):
    """It would take every date for one that is four years and a day older."""
    path = workbook(tmp_path, S={"A1": 1000, "B1": "=YEAR(A1)"}).path
    book = repacked(path, lambda xml: xml.replace("<workbookPr ", '<workbookPr date1904="1" '), "xl/workbook.xml")
    with pytest.raises(WorkbookError, match="1904"):
        find_engine("ironcalc").load(book)


def test_an_engine_that_cannot_run_here_says_what_to_install(monkeypatch):
    """A name that is known and a program that is not there are two things."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "ironcalc", None)
    with pytest.raises(UsageError, match="install LibreOffice"):
        find_engine("libreoffice")
    with pytest.raises(UsageError, match=r"in a clone of xlparity, run: pip install '\.\[ironcalc\]'"):
        find_engine("ironcalc")
    listed = {info.name: info for info in list_engines()}
    assert tuple(listed) == engine_names()
    assert {name for name, info in listed.items() if not info.available} == {"libreoffice", "ironcalc"}
    assert listed["libreoffice"].version is None
    assert "install" in listed["libreoffice"].note
    assert listed["formulas"].version


@pytest.mark.libreoffice
def test_libreoffice_tells_its_version():
    """A report that names its witness has to name the version as well."""
    listed = {info.name: info for info in list_engines()}
    assert re.fullmatch(r"\d+(\.\d+)+", listed["libreoffice"].version)
    assert listed["libreoffice"].kind == "external program"
