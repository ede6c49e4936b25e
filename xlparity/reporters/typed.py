"""Formulas for people: as they are typed in Excel, and not as a file has them, ``STDEV.S(A1#)`` and no ``_xlfn.``."""

from dataclasses import replace

from xlparity.excel.prefixes import typed_formula
from xlparity.results.report import CellResult, CheckResult, Finding, Report
from xlparity.results.rules import MISNAMED

_MARK = "_xl"


def typed(report: Report) -> Report:
    """The report with its formulas as people type them; those of a finding about the names in a file are as in the file."""
    return replace(report, checks=tuple(_check(check) for check in report.checks))


def _check(check: CheckResult) -> CheckResult:
    results, findings = check.results, check.findings
    if any(result.formula is not None and _MARK in result.formula.lower() for result in results):
        results = tuple(_result(result) for result in results)
    return replace(check, results=results, findings=tuple(_finding(finding) for finding in findings))


def _result(result: CellResult) -> CellResult:
    return result if result.formula is None else result._replace(formula=typed_formula(result.formula))


def _finding(finding: Finding) -> Finding:
    if finding.code == MISNAMED:
        return finding
    return replace(
        finding,
        cause=typed_formula(finding.cause),
        formula=None if finding.formula is None else typed_formula(finding.formula),
        suggestion=None if finding.suggestion is None else typed_formula(finding.suggestion),
        replacements={
            cell: replace(formula, text=typed_formula(formula.text)) for cell, formula in finding.replacements.items()
        },
    )
