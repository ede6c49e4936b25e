"""The report as JUnit XML: one test case for each quantity and iteration of a check.

The cases are the items of the pytest plugin, with the same texts. What concerns a whole check, such as a hard-coded input or
the lack of scenarios, is a case of its own where it keeps the check from passing, so that the counts agree with the verdict.
There are no times, so that the same report always gives the same file.
"""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from xlparity.reporters import rows, words
from xlparity.reporters.parts import Part, PartKey, PartStatus, name_of, parts_of
from xlparity.reporters.typed import typed
from xlparity.reporters.visible import visible
from xlparity.results.fixed import Fixed
from xlparity.results.report import CheckResult, Report, Unusable

_ELEMENTS: Mapping[PartStatus, str] = {
    "failed": "failure", "unassessed": "error", "accepted": "skipped", "skipped": "skipped",
}  # fmt: skip


def render(reports: Sequence[Report], fixed: Fixed | None = None, unusable: Sequence[Unusable] = ()) -> str:
    """One test suite for each check of each report, within a ``testsuites`` element that has the sums."""
    root = ET.Element("testsuites", {"name": "xlparity"})
    for report in map(typed, reports):
        parts = parts_of(report)
        for check in report.combined:
            own = {key: part for key, part in parts.items() if key.check == check.name}
            _suite(root, report, check, own, fixed)
    for one in unusable:
        _suite_of_unusable(root, one)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite_of_unusable(root: ET.Element, found: Unusable) -> None:
    """One case, which is an error, for a spec of which there is no report."""
    name = visible(found.spec.removesuffix(".parity.toml"))
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    suite = ET.SubElement(root, "testsuite", {"name": name, **counts, "file": visible(found.spec)})
    case = ET.SubElement(suite, "testcase", {"name": "can be verified", "classname": name})
    ET.SubElement(case, "error", {"type": "unusable", "message": visible(words.unusable(found))})


def _suite(
    root: ET.Element, report: Report, check: CheckResult, parts: Mapping[PartKey, Part], fixed: Fixed | None
) -> None:
    cases = [(key, part) for key, part in parts.items() if key.variable is not None or part.outcome != "passed"]
    elements = [_ELEMENTS.get(part.outcome) for _, part in cases]
    name = f"{report.spec.removesuffix('.parity.toml')}.{check.name}"
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": visible(name),
            "tests": str(len(cases)),
            "failures": str(elements.count("failure")),
            "errors": str(elements.count("error")),
            "skipped": str(elements.count("skipped")),
            "file": visible(report.spec),
        },
    )
    properties = {
        "verdict": str(check.verdict), "workbook": report.workbook, "sha256": report.sha256, "engine": check.engine,
        "seed": str(check.scenarios.seed), **{f"version of {name}": text for name, text in report.versions.items()},
        **({"fixed": words.fixed(fixed)} if fixed is not None else {}),
    }  # fmt: skip
    listed = ET.SubElement(suite, "properties")
    for key, text in properties.items():
        ET.SubElement(listed, "property", {"name": visible(key), "value": visible(text)})
    for (of, part), element in zip(cases, elements, strict=True):
        called = visible(name_of(of, check.blocks))
        case = ET.SubElement(suite, "testcase", {"name": called, "classname": visible(name)})
        if element is not None:
            about = {"type": visible(part.kind), "message": visible(part.sentence)}
            ET.SubElement(case, element, about).text = visible("\n".join((*part.causes, *part.details()))) or None
    remarks = [line for found in rows.findings(report, check) for line in words.finding_lines(found)]
    remarks += [f"note: {note}" for note in rows.notes(report, check)]
    remarks += words.accepted_or_skipped(check, most=None)
    remarks += [text.text for text in (*words.scenarios(check), *words.reached(check, most=None))]
    remarks.append(words.coverage(report, most=None))
    ET.SubElement(suite, "system-out").text = visible("\n".join(remarks))
