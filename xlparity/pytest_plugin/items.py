"""The pytest items of a spec file: one for each check, quantity and iteration."""

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ExceptionChainRepr, ReprEntry, ReprFileLocation, ReprTraceback, TerminalRepr

from xlparity.engines.registry import engines_of
from xlparity.errors import UsageError, XlparityError
from xlparity.excel.workbook import read_workbook
from xlparity.files import from_here
from xlparity.pipeline import verify
from xlparity.pytest_plugin import KINDS, NOTE
from xlparity.reporters.parts import Part, PartKey, name_of, notes_of, parts_of
from xlparity.reporters.visible import visible
from xlparity.settings import Options, options_of
from xlparity.spec import References, bind, read_spec, workbook_of

_EVERYTHING = 2  # at -vv


class Disparity(AssertionError):  # noqa: N818  (a verdict, and no error)
    """Raised by an item whose quantity is not what the reference computes: a failure in pytest."""

    def __init__(self, part: Part) -> None:
        super().__init__(part.text())
        self.part = part


class Unassessed(Exception):  # noqa: N818
    """Raised by an item whose quantity could not be assessed: an error in pytest, not a failure."""

    def __init__(self, part: Part) -> None:
        super().__init__(part.text())
        self.part = part


class ParityFile(pytest.File):
    """A spec file. Its workbook is read to collect the items, and recalculated when the first of them is run."""

    _keys: set[PartKey]

    def collect(self) -> Iterable["ParityItem"]:
        """The items, in the order of the checks, iterations and quantities."""
        try:
            # Errors in the options or the references are raised here, once, and not by each item.
            plan = read_spec(self._spec, self._options)
            with _usual_warnings(), References(plan, self._options) as references:
                checks = bind(plan, read_workbook(workbook_of(plan), self._options.limits), references)
        except XlparityError as error:
            raise self.CollectError(visible(str(error))) from error
        self._keys = set()
        for bound in checks:
            check, cells = bound.plan, bound.cells
            blocks = len(cells.offsets)

            def item(key: PartKey, line: int | None, skip: str | None = None, blocks: int = blocks) -> ParityItem:
                self._keys.add(key)
                name = f"{key.check}/{name_of(key, blocks)}"
                # For a name with brackets, pytest 9.2 makes another id than the one in --lf's cache.
                nodeid = f"{self.nodeid}::{name}"
                made: ParityItem = ParityItem.from_parent(
                    self, name=name, nodeid=nodeid, of=key, line=line or 1, skip=skip
                )
                return made

            yield item(PartKey(check.name), plan.lines.of("inputs", check.name, ""))
            lines = {output.name: plan.lines.of(output.name, check.name, "outputs") for output in check.outputs}
            for output, iteration, _ in cells.blocks:
                yield item(PartKey(check.name, output.name, iteration), lines[output.name], output.skip)

    def part(self, key: PartKey) -> Part:
        """The result of the item; raises the error that prevented the verification."""
        if isinstance(self._run, Exception):
            raise self._run
        parts, _ = self._run
        return parts[key]

    def take_notes(self) -> list[str]:
        """The notes on the file at the first call, nothing afterwards."""
        if isinstance(self._run, Exception):
            return []
        _, notes = self._run
        taken = notes.copy()
        notes.clear()
        return taken

    @property
    def _spec(self) -> Path:
        """The file's path relative to the current folder, so that messages do not depend on the machine."""
        return Path(from_here(self.path))

    @cached_property
    def _options(self) -> Options:
        options = options_of_run(self.config)
        engines_of(options.engines)
        return options

    @cached_property
    def _run(self) -> tuple[dict[PartKey, Part], list[str]] | Exception:
        """The parts and the notes, or the error; cached, so that the engine runs once for each file and process."""
        try:
            with _usual_warnings():
                report = verify(self._spec, options=self._options)
            parts = parts_of(report)
            if parts.keys() != self._keys:  # an iteration that was added since would have no item to fail
                raise UsageError(
                    f"{self._spec}: it or its workbook has changed since it was collected; run pytest again"
                )
            return parts, [f"{self.nodeid}: {visible(note)}" for note in notes_of(report)]
        except Exception as error:  # of any kind: it is raised for every item, and the engine does not run again
            return error


class ParityItem(pytest.Item):
    """One quantity in one iteration, or a check's inputs; ``line`` is where the spec names it."""

    parent: ParityFile

    def __init__(self, *, of: PartKey, line: int, skip: str | None, **rest: Any) -> None:
        super().__init__(**rest)
        self.of, self.line = of, line
        self.add_marker("parity")
        if skip is not None:
            self.add_marker(pytest.mark.skip(reason=f"{of.variable}: {skip}"))

    def setup(self) -> None:
        """Verify the workbook, unless it has been. A quantity that cannot be assessed raises Unassessed, an error in pytest."""
        if self.config.getoption("setupplan", False):  # nothing is to be run
            return
        part = self.parent.part(self.of)
        self.user_properties += [(NOTE, note) for note in self.parent.take_notes()]
        if part.outcome not in ("passed", "failed", "accepted"):
            raise Unassessed(part)

    def runtest(self) -> None:
        """Passes where every cell is a match; a known difference is an expected failure, with the spec's reason.

        So is a consequence of what another item of this run fails for: one item fails for each root cause.
        """
        part = self.parent.part(self.of)
        if part.outcome == "accepted":
            pytest.xfail(part.sentence)  # which does nothing with --runxfail
        if part.cause is not None and (cause := self._item(part.cause)) is not None:
            pytest.xfail(f"fails for the cause of {cause.name}: {part.sentence}")
        if part.outcome != "passed":
            raise Disparity(part)

    def _item(self, key: PartKey) -> "ParityItem | None":
        """The item of another part of this file, where it is among those that are run."""
        items = (item for item in self.session.items if isinstance(item, ParityItem) and item.parent is self.parent)
        return next((item for item in items if item.of == key), None)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The line of the spec file that names the quantity, from 0, and the heading of a failure."""
        return self.path, self.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """The failure in pytest's style, without the traceback, which is within xlparity."""
        error = excinfo.value
        if isinstance(error, Disparity | Unassessed):
            part = error.part
            everything = self.config.get_verbosity() >= _EVERYTHING
            shown = [*part.causes, *part.details(everything=everything)]
            return self._failure(part.sentence, shown, part.kind)
        if isinstance(error, pytest.xfail.Exception):
            accepted = self.parent.part(self.of).outcome == "accepted"
            return self._failure(str(error), [], "accepted by the spec" if accepted else "a consequence")
        if isinstance(error, XlparityError):
            return self._failure(str(error), [], type(error).__name__)
        return super().repr_failure(excinfo, style)

    def _failure(self, sentence: str, more: list[str], kind: str) -> TerminalRepr:
        # The class that pytest uses for any exception, so that the summary line, junit-xml and xdist can read it.
        path = os.path.relpath(self.path, self.config.invocation_params.dir)
        sentence = visible(sentence)
        lines = [line for text in (sentence, *more) for line in visible(text).splitlines()]
        place = ReprFileLocation(path, self.line, kind)
        entry = ReprEntry([f"E   {line}".rstrip() for line in lines], None, None, place, "long")
        crash = ReprFileLocation(path, self.line, sentence)
        entries = [] if self.config.getoption("tbstyle") == "line" else [entry]  # pytest adds the line
        return ExceptionChainRepr([(ReprTraceback(entries, None, "long"), crash, None)])


@contextmanager
def _usual_warnings() -> Iterator[None]:
    """Restore Python's default filters: a reference may warn even where the test suite turns warnings into errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        yield


def options_of_run(config: pytest.Config) -> Options:
    """The options: from the command line, else from pytest's configuration file, else from ``[tool.xlparity]``."""
    given = {key: config.getoption(f"parity_{key}") for key in KINDS}
    given["in_process"] = config.getoption("parity_in_process") or None
    return _from_ini(config).over({**given, "engines": tuple(config.getoption("parity_engine") or ()) or None})


def _from_ini(config: pytest.Config) -> Options:
    table: dict[str, Any] = {"engine": config.getini("parity_engine") or []}
    for key, kind in KINDS.items():
        text = config.getini(f"parity_{key}")
        if text not in (None, ""):
            try:
                table[key] = kind(text)
            except ValueError:
                table[key] = text
    where = config.inipath or "pytest's configuration"
    return options_of(table, f"{where}, parity_…", Options.of_project(config.rootpath))
