"""The report as SARIF 2.1.0, for code scanning: one result for each finding, located at cells of the workbook.

One run has all reports. A cell is a logical location, ``Training!N9``; the physical one is the workbook and its line 1, since
a workbook has no lines and code scanning shows no result without one. There are no ``fixes``: a SARIF fix replaces a region
of a file, which would destroy a workbook; the suggestion is in the message and in the properties.
"""

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from xlparity.excel.address import Cell
from xlparity.reporters import rows, words
from xlparity.reporters.visible import json_text
from xlparity.results.fixed import Fixed
from xlparity.results.report import CheckResult, Finding, Report, Unusable, Verdict, overall
from xlparity.results.rules import RULES

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_LOCATIONS = 1000
_RULES = {code: number for number, code in enumerate(RULES)}


def render(reports: Sequence[Report], fixed: Fixed | None = None, unusable: Sequence[Unusable] = ()) -> str:
    """The log file; the corrected copy is not mentioned."""
    # A workbook with several specs is one artifact: the schema does not allow two equal ones.
    artifacts = {
        uri(report.workbook): {
            "location": {"uri": uri(report.workbook)},
            "roles": ["analysisTarget"],
            "hashes": {"sha-256": report.sha256},
        }
        for report in reports
    }
    index = {place: number for number, place in enumerate(artifacts)}
    results = [result for report in reports for result in _results(index, report)]
    verdict = overall(reports, unusable)
    run = {
        "tool": {"driver": _driver(reports)},
        "invocations": [
            {
                "executionSuccessful": verdict is not Verdict.UNASSESSED,
                "exitCode": int(verdict),
                "toolExecutionNotifications": [
                    *(_notification(index, one) for one in reports if _needs_notification(one)),
                    *map(_notification_of_unusable, unusable),
                ],
            }
        ],
        "artifacts": list(artifacts.values()),
        "results": results,
        "properties": {"reports": [_facts(report) for report in reports]},
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(document)


def uri(path: str) -> str:
    """The path as a URI: relative as it was given, ``file:`` where it is absolute."""
    path = posixpath.normpath(path.replace("\\", "/"))
    if re.match("[A-Za-z]:/", path):
        path = f"/{path}"
    quoted = quote(path, safe="/:" if path.startswith("/") else "/", errors="surrogateescape")  # a file's name is bytes
    return f"file://{quoted}" if path.startswith("/") else quoted


def _driver(reports: Sequence[Report]) -> dict[str, Any]:
    version = {report.versions["xlparity"] for report in reports if "xlparity" in report.versions}
    return {
        "name": "xlparity",
        **({"version": min(version)} if version else {}),
        "rules": [
            {
                "id": code,
                "name": rule.name,
                "shortDescription": {"text": _text(rule.summary)},
                "fullDescription": {"text": _text(rule.meaning)},
                "help": {
                    "text": _text(
                        f"{rule.action} Example, {rule.context}: {rule.right_example} for {rule.wrong_example or 'nothing'}."
                    )
                },
                "defaultConfiguration": {"level": rule.level},
            }
            for code, rule in RULES.items()
        ],
    }


def _needs_notification(report: Report) -> bool:
    """Whether the verdict does not follow from the results alone: a cell that could not be assessed may have no finding."""
    unknown = any(
        judgement in rows.UNASSESSED_JUDGEMENTS for check in report.combined for _, judgement in rows.judged(check)
    )
    if report.verdict is Verdict.UNASSESSED or (unknown and report.verdict is Verdict.FAIL):
        return True
    levels = (words.level(found, check) for check, found in rows.all_findings(report))
    return report.verdict is not Verdict.PASS and "error" not in levels


def _notification(index: Mapping[str, int], report: Report) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {
            "text": _text(f"{words.verdict_label(report.verdict)}  {report.workbook}: {words.verdict(report)}")
        },
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(index, report)}}],
    }


def _notification_of_unusable(found: Unusable) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": _text(f"{words.verdict_label(found.verdict)}  {words.unusable(found)}")},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(found.spec)}}}],
    }


def _results(index: Mapping[str, int], report: Report) -> Iterator[dict[str, Any]]:
    for check, found in rows.all_findings(report):
        yield _result(index, report, check, found)


def _result(index: Mapping[str, int], report: Report, check: CheckResult, found: Finding) -> dict[str, Any]:
    sentence, after = words.finding(found)
    suggested = f" Suggestion: {found.suggestion}." if found.suggestion is not None else ""
    text = f"{sentence}{suggested} {after}".strip()
    physical = {"artifactLocation": _artifact(index, report), "region": {"startLine": 1}}
    cells = [_logical(cell) for cell in found.cells[:_MOST_LOCATIONS]]
    locations = [{"physicalLocation": physical, "logicalLocations": [cell]} for cell in cells]
    same = _fingerprint(report, check, found)
    return {
        "ruleId": found.code,
        "ruleIndex": _RULES[found.code],
        "level": words.level(found, check),
        "message": {"text": _text(text)},
        "locations": locations or [{"physicalLocation": physical}],
        # GitHub reads the second name only. Where it is absent, GitHub uses a hash of the file's first line, which is the
        # same for all findings in a workbook and changes whenever it is saved.
        "partialFingerprints": {"xlparity/v1": same, "primaryLocationLineHash": same},
        "properties": {
            "check": check.name,
            "variable": found.variable,
            "iterations": list(found.iterations),
            "cells": len(found.cells),
            "affects": found.affects,
            "formula": found.formula,
            "suggestion": found.suggestion,
            "engines": list(found.engines),
        },
    }


def _artifact(index: Mapping[str, int], report: Report) -> dict[str, Any]:
    place = uri(report.workbook)
    return {"uri": place, "index": index[place]}


def _logical(cell: Cell) -> dict[str, str]:
    return {"name": cell.a1, "fullyQualifiedName": str(cell), "kind": "cell"}


def _fingerprint(report: Report, check: CheckResult, found: Finding) -> str:
    """A hash that stays the same for a finding across versions of the workbook: of spec, check, code, quantity and cell."""
    place = str(found.cells[0]) if found.cells else ""
    sentence = (posixpath.basename(report.spec.replace("\\", "/")), check.name, found.code, found.variable, place)
    return hashlib.sha256("\n".join(sentence).encode(errors="surrogatepass")).hexdigest()


def _facts(report: Report) -> dict[str, Any]:
    return {
        "workbook": report.workbook,
        "spec": report.spec,
        "verdict": str(report.verdict),
        "versions": dict(report.versions),
        "checks": [
            {"name": check.name, "engine": check.engine, "verdict": str(check.verdict), "counts": check.counts}
            for check in report.combined
        ],
    }


def _text(text: str) -> str:
    """The text with its braces doubled, since SARIF messages have placeholders in braces (3.11.5)."""
    return text.replace("{", "{{").replace("}", "}}")
