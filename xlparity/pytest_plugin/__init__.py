"""The pytest plugin: collects each spec file as tests, one item for every quantity in every iteration.

pytest imports this module on every start, in every project where xlparity is installed. So it imports only pytest; numpy,
openpyxl and the engine are imported when the first ``*.parity.toml`` is collected.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from xlparity.actions.recalculate import Recalculated
    from xlparity.pytest_plugin.items import ParityFile

NOTE = "parity note"
KINDS: "Mapping[str, type[int] | type[float]]" = {
    "scenarios": int, "seed": int, "rtol": float, "atol": float, "min_coverage": float,
}  # fmt: skip
_TOLERANCES = ("rtol", "atol")
_SUFFIX = ".parity.toml"
_HELP = {
    "engine": "the engine that recalculates the workbooks (see 'xlparity engines')",
    "scenarios": "how many scenarios to run; 0 for none",
    "seed": "the seed of the scenarios",
    "rtol": "relative tolerance",
    "atol": "absolute tolerance",
    "min_coverage": "how many percent of branches, lines and constants the samples must reach",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the keys of the same names for the configuration file."""
    group = parser.getgroup("parity", "Excel workbooks against their Python references (xlparity)")
    group.addoption("--parity-engine", action="append", metavar="NAME", help=f"{_HELP['engine']}; may be repeated")
    for name, kind in KINDS.items():
        instead = ", in place of every one in the spec files" if name in _TOLERANCES else ""
        group.addoption(f"--parity-{name.replace('_', '-')}", type=kind, metavar="NUMBER", help=_HELP[name] + instead)
    parser.addini("parity_engine", _HELP["engine"], type="args", default=None)
    for name in KINDS:
        instead = ", where the spec file gives none" if name in _TOLERANCES else ""
        parser.addini(f"parity_{name}", _HELP[name] + instead, default=None)
    group.addoption("--parity-in-process", action="store_true", help="call references in pytest's own process")
    group.addoption("--no-parity", action="store_true", help=f"collect no *{_SUFFIX}")


def pytest_configure(config: pytest.Config) -> None:
    """Register the items' marker, so that ``-m "not parity"`` deselects them, and check the numbers of the options."""
    config.addinivalue_line("markers", "parity: an item of a *.parity.toml, made by xlparity")
    numbers = {name: config.getoption(f"parity_{name}") for name in KINDS}
    if any(number is not None for number in numbers.values()):
        from xlparity.errors import UsageError  # noqa: PLC0415
        from xlparity.settings import Options  # noqa: PLC0415

        try:
            Options().over(numbers, "--parity-")
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ParityFile | None":
    """The spec file as a collector, unless ``--no-parity`` is given."""
    if not file_path.name.endswith(_SUFFIX) or parent.config.getoption("no_parity"):
        return None
    from xlparity.pytest_plugin.items import ParityFile  # noqa: PLC0415

    file: ParityFile = ParityFile.from_parent(parent, path=file_path)
    return file


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """Report an item that could not be assessed in the plugin's style; pytest itself asks an item for failures only."""
    report = yield
    if call.excinfo is not None and report.when == "setup" and report.failed and item.path.name.endswith(_SUFFIX):
        report.longrepr = item.repr_failure(call.excinfo)
    return report


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """Print the notes, which change no verdict, each once; nothing where no spec file was run."""
    reports = (report for of in terminalreporter.stats.values() for report in of)
    properties = (pair for report in reports for pair in getattr(report, "user_properties", ()))
    notes = list(dict.fromkeys(str(value) for name, value in properties if name == NOTE))
    if notes and terminalreporter.verbosity >= 0:
        terminalreporter.section("parity notes")
        for note in notes:
            terminalreporter.line(note)


@pytest.fixture(scope="session")
def recalculate(pytestconfig: pytest.Config) -> "Callable[..., Recalculated]":
    """The recomputed values of a workbook by address: ``recalculate("book.xlsx")["Sheet1!B5"]``.

    ``recalculate("book.xlsx", {"B1": 0.5})`` sets cells first. The function is ``xlparity.recalculate`` with the same
    parameters, but keeps the compiled workbook while its file is unchanged, and its options are those of the pytest run.
    """
    from xlparity.actions.recalculate import keeping  # noqa: PLC0415
    from xlparity.pytest_plugin.items import options_of_run  # noqa: PLC0415

    return keeping(options_of_run(pytestconfig))
