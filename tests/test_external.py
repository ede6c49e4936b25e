"""References to other workbooks: the values that the file keeps of them, as Excel computes with until it can open these."""

import json
import os
import subprocess
import sys

import openpyxl
import pytest
from formula_cases import PROGRAMS

from xlparity.engines.registry import find_engine
from xlparity.excel import ooxml
from xlparity.excel.address import parse_range
from xlparity.excel.ooxml import pack
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.excel.workbook import read_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LINK = f"""<?xml version="1.0"?><externalLink xmlns="{MAIN}"><externalBook xmlns:r="{RELATIONS}" r:id="rId1">
<sheetNames><sheetName val="Rates"/><sheetName val="My data"/><sheetName val="Gone"/></sheetNames>
<definedNames><definedName name="rate" refersTo="=Rates!$A$1"/><definedName name="seven" refersTo="='My data'!$B$3" sheetId="1"/>
<definedName name="both" refersTo="=Rates!$A$1:$A$2"/><definedName name="moving" refersTo="=Rates!A1"/>
<definedName name="computed" refersTo="=Rates!$A$1*2"/></definedNames><sheetDataSet>
<sheetData sheetId="0"><row r="1"><cell r="A1"><v>0.25</v></cell><cell r="B1" t="str"><v>text</v></cell>
<cell r="C1" t="b"><v>1</v></cell><cell r="D1" t="e"><v>#N/A</v></cell></row>
<row r="2"><cell r="A2"><v>0.5</v></cell></row></sheetData>
<sheetData sheetId="1"><row r="3"><cell r="B3"><v>7</v></cell></row></sheetData><sheetData sheetId="2" refreshError="1"/>
</sheetDataSet></externalBook></externalLink>"""


def linked(path, cells, link=LINK):
    """A workbook with these cells and a link to another one, which is not there."""
    book = openpyxl.Workbook()
    book.active.title = "S"
    for address, content in cells.items():
        book.active[address] = content
    book.save(path)
    parts = ooxml.read_parts(path.read_bytes(), path)
    rels = "xl/_rels/workbook.xml.rels"
    new = f'<Relationship Id="rIdX" Type="{RELATIONS}/externalLink" Target="externalLinks/externalLink1.xml"/></Relationships>'
    listed = (
        f'<externalReferences><externalReference xmlns:r="{RELATIONS}" r:id="rIdX"/></externalReferences><definedNames'
    )
    workbook = parts["xl/workbook.xml"]
    before = b"<definedNames" if b"<definedNames" in workbook else b"<calcPr"
    listed = listed.replace("<definedNames", before.decode())
    parts |= {
        rels: parts[rels].replace(b"</Relationships>", new.encode()),
        "xl/workbook.xml": workbook.replace(before, listed.encode(), 1),
        "xl/externalLinks/externalLink1.xml": link.encode(),
    }
    path.write_bytes(pack(parts))
    return path


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=[1]Rates!A1*2", 0.5), ("=[1]Rates!$A$1+1", 1.25), ("='[1]My data'!B3", 7.0), ("=SUM([1]Rates!A1:A9)", 0.75),
        ("=[1]Rates!B1&\"!\"", "text!"), ("=IF([1]rates!C1,1,2)", 1.0), ("=[1]Rates!D1", ErrorValue("#N/A")),
        ("=SUMIF(B1:B2,[1]Rates!A1)", 0.25), ("=SUMIFS(B1:B2,B1:B2,[1]Rates!A1)", 0.25), ("=OFFSET(B1,[1]Rates!A2*2,0)", 9.0),
        ("=COUNTIF(B1:B2,IF([1]Rates!A1>0,0.25,1))", 1.0), ("=[1]Rates!Z9", 0.0),
        ("=[1]!rate*2", 0.5), ("=SUM([1]!both)", 0.75), ("='[1]My data'!seven+1", 8.0),
        ("=[1]Gone!A1", ErrorValue("#REF!")), ("=IFERROR([1]Gone!A1,3)", 3.0),
    ],
)  # fmt: skip
def test_a_reference_to_another_workbook_has_the_value_that_the_file_keeps(tmp_path, formula, expected):
    """Excel shows it too, when it opens the file and not the other one; of a sheet that it did not find it has #REF!."""
    book = read_workbook(linked(tmp_path / "book.xlsx", {"A1": formula, "B1": 0.25, "B2": 9}))
    found = find_engine("formulas").load(book).recalculate({})[parse_range("A1", "S").first]
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    "formula",
    [
        "=[1]Unknown!A1",
        "=[2]Rates!A1",
        "=SUM([1]Rates!A:A)",
        "=[1]!name",
        "=[1]!moving",
        "=[1]!computed",
        "=[1]!seven",
        "=[1]Rates!rate",
        "=[2]!rate",
        "=[1]!rate(1)",
        "=COUNTIF([1]!both,1)",
        "=[other.xlsx]Rates!A1",
        '=INDIRECT("[1]Rates!A1")',
        "=OFFSET([1]Rates!A1,1,0)",
        '=SUMIF([1]Rates!A1:A9,">0")',
        '=1+IF(1,COUNTIFS(B1:B2,1,[1]Rates!$A$1:$A$2,">0"))',
        "=COUNTBLANK('[1]My data'!B3:B4)",
        '=SUMIF(INDEX([1]Rates!A1:A9,0),">0")',
        '=SUMIF(CHOOSE(1,[1]Rates!A1:A2),">0")',
        '=COUNTIF((([1]Rates!A1:A2)),">0")',
        '=SUMIFS(B1:B2,[1]Rates!A1:A2,">0")',
    ],
)
def test_what_the_file_does_not_keep_is_refused(tmp_path, formula):
    """A blank in its place would be a number; and some functions are #VALUE! of what the file keeps."""
    book = read_workbook(linked(tmp_path / "book.xlsx", {"A1": formula}))
    assert isinstance(find_engine("formulas").load(book).recalculate({})[parse_range("A1", "S").first], Unsupported)


@pytest.mark.parametrize(
    "engine",
    PROGRAMS,
)
def test_other_programs_are_not_asked(tmp_path, engine):
    """They look for the other workbook, or for nothing."""
    book = read_workbook(linked(tmp_path / "book.xlsx", {"A1": "=[1]Rates!A1*2", "A2": "=A1+1", "A3": "=1+1"}))
    values = find_engine(engine).load(book).recalculate({})
    found = {cell.a1: value for cell, value in values.items() if cell.sheet == "S"}
    assert isinstance(found["A1"], Unsupported)
    assert isinstance(found["A2"], Unsupported)
    assert values[parse_range("A3", "S").first] == 2.0


SPEC = """
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
inputs = { x = "A1" }
outputs = { y = "B1" }
"""


def test_the_report_says_what_was_read_from_outside(run, tmp_path):
    """It is taken and not verified; --no-external takes nothing."""
    linked(tmp_path / "book.xlsx", {"A1": 3, "B1": "=A1*C1", "C1": "=[1]Rates!A1+[1]Rates!A2"})
    (tmp_path / "ref.py").write_text("def f(x):\n    return {'y': x * 0.75}\n")
    spec = tmp_path / "book.parity.toml"
    spec.write_text(SPEC)
    done = run("verify", spec)
    assert done.code == 0, done.out
    said = "; 2 cells of other workbooks ('[1]Rates'!A1 to '[1]Rates'!A2) read as the file keeps them, and not verified"
    assert said in " ".join(done.out.split())
    assert json.loads(run("verify", spec, "--format", "json").out)["census"]["outside"] == [
        "'[1]Rates'!A1",
        "'[1]Rates'!A2",
    ]
    refused = run("verify", spec, "--no-external")
    assert refused.code == 2
    assert "another workbook" in refused.out


@pytest.mark.parametrize("link", [LINK[:-9], LINK.replace("<externalLink", "<!DOCTYPE x><externalLink"), "", "<a/>"])
def test_a_damaged_link_is_no_matter_of_the_other_formulas(tmp_path, link):
    """What refers to it is unsupported."""
    book = read_workbook(linked(tmp_path / "book.xlsx", {"A1": "=[1]Rates!A1", "A2": "=1+1"}, link))
    values = find_engine("formulas").load(book).recalculate({})
    assert isinstance(values[parse_range("A1", "S").first], Unsupported)
    assert values[parse_range("A2", "S").first] == 2.0


# Reports to a file what a Python process and its children open and call, since sitecustomize is imported by each.
WATCHING = """
import os, sys

def report(event, arguments):
    # The processes of xlparity have sockets among themselves, whose addresses are paths.
    called = event.startswith("socket.") and any(isinstance(one, tuple) for one in arguments) or event == "socket.getaddrinfo"
    if called or event == "open" and "canary" in str(arguments[0]) or event.startswith(("urllib", "os.system")):
        handle = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{event} {arguments}\\n".encode())
        os.close(handle)

sys.addaudithook(report)
"""
REACHING = {
    "A1": 3, "B1": "=2*A1", "B2": "=[1]Rates!A1", "B3": '=_xlfn.WEBSERVICE("http://127.0.0.1:9/canary")',
    "B4": "=INDIRECT(\"'[canary.xlsx]Rates'!A1\")", "B5": '=HYPERLINK("canary.xlsx")', "B6": "=[2]!'cmd|/c canary'",
    "B7": '=_xlfn.IMAGE("http://127.0.0.1:9/canary.png")', "B8": "=RTD(\"canary\",,1)", "B9": '=CALL("canary.dll","f","J")',
    "B10": "='canary.xlsx'!rate", "B11": "='[canary.xlsx]Rates'!A1", "B12": '=CELL("contents",[canary.xlsx]Rates!A1)',
}  # fmt: skip
DDE = f"""<externalLink xmlns="{MAIN}"><ddeLink ddeService="cmd" ddeTopic="/c canary"><ddeItems><ddeItem name="A1" advise="1"/>
</ddeItems></ddeLink></externalLink>"""


EVERYTHING = ["--fix", "fixed.xlsx", "--annotate", "shown.xlsx", "--format", "html", "--output", "page"]


@pytest.mark.parametrize(
    ("words", "factor", "code"),
    [
        (["verify", "book.parity.toml", *EVERYTHING], 3, 1),
        (["verify", "book.parity.toml", "--engine", "excelmodel"], 2, 0),
        pytest.param(["verify", "book.parity.toml", "--engine", "ironcalc"], 2, 0, marks=pytest.mark.ironcalc),
        (["recalc", "book.xlsx"], 2, 0),
        (["init", "book.xlsx", "--reference", "ref.py:f", "--output", "new.parity.toml"], 2, 0),
        (["mutate", "book.parity.toml", "--jobs", "1", "--limit", "2"], 2, 0),
    ],
)
def test_no_command_opens_what_a_workbook_points_to(tmp_path, words, factor, code):
    """A link, a server, a macro or another program: a workbook from a stranger reads no file of this machine and calls nobody."""
    # ExcelModel loads no file with the formulas that are left out here.
    refused = ("cmd|", "[canary.xlsx]Rates!", "'canary.xlsx'", "]Rates'!A1")
    cells = {
        address: text
        for address, text in REACHING.items()
        if "excelmodel" not in words or not any(some in str(text) for some in refused)
    }
    path = linked(tmp_path / "book.xlsx", cells)
    parts = ooxml.read_parts(path.read_bytes(), path)
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    outside = f'Type="{RELATIONS}/externalLinkPath" Target="{{}}" TargetMode="External"/></Relationships>'
    for at, target in ((1, (tmp_path / "canary.xlsx").as_uri()), (2, "http://127.0.0.1:9/canary.xlsx")):
        relation = f'<Relationships xmlns="{package}"><Relationship Id="rId1" {outside.format(target)}'
        parts[f"xl/externalLinks/_rels/externalLink{at}.xml.rels"] = relation.encode()
    rels, sheet = "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"
    more = f'<Relationship Id="rIdY" Type="{RELATIONS}/externalLink" Target="externalLinks/externalLink2.xml"/>'
    more += f'<Relationship Id="rIdZ" Type="{RELATIONS}/connections" Target="connections.xml"/>'
    connection = (
        f'<connections xmlns="{MAIN}"><connection id="1" name="c" type="4" refreshedVersion="6" refreshOnLoad="1">'
    )
    connection += '<webPr url="http://127.0.0.1:9/canary"/></connection></connections>'
    parts |= {
        rels: parts[rels].replace(b"</Relationships>", f"{more}</Relationships>".encode()),
        "xl/workbook.xml": parts["xl/workbook.xml"].replace(
            b"</externalReferences>",
            f'<externalReference xmlns:r="{RELATIONS}" r:id="rIdY"/></externalReferences>'.encode(),
        ),
        "xl/externalLinks/externalLink2.xml": DDE.encode(),
        "xl/connections.xml": connection.encode(),
        "xl/vbaProject.bin": b'Sub Auto_Open()\nShell "canary"\nEnd Sub',
    }
    assert b"B9" in parts[sheet]
    path.write_bytes(pack(parts))
    linked(tmp_path / "canary.xlsx", {"A1": 99}).rename(tmp_path / "canary.xlsx")
    (tmp_path / "ref.py").write_text(f"def f(x):\n    return {{'y': {factor} * x}}\n")
    (tmp_path / "book.parity.toml").write_text(SPEC)
    (tmp_path / "hooks").mkdir()
    log = tmp_path / "log"
    (tmp_path / "hooks" / "sitecustomize.py").write_text(f"LOG = {str(log)!r}\n{WATCHING}")
    places = os.pathsep.join([str(tmp_path / "hooks"), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": places, "NO_PROXY": "*"}
    seen = subprocess.run(
        [sys.executable, "-c", "open('canary.xlsx')"], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert "canary.xlsx" in log.read_text(), seen.stderr  # the watching works
    log.unlink()
    command = [sys.executable, "-P", "-m", "xlparity.cli", *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    assert not log.exists(), log.read_text()


def test_excelmodel_neither_opens_another_workbook_nor_computes_with_it(tmp_path):
    """formulas opens it, where it is there; else it has #REF!, which would be an error in a cell that Excel has a value for."""
    path = linked(
        tmp_path / "book.xlsx", {"A1": "=[1]Rates!A1*2", "A2": "=IFERROR(A1,5)", "A3": "=1+1", "A4": "=[1]!rate"}
    )
    parts = ooxml.read_parts(path.read_bytes(), path)
    parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/externalLinkPath" Target="other.xlsx" TargetMode="External"/></Relationships>'
    ).encode()
    path.write_bytes(pack(parts))
    other = openpyxl.Workbook()
    other.active.title = "Rates"
    other.active["A1"] = 99
    other.save(tmp_path / "other.xlsx")
    values = find_engine("excelmodel").load(read_workbook(path)).recalculate({})
    found = {address: values[parse_range(address, "S").first] for address in ("A1", "A2", "A3", "A4")}
    assert found.pop("A3") == 2.0
    assert all(isinstance(value, Unsupported) for value in found.values())
