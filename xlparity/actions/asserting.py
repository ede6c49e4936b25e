"""Parity as an assertion, for tests written in Python."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlparity.excel.workbook import read_workbook
from xlparity.pipeline import ENGINE, SCENARIOS, assess, machines_of, workbook_of
from xlparity.reporters.parts import name_of, parts_of
from xlparity.reporters.visible import visible
from xlparity.results.report import Report, Verdict
from xlparity.settings import read_settings
from xlparity.spec import spec_of
from xlparity.spec.containment import LIMIT

_PARTS_SHOWN = 5
_HERE = Path("assert_parity")


def assert_parity(  # noqa: PLR0913  (the parts of a spec file, by name)
    workbook: str | Path,
    reference: str | Callable[..., Any],
    *,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    blocks: Mapping[str, Any] | None = None,
    sheet: str | None = None,
    tolerance: Mapping[str, float] | None = None,
    accept: Sequence[Mapping[str, Any]] = (),
    engine: str | Sequence[str] | None = None,
    scenarios: int | None = None,
    seed: int | None = None,
) -> Report:
    """The report on a workbook that computes what the reference computes; AssertionError where it does not.

    ``inputs``, ``outputs``, ``blocks``, ``tolerance`` and ``accept`` are what a spec file says under these names;
    ``reference`` may be the function itself, and paths are relative to the current folder. What is left out is as the
    project's ``[tool.xlparity]`` has it, and else as for ``verify``. The error's text is that of the pytest plugin.

    What cannot be assessed is an AssertionError too, and an XlparityError where a file or a name is unusable.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    table = {
        "workbook": workbook,
        "reference": reference,
        "sheet": sheet,
        "blocks": blocks,
        "tolerance": tolerance,
        "inputs": inputs,
        "outputs": outputs,
        "accept": accept,
    }
    engines = (engine,) if isinstance(engine, str) else tuple(engine or ())
    given = read_settings(Path()).options(engine=engines, scenarios=scenarios, seed=seed)
    plan = spec_of(table, _HERE, given["tolerance"])
    report = assess(
        plan,
        read_workbook(workbook_of(plan)),
        machines_of(given.get("engine", ENGINE)),
        scenarios=given.get("scenarios", SCENARIOS),
        seed=given.get("seed", 0),
        reference_timeout=given.get("reference_timeout", LIMIT),
    )
    if report.verdict is not Verdict.PASS:
        raise AssertionError(_text(report))
    return report


def _text(report: Report) -> str:
    """What is wrong, by quantity and iteration, in the words of the pytest plugin."""
    (check,) = report.combined
    parts = parts_of(report)
    amiss = {key: part for key, part in parts.items() if part.outcome in ("failed", "unassessed")}
    said = (
        "cannot be assessed" if report.verdict is Verdict.UNASSESSED else "does not compute what the reference computes"
    )
    each = "quantities and iterations" if check.blocks > 1 else "quantities"
    lines = [f"{report.workbook} {said}, in {len(amiss):,} of {len(parts):,} {each}"]
    for key, part in list(amiss.items())[:_PARTS_SHOWN]:
        lines += ["", f"{name_of(key, check.blocks)}: {part.sentence}"]
        lines += [f"  {line}" for line in (*part.causes, *part.details())]
    if len(amiss) > _PARTS_SHOWN:
        lines += ["", f"and {len(amiss) - _PARTS_SHOWN:,} more"]
    return visible("\n".join(lines))
