"""The report as JSON, schema 1: keys are only added."""

from collections.abc import Mapping, Sequence
from typing import Any

from xlparity.excel.values import DateNumber, Value
from xlparity.reporters import words
from xlparity.reporters.visible import json_text
from xlparity.results.branches import Branch, Branches
from xlparity.results.fixed import Fixed
from xlparity.results.mutants import MutantResult, MutationReport
from xlparity.results.report import CellResult, CheckResult, Finding, Report, Unusable, overall
from xlparity.results.scenarios import Counterexample
from xlparity.results.stored import StoredReport, StoredResult


def render(reports: Sequence[Report], fixed: Fixed | None = None, unusable: Sequence[Unusable] = ()) -> str:
    """One report as the document itself, several under ``reports`` with the worst verdict; the corrected copy under ``fixed``.

    Specs of which there is no report are under ``unusable``.
    """
    if len(reports) == 1 and not unusable:
        document = {"schema": 1, **_report(reports[0])}
        if fixed is not None:
            again = None if fixed.report is None else _report(fixed.report)
            document["fixed"] = {"path": fixed.path, "cells": [str(cell) for cell in fixed.cells], "report": again}
    else:
        document = {
            "schema": 1,
            "verdict": str(overall(reports, unusable)),
            "reports": [_report(report) for report in reports],
            "unusable": [{"spec": one.spec, "reason": one.reason} for one in unusable],
        }
    return json_text(document)


def render_stored(report: StoredReport) -> str:
    """The stored and computed values; ``cells`` has those that are not equal."""
    document = {
        "schema": 1,
        "verdict": str(report.verdict),
        "workbook": {"path": report.workbook, "sha256": report.sha256},
        "versions": dict(report.versions),
        "counts": report.counts,
        "cells": [_stored(result) for result in report.results if result.status != "equal"],
    }
    return json_text(document)


def render_mutations(report: MutationReport) -> str:
    """The counts, in total and by kind, and every mutant that survived, is equivalent, was not named or not restored."""
    document = {
        "schema": 1,
        "verdict": str(report.verdict),
        "workbook": report.workbook,
        "spec": report.spec,
        "seed": report.seed,
        "scenarios": report.scenarios,
        "asked": report.asked,
        "time": report.time,
        "counts": report.counts,
        "kinds": report.kinds,
        "survivors": [_mutant(outcome) for outcome in report.of("survived")],
        "equivalent": [
            {
                **_mutant(outcome),
                "evidence": words.equivalent(outcome),
            }
            for outcome in report.of("equivalent")
        ],
        "unnamed": [_mutant(outcome) for outcome in report.of("detected") if not outcome.named],
        "unmended": [
            {**_mutant(outcome), "code": outcome.code, "suggestion": outcome.suggestion}
            for outcome in report.of("detected")
            if outcome.named and not outcome.restored
        ],
    }
    return json_text(document)


def _mutant(outcome: MutantResult) -> dict[str, Any]:
    mutant = outcome.mutant
    content = next(iter(mutant.contents.values()))
    return {
        "check": mutant.check,
        "variable": mutant.variable,
        "kind": mutant.kind,
        "cells": [str(cell) for cell in mutant.contents],
        "original": mutant.original,
        "formula": content if isinstance(content, float | bool) else str(content),
        "message": mutant.description,
    }


def _stored(result: StoredResult) -> dict[str, Any]:
    return {
        "cell": str(result.cell),
        "status": result.status,
        "stored": None if result.stored is None else _value(result.stored),
        "computed": _value(result.computed),
        "formula": result.formula,
        "reason": result.reason,
    }


def _report(report: Report) -> dict[str, Any]:
    coverage = report.coverage
    return {
        "verdict": str(report.verdict),
        "workbook": {"path": report.workbook, "sha256": report.sha256},
        "spec": report.spec,
        "versions": dict(report.versions),
        "digests": dict(report.digests),
        "could_settle": list(report.could_settle),
        "checks": [_check(check) for check in report.checks],
        "combined": [
            {"name": check.name, "engine": check.engine, "verdict": str(check.verdict), "counts": check.counts}
            for check in report.combined
        ],
        "census": {
            "formulas": coverage.formulas,
            "bound": coverage.bound,
            "helper": coverage.helper,
            "taken": coverage.taken,
            "outside": [str(cell) for cell in coverage.outside],
            "unbound": coverage.unbound,
            "unbound_cells": [str(cell) for cell in coverage.unbound_cells],
        },
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "verdict": str(check.verdict),
        "engine": check.engine,
        "iterations": {"count": check.blocks, "first_divergent": check.first_divergent},
        "counts": check.counts,
        "scenarios": {
            "run": check.scenarios.run,
            "failed": check.scenarios.failed,
            "seed": check.scenarios.seed,
            "dropped": check.scenarios.dropped,
            "cells": [str(result.cell) for result in check.only_stored],
            "unsure": [str(result.cell) for result in check.not_always_computed],
            "asked": check.scenarios.asked,
            "kept": list(check.scenarios.kept),
            "shaky": check.scenarios.indeterminate,
            "replaced": check.scenarios.replaced,
            "smallest": None if check.scenarios.smallest is None else _counterexample(check.scenarios.smallest),
        },
        "branches": None if check.branches is None else _branches(check.branches),
        "min_coverage": check.min_coverage,
        "findings": [_finding(finding) for finding in check.findings],
        "tolerances": {name: {"rtol": of.rtol, "atol": of.atol} for name, of in check.tolerances.items()},
        "notes": list(check.notes),
        "cells": [_cell(result) for result in check.results if result.status != "match"],
    }


def _branches(found: Branches) -> dict[str, Any]:
    return {
        "total": found.total,
        "reached": found.reached,
        "formulas": {"total": found.formulas, "missed": [_branch(one) for one in found.missed]},
        "reference": {"total": found.reference, "missed": [_branch(one) for one in found.unreached]},
        "constants": {
            "total": found.constants,
            "unvaried": [
                {"cell": str(one.where), "value": _value(one.value), "readers": [str(cell) for cell in one.readers]}
                for one in found.unvaried
            ],
        },
    }


def _branch(found: Branch) -> dict[str, Any]:
    return {"where": found.where, "what": found.what, "cells": [str(cell) for cell in found.cells]}


def _counterexample(found: Counterexample) -> dict[str, Any]:
    return {
        "set": {str(cell): _value(value) for cell, value in found.changes},
        "cell": str(found.cell),
        "expected": _value(found.expected),
        "actual": _value(found.actual),
        **_dates(expected=found.expected, actual=found.actual),
        **({"set_dates": changed} if (changed := _shown({str(cell): value for cell, value in found.changes})) else {}),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "variable": finding.variable,
        "cells": [str(cell) for cell in finding.cells],
        "iterations": list(finding.iterations),
        "formula": finding.formula,
        "suggestion": finding.suggestion,
        "message": finding.message,
        "cause": finding.cause,
        "affects": finding.affects,
        "engines": list(finding.engines),
    }


def _cell(result: CellResult) -> dict[str, Any]:
    return {
        "cell": str(result.cell),
        "variable": result.variable,
        "iteration": result.iteration,
        "index": list(result.element),
        "status": result.status,
        "expected": None if result.expected is None else _value(result.expected),
        "actual": _value(result.actual),
        "formula": result.formula,
        **_dates(expected=result.expected, actual=result.actual),
        **({"reason": result.reason} if result.status in ("accepted", "skipped") else {}),
    }


def _dates(**values: Value | None) -> dict[str, str]:
    """The values that are dates, as ``2024-01-31``, by their names with ``_date`` after them."""
    return {f"{name}_date": date for name, date in _shown(values).items()}


def _shown(values: Mapping[str, Value | None]) -> dict[str, str]:
    return {name: value.date for name, value in values.items() if isinstance(value, DateNumber) and value.date}


def _value(value: Value) -> float | str | bool:
    return value if isinstance(value, float | str | bool) else str(value)
