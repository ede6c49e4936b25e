"""What several test files need: the generated week-1 workbook, and a small one of two cells with its reference."""

import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
import warm as warming
from hypothesis import HealthCheck, settings

from xlparity import strict
from xlparity.actions.generate import build
from xlparity.cli import main as run_command
from xlparity.course.regressor.pages import regressor
from xlparity.course.two_layer.pages import two_layer
from xlparity.engines import libreoffice
from xlparity.references import process

# Hypothesis draws other examples in every run, and prints with a failing one how to draw it again. A time limit, or a check of
# how fast it draws, would find nothing but a machine that is busy.
settings.register_profile("xlparity", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("xlparity")
TIMES = int(os.environ.get("XLPARITY_TESTS_EXAMPLES", "1"))  # as many examples, which .ci/run sets


def examples(count: int) -> settings:
    """So many examples for a test that draws them, and in CI several times as many."""
    return settings(max_examples=count * TIMES)


def pytest_configure() -> None:
    """Nothing that the tests inherit decides their outcome, and what is passed over elsewhere is raised."""
    os.environ.pop("COLUMNS", None)  # the width of a terminal, which pytest-xdist sets
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what it starts in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)  # else the programs that tests start ignore it too
    os.environ[strict.NAME] = "1"  # for the programs that tests start as well


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test with one of these markers skips where that library or program is absent; CI has them all."""
    absent = {}
    if not (shutil.which("soffice") or shutil.which("libreoffice")):
        absent["libreoffice"] = "LibreOffice's soffice is not on PATH"
    if importlib.util.find_spec("ironcalc") is None:
        absent["ironcalc"] = "the library ironcalc is not installed"
    if importlib.util.find_spec("distributed") is None:
        absent["dask"] = "the library distributed is not installed"
    if shutil.which("git") is None or importlib.util.find_spec("pre_commit") is None:
        absent["precommit"] = "git is not on PATH, or the package pre-commit is not installed"
    browser = any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    if not browser or importlib.util.find_spec("axe_playwright_python") is None:
        absent["chromium"] = "Chromium is not on PATH, or the extra named browser is not installed"
    for item in items:
        for marker, reason in absent.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True, scope="session")
def _not_on_github() -> Iterator[None]:
    """The tests may run as a step of GitHub Actions, and are not to be taken for one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_ACTIONS", raising=False)
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        patch.delenv("GITHUB_WORKSPACE", raising=False)
        # Which .ci/run sets for this run, whose processes have read it by now, and not for those that tests start.
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        yield


@pytest.fixture(scope="session")
def warm() -> Iterator[None]:
    """Commands that begin with ``warm.program(…)`` start at once, forked from a process that has imported the program."""
    if not hasattr(os, "fork"):
        yield
        return
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = f"{folder}/socket"
        words = [sys.executable, "-P", warming.__file__, "--serve", path]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            patch.setenv(warming.VARIABLE, path)
            yield
            process.stdin.close()


@pytest.fixture(autouse=True, scope="session")
def _references_start_at_once(warm: None) -> Iterator[None]:
    """The processes in which references run are forked as well: of thousands of tests, each would start Python and numpy."""
    with pytest.MonkeyPatch.context() as patch:
        if warming.VARIABLE in os.environ:
            patch.setattr(process, "_started", warming.Reference)
            patch.setattr(process._Running, "_has_ended", lambda self: self._process.poll() is not None)
        yield


@pytest.fixture(scope="session", autouse=True)
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Path]]:
    """Gives a profile of LibreOffice that has been used, with which it starts in a third of the time; sessions get copies."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    write_profile = libreoffice.write_profile

    @functools.cache
    def used() -> Path:
        folder = tmp_path_factory.mktemp("profile")
        write_profile(folder)
        words = [program, f"-env:UserInstallation={folder.as_uri()}", "--headless", "--terminate_after_init"]
        subprocess.run(words, check=True, capture_output=True, timeout=120)
        return folder

    with pytest.MonkeyPatch.context() as patch:
        if program:
            patch.setattr(
                libreoffice, "write_profile", lambda folder: shutil.copytree(used(), folder, dirs_exist_ok=True)
            )
        yield used


@pytest.fixture
def convert(profile: Callable[[], Path]) -> Callable[..., Path]:
    """Has LibreOffice open files, recalculate what stores no value, and save them in a folder; gives the first one's path."""

    def converted(folder: Path, *paths: Path, form: str = "xlsx:Calc MS Excel 2007 XML") -> Path:
        words = [
            f"-env:UserInstallation={profile().as_uri()}",
            "--headless",
            "--convert-to",
            form,
            "--outdir",
            folder,
            *paths,
        ]
        program = shutil.which("soffice") or "libreoffice"
        subprocess.run([program, *words], check=True, capture_output=True, timeout=120)
        return folder / f"{paths[0].stem}.{form.partition(':')[0]}"

    return converted


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / next(name for name in files if name.endswith(".parity.toml"))


@pytest.fixture(scope="session")
def week_one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec file of the generated workbook with 22 iterations; nobody writes to this folder."""
    return write_files(tmp_path_factory.mktemp("week1"), build(regressor()))


@pytest.fixture(scope="session")
def two_layer_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec file of the generated two-layer network with 22 iterations; nobody writes to this folder."""
    return write_files(tmp_path_factory.mktemp("net"), build(two_layer()))


@pytest.fixture(scope="session")
def two_iterations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec file of a generated workbook with two iterations, small enough to be broken everywhere."""
    return write_files(tmp_path_factory.mktemp("two"), build(regressor(iterations=2)))


def saved(cells: dict[str, object], target: Path | BytesIO) -> None:
    """Writes a workbook with these cells on its one sheet, named Sheet."""
    book = openpyxl.Workbook()
    for address, value in cells.items():
        book.active[address] = value
    book.save(target)


@functools.cache
def doubled() -> bytes:
    """The workbook of two cells with which most tests begin, written once."""
    file = BytesIO()
    saved({"A1": 3, "B1": "=2*A1"}, file)
    return file.getvalue()


class Small:
    """A folder with ``small.xlsx``, ``small.py`` and ``small.parity.toml``: B1 doubles the input in A1, unless changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spec = folder / "small.parity.toml"
        self.reference = folder / "small.py"
        self.workbook = folder / "small.xlsx"
        self.reference.write_text("def double(x):\n    return {'y': 2 * x}\n")
        self.workbook.write_bytes(doubled())
        self.write_spec()

    def write_cells(self, cells: dict[str, object]) -> None:
        """The workbook with these cells on its one sheet, named Sheet."""
        saved(cells, self.workbook)

    def write_spec(self, **changed: str) -> None:
        """The spec with lines exchanged; an empty text leaves one out."""
        lines = {
            "workbook": 'workbook = "small.xlsx"',
            "reference": 'reference = "small.py:double"',
            "sheet": 'sheet = "Sheet"',
            "blocks": "",
            "inputs": '[inputs]\nx = "A1"',
            "outputs": '[outputs]\ny = "B1"',
        }
        self.spec.write_text("\n".join({**lines, **changed}.values()) + "\n")


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Runs the command line in this process.

    Its lines are so wide that the length of a temporary path breaks none; a test of a width sets COLUMNS.
    """
    if "COLUMNS" not in os.environ:
        monkeypatch.setenv("COLUMNS", "400")

    def command(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["xlparity", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run_command()
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return command
