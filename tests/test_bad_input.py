"""Bad input gets one clear line that says where, what and what to do: exit code 2, no traceback, nothing written."""

import zipfile

import pytest


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
        ({"workbook": 'workbook = "other.xlsx"'}, ["other.xlsx", "No such file"]),
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
        ({"inputs": '[inputs]\nx = "C1"'}, [":2:", "input 'x' needs a number in Sheet!C1", "(blank)"]),
        ({"inputs": '[inputs]\nx = { at = "A1", lwo = 1 }'}, [":6:", "unknown key 'lwo'", "did you mean 'low'?"]),
        ({"inputs": ""}, ["'inputs' is missing"]),
        ({"outputs": '[outputs]\nz = "B1"'}, [":2:", "gives no 'z' in iteration 1", "(known: y)"]),
        ({"outputs": '[outputs]\ny = "Other!B1"'}, [":8:", "no sheet 'Other'"]),
        ({"outputs": "[outputs]"}, [":7:", "compares nothing"]),
        ({"outputs": '[outputs]\ny = "B1"\nz = "B1"'}, [":9:", "both 'y' and 'z' claim the cell Sheet!B1"]),
        ({"outputs": '[outputs]\ny = { at = "B1", rtol = -1 }'}, [":8:", "not negative"]),
        ({"outputs": '[outputs]\ny = { at = "B1", skip = true }'}, [":8:", "is the reason, a text"]),
        ({"blocks": '[blocks]\nlabel = "Step {n}"'}, [":5:", "no cell of sheet 'Sheet' opens with 'Step 1'"]),
        ({"blocks": '[blocks]\nlabel = "Step"'}, [":5:", "with {n} in it"]),
        ({"blocks": "[blocks]\nfirst = 1"}, [":4:", "first, step and count together"]),
        ({"blocks": "[blocks]\nfirst = 9\nstep = 1\ncount = 2"}, [":11:", "stands before the first block"]),
        ({"blocks": "[blocks]\nrows = [1, 2]"}, [":2:", "gives 1 iterations, and the workbook has 2"]),
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
        ("return {'y': float('nan')}", "'y' in iteration 1 has a nan or an infinity"),
        ("return {'y': 'six'}", "'y' in iteration 1 is no array of numbers"),
        ("return 6", "gave a int; return a mapping"),
        ("return [6]", "yields a int; yield a mapping"),
        ("return None", "gave a NoneType"),
        ("raise SystemExit(0)", "SystemExit"),
        ("yield from ()", "gives 0 iterations"),
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
    refused(run, small, "small.parity.toml:15: the workbook has no sheet 'No'")
    small.write_spec(outputs='[outputs]\nx = "B"')
    refused(run, small, "small.parity.toml:8: 'x': 'B' is not an address")


def test_a_reference_that_cannot_be_imported_says_why(run, small):
    """A syntax error in a notebook's export is the person's to mend."""
    small.reference.write_text("def double(x:\n")
    refused(run, small, "small.py:double", "SyntaxError")


def test_files_that_are_no_workbooks_are_told_apart_from_empty_ones(run, small):
    """Missing parts and workbooks without sheets are errors, not empty successes."""
    small.workbook.write_bytes(b"")
    refused(run, small, "not a readable .xlsx file")
    with zipfile.ZipFile(small.workbook, "w") as archive:
        archive.writestr("hello.txt", "hello")
    refused(run, small, "no workbook in it")


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
