"""``assert_parity``: a parity check as an assertion, for tests written in Python."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from xlparity.excel.workbook import read_workbook
from xlparity.pipeline import assess
from xlparity.reporters.parts import name_of, parts_of
from xlparity.reporters.visible import visible
from xlparity.results.report import Report, Verdict
from xlparity.settings import Options
from xlparity.spec import spec_of, workbook_of

_PARTS_SHOWN = 5
_HERE = Path("assert_parity")


class Parts(TypedDict, total=False):
    """The other top-level keys of a spec file."""

    sheet: str | None
    blocks: Mapping[str, Any] | None
    tolerance: Mapping[str, float] | None
    accept: Sequence[Mapping[str, Any]]


def assert_parity(
    workbook: str | Path,
    reference: str | Callable[..., Any],
    *,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    options: Options | None = None,
    **parts: Unpack[Parts],
) -> Report:
    """The report on a workbook that passes; raises AssertionError where it does not pass.

    ``inputs`` and ``outputs``, and of the other ``parts`` ``sheet``, ``blocks``, ``tolerance`` and ``accept``, are what a spec
    file has under these names (see ``xlparity spec``), in Python's own types. ``reference`` is the function itself or its
    name, ``file.py:function`` or ``package.module:function``, and paths are relative to the current folder. ``options`` are
    as for ``verify``. The error's text is that of the pytest plugin.

    A workbook that cannot be assessed raises AssertionError too; an unusable file or name raises XlparityError.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    options = Options.of_project() if options is None else options
    table = {"workbook": workbook, "reference": reference, "inputs": inputs, "outputs": outputs, **parts}
    plan = spec_of(table, _HERE, options)
    report = assess(plan, read_workbook(workbook_of(plan), options.limits), options)
    if report.verdict is not Verdict.PASS:
        raise AssertionError(_text(report))
    return report


def _text(report: Report) -> str:
    """The failed and unassessed quantities by iteration, with the texts of the pytest plugin."""
    (check,) = report.combined
    parts = parts_of(report)
    not_passed = {key: part for key, part in parts.items() if part.outcome in ("failed", "unassessed")}
    sentence = (
        "cannot be assessed" if report.verdict is Verdict.UNASSESSED else "does not compute what the reference computes"
    )
    each = "quantities and iterations" if check.blocks > 1 else "quantities"
    lines = [f"{report.workbook} {sentence}, in {len(not_passed):,} of {len(parts):,} {each}"]
    for key, part in list(not_passed.items())[:_PARTS_SHOWN]:
        lines += ["", f"{name_of(key, check.blocks)}: {part.sentence}"]
        lines += [f"  {line}" for line in (*part.causes, *part.details())]
    if len(not_passed) > _PARTS_SHOWN:
        lines += ["", f"and {len(not_passed) - _PARTS_SHOWN:,} more"]
    return visible("\n".join(lines))
