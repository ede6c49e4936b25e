"""Specs that mean harm, or are wrong: how each is made, and how it must end.

A spec comes with a pull request or from a student, as the workbook does. Each has the exit code of ``verify``, and words of
the one line that says where, what and what to do; a spec that is strange and right has the code 0 and no line.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HEAD = 'workbook = "small.xlsx"\nreference = "small.py:double"\nsheet = "Sheet"\n'
INPUTS = '[inputs]\nx = "A1"\n'
OUTPUTS = '[outputs]\ny = "B1"\n'
WHOLE = HEAD + INPUTS + OUTPUTS
RIGHT, WRONG, REFUSED = 0, 1, 2


@dataclass(frozen=True)
class Case:
    """A spec's content, or what makes it in the folder of small.xlsx and small.py and gives its path; and its outcome."""

    name: str
    content: str | bytes | Callable[[Path], Path]
    said: tuple[str, ...] = ()
    code: int = REFUSED

    def made(self, folder: Path) -> Path:
        """The path of the spec, written into the folder."""
        if callable(self.content):
            return self.content(folder)
        spec = folder / "small.parity.toml"
        spec.write_bytes(self.content.encode() if isinstance(self.content, str) else self.content)
        return spec


def top(line: str) -> str:
    """The spec with a line more at its top."""
    return f"{HEAD}{line}\n{INPUTS}{OUTPUTS}"


def given(value: str) -> str:
    """The spec with this input."""
    return f"{HEAD}[inputs]\nx = {value}\n{OUTPUTS}"


def out(value: str) -> str:
    """The spec with this output."""
    return f"{HEAD}{INPUTS}[outputs]\ny = {value}\n"


def at(workbook: str) -> str:
    """The spec of this workbook."""
    return WHOLE.replace("small.xlsx", workbook)


def by(reference: str) -> str:
    """The spec with this reference."""
    return WHOLE.replace("small.py:double", reference)


def link_loop(folder: Path) -> Path:
    """A link to a link to itself."""
    (folder / "one.parity.toml").symlink_to("two.parity.toml")
    (folder / "two.parity.toml").symlink_to("one.parity.toml")
    return folder / "one.parity.toml"


def folder_loop(folder: Path) -> Path:
    """A folder that holds itself, as the way to the workbook."""
    (folder / "again").symlink_to(".")
    (spec := folder / "small.parity.toml").write_text(at("again/" * 30 + "small.xlsx"))
    return spec


def is_folder(folder: Path) -> Path:
    """A folder of that name."""
    (folder / "folder.parity.toml").mkdir()
    return folder / "folder.parity.toml"


def pipe(folder: Path) -> Path:
    """A pipe that nobody writes to."""
    os.mkfifo(folder / "pipe.parity.toml")
    return folder / "pipe.parity.toml"


def with_pipe(name: str, spec: str) -> Callable[[Path], Path]:
    """A spec that names a pipe."""

    def make(folder: Path) -> Path:
        os.mkfifo(folder / name)
        (path := folder / "small.parity.toml").write_text(spec)
        return path

    return make


def sparse(folder: Path) -> Path:
    """A file of 20 GB that takes no room."""
    with (folder / "sparse.parity.toml").open("wb") as file:
        file.truncate(20 << 30)
    return folder / "sparse.parity.toml"


BLOCKS = "[blocks]\n{}\n"

CASES = [
    # --- no TOML, or not as it should be written
    Case("empty", b"", ("'workbook' is missing",)),
    Case("zero bytes", bytes(1000), ("is not TOML",)),
    Case("invalid UTF-8", WHOLE.encode() + b"# \xff\xfe", ("is not UTF-8",)),
    Case("UTF-16", WHOLE.encode("utf-16"), ("is not UTF-8",)),
    Case("UTF-8 with a byte order mark", b"\xef\xbb\xbf" + WHOLE.encode(), code=RIGHT),
    Case("lines that end as on Windows", WHOLE.replace("\n", "\r\n").encode(), code=RIGHT),
    Case("lines that end as on an old Mac", WHOLE.replace("\n", "\r").encode(), ("is not TOML",)),
    Case("a workbook as spec", lambda folder: folder / "small.xlsx", ("is a workbook and no spec",)),
    Case("a key twice", top('sheet = "Sheet"'), ("is not TOML", "line 4")),
    Case("a table twice", WHOLE + INPUTS, ("is not TOML",)),
    Case("nested 100,000 deep", top("x = " + "[" * 100_000), ("is not TOML",)),
    Case("tables nested 5,000 deep", top("a" + ".a" * 5_000 + " = 1")),
    Case("a number of a million digits", top("seed = " + "9" * 1_000_000), ("is not TOML",)),
    Case("a comment of 10 MB", f"#{'x' * 10_000_000}\n{WHOLE}", ("cannot be read (it is larger than 4 MB)",)),
    Case("a text of 3 MB for a sheet", WHOLE.replace('"Sheet"', f'"{"x" * 3_000_000}"'), ("has no sheet 'xxx",)),
    Case("100,000 unknown keys", top("\n".join(f"k{n} = 1" for n in range(100_000))), ("unknown key 'k0'",)),
    Case(
        "20,000 inputs",
        HEAD + "[inputs]\n" + "\n".join(f'x{n} = "A1"' for n in range(20_000)) + f"\n{OUTPUTS}",
        ("small.py:double has no parameter 'x0' (did you mean 'x'?)",),
    ),
    Case("100 checks", WHOLE + "".join(f"[check.c{n}]\n" for n in range(100)), code=RIGHT),
    Case("no text at all", lambda folder: folder / "nothing.parity.toml", ("cannot be read",)),
    # --- files that are none
    Case("a loop of links", link_loop, ("cannot be read",)),
    Case("a folder as spec", is_folder, ("cannot be read (Is a directory)",)),
    Case("a pipe as spec", pipe, ("it is a pipe or a device",)),
    Case("a device as spec", lambda folder: Path("/dev/zero"), ("it is a pipe or a device",)),
    Case("20 GB as spec", sparse, ("cannot be read (it is larger than 4 MB)",)),
    Case("a workbook that is the spec", at("small.parity.toml"), ("not a readable .xlsx file",)),
    Case("a workbook that is a folder", at("."), ("cannot be read",)),
    Case("a workbook that is a device", at("/dev/zero"), ("/dev/zero cannot be read: there is no such file",)),
    Case("a workbook that is the null device", at("/dev/null"), ("/dev/null cannot be read: there is no such file",)),
    Case(
        "a workbook that is a pipe",
        with_pipe("pipe.xlsx", at("pipe.xlsx")),
        ("pipe.xlsx cannot be read: there is no such file",),
    ),
    Case("a workbook without a name", at(""), (". cannot be read: there is no such file",)),
    Case("a workbook's name with a zero", at("small\\u0000.xlsx"), ("did you mean 'small.xlsx'?",)),
    Case("a workbook's name of 10,000 letters", at("x" * 10_000), ("cannot be read: there is no such file",)),
    Case("a workbook through a folder that holds itself", folder_loop, code=RIGHT),
    Case("a workbook's name in full-width letters", at("ｓmall.xlsx"), ("no such file",)),
    Case("a workbook on the net", at("https://example.org/small.xlsx"), ("there is no such file",)),
    Case("a reference that is a folder", by(".:double"), ("the reference .:double cannot be imported",)),
    Case(
        "a reference that is a device", by("/dev/zero:double"), ("the reference /dev/zero:double cannot be imported",)
    ),
    Case("a reference that is a pipe", with_pipe("pipe.py", by("pipe.py:double")), ("there is no file pipe.py",)),
    Case("a reference that is the spec", by("small.parity.toml:double"), ("cannot be imported (ModuleNotFoundError",)),
    Case("a reference's name with a zero", by("small\\u0000.py:double"), ("did you mean 'small.py'?",)),
    Case("a reference that is no function", by("small.py:__name__"), ("has no function '__name__' (known: double)",)),
    Case(
        "a reference of Python's own", by("os:_exit"), ("os:_exit", "would end the process before there is a verdict")
    ),
    Case("a reference with a dot at its front", by("..small:double"), ("cannot be imported",)),
    # --- names and confusables
    Case("control characters in a key", top('"\\u001b[2J\\r" = 1'), ("unknown key",)),
    Case("control characters in a name", HEAD + '[inputs]\n"x\\u0007" = "A1"\n' + OUTPUTS, ("did you mean 'x'?",)),
    Case("a Cyrillic letter in a name", HEAD + '[inputs]\n"х" = "A1"\n' + OUTPUTS, ("no parameter",)),
    Case("a Cyrillic letter in an address", given('"А1"'), ("is not an address",)),
    Case("full-width digits in an address", given('"A１"'), ("is not an address",)),
    Case("a letter that grows in capitals", given('"ß1"'), ("is not an address",)),
    Case("a line separator in a sheet's name", WHOLE.replace('"Sheet"', '"Sh\\u2028eet"'), ("no sheet",)),
    Case("half a character", top('x = "\\ud800"'), ("is not TOML",)),
    Case("names with a dot", HEAD + '[inputs]\nx.y.z = "A1"\n' + OUTPUTS, ("unknown key 'y' of 'x'",)),
    Case("an empty name", HEAD + '[inputs]\nx = "A1"\n"" = "A2"\n' + OUTPUTS, ("has no parameter ''",)),
    # --- wrong types
    *(
        Case(f"{key} is {value[:12]}", WHOLE.replace(line, f"{key} = {value}\n"), ("of the wrong type",))
        for key, line in (
            ("workbook", 'workbook = "small.xlsx"\n'),
            ("reference", 'reference = "small.py:double"\n'),
            ("sheet", 'sheet = "Sheet"\n'),
        )
        for value in ("1", "[[]]", "{}", "2024-01-01", "nan")
    ),
    *(
        Case(f"{table} is {value}", (HEAD + f"{table} = {value}\n" + rest), ("of the wrong type",))
        for table, rest in (("inputs", OUTPUTS), ("outputs", INPUTS))
        for value in ("1", "'A1'", "[]", "true", "12:00:00")
    ),
    *(
        Case(f"an input is {value}", given(value), ("small.parity.toml:5: ", "'x'"))
        for value in ("true", "[]", "{}", "inf", "2024-01-01", "{ at = [] }", "{ at = {} }", '{ at = "A1", vary = 1 }')
    ),
    *(
        Case(f"an output is {value}", out(value), ("small.parity.toml:7: ", "'y'"))
        for value in (
            "true",
            "[]",
            "{}",
            "inf",
            '{ at = "B1", rtol = nan }',
            '{ at = "B1", atol = inf }',
            '{ at = "B1", skip = [] }',
        )
    ),
    Case("accept is a table", WHOLE + "[accept]\ncells = 'B1'\n", ("[[accept]] is a table for each",)),
    Case("accept holds anything", top("accept = [1, [], 'B1']"), ("[[accept]] is a table for each",)),
    Case("check is a list", WHOLE + "[[check]]\na = 1\n", ("[check.NAME] is a table",)),
    # --- numbers
    Case("a low above the high", given('{ at = "A1", low = 2, high = 1 }'), ("is above its 'high'",)),
    Case("a range from nan", given('{ at = "A1", low = nan, high = 1 }'), ("'low' of 'x' is a number",)),
    Case(
        "a range to inf", given('{ at = "A1", low = 0, high = inf }'), ("'high' of 'x' is a number of at most 1e100",)
    ),
    Case(
        "a range as wide as numbers go", given('{ at = "A1", low = -1.7e308, high = 1.7e308 }'), ("of at most 1e100",)
    ),
    Case(
        "a whole number beyond any float",
        given(f'{{ at = "A1", low = 0, high = 1{"0" * 400} }}'),
        ("of at most 1e100",),
    ),
    Case("no choices", given('{ at = "A1", choices = [] }'), ("is empty",)),
    Case("choices of nan", given('{ at = "A1", choices = [nan] }'), ("'choices' of 'x' is a list",)),
    Case("200,000 choices", given('{ at = "A1", choices = [' + "1," * 200_000 + "] }"), code=RIGHT),
    Case("a negative tolerance", top("tolerance = { rtol = -1 }"), ("not negative",)),
    Case("a tolerance of nan", top("tolerance = { rtol = nan }"), ("not negative",)),
    Case("a tolerance that allows all", top("tolerance = { rtol = inf }"), ("of at most 1e100",)),
    # --- ranges and blocks
    Case("a range of 10^10 cells", given('"A1:XFD1048576"'), ("spans 17,179,869,184 cells",)),
    Case("an output of 10^10 cells", out('"A1:XFD1048576"'), ("spans 17,179,869,184 cells",)),
    Case("whole columns", out('"B:B"'), ("'B:B' is not an address",)),
    Case("outside the grid", given('"XFE1048577"'), ("outside the grid",)),
    Case("row 0", given('"A0"'), ("'A0' is not an address",)),
    Case("a row of a million digits", given(f'"A{"9" * 1_000_000}"'), ("'A999",)),
    Case("two outputs on one cell", HEAD + INPUTS + '[outputs]\ny = "B1"\nz = "B1"\n', ("both 'y' and 'z' claim",)),
    Case("two checks on one cell", WHOLE + "[check.a]\n[check.b]\n", code=RIGHT),
    Case("an output on its input", out('"A1"'), ("in input cells only",)),
    Case("a step of 0", top(BLOCKS.format("first = 1\nstep = 0\ncount = 2")), ("whole numbers from 1 on",)),
    Case("a negative step", top(BLOCKS.format("first = 9\nstep = -1\ncount = 2")), ("whole numbers from 1 on",)),
    Case(
        "a million blocks",
        top(BLOCKS.format("first = 1\nstep = 1\ncount = 1000000")),
        ("at most 200,000 are compared",),
    ),
    Case(
        "10^18 blocks",
        top(BLOCKS.format("first = 1\nstep = 1\ncount = 1000000000000000000")),
        ("whole numbers from 1 on",),
    ),
    Case(
        "rows for a million blocks",
        top(BLOCKS.format(f"rows = [{', '.join(map(str, range(1, 1_000_001)))}]")),
        ("larger than 4 MB",),
    ),
    Case("a label of braces", top(BLOCKS.format('label = "{n!r:>1000000000}"')), ("with {n} in it",)),
    Case("a label that is a format", top(BLOCKS.format('label = "{n.__class__}"')), ("with {n} in it",)),
    Case(
        "a hundred thousand sheets",
        top(BLOCKS.format(f"sheets = [{', '.join(f'{chr(34)}s{n}{chr(34)}' for n in range(100_000))}]")),
        ("has no sheet 's0'",),
    ),
    Case("a twin that is itself", given('{ at = "A1", also = [{ at = "A1" }] }'), code=RIGHT),
    Case("20,000 twins", given('{ at = "A1", also = [' + '{ at = "C1" }, ' * 20_000 + "] }"), code=WRONG),
    Case(
        "accepts a cell that is not there",
        WHOLE + '[[accept]]\ncells = ["ZZ99"]\nreason = "none"\n',
        ("is compared in no output",),
    ),
    Case(
        "accepts 10^10 cells",
        WHOLE + '[[accept]]\ncells = ["A1:XFD1048576"]\nreason = "all"\n',
        ("spans 17,179,869,184 cells",),
    ),
    Case(
        "accepts 100,000 ranges",
        WHOLE
        + f'[[accept]]\ncells = [{", ".join(chr(34) + "C1:XFD9" + chr(34) for _ in range(100_000))}]\nreason = "all"\n',
        ("is compared in no output",),
    ),
]
