"""Bad input gets one clear line that says where, what and what to do: exit code 2, no traceback, nothing written."""

import json
import re
import subprocess
import sys
import zipfile

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

SHEET = "xl/worksheets/sheet1.xml"


def refused(run, small, *said, **changed):
    """Verifying is refused in one line with all of these words in it, and writes nothing."""
    if changed:
        small.write_spec(**changed)
    report = small.folder / "report.json"
    done = run("verify", small.spec, "--format", "json", "--output", report)
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert done.err.startswith("xlparity: ")
    assert not report.exists()
    for words in said:
        assert words in done.err
    return done.err


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"workbook": ""}, ["'workbook' is missing"]),
        ({"workbook": "workbook = 3"}, [":1:", "'workbook' is of the wrong type"]),
        ({"workbook": 'wrokbook = "small.xlsx"'}, [":1:", "unknown key 'wrokbook'", "did you mean 'workbook'?"]),
        ({"workbook": 'workbook = "smal.xlsx"'}, [":1:", "smal.xlsx", "no such file (did you mean 'small.xlsx'?)"]),
        ({"workbook": 'workbook = "nowhere/small.xlsx"'}, [":1:", "nowhere/small.xlsx", "no such file"]),
        ({"sheet": 'sheet = ""'}, [":3: ", "small.xlsx has no sheet ''"]),
        ({"workbook": 'workbook = "small.py"'}, ["small.py", "not a readable .xlsx file"]),
        ({"workbook": "workbook = "}, ["is not TOML", "line 1"]),
        ({"reference": ""}, ["'reference' is missing"]),
        ({"reference": 'reference = "small"'}, [":2:", "file.py:function"]),
        ({"reference": 'reference = "other.py:double"'}, [":2:", "there is no file", "other.py"]),
        ({"reference": 'reference = "small.py:duoble"'}, [":2:", "no function 'duoble'", "did you mean 'double'?"]),
        ({"reference": 'reference = "nowhere.at.all:double"'}, [":2:", "cannot be imported", "ModuleNotFoundError"]),
        ({"sheet": 'sheet = "Shete"'}, [":3:", "no sheet 'Shete'", "did you mean 'Sheet'?"]),
        ({"sheet": ""}, [":6:", "names no sheet"]),
        ({"inputs": '[inputs]\nx = "A"'}, [":6:", "'A' is not an address"]),
        ({"inputs": '[inputs]\nx = "XFE1"'}, [":6:", "outside the grid"]),
        ({"inputs": "[inputs]\nx = 1"}, [":6:", "input 'x' is an address"]),
        ({"inputs": '[inputs]\nX = "A1"'}, [":2:", "no parameter 'X'", "did you mean 'x'?"]),
        ({"inputs": "[inputs]"}, [":2:", "needs 'x'"]),
        (
            {"inputs": '[inputs]\nx = "C1"'},
            [":6:", "input 'x' needs a number in Sheet!C1", "(blank); type one in, or, where"],
        ),
        ({"inputs": '[inputs]\nx = { at = "A1", lwo = 1 }'}, [":6:", "unknown key 'lwo'", "did you mean 'low'?"]),
        ({"inputs": ""}, ["'inputs' is missing"]),
        ({"outputs": '[outputs]\nz = "B1"'}, [":2:", "gives no 'z'", "(known: y)"]),
        ({"outputs": '[outputs]\ny = "Other!B1"'}, [":8:", "no sheet 'Other'"]),
        ({"outputs": "[outputs]"}, [":7:", "compares nothing"]),
        ({"outputs": '[outputs]\ny = "B1"\nz = "B1"'}, [":9:", "both 'y' and 'z' claim the cell Sheet!B1"]),
        ({"outputs": '[outputs]\ny = { at = "B1", rtol = -1 }'}, [":8:", "not negative"]),
        ({"outputs": '[outputs]\ny = { at = "B1", skip = true }'}, [":8:", "is the reason, a text"]),
        ({"blocks": '[blocks]\nlabel = "Step {n}"'}, [":5:", "no cell of sheet 'Sheet' opens with 'Step 1'"]),
        ({"blocks": '[blocks]\nlabel = "Step"'}, [":5:", "with {n} in it"]),
        ({"blocks": "[blocks]\nfirst = 1"}, [":4:", "first, step and count together"]),
        ({"blocks": "[blocks]\nfirst = 9\nstep = 1\ncount = 2"}, [":11:", "is before the first block"]),
        ({"blocks": "[blocks]\nrows = [1, 2]"}, [":2:", "gives one mapping, and the workbook has 2 iterations"]),
        ({"sheet": "sheet = 1"}, [":3:", "'sheet' is of the wrong type"]),
        ({"inputs": "inputs = 1"}, [":5:", "'inputs' is of the wrong type"]),
        ({"inputs": '[inputs]\nx = "B5:"'}, [":6:", "'B5:' is not an address", "nor a name"]),
        ({"inputs": '[inputs]\nx = ""'}, [":6:", "'' is not an address"]),
        ({"inputs": "[inputs]\nx = {}"}, [":6:", "'x' has no address"]),
        ({"inputs": "[inputs]\nx = { at = 1 }"}, [":6:", "'x' has no address"]),
        ({"inputs": '[inputs]\nx = { at = "A1", low = 2, high = 1 }'}, [":6:", "'low' of 'x' is above its 'high'"]),
        ({"inputs": '[inputs]\nx = { at = "A1", low = "2" }'}, [":6:", "'low' of 'x' is a number"]),
        ({"inputs": '[inputs]\nx = { at = "A1", low = 0, choices = [0, 1] }'}, [":6:", "choices and a low or high"]),
        ({"inputs": '[inputs]\nx = { at = "A1", choices = [] }'}, [":6:", "'choices' of 'x' is empty"]),
        ({"inputs": '[inputs]\nx = { at = "A1", choices = ["a", 1] }'}, [":6:", "is a list of numbers, of texts"]),
        ({"inputs": '[inputs]\nx = { at = "A1", every_block = 1 }'}, [":6:", "'every_block' of 'x' is true or false"]),
        ({"inputs": '[inputs]\nx = { at = "A1", also = "B1" }'}, [":6:", "'also' of input 'x' is a list of tables"]),
        (
            {"inputs": '[inputs]\nx = { at = "A1", also = [{ at = "C1", turn = true }] }'},
            [":6:", "unknown key 'turn' of 'x'", "(known: at, step, transpose)"],
        ),
        (
            {"inputs": '[inputs]\nx = { at = "A1:B1", also = [{ at = "C1:C2" }] }'},
            [":6:", "another shape", "set transpose = true"],
        ),
        ({"outputs": '[outputs]\ny = { at = "B1", rotl = 1 }'}, [":8:", "unknown key 'rotl'", "did you mean 'rtol'?"]),
        ({"outputs": '[outputs]\ny = { at = "B1", rtol = "1" }'}, [":8:", "'rtol' of 'y' is a number"]),
        ({"outputs": '[outputs]\ny = { at = "B1", transpose = 1 }'}, [":8:", "'transpose' of 'y' is true or false"]),
        ({"outputs": "[outputs]\ny = true"}, [":8:", "output 'y' is an address"]),
        ({"outputs": '[outputs]\nyy = "B1"'}, [":2:", "gives no 'yy'", "did you mean 'y'?"]),
        ({"sheet": 'sheet = "Sheet"\ntolerance = { rtl = 1 }'}, [":4:", "unknown key 'rtl'", "did you mean 'rtol'?"]),
        ({"sheet": 'sheet = "Sheet"\ntolerance = 1e-9'}, [":4:", "tolerance is a table"]),
        ({"sheet": 'sheet = "Sheet"\ntolerance = { atol = -1 }'}, [":4:", "not negative"]),
        ({"blocks": "[blocks]\nrow = [1]"}, [":5:", "unknown key 'row'", "did you mean 'rows'?"]),
        ({"blocks": "[blocks]"}, [":4:", "'first' is missing"]),
        ({"blocks": "[blocks]\nfirst = 1\nstep = 2"}, [":4:", "together: 'count' is missing"]),
        ({"blocks": "[blocks]\nfirst = 1\nstep = 0\ncount = 2"}, [":4:", "together: they are whole numbers"]),
        ({"blocks": '[blocks]\nlabel = "Step {n}"\nrows = [1]'}, [":5:", "the only key"]),
        ({"blocks": "[blocks]\nrows = [1]\ncolumns = [1]"}, [":5:", "the only key"]),
        ({"blocks": "[blocks]\nrows = []"}, [":5:", "rows is a list of the blocks' first rows"]),
        ({"blocks": "[blocks]\nrows = [1, 1.5]"}, [":5:", "rows is a list of the blocks' first rows"]),
        ({"blocks": "[blocks]\nrows = [1, 0]"}, [":5:", "rows is a list of the blocks' first rows"]),
        (
            {"blocks": "[blocks]\nrows = [1, 2]", "outputs": '[outputs]\ny = "B1:B2"'},
            [":9:", "two blocks of output 'y' share the cell Sheet!B2"],
        ),
        ({"blocks": "[blocks]\nrows = [1, 3, 3]"}, [":5:", "rows lists 3 twice"]),
        ({"blocks": "[blocks]\nrows = [1, 1048577]"}, [":5:", "rows is a list of the blocks' first rows"]),
        (
            {"blocks": "[blocks]\nrows = [1, 1048576]", "outputs": '[outputs]\ny = "B1:B2"'},
            [":9:", "a block of output 'y' would lie outside the grid"],
        ),
        (
            {
                "blocks": "[blocks]\ncolumns = [1, 16384]",
                "inputs": '[inputs]\nx = { at = "A1", every_block = true, also = [{ at = "C1" }] }',
            },
            [":9:", "a block of output 'y' would lie outside the grid"],
        ),
        (
            {
                "blocks": "[blocks]\nrows = [1, 1048576]",
                "inputs": '[inputs]\nx = { at = "A1", every_block = true, also = [{ at = "C2" }] }',
            },
            [":7:", "a block of input 'x' would lie outside the grid"],
        ),
        ({"blocks": "blocks = 1"}, [":4:", "[blocks] is a table"]),
        ({"blocks": "[check]\na = 1"}, [":4:", "[check.NAME] is a table for each check"]),
        ({"outputs": '[check.a.outputs]\ny = "B1"\n[check.a]\nshet = "Sheet"'}, [":10:", "unknown key 'shet'"]),
        ({"outputs": '[check.a]\nworkbook = "b.xlsx"\n[check.a.outputs]\ny = "B1"'}, [":8:", "unknown key 'workbook'"]),
        ({"reference": "", "outputs": '[check.a.outputs]\ny = "B1"'}, [":7:", "'reference' is missing"]),
    ],
)
def test_a_wrong_spec_says_where_and_what_and_the_nearest_right_name(run, small, changed, said):
    """One line with file, line number, what is wrong and what to write: a person corrects it without reading code."""
    message = refused(run, small, **changed)
    for words in said:
        assert words in message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {'y': 1 / 0}", "ZeroDivisionError"),
        ("return {'y': float('nan')}", "'y' has a nan or an infinity"),
        ("return {'y': b'six'}", "'y' is no array of cell values"),
        ("return 6", "gave a int; return a mapping"),
        ("return [6]", "yields a int; yield a mapping"),
        ("return None", "gave a NoneType"),
        ("raise SystemExit(0)", "SystemExit"),
        ("yield from ()", "yields nothing"),
        ("return {'y': [float('nan')]}", "'y' has a nan or an infinity"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})", "raised Odd (small.py, line 2)"),
    ],
)
def test_a_reference_that_says_nothing_is_no_reference(run, small, body, said):
    """A failing oracle must not pass for agreement, and least of all an exit(0) in somebody's script."""
    small.reference.write_text(f"def double(x):\n    {body}\n")
    refused(run, small, "small.py:double", said)


def test_an_error_in_a_reference_is_placed_in_the_persons_own_code(run, small):
    """The file and the line that raised, without a traceback of ours."""
    small.reference.write_text("def halve(x):\n    return x / 0\n\ndef double(x):\n    return {'y': halve(x)}\n")
    refused(run, small, "(small.py, line 2)")


def test_the_line_is_that_of_the_check_which_is_wrong(run, small):
    """Checks repeat each other's names; the first line with that name would send a person to the wrong place."""
    table = '[check.{0}]\n[check.{0}.inputs]\nx = "A1"\n[check.{0}.outputs]\n{1}\n'
    small.write_spec(inputs=table.format("one", 'y = "B1"'), outputs=table.format("two", 'y = "B"'))
    refused(run, small, "small.parity.toml:15: 'y': 'B' is not an address")
    small.write_spec(inputs=table.format("one", 'y = "B1"'), outputs=table.format("two", 'y = "No!B1"'))
    refused(run, small, "small.parity.toml:15: 'y': ", "small.xlsx has no sheet 'No'")
    small.write_spec(outputs='[outputs]\nx = "B"')
    refused(run, small, "small.parity.toml:8: 'x': 'B' is not an address")


def test_a_reference_that_cannot_be_imported_says_why(run, small):
    """A syntax error in a notebook's export is the person's to mend."""
    small.reference.write_text("def double(x:\n")
    refused(run, small, "small.py:double", "SyntaxError")


def test_files_that_are_no_workbooks_are_told_apart_from_empty_ones(run, small):
    """Missing parts and workbooks without sheets are errors, not empty successes."""
    small.workbook.write_bytes(b"")
    refused(run, small, "not a readable .xlsx file (it is empty)")
    small.workbook.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1"))
    refused(run, small, "it was saved as .xls, or with a password", "save it as an Excel workbook (.xlsx)")
    small.workbook.write_text("x;y\n1;2\n")
    refused(run, small, "it is another kind of file, such as CSV")
    with zipfile.ZipFile(small.workbook, "w") as archive:
        archive.writestr("hello.txt", "hello")
    refused(run, small, "no workbook in it")


def test_an_error_about_another_workbook_than_the_specs_names_it(run, small):
    """A class's workbooks are checked by one spec: without the name, nobody knows whose sheet was renamed."""
    other = small.workbook.with_name("other.xlsx")
    book = openpyxl.load_workbook(small.workbook)
    book["Sheet"]["A1"] = None
    book.save(other)
    assert "A1 of " in (said := run("verify", str(small.spec), "--workbook", str(other)).err) and "other.xlsx" in said
    book["Sheet"].title = "Sheet (2)"
    book.save(other)
    said = run("verify", str(small.spec), "--workbook", str(other)).err
    assert "other.xlsx has no sheet 'Sheet' (did you mean 'Sheet (2)'?)" in said


def test_excels_mark_of_an_open_workbook_is_never_the_nearest_name(run, small):
    """``~$small.xlsx`` stands beside small.xlsx for as long as Excel has it open."""
    small.workbook.with_name("~$small.xlsx").write_text("somebody")
    said = run("verify", str(small.spec), "--workbook", str(small.workbook.with_name("$small.xlsx"))).err
    assert "did you mean 'small.xlsx'?" in said


def test_a_damaged_sheet_is_an_error(run, small):
    """Half a sheet would be read as a sheet with fewer formulas."""
    with zipfile.ZipFile(small.workbook) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for damaged in ({**parts, sheet: parts[sheet][:200]}, {key: value for key, value in parts.items() if key != sheet}):
        with zipfile.ZipFile(small.workbook, "w") as archive:
            for name, data in damaged.items():
                archive.writestr(name, data)
        refused(run, small, "damaged")


@pytest.mark.parametrize(
    "command",
    [
        ("verify", "small.parity.toml"),
        ("verify", "small.parity.toml", "--engine", "cached"),
        ("verify", "small.parity.toml", "--fix", "out.xlsx"),
        ("verify", "small.parity.toml", "--annotate", "out.xlsx"),
        ("recalc", "small.xlsx"),
        ("recalc", "small.xlsx", "--check"),
        ("init", "small.xlsx", "--output", "other.parity.toml"),
        ("mutate", "small.parity.toml", "--jobs", "1"),
        ("pytest",),
    ],
)
def test_a_workbook_that_two_programs_read_differently_is_refused_by_every_command(run, small, monkeypatch, command):
    """Its B1 is =2*A1 to the reader that takes the first formula, and =3*A1 to one that takes the last."""
    with zipfile.ZipFile(small.workbook) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert b"<f>2*A1</f>" in parts[SHEET]
    parts[SHEET] = parts[SHEET].replace(b"<f>2*A1</f>", b"<f>2*A1</f><f>3*A1</f>")
    with zipfile.ZipFile(small.workbook, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    monkeypatch.chdir(small.folder)
    before = {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()}
    said = "small.xlsx: sheet 'Sheet': cell B1 has two <f>, which programs read in different ways; let Excel repair it"
    if command == ("pytest",):
        tests = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "small.parity.toml"]
        done = subprocess.run(tests, capture_output=True, check=False, encoding="utf-8")
        assert done.returncode != 0
        assert said in done.stdout
    else:
        done = run(*command)
        assert done.code == 2
        assert (done.out, done.err.count("\n")) == ("", 1)
        assert said in done.err
    assert {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()} == before


def test_a_workbook_in_the_place_of_a_spec_is_said_to_be_one(run, small):
    """Whoever has one file and not two tries it with that."""
    done = run("verify", small.workbook)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "is a workbook and no spec; name it behind --workbook" in done.err


def test_a_reference_with_parameters_that_have_no_name_is_one_line(run, small):
    """Inputs are handed over by name."""
    small.reference.write_text("def double(x, /):\n    return {'y': 2 * x}\n")
    refused(run, small, "'x' is before the '/' of its parameters", "take the '/' out")


def test_a_table_that_is_not_there_is_one_line(run, small):
    """As an address is, it is a slip of the spec."""
    refused(run, small, "has no table 'Sales'", outputs='[outputs]\ny = "Sales[total]"')


GROWING = {
    "reference": 'reference = "small.py:grow"',
    "blocks": '[blocks]\nlabel = "Step {n}"',
    "outputs": '[outputs]\ny = "B2"',
}


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Stp 3", "formulas like those of block 2 come after it (Sheet!B6 …), and no text opens a block there"),
        ("Stp 3 further down", "formulas like those of block 2 come after it (Sheet!B9 …)"),
        ('="Step "&3', "the text in Sheet!A6 is a formula; type it, or give the blocks by rows"),
    ],
)
def test_a_block_whose_label_is_amiss_is_never_left_out(run, small, label, said):
    """All that stands in it would not be compared, and the rest would pass."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    last = {"A9": label, "B9": "=2*B7"} if "further" in label else {"A6": label, "B6": "=2*B4"}
    small.write_cells({"A1": 3, "A2": "Step 1", "B2": "=2*A1", "A4": "Step 2", "B4": "=2*B2", **last})
    refused(run, small, said, **GROWING)


def test_what_is_before_the_first_block_or_below_one_of_several_outputs_is_no_block(run, small):
    """A step that is not compared, and a note below the last block."""
    small.reference.write_text(
        "def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': 2 * x, 'z': -x}\n"
    )
    cells = {"B1": 3, "B3": "=2*B1", "A5": "Step 1", "B5": "=2*B3", "A7": "Step 2", "B7": "=2*B5", "B9": "=SUM(B5,B7)"}
    small.write_cells(cells | {"C5": "=-B3", "C7": "=-B5"})
    outputs = '[outputs]\ny = "B5"\nz = "C5"'
    small.write_spec(**GROWING | {"outputs": outputs, "inputs": '[inputs]\nx = "B1"'})
    done = run("verify", small.spec)
    assert done.code == 0, done.out + done.err


def test_blocks_open_on_the_sheet_of_the_first_output(run, small):
    """Where the spec names no other."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x, 'z': -x}\n")
    cells = {"A1": 3, "A2": "Step 1", "B2": "=2*A1", "A4": "Step 2", "B4": "=2*B2"}
    small.write_cells(cells)
    book = openpyxl.load_workbook(small.workbook)
    other = book.create_sheet("Other")
    other["B2"], other["B4"] = "=-Sheet!B2", "=-Sheet!B4"
    book.save(small.workbook)
    changed = GROWING | {"outputs": '[outputs]\ny = "Sheet!B2"\nz = "Other!B2"', "inputs": '[inputs]\nx = "Sheet!A1"'}
    small.write_spec(sheet="", **changed)
    done = run("verify", small.spec)
    assert done.code == 0, done.out + done.err


def test_blocks_count_from_1(run, small):
    """The cell is that of block 0, whatever opens the others."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    small.write_cells({"A1": 3, "A2": "Step 0", "B2": "=2*A1", "A4": "Step 1", "B4": "=2*B2"})
    refused(run, small, "block 0 opens in Sheet!A2; blocks count from 1", **GROWING)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"A2": "Step 1", "B2": "=2*A1", "A4": "Step 2", "B4": "=2*B2", "A6": "Stp 3", "B6": "=3*B4"}, "Sheet!B6"),
        ({"B1": "Step 1", "B2": "=2*A1", "D1": "Step 2", "D2": "=2*B2", "F1": "Stp 3", "F2": "=3*D2"}, "Sheet!F2"),
        (
            {
                "B1": "Step 1",
                "B2": "=2*A1",
                "C1": "Step 2",
                "C2": "=2*B2",
                "D1": "Step 3",
                "D2": "=2*C2",
                "E2": "=3*D2",
            },
            "Sheet!E2",
        ),
    ],
)
def test_a_wrong_formula_one_step_on_is_a_block_too(run, small, cells, said):
    """With a label that is amiss it would go unseen, and it is the one that is to be found."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    small.write_cells({"A1": 3, **cells})
    refused(run, small, f" come after it ({said} …)", **GROWING)


def test_a_formula_right_below_the_last_block_is_seen(run, small):
    """Also nearer to it than the blocks are to one another."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    small.write_cells({"A1": 3, "A2": "Step 1", "B2": "=2*A1", "A4": "Step 2", "B4": "=2*B2", "B5": "=2*B3"})
    refused(run, small, " come after it (Sheet!B5 …)", **GROWING)


def test_blocks_end_where_half_of_the_formulas_end(run, small):
    """One formula like one of three may be anything; two of them are a block that would never be compared."""
    small.reference.write_text(
        "def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x, 'z': -x, 'w': x / 2}\n"
    )
    cells = {"A1": 3, "B1": 3, "A2": "Step 1", "B2": "=2*B1", "C2": "=-B2", "D2": "=B2/2"}
    cells |= {"A4": "Step 2", "B4": "=2*B2", "C4": "=-B4", "D4": "=B4/2", "C9": "=-B9"}
    spec = GROWING | {"outputs": '[outputs]\ny = "B2"\nz = "C2"\nw = "D2"', "inputs": '[inputs]\nx = "B1"'}
    small.write_cells(cells)
    small.write_spec(**spec)
    done = run("verify", small.spec)
    assert done.code == 0, done.out + done.err
    small.write_cells(cells | {"D9": "=B9/2"})
    refused(run, small, "formulas like those of block 2 come after it (Sheet!C9 …)", **spec)


def test_the_last_two_blocks_of_a_sheet_say_where_the_next_one_would_be(run, small):
    """Block 1 is on another sheet; a wrong block 4, without a label, is as far from 3 as 3 from 2."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    book = openpyxl.Workbook()
    one, two = book.active, book.create_sheet("Run 2")
    one.title = "Run 1"
    one["A1"], one["A2"], one["B2"] = 3, "Step 1", "=2*A1"
    two["A2"], two["B2"], two["A5"], two["B5"], two["B8"] = "Step 2", "=2*'Run 1'!B2", "Step 3", "=2*B2", "=3*B5"
    book.save(small.workbook)
    refused(
        run,
        small,
        "come after it ('Run 2'!B8 …)",
        **GROWING
        | {
            "sheet": "",
            "blocks": '[blocks]\nlabel = "Step {n}"\nsheets = ["Run 1", "Run 2"]',
            "inputs": "[inputs]\nx = \"'Run 1'!A1\"",
            "outputs": "[outputs]\ny = \"'Run 1'!B2\"",
        },
    )


def test_the_distance_of_blocks_on_two_sheets_says_nothing_of_a_next_one(run, small):
    """Block 2 is four rows further down than block 1, and on a sheet of its own; four rows below it is a sum."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    book = openpyxl.Workbook()
    one, two = book.active, book.create_sheet("Run 2")
    one.title = "Run 1"
    one["A1"], one["A2"], one["B2"] = 3, "Step 1", "=2*A1"
    two["A6"], two["B6"], two["B10"] = "Step 2", "=2*'Run 1'!B2", "=SUM('Run 1'!B2,B6)"
    book.save(small.workbook)
    small.write_spec(
        **GROWING
        | {
            "sheet": "",
            "blocks": '[blocks]\nlabel = "Step {n}"\nsheets = "Run {n}"',
            "inputs": "[inputs]\nx = \"'Run 1'!A1\"",
            "outputs": "[outputs]\ny = \"'Run {n}'!B2\"",
        }
    )
    done = run("verify", small.spec)
    assert done.code == 0, done.out + done.err


def test_a_block_to_the_right_whose_label_is_amiss_is_never_left_out(run, small):
    """Also at another distance than the others have from one another."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    cells = {"A1": 3, "B1": "Step 1", "B2": "=2*A1", "C1": "Step 2", "C2": "=2*B2", "F1": "Stp 3", "F2": "=2*E2"}
    small.write_cells(cells)
    refused(run, small, "formulas like those of block 2 come after it (Sheet!F2 …)", **GROWING)
    cells = {"A1": 3, "B1": "Step 1", "B2": "=2*A1", "D1": "Step 2", "D2": "=2*B2", "E1": "Stp 3", "E2": "=2*C2"}
    small.write_cells(cells)
    refused(run, small, "formulas like those of block 2 come after it (Sheet!E2 …)", **GROWING)


@pytest.mark.parametrize("formula", ["=2*B2+Nowhere[Net]", "=2*B2+nowhere", "=2*Gone!B2", "=2*[1]Sheet!B2", "=2*(B2"])
def test_a_formula_that_cannot_be_read_begins_no_block(run, small, formula):
    """It stands below the last block and is like none in it; that it has an error is no mistake of the spec."""
    small.reference.write_text("def grow(x):\n    while True:\n        x = 2 * x\n        yield {'y': x}\n")
    small.write_cells({"A1": 3, "A2": "Step 1", "B2": "=2*A1", "A4": "Step 2", "B4": "=2*B2", "B9": formula})
    small.write_spec(**GROWING)
    assert run("verify", small.spec).code == 0


def test_a_spec_that_is_not_there_or_no_text_is_one_line(run, small):
    """The first thing that goes wrong for a newcomer is a path."""
    small.spec.write_bytes(b"\xff\xfe\x00")
    refused(run, small, "not UTF-8")
    small.spec.unlink()
    refused(run, small, "small.parity.toml", "No such file")


def test_no_spec_at_all_says_what_to_do(run, tmp_path, monkeypatch):
    """An empty folder is not a pass."""
    monkeypatch.chdir(tmp_path)
    done = run("verify")
    assert done.code == 2
    assert "name a spec file" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "formulae"], "no engine 'formulae' (did you mean 'formulas'?)"),
        (["--workbook", "nowhere.xlsx"], "nowhere.xlsx"),
        (["--format", "yaml"], "yaml"),
        (["--rtol", "-1"], "rtol"),
        (["--no-such-option"], "no-such-option"),
    ],
)
def test_a_wrong_option_is_a_usage_error(run, small, arguments, said):
    """Exit code 2 as well, so that CI does not take a typing error for a verdict."""
    done = run("verify", small.spec, *arguments)
    assert done.code == 2
    assert said in done.err


def test_a_report_that_cannot_be_written_is_an_error_and_leaves_nothing(run, small):
    """A folder where a file is to go; no temporary file stays behind."""
    before = sorted(small.folder.iterdir())
    done = run("verify", small.spec, "--output", small.folder)
    assert done.code == 2
    assert "cannot be written" in done.err
    assert sorted(p for p in small.folder.iterdir() if p.name != "__pycache__") == before


def test_labels_that_open_no_block_or_one_block_twice_are_named_with_their_cells(run, small):
    """Which of two cells opens the block is the person's to say, and a label on the sheet that is like it helps."""
    cells = {"A1": 3, "A2": "Iteration 1", "B2": "=2*A1", "A3": "Iteration 2", "B3": "=2*A1"}
    small.write_cells(cells)
    label = '[blocks]\nlabel = "{}"'
    refused(
        run,
        small,
        ":5:",
        "opens with 'Iterations 1' (did you mean 'Iteration 1'?)",
        blocks=label.format("Iterations {n}"),
    )
    small.write_cells({**cells, "D9": "Iteration 2"})
    refused(run, small, ":5:", "'Iteration 2' is in Sheet!A3 and in Sheet!D9", blocks=label.format("Iteration {n}"))


def test_a_wrong_sheet_is_blamed_on_the_check_that_names_it(run, small):
    """Two checks of one workbook: the line of the first one's sheet would send a person to the wrong place."""
    table = '[check.{0}]\nsheet = "{1}"\n[check.{0}.inputs]\nx = "A1"\n[check.{0}.outputs]\ny = "B1"\n'
    small.write_spec(sheet="", inputs=table.format("one", "Sheet"), outputs=table.format("two", "Shet"))
    refused(run, small, "small.parity.toml:13: ", "small.xlsx has no sheet 'Shet' (did you mean 'Sheet'?)")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("raet", ["'raet' is not an address", "no name or table 'raet' (did you mean 'rate'?)"]),
        ("Other!locla", ["no name or table 'locla' (did you mean 'Other!local'?)"]),
        ("Nowhere!rate", ["no sheet 'Nowhere' (did you mean 'Other'?)"]),
        ("Salse[Net]", ["no table 'Salse' (did you mean 'Sales'?)"]),
        ("Sales[Nte]", ["table Sales has no column 'Nte' (did you mean 'Net'?)"]),
        ("Sales[#Totals]", ["means no rows of the table"]),
        ("Sales[@Net]", ["has no column '@Net'"]),
        ("Sales[[#This Row],[Net]]", ["means no rows of the table"]),
        ("moving", ["defined as 'Sheet!A1' and not as a fixed range"]),
        ("Other!moving_too", ["defined as 'Other!A1' and not as a fixed range"]),
        ("tenth", ["the name tenth is defined as 0.1 and not as cells"]),
        ("gone", ["small.xlsx has no sheet 'Gone'"]),
        ("huge", ["spans 1,048,576 cells"]),
        ("pair", ["a number in Other!A1", "(blank)"]),
    ],
)
def test_a_name_that_means_no_cells_says_why_and_what_is_like_it(run, small, at, said):
    """A spec is read before its workbook; what only the workbook can tell is as clear as what the text tells."""
    book = openpyxl.Workbook()
    sheet, other = book.active, book.create_sheet("Other")
    for row in (["Net", "Tax"], [1, 2], [3, 4]):
        sheet.append(row)
    sheet.add_table(Table(displayName="Sales", ref="A1:B3"))
    names = {
        "rate": "Sheet!$A$2", "moving": "Sheet!A1", "tenth": "0.1", "gone": "Gone!$A$1", "huge": "Sheet!$A$1:$A$1048576",
        "pair": "Other!$A$1:$A$2",
    }  # fmt: skip
    for name, text in names.items():
        book.defined_names[name] = DefinedName(name, attr_text=text)
    for name, text in {"local": "Other!$A$1", "moving_too": "Other!A1"}.items():
        other.defined_names[name] = DefinedName(name, attr_text=text)
    book.save(small.workbook)
    refused(run, small, ":6: ", "'x'", *said, inputs=f'[inputs]\nx = "{at}"')


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("across", "is of another shape than the input: Sheet!C1:D1; set transpose = true if it shows them turned"),
        ("longer", "is of another shape than the input: Sheet!C1:C3\n"),
    ],
)
def test_a_second_place_that_is_named_has_the_shape_of_the_input(run, small, at, said):
    """How large a name is stands in the workbook, which is read after the spec."""
    book = openpyxl.Workbook()
    for name, text in {"across": "Sheet!$C$1:$D$1", "longer": "Sheet!$C$1:$C$3"}.items():
        book.defined_names[name] = DefinedName(name, attr_text=text)
    book.save(small.workbook)
    also = f'[inputs]\nx = {{ at = "A1:A2", also = [{{ at = "{at}" }}] }}'
    refused(run, small, f":6: 'also' of input 'x' {said}", inputs=also)


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ('cells = "B1"', [":9:", "accept needs a reason"]),
        ('cells = "B1"\nreason = " "', [":11:", "accept needs a reason"]),
        ('reason = "known"', [":9:", "'cells' of accept is an address"]),
        ('cells = []\nreason = "known"', [":10:", "'cells' of accept is an address"]),
        ('cells = [1]\nreason = "known"', [":10:", "'cells' of accept is an address"]),
        ('cells = "B:"\nreason = "known"', [":10:", "'B:' is not an address"]),
        ('cells = "nmae"\nreason = "known"', [":10:", "no name or table 'nmae'"]),
        ('cells = "No!B1"\nreason = "known"', [":10:", "no sheet 'No'"]),
        ('cell = "B1"\nreason = "known"', [":10:", "unknown key 'cell' of 'accept' (did you mean 'cells'?)"]),
        ('cells = "B1:B2"\nreason = "known"', [":10:", "Sheet!B2 is compared in no output", "Sheet!B1, of 'y'"]),
        ('cells = "A1"\nreason = "known"', [":10:", "Sheet!A1 is compared in no output"]),
        ('cells = ["B1", "B1"]\nreason = "known"', [":10:", "Sheet!B1 is accepted twice, first in line 10"]),
    ],
)
def test_a_wrong_acceptance_is_an_error_and_never_half_obeyed(run, small, accept, said):
    """An acceptance of cells that nobody compares, or without a reason, would hide more or less than it says."""
    refused(run, small, *said, outputs=f'[outputs]\ny = "B1"\n[[accept]]\n{accept}')


def test_the_line_is_that_of_the_acceptance_which_is_wrong(run, small):
    """All entries have the same keys; only their number tells them apart."""
    entry = '[[{}]]\nreason = "known"\ncells = "{}"\n'
    refused(
        run, small, "small.parity.toml:14:", "Sheet!C1 is compared in no output",
        outputs='[outputs]\ny = "B1"\n' + entry.format("accept", "B1") + entry.format("accept", "C1"),
    )  # fmt: skip
    refused(
        run, small, "small.parity.toml:14:", "Sheet!B1 is accepted twice, first in line 11",
        outputs='[check.a.outputs]\ny = "B1"\n' + entry.format("accept", "B1") + entry.format("check.a.accept", "B1"),
    )  # fmt: skip
    refused(
        run, small, "small.parity.toml:9: accept needs a reason",
        outputs='[outputs]\ny = "B1"\n[[accept]]\ncells = "B1"\n' + entry.format("accept", "B1"),
    )  # fmt: skip
    refused(run, small, "small.parity.toml:1:", "[[accept]] is a table", workbook='accept = 1\nworkbook = "small.xlsx"')
    refused(
        run, small, "small.parity.toml:1: accept needs a reason",
        workbook='accept = [{ cells = "B1" }]\nworkbook = "small.xlsx"',
    )  # fmt: skip


def test_what_is_accepted_for_several_checks_is_compared_by_one_of_them(run, small):
    """At the top it may speak to one check only; a cell that none of them compares is a mistake."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": "=2*A1"})
    table = '[check.{0}]\ninputs = {{ x = "A1" }}\noutputs = {{ y = "{1}" }}\n'
    accept = '[[accept]]\ncells = "{}"\nreason = "known"\n'
    small.write_spec(inputs=accept.format("C1"), outputs=table.format("a", "B1") + table.format("b", "C1"))
    assert run("verify", small.spec).code == 0
    refused(
        run, small, "small.parity.toml:6:", "Sheet!D1 is compared in no output",
        inputs=accept.format("D1"), outputs=table.format("a", "B1") + table.format("b", "C1"),
    )  # fmt: skip


WHOLE = {
    "workbook": "small.xlsx",
    "reference": "small.py:double",
    "tolerance": {"rtol": 1e-9, "atol": 1e-12},
    "sheet": "Sheet",
    "blocks": {"rows": [1, 2]},
    "inputs": {
        "x": {"at": "A1", "every_block": True, "also": [{"at": "D1", "transpose": True}], "low": -2, "high": 2},
        "k": {"at": "C1", "choices": [0, 1]},
    },
    "outputs": {"y": {"at": "B1", "rtol": 1e-7, "atol": 1e-12, "transpose": False}, "z": {"at": "E1", "skip": "later"}},
    "accept": [{"cells": ["B2"], "reason": "known"}],
    "check": {"one": {"accept": [{"cells": "B1", "reason": "known"}]}},
}
VALUES = [
    0,
    1,
    -1,
    2.5,
    True,
    "",
    "nonsense",
    "A1",
    "Sheet!B1:C2",
    "1[",
    [],
    [1],
    ["A1"],
    [[]],
    [{}],
    {},
    {"a": 1},
    {"at": 1},
]


def toml(value):
    """A value as TOML has it, all on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def changes(value):
    """Every way to put another value in one place of this one, or an unknown key beside it."""
    yield from VALUES
    if isinstance(value, dict):
        yield {**value, "unknown": 1}
        for key, held in value.items():
            yield {other: kept for other, kept in value.items() if other != key}
            yield from ({**value, key: changed} for changed in changes(held))
    if isinstance(value, list):
        for number, held in enumerate(value):
            yield from ([*value[:number], changed, *value[number + 1 :]] for changed in changes(held))


@pytest.mark.parametrize("key", WHOLE)
def test_any_value_in_any_place_is_either_obeyed_or_refused_in_one_line(run, small, key):
    """Nobody has thought of every mistake; none may end in a traceback, or in a verdict on something else."""
    small.reference.write_text("def double(x, k=0):\n    while True:\n        yield {'y': 2 * x, 'z': k}\n")
    small.write_cells({"A1": 3, "A2": 3, "B1": "=2*A1", "B2": "=3*A2", "C1": 1, "D1": 3, "D2": 3, "E1": "=C1"})
    small.spec.write_text("".join(f"{name} = {toml(value)}\n" for name, value in WHOLE.items()))
    assert run("verify", small.spec).code == 0
    refusals = 0
    for changed in changes(WHOLE[key]):
        lines = {**WHOLE, key: changed}
        small.spec.write_text("".join(f"{name} = {toml(value)}\n" for name, value in lines.items()))
        done = run("verify", small.spec, "--format", "json", "--quiet", "--scenarios", 5)
        if done.err:
            refusals += 1
            assert done.code == 2, lines
            assert done.out == "", lines
            assert re.match(r"xlparity: [^\n]*small\.parity\.toml:\d+: [^\n]+\n$", done.err) or key == "workbook", lines
            assert done.err.count("\n") == 1, lines
            assert "a fault in xlparity" not in done.err, (lines, done.err)
        else:
            assert json.loads(done.out)["verdict"] in ("pass", "fail", "unassessed"), lines
    assert refusals > 10
