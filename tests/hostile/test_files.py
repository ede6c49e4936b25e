"""Workbooks that mean harm, or are odd, end as declared: with one line, in seconds, and in little memory."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from hostile.files import FILES, FINE, REFUSED, STALE, File, book, cells, formula
from hostile.limited import MEGABYTES, QUICK_MEGABYTES, QUICK_SECONDS, SECONDS, SLOWER, Runner
from xlparity.errors import UsageError, WorkbookError
from xlparity.excel.formula import nesting, shown_length
from xlparity.excel.workbook import parse_workbook, read_bytes
from xlparity.limits import WorkbookLimits
from xlparity.settings import Options

SPEC = (
    'workbook = "book.xlsx"\nreference = "small.py:double"\nsheet = "Sheet1"\n[inputs]\nx = "A1"\n[outputs]\ny = "B1"\n'
)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as started:
        yield started


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_hostile_file_ends_as_declared(runner: Runner, tmp_path: Path, file: File):
    """What the command makes of a file is known before, and costs no more time and memory than any file may."""
    file.make(tmp_path / "book.xlsx")
    ended = runner.run("recalc", "--check", "book.xlsx", folder=tmp_path)
    seconds, megabytes = (QUICK_SECONDS, QUICK_MEGABYTES) if file.quick else (SECONDS, MEGABYTES)
    assert (ended.code, file.says in ended.text) == (file.code, True), ended.text[:1000]
    assert ended.seconds <= SLOWER * seconds
    assert ended.megabytes <= megabytes
    assert "Traceback" not in ended.text
    assert "a fault in xlparity" not in ended.text


def test_there_are_many_files_of_each_end():
    """A list of files that are all refused would prove little of those that are to be read."""
    assert len({file.name for file in FILES}) == len(FILES) >= 150
    for code in (FINE, STALE, REFUSED):
        assert sum(file.code == code for file in FILES) >= 20


@pytest.mark.parametrize("file", [file for file in FILES if file.quick][10::8], ids=lambda file: file.name)
def test_verify_refuses_what_recalc_refuses(runner: Runner, tmp_path: Path, file: File):
    """Both read a file in one way; of one that is refused, the reference is not called."""
    file.make(tmp_path / "book.xlsx")
    (tmp_path / "small.parity.toml").write_text(SPEC)
    (tmp_path / "small.py").write_text("def double(x):\n    open('called', 'w').close()\n    return {'y': 2 * x}\n")
    ended = runner.run("verify", "small.parity.toml", folder=tmp_path)
    assert (ended.code, file.says in ended.text) == (2, True), ended.text[:1000]
    assert len(ended.text.splitlines()) == 1
    assert not (tmp_path / "called").exists()


LIMITED = {
    "file_bytes": (100, book()),
    "members": (3, book()),
    "unpacked_bytes": (500, book()),
    "elements": (5, book()),
    "text_bytes": (100, book()),
    "sheets": (1, book({"a": cells({}), "b": cells({})})),
    "names": (1, book(names='<definedName name="aa">1</definedName><definedName name="bb">1</definedName>')),
    "area_cells": (3, book(cells({}).replace("<v>3</v>", '<f t="array" ref="A1:B2">1</f>'))),
    "formula_characters": (128, formula("1" + "+1" * 100)),
    "formula_levels": (3, formula(f"((((A1+{'1+' * 70}1))))")),
    "formula_arguments": (3, formula(f"SUM(1,2,3,{'1+' * 70}1)")),
    "compiled": (5, formula("A1+1+2+3")),
    "reads": (3, formula("SUM(A1:A5)")),
    "text_characters": (500, formula('REPT("a",1000)')),
}


@pytest.mark.parametrize("name", [field.name for field in fields(WorkbookLimits)])
def test_every_limit_is_an_option(runner: Runner, tmp_path: Path, name: str):
    """The error has the limit, what was found, and the option that reads the file; a project's table sets the same."""
    limit, data = LIMITED[name]
    (tmp_path / "book.xlsx").write_bytes(data)
    usual = runner.run("recalc", "--check", "book.xlsx", folder=tmp_path)
    assert usual.code in (FINE, STALE), usual.text
    refused = runner.run("recalc", "--check", "book.xlsx", "--allow", f"{name}={limit}", folder=tmp_path)
    assert refused.code == 2
    more = r"(?:, with \S+|, of which those outside of sheets count twice|, most of them blank)?"
    said = re.search(rf"([0-9,]+) [a-zXML ]+{more}, over the limit of {limit}; --allow {name}=NUMBER", refused.text)
    assert said is not None, refused.text
    found = int(said[1].replace(",", ""))
    assert found > limit
    (tmp_path / "pyproject.toml").write_text(f"[tool.xlparity.limits]\n{name} = {limit}\n")
    assert runner.run("recalc", "--check", "book.xlsx", folder=tmp_path).text == refused.text
    allowed = runner.run("recalc", "--check", "book.xlsx", "--allow", f"{name}={1000 * found}", folder=tmp_path)
    assert (allowed.code, allowed.text) == (usual.code, usual.text)


@pytest.mark.parametrize(
    "word", ["names", "names=", "names=0", "names=-1", "names=1.5", "names=1e9", "namse=5", "=5", "names=" + "9" * 30]
)
def test_a_wrong_limit_is_an_error(word: str):
    """An option that nothing reads would leave the file as dangerous as it is."""
    with pytest.raises(UsageError, match="--allow NAME=NUMBER: "):
        WorkbookLimits().allowing([word])


@pytest.mark.parametrize("limits", [3, {"names": True}, {"names": "5"}, {"name": 5}])
def test_a_wrong_table_of_limits_is_an_error(tmp_path: Path, limits: object):
    """It begins with the file that has it."""
    text = str(limits).replace("'", '"').replace('"name', "name").replace('":', " =").replace("True", "true")
    (tmp_path / "pyproject.toml").write_text(f"[tool.xlparity]\nlimits = {text}\n")
    with pytest.raises(UsageError, match=r"pyproject.toml, \[tool.xlparity\]: limits"):
        Options.of_project(tmp_path)


def test_levels_and_arguments_are_those_of_excel():
    """Texts, names of sheets and arrays have brackets and commas that are none of calls."""
    assert nesting('SUM((1,2),"((,",{1,2,3;4,5})') == (2, 3)
    assert nesting("IF(IF(1,2),SUM(A1,'a(,'!B1,T[[#All],[a]],4))") == (2, 5)
    assert shown_length("_xlfn.LET(_xlpm.x,1,_xlpm.x)") == len("LET(x,1,x)")


def test_a_file_that_changes_its_kind_is_read_as_what_it_is(tmp_path: Path):
    """A pipe is not waited for, and a folder is no workbook."""
    for make in (lambda path: path.mkdir(), lambda path: path.symlink_to("/dev/zero")):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.xlsx"
        make(path)
        with pytest.raises(WorkbookError):
            read_bytes(path)


def test_limits_do_not_count_what_nothing_reads():
    """A workbook with photographs is as quick as one without."""
    data = book(parts={f"xl/media/{n}.png": [bytes(1 << 20)] * 20 for n in range(10)})
    assert parse_workbook(data, Path("book.xlsx"), WorkbookLimits(unpacked_bytes=10_000)).formulas == 1
