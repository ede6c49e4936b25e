"""The engine ``libreoffice``: LibreOffice Calc without a window, run on copies of the file.

Numbers are read from the .xlsx file that it writes, with 15 digits: a relative error of up to 5e-15. Errors are coarser than
Excel's: ``SQRT(-1)`` is ``#VALUE!`` and not ``#NUM!``, so the kind of an error is no evidence. A circular reference is
unsupported, as in ``formulas``; so is ``#NAME?``, which LibreOffice gives for everything that it does not know.
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

from xlparity.engines.common.errors import numbers_for_errors
from xlparity.engines.common.files import FileTemplate, as_held, probe, stored_values, unknown_functions
from xlparity.engines.common.operands import misreadings
from xlparity.engines.common.survey import FormulaSurvey
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.engines.protocol import ONE_AT_A_TIME, Described, Values, one_by_one
from xlparity.errors import EngineError, UsageError
from xlparity.excel import ooxml
from xlparity.excel.address import Cell
from xlparity.excel.batch import Batch
from xlparity.excel.columns import Column
from xlparity.excel.values import MISSING, ErrorValue, Unsupported, Value
from xlparity.excel.workbook import Workbook, formulas_of

_PROGRAMS = ("soffice", "libreoffice")
_TWO_SHEETS = re.compile(r"!\$?[A-Z]{1,3}\$?[0-9]+:(?:'[^']*'|[\w.]+)!", re.IGNORECASE)
_TIME_LIMIT = 120.0  # seconds for one recalculation; a start takes one, and six on a busy machine
_VERSION_LIMIT = 30.0  # seconds for --version, which loads nothing
_OUTPUT_SHOWN = 300  # characters of its output in an error message

_POWER = Unsupported("a number where Excel has #NUM!, such as the 1 that LibreOffice has for 0^0")

# Always recalculate on load, never update links, run no macros, fetch nothing.
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse">
<value>2</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse">
<value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse">
<value>true</value></prop></item>
</oor:items>
"""

# In a range, Excel ignores truth values for these functions, and LibreOffice takes them for 1 and 0.
_IGNORE_TRUTH = frozenset({
    "SUM", "AVERAGE", "COUNT", "MIN", "MAX", "PRODUCT", "SUMSQ", "SUMPRODUCT", "MEDIAN", "MODE", "LARGE", "SMALL", "RANK",
    "STDEV", "STDEVP", "VAR", "VARP", "STDEV.S", "STDEV.P", "VAR.S", "VAR.P", "DEVSQ", "AVEDEV", "GEOMEAN", "HARMEAN", "KURT",
    "SKEW", "PERCENTILE", "QUARTILE", "CORREL", "COVAR", "SLOPE", "INTERCEPT", "RSQ", "SUBTOTAL", "AGGREGATE", "SUMX2MY2",
    "SUMX2PY2", "SUMXMY2", "NPV", "IRR", "MMULT", "MDETERM", "MINVERSE", "GCD", "LCM",
})  # fmt: skip


class LibreOfficeEngine:
    """The program ``soffice`` on PATH, each session with a profile of its own."""

    name = "libreoffice"
    recomputes = True
    most_samples: int | None = ONE_AT_A_TIME

    def __init__(self, *, time_limit: float = _TIME_LIMIT) -> None:
        """``time_limit`` is how many seconds one recalculation may take; raises UsageError where there is no LibreOffice."""
        found = next((path for program in _PROGRAMS if (path := shutil.which(program))), None)
        if found is None:
            raise UsageError("the engine libreoffice needs the program soffice on PATH; install LibreOffice Calc")
        self._program = found
        self._time_limit = time_limit

    @functools.cached_property
    def version(self) -> str:
        """The program's version; raises EngineError where it prints none."""
        with tempfile.TemporaryDirectory() as folder:
            words = _run([self._program, "--version"], Path(folder), _VERSION_LIMIT).split()
        if len(words) < 2:
            raise EngineError(f"{self._program} --version prints no version; is LibreOffice installed whole?")
        return words[1]

    def load(self, workbook: Workbook) -> "LibreOfficeSession":
        """The session of the workbook; LibreOffice loads the file when it is recalculated."""
        return LibreOfficeSession(workbook, self._program, self._time_limit)


class LibreOfficeSession:
    """One workbook, and a profile that lasts as long as the session."""

    def __init__(self, workbook: Workbook, program: str, time_limit: float) -> None:
        self._workbook = workbook = workbook.as_excel_reads()
        self._program = program
        self._time_limit = time_limit
        self._survey = FormulaSurvey(workbook, _refusal_for)
        self._nameless = self._survey.nameless
        self._template = FileTemplate(workbook, self._survey.refused)
        self._truths = {cell for cell, formula in formulas_of(workbook) if misreadings(formula.text).gives_truth}
        self._powers = {
            cell
            for cell, formula in formulas_of(workbook)
            if "^" in formula.text or "POWER" in self._survey.facts[cell].calls
        }
        self._alone = FormulasSession(workbook) if self._powers else None
        self._unknown: frozenset[str] | None = None
        self._profile = Path(tempfile.mkdtemp(prefix="xlparity-"))
        weakref.finalize(self, shutil.rmtree, self._profile, ignore_errors=True)
        write_profile(self._profile)

    def recalculate(self, overrides: Mapping[Cell, Column], samples: int = 1) -> Batch:
        """Every cell's value in each sample, with the overrides in place of the cells' contents, formulas included.

        All samples are computed in one launch of the program.
        Raises UsageError for an override that no file can hold, and EngineError where LibreOffice fails.
        """
        return one_by_one(self._all_values, overrides, samples)

    def _all_values(self, by_sample: Sequence[Values]) -> list[Values]:
        files = {f"{number}.xlsx": self._template.copy(overrides) for number, overrides in enumerate(by_sample)}
        if self._unknown is None:
            files["functions.xlsx"] = probe(self._survey.calls)
        made = self._converted(files)
        if self._unknown is None:
            self._unknown = unknown_functions(stored_values(made["functions.xlsx"], self._workbook), self._survey.calls)
        return [self._values(made[f"{number}.xlsx"], overrides) for number, overrides in enumerate(by_sample)]

    def _converted(self, files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
        """The parts of each file as LibreOffice saves it."""
        with tempfile.TemporaryDirectory(prefix="xlparity-") as name:
            folder = Path(name)
            (folder / "out").mkdir()
            for file, data in files.items():
                (folder / file).write_bytes(data)
            said = _run(
                [
                    self._program, f"-env:UserInstallation={self._profile.as_uri()}", "--headless", "--norestore", "--nologo",
                    "--nolockcheck", "--nodefault", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
                    "--outdir", str(folder / "out"), *(str(folder / file) for file in files),
                ],
                folder,
                self._time_limit * len(files),
            )  # fmt: skip
            made: dict[str, dict[str, bytes]] = {}
            for file in files:
                path = folder / "out" / file
                if not path.exists():
                    why = f"LibreOffice gave nothing back ({said.strip()[-_OUTPUT_SHOWN:]})"
                    raise EngineError(
                        f"{self._workbook.path}: {why}; see whether it opens there, or use another engine"
                    )
                made[file] = ooxml.read_parts(path.read_bytes(), self._workbook.path)
            return made

    def _values(self, parts: Mapping[str, bytes], overrides: Mapping[Cell, Value]) -> dict[Cell, Value]:
        computed = stored_values(parts, self._workbook)
        values = as_held(self._workbook, lambda cell: self._checked(cell, computed.get(cell, MISSING)))
        values |= self._survey.reading_truth_values({**values, **overrides}, _affected_by_truth)
        values |= overrides
        if self._alone is not None:
            values |= dict.fromkeys(numbers_for_errors(self._alone, values, overrides), _POWER)
        assert self._unknown is not None
        return self._survey.settle(values, overrides, self._unknown)

    def _checked(self, cell: Cell, value: Value) -> Value:
        if value == ErrorValue("#NAME?") and cell not in self._nameless:
            return Unsupported("a name or a function that LibreOffice does not know (#NAME?)")
        live = self._workbook.members.get(cell, cell)
        if value == ErrorValue("#NUM!") and live in self._powers:
            return Unsupported(
                "#NUM! beside a power, which LibreOffice also gives where the power is too small for a number"
            )
        if isinstance(value, float) and value in (0.0, 1.0) and live in self._truths:
            # LibreOffice writes truth values in arrays, and in cells with a number format, as numbers.
            return bool(value)
        return value


def write_profile(folder: Path) -> None:
    """Writes a new profile of LibreOffice into the folder, with the settings of a recalculation."""
    (folder / "user").mkdir()
    (folder / "user" / "registrymodifications.xcu").write_text(_SETTINGS)


def _refusal_for(formula: str) -> str | None:
    if _TWO_SHEETS.search(formula):
        return "a range with its sheet before both of its cells, of which LibreOffice adds up other cells"
    # Excel ranks every truth value above every number, and joins them as TRUE and FALSE.
    return (
        "a truth value compared or joined, which LibreOffice takes for a number"
        if misreadings(formula).mixes_truth
        else None
    )


def _affected_by_truth(formula: str, calls: set[str]) -> bool:
    return not calls.isdisjoint(_IGNORE_TRUTH) or re.search("[<>=&]", formula[1:]) is not None


def _run(command: Sequence[str], home: Path, time_limit: float) -> str:
    """The command's output on both streams; its whole process group has ended when this returns or raises."""
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(
            f"{command[0]}: cannot be started ({error.strerror}); is LibreOffice installed whole?"
        ) from error
    with process:
        try:
            said, _ = process.communicate(timeout=time_limit)
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"LibreOffice took more than {time_limit:g} s, and was stopped; try fewer scenarios, or another engine"
            ) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return said.decode(errors="replace")


ENGINE = Described(
    LibreOfficeEngine,
    "external program",
    "LibreOffice Calc, run on copies of the file; an independent second engine",
)
