"""The HTML report: one file that asks for no other, says all that the report holds, and is usable by pointer and by keyboard."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from openpyxl.utils import get_column_letter as column_letters  # which goes beyond XFD
from planted import verified

import xlparity
from xlparity.excel.address import Cell
from xlparity.excel.values import BLANK, MISSING, ErrorValue, Unsupported
from xlparity.reporters.formats.html import render
from xlparity.reporters.formats.html.changes import marked
from xlparity.reporters.formats.html.curves import curve
from xlparity.reporters.formats.html.maps import STATES, legend, maps, shape
from xlparity.reporters.formats.html.tables import heat, shares, tolerances, value
from xlparity.results.report import STATUSES, CellResult, CheckResult, Coverage, Finding, Report
from xlparity.results.rules import RULES
from xlparity.results.scenarios import Counterexample, Scenarios
from xlparity.tolerance import Tolerance

HOSTILE = "</script><img src=x onerror=alert(1)>'&\"<!--"
LOG = "=-(L9*LOG(J9)+(1-L9)*LOG(1-J9))"


def made(*results, findings=(), blocks=1, coverage=None, scenarios=None, sheet="Sheet1", versions=None):
    """A report of one check with these results, without a workbook behind it."""
    names = tuple(dict.fromkeys(result.variable for result in results))
    tried = scenarios or Scenarios(seed=7, run=100, asked=100)
    check = CheckResult("c", "formulas", names, blocks, tuple(results), tuple(findings), scenarios=tried)
    counted = coverage or Coverage(len(results), len(results), 0)
    return Report("a.parity.toml", "a.xlsx", "ab" * 32, (check,), counted, versions or {"xlparity": "0.1.0"})


def found(row, status="match", expected=1.0, actual=1.0, formula="=A1", *, iteration=1, sheet="Sheet1", variable="y"):
    return CellResult(variable, iteration, (0, 0), Cell(sheet, row, 2), status, expected, actual, formula)


def every_status():
    """One cell of each status."""
    actuals = {
        "error": ErrorValue("#DIV/0!"), "unsupported": Unsupported("OFFSET is not supported"), "missing": MISSING,
        "mismatch": 2.0, "hardcoded": 1.0, "skipped": BLANK, "accepted": 3.0,
    }  # fmt: skip
    return [found(row, status, actual=actuals.get(status, 1.0)) for row, status in enumerate(STATUSES, start=1)]


def parsed(page):
    """The page's tree; raises where it is not valid HTML."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def table(page, label):
    """The texts of the rows of the table in the region of this name, without its head."""
    (region,) = [one for one in parsed(page).iter("div") if one.get("aria-label") == label]
    return [["".join(cell.itertext()) for cell in row] for body in region.iter("tbody") for row in body.iter("tr")]


def read_back(text, row, column):
    """A formula out of its shape, as the page's script makes it."""
    text = re.sub("\1(-?\\d+);", lambda found: column_letters(column + int(found[1])), text)
    return re.sub("\2(-?\\d+);", lambda found: str(row + int(found[1])), text)


@pytest.fixture(scope="module")
def faulty(two_iterations, tmp_path_factory):
    """The report on a workbook of two iterations with a wrong logarithm in one cell, and a constant in another."""
    return verified(two_iterations, tmp_path_factory.mktemp("faulty"), {"N9": LOG, "P10": 0.5})


@pytest.fixture(scope="module")
def long():
    """A report on a training table of 50,000 bound cells, an iteration a row, three of them with a wrong logarithm."""
    results = []
    for n in range(1, 2001):
        for column in range(1, 26):
            row, letters, number = n + 7, column_letters(column), 1 / (n + column) + 1 / 3
            variable = "loss" if column == 25 else f"q{column}"
            text = f"={letters}{row - 1}-$A$1*LN(B{row})"
            kept = CellResult(variable, n, (0, 0), Cell("Sheet", row, column), "match", number, number, text)
            bad = column == 13 and 1400 <= row <= 1402
            results.append(kept._replace(status="mismatch", actual=number / 2) if bad else kept)
    wrong = tuple(result.cell for result in results if result.status == "mismatch")
    text = "=M1399-$A$1*LN(B1400)"
    cause = Finding("XP101", "q13", wrong, (1393, 1394, 1395), "a cause", text.replace("LN", "LOG"), text)
    return made(*results, findings=[cause], blocks=2000)


# --- what the codes mean -----------------------------------------------------------------------------------------------


def test_every_code_leads_to_its_rule_inside_the_page(faulty):
    """Whoever reads XP101 for the first time has no other place to look; the texts are those of 'xlparity rules'."""
    tree = parsed(render([faulty, faulty]))
    codes = {finding.code for check in faulty.checks for finding in check.findings}
    rules = {one.get("id"): " ".join("".join(one.itertext()).split()) for one in tree.iter("div") if one.get("id")}
    links = [link for link in tree.iter("a") if link.get("class") == "code"]
    assert {link.text for link in links} == codes
    assert len(links) == 2 * sum(len(check.findings) for check in faulty.checks)
    assert {name for name in rules if name.startswith("rule-")} == {f"rule-{code}" for code in codes}
    for link in links:
        rule, said = RULES[link.text], rules[link.get("href").removeprefix("#")]
        assert all(
            text in said
            for text in (rule.name, rule.meaning, rule.context, rule.wrong_example, rule.right_example, rule.action)
        )


def test_a_page_without_findings_has_no_rules():
    """There is nothing to look up."""
    assert 'id="rules"' not in render([made(found(1))])


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_page_is_valid_html_and_asks_for_nothing_else(faulty):
    """It is sent by mail and opened offline: a picture or a script that lies elsewhere would be missing."""
    page = render([faulty])
    tree = parsed(page)
    assert not tree.findall(".//link[@rel='stylesheet']")
    assert not [e for e in tree.iter() if isinstance(e.tag, str) and (e.get("src") or e.tag in ("iframe", "object"))]
    assert {link.get("href")[:1] for link in tree.findall(".//a")} == {"#"}
    assert not re.search(r"url\((?!#)", page)


def test_the_page_is_valid_where_its_lists_of_cells_are_long():
    """What is folded away stands in an element that no paragraph may hold; a browser would break the line there."""
    cells = tuple(Cell("Sheet1", row, 2) for row in range(1, 80, 2))
    results = [found(cell.row, "mismatch", 1.0, 2.0)._replace(reason="known") for cell in cells]
    accepted = [one._replace(cell=Cell("Sheet1", one.cell.row, 3), status="accepted") for one in results]
    tried = Scenarios(7, run=100, unsure=cells)
    finding = Finding("XP101", "y", cells, (1,), "it is wrong", "=A1", "=A2")
    unsure = [found(cell.row, variable="z")._replace(cell=cell) for cell in cells]
    report = made(*accepted, *unsure, findings=[finding], coverage=Coverage(99, 1, 0, cells), scenarios=tried)
    folded = [
        one.find("summary").text for one in parsed(render([report])).iter("details") if one.get("class") == "more"
    ]
    assert folded == ["and 36 more", "and 32 more", "and 20 more", "and 32 more"]


def test_the_ids_of_a_page_are_unique_and_every_link_leads_somewhere(faulty):
    """Two pictures and two reports in one page would otherwise refer to each other's parts."""
    tree = parsed(render([faulty, faulty]))
    ids = [element.get("id") for element in tree.iter() if isinstance(element.tag, str) and element.get("id")]
    assert len(ids) == len(set(ids))
    assert {link.get("href")[1:] for link in tree.findall(".//a")} <= set(ids)


def test_the_same_report_gives_the_same_bytes(faulty):
    """The reports of the committed workbooks are regenerated and compared: no clock and no chance may enter."""
    page = render([faulty])
    assert page == render([faulty])
    assert not re.search(r"20\d\d-\d\d-\d\dT|dc:date|Matplotlib", page)


def test_the_week_one_report_is_under_two_megabytes(week_one):
    """A report has to fit an e-mail."""
    assert len(render([xlparity.verify(week_one)]).encode()) < 500_000


def test_50000_cells_are_data_and_not_50000_rows(long):
    """A table of 50,000 rows takes a browser many seconds; the page draws what is looked at."""
    page = render([long])
    assert long.checks[0].counts["bound"] == 50_000
    assert page.count("<td") < 1_000
    assert len(page.encode()) < 4_000_000


@pytest.mark.parametrize("what", ["sheet", "formula", "message", "variable", "text"])
def test_what_a_workbook_holds_is_never_markup(what):
    """A sheet may be named, a formula may hold, what would end a script element and begin another."""
    sheet = HOSTILE if what == "sheet" else "Sheet1"
    variable = HOSTILE if what == "variable" else "y"
    formula = f'="{HOSTILE}"' if what == "formula" else "=A1"
    actual = HOSTILE if what == "text" else 2.0
    cell = found(1, "mismatch", 1.0, actual, formula, sheet=sheet, variable=variable)
    said = HOSTILE if what == "message" else "it is wrong"
    finding = Finding("XP199", variable, (cell.cell,), (1,), said, formula, formula)
    tree = parsed(render([made(cell, findings=[finding], coverage=Coverage(2, 1, 0, (Cell(sheet, 9, 9),)))]))
    assert not tree.findall(".//img")
    (button,) = tree.findall(".//button[@data-copy]")
    assert button.get("data-copy") == formula
    (data,) = [json.loads(e.text) for e in tree.findall(".//details/script")]
    assert data["sheet"] == sheet
    assert data["quantities"] == [["c", variable]]


# --- what it says ----------------------------------------------------------------------------------------------------


def test_every_status_is_counted_and_has_a_sign_of_its_own():
    """Who cannot tell the colours apart, or prints in black and white, has to tell the statuses apart."""
    results = every_status()
    tree = parsed(render([made(*results)]))
    counts = {div.find("dt").text: div.find("dd").text for div in tree.findall(".//dl[@class='counts']/div")}
    assert counts == {"cells": "8", **dict.fromkeys(STATUSES, "1")}
    assert len({state.sign for state in STATES}) == len(STATES)
    (one,) = maps(made(*results))
    shown = [STATES[ord(letter) - 97].name for letter in one.data["s"]]
    assert shown == ["same" if status == "match" else status for status in STATUSES]


def test_a_cell_that_is_right_on_the_stored_inputs_only_is_not_shown_as_a_match():
    """It computes something else; green in the map would be a lie."""
    tried = Scenarios(7, run=100, failed=9, cells=(Cell("Sheet1", 1, 2),), since=(0,), unsure=(Cell("Sheet1", 2, 2),))
    report = made(found(1), found(2), found(3), found(4, actual=1.0 + 1e-12), scenarios=tried)
    (one,) = maps(report)
    assert [STATES[ord(letter) - 97].name for letter in one.data["s"]] == ["stored", "unsure", "same", "near"]
    assert one.not_right == 2
    (row,) = [cells for cells in table(render([report]), "Quantities of c") if cells[0] == "✗ y"]
    assert row[:4] == ["✗ y", "4", "4", "1"]
    assert shares(report) == [("pass", 2), ("unsure", 2)]


def test_the_map_says_why_a_cell_was_not_computed_or_is_accepted():
    """Under the pointer stands what the engine or the spec gives as the reason."""
    known = found(2, "accepted", actual=3.0)._replace(reason="base ten")
    (one,) = maps(made(found(1, "unsupported", actual=Unsupported("OFFSET is not supported")), known, found(3)))
    assert one.data["reasons"] == {0: "OFFSET is not supported", 1: "base ten"}


def test_a_formula_that_nothing_was_said_about_is_in_the_map():
    """What was not looked at is not to be taken for what was."""
    report = made(found(1), coverage=Coverage(3, 1, 0, (Cell("Sheet1", 9, 3), Cell("Other", 1, 1))))
    assert [(one.sheet, one.cells, one.data["s"][-1:]) for one in maps(report)] == [
        ("Sheet1", 2, "h"), ("Other", 1, "h"),
    ]  # fmt: skip
    assert "2 not covered" in render([report])


def test_a_finding_shows_the_formula_and_the_suggestion_with_what_changes(faulty):
    """LOG for LN is one letter apart from right: the eye has to be led there."""
    goes, comes = marked("=A1*LOG(J10)", "=A1*LN(J11)")
    assert goes == "=A1*<del>LOG</del>(J<del>10</del>)"
    assert comes == "=A1*<ins>LN</ins>(J<ins>11</ins>)"
    page = render([faulty])
    assert "<del>LOG</del>" in page
    assert 'data-copy="=-(L9*LN(J9)+(1-L9)*LN(1-J9))"' in page


def test_a_number_that_stands_where_a_formula_must_is_shown_beside_the_formula():
    """Who looks for the cell in the sheet looks for what is to be seen there."""
    typed = found(2, "hardcoded", 1.0, 0.25, None)
    cause = Finding("XP201", "y", (typed.cell,), (1,), "hard-coded 0.25 where a formula is expected", None, "=A2")
    page = render([made(found(1), typed, findings=[cause])])
    assert '<code class="formula was">0.25</code>' in page


def test_the_legend_explains_what_can_be_seen_and_the_map_that_opens_has_something_to_show():
    """Twelve signs of which two occur are ten too many, and a green map is not what one looks for."""
    report = made(found(1), found(2, "mismatch", 1.0, 2.0, sheet="Second"))
    assert [state.name for state in legend(maps(report))] == ["mismatch", "same"]
    drawn = [one for one in parsed(render([report])).iter("details") if one.get("data-map")]
    assert [(one.get("data-map"), one.get("open") is not None) for one in drawn] == [
        ("Sheet1", False),
        ("Second", True),
    ]


@pytest.mark.parametrize(
    "formula",
    [
        "=A1+$B$2*C$3-$D4", "=SUM(A1:B9)/Other!Z99", '="A1 is no reference"&B1', "=LOG10(A1)", "=A1048576+XFD1+ZZZ9",
        "{=MMULT(A1:B2,TRANSPOSE($C$1:D4))}", "=Table1[A1]+name_A1+A1.B2", "=A01+A0", "=IF(A1>=1e10,1E5,a1)",
    ],
)  # fmt: skip
def test_a_formula_comes_back_from_its_shape_as_it_was(formula):
    """The page keeps one shape for a column of formulas; what is shown must be what stands in the cell."""
    for cell in (Cell("S", 1, 1), Cell("S", 77, 30)):
        assert read_back(shape(formula, cell), cell.row, cell.column) == formula


def test_the_formulas_of_a_map_are_those_of_the_report(faulty, long):
    """Every cell of a workbook has its own; a column of 2,000 has one shape."""
    held = {result.cell: result.formula for check in faulty.checks for result in check.results}
    for one in maps(faulty):
        data = one.data
        for row, column, kept in zip(data["r"], data["c"], data["f"], strict=True):
            text = None if kept < 0 else read_back(data["shapes"][kept], row, column)
            assert text == held.get(Cell(one.sheet, row, column))
    assert len(maps(long)[0].data["shapes"]) < 60


def test_the_loss_is_drawn_where_there_is_one_number_an_iteration(faulty):
    """The workbook's curve and the reference's, told in words as well, in colours that follow the page's."""
    training = next(check for check in faulty.checks if check.name == "training")
    picture = curve(training, "p")
    assert "the workbook&#39;s goes from" in picture or "the workbook's goes from" in picture
    assert "var(--book)" in picture and "#01020" not in picture
    assert curve(next(check for check in faulty.checks if check.name == "sigmoid"), "p") is None


def test_an_iteration_that_was_not_computed_is_not_said_to_have_no_difference():
    """Of what nobody computed nobody knows, and its quantity is doubtful and not wrong."""
    losses = [found(n, expected=1 / n, actual=1 / n, iteration=n, variable="loss") for n in (1, 2, 3)]
    picture = curve(made(*losses, blocks=3).checks[0], "p")
    assert "no difference in any iteration" in picture
    report = made(losses[0]._replace(status="unsupported", actual=Unsupported("unknown")), *losses[1:], blocks=3)
    assert "no difference where both have a number" in curve(report.checks[0], "p")
    assert table(render([report]), "Quantities of c")[0][0] == "? loss"


def test_the_heat_map_folds_iterations_and_marks_what_is_wrong():
    """2,000 columns fit no screen; the worst of those that are put together is what is shown."""
    results = [found(n, iteration=n) for n in range(1, 2001)]
    results[1499] = found(1500, "mismatch", 1.0, 1.5, iteration=1500)
    results[9] = found(10, "error", 1.0, ErrorValue("#NUM!"), iteration=10)
    size, starts, [(name, row)] = heat(made(*results, blocks=2000).checks[0])
    assert len(starts) <= 30 and name == "y"
    assert row[1499 // size].text == "✗−1" and row[1499 // size].wrong
    assert (row[0].text, row[0].wrong) == ("!", True)
    assert {one.text for one in row} == {"=", "✗−1", "!"}


def test_the_heat_is_that_of_the_largest_difference():
    """From none at all to more than 1, in steps that tell rounding from a fault."""
    apart = (0.0, 1e-13, 1e-10, 1e-7, 1e-4, 1e-2, 10.0)
    results = [found(row, "mismatch", 0.0, size, iteration=row) for row, size in enumerate(apart, start=1)]
    ((_, warmth),) = heat(made(*results, found(9, iteration=6), blocks=7).checks[0])[2]
    assert [one.level for one in warmth] == [0, 1, 2, 3, 4, 5, 6]
    assert [one.text for one in warmth] == ["✗", "✗−13", "✗−10", "✗−7", "✗−4", "✗−2", "✗1"]


def test_the_heat_map_tells_what_is_right_on_the_stored_inputs_only_from_what_differs():
    """There is no difference to show, and it is wrong all the same: the sign is the one of the map."""
    tried = Scenarios(7, run=100, failed=9, cells=(Cell("Sheet1", 1, 2),), since=(0,))
    _, _, [(_, row)] = heat(made(found(1), found(2, iteration=2), scenarios=tried, blocks=2).checks[0])
    assert [(one.text, one.wrong) for one in row] == [("○", True), ("=", False)]


def test_the_smallest_failing_change_is_spelt_out():
    """What to type into which cell, to see it with one's own eyes."""
    witness = Counterexample(((Cell("Sheet1", 5, 1), -0.25),), Cell("Sheet1", 1, 2), 0.5, 0.75)
    tried = Scenarios(7, run=100, failed=9, cells=(Cell("Sheet1", 1, 2),), since=(3,), smallest=witness)
    page = render([made(found(1), scenarios=tried)])
    for said in (
        "Sheet1!A5",
        "<code>-0.25</code>",
        "<strong>9 fail</strong>",
        "<dt>seed</dt><dd>7</dd>",
        "<code>0.75</code>",
    ):
        assert said in page


def test_engines_stand_beside_each_other_with_what_they_judge_differently():
    """One engine's word against another's is what a second engine is asked for."""
    report = made(found(1))
    other = replace(report.checks[0], engine="ironcalc", results=(found(1, "mismatch", 1.0, 4.0),))
    page = render([replace(report, checks=(report.checks[0], other))])
    assert "the engines differ on 1 cell" in page
    assert "<td>match: 1</td><td>mismatch: 4</td>" in page
    assert table(page, "Engines")[0][:4] == ["c", "formulas", "✓ PASS", "1"]
    assert [row[:3] for row in table(page, "Scenarios")] == [["c", "formulas", "100"], ["c", "ironcalc", "100"]]


def test_what_each_engine_found_on_other_inputs_is_told_for_each():
    """Two engines try as many sets as each can: what one of them saw fail did fail."""
    report = made(found(1, "mismatch", 1.0, 4.0), scenarios=Scenarios(7, run=100, failed=47))
    other = replace(report.checks[0], engine="ironcalc", scenarios=Scenarios(7, run=8, failed=0))
    page = render([replace(report, checks=(report.checks[0], other))])
    assert [row[2:] for row in table(page, "Scenarios")] == [["100", "✗ 47 fail"], ["8", "1 cell agrees"]]


def test_what_the_spec_sets_aside_is_one_cell_of_the_map_and_no_doubt(small):
    """It was drawn twice, the second time as not looked at, and its quantity had the mark of what is not assessed."""
    small.write_cells({"A1": 3, "B1": "=2*A1", "C1": "=3*A1"})
    small.reference.write_text("def double(x):\n    return {'y': 2 * x, 'z': 0}\n")
    small.write_spec(outputs='[outputs]\ny = "B1"\nz = { at = "C1", skip = "not ported" }')
    report = xlparity.verify(small.spec)
    (one,) = maps(report)
    assert one.cells == 2
    assert [state.name for state in legend([one])] == ["skipped", "same"]
    assert "? z" not in render([report])


def test_what_is_alike_in_several_checks_or_engines_is_said_once():
    """Seven checks with one remark are one line, and the reason why an engine has no value names its status."""
    check = replace(made(found(1)).checks[0], notes=("8 of 100 were tried",))
    blind = replace(check, engine="ironcalc", results=(found(1, "unsupported", actual=Unsupported("it is lost")),))
    page = render([replace(made(found(1)), checks=(check, blind, replace(check, name="d")))])
    assert page.count("8 of 100 were tried") == 1
    assert "<li><strong>c, d</strong>: 8 of 100 were tried.</li>" in page
    assert "<td>unsupported: it is lost</td>" in page


def test_engines_that_saw_other_inputs_fail_do_not_agree_between_them():
    """A cell that is wrong on the stored inputs is wrong on others as well, whichever engine says so."""
    report = made(found(1, "mismatch", 1.0, 4.0), scenarios=Scenarios(7, run=100, failed=47))
    other = replace(report.checks[0], engine="ironcalc", scenarios=Scenarios(7, run=8, failed=3))
    (combined,) = replace(report, checks=(report.checks[0], other)).combined
    assert (combined.scenarios.run, combined.scenarios.failed) == (100, 47)


def test_a_tolerance_is_told_once_with_what_was_judged_by_it():
    """Seven checks with one tolerance are one line, and the quantity with another stands out."""
    check = replace(made(found(1)).checks[0], tolerances={"y": Tolerance(1e-9, 0.0), "z": Tolerance(1e-3, 0.0)})
    report = made(found(1))
    alike = replace(report.checks[0], name="d", tolerances={"y": Tolerance(1e-9, 0.0)})
    assert tolerances(replace(report, checks=(check, alike))) == [
        ("rtol 1e-09, atol 0", ["c (y)", "d"]), ("rtol 0.001, atol 0", ["c (z)"]),
    ]  # fmt: skip


def test_the_provenance_has_digest_versions_seed_and_tolerances(faulty):
    """Who finds the file in a year has to know what it is about."""
    page = render([faulty])
    for said in (faulty.sha256, *faulty.versions.values(), "rtol 1e-09, atol 1e-12", "<dt>seed</dt><dd>0</dd>"):
        assert said in page


def test_a_number_has_the_digits_that_tell_it_from_its_neighbours():
    """Two numbers that differ must not look alike where their difference is the news."""
    assert [value(v) for v in (0.1 + 0.2, 3.0, True, "x", BLANK, None)] == [
        "0.30000000000000004", "3", "TRUE", '"x"', "(blank)", "nothing",
    ]  # fmt: skip


def test_the_command_writes_the_page(small, run, tmp_path):
    """The exit code is the verdict's, as with any other format."""
    page = tmp_path / "report.html"
    assert run("verify", small.spec, "--format", "html", "--output", page).code == 0
    assert "PASS" in parsed(page.read_text("utf-8")).find(".//title").text


# --- in a browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Opens a report in Chromium; what it says on the console and what it requests are kept with the page."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    folder = tmp_path_factory.mktemp("pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])

        def show(*reports, width=1200, scheme="light"):
            file = Path(folder / "page.html")
            file.write_text(render(reports), "utf-8")
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.said, page.requested = [], []
            page.on("console", lambda message: page.said.append(message.text))
            page.on("pageerror", lambda error: page.said.append(str(error)))
            page.on("request", lambda request: page.requested.append(request.url))
            page.goto(file.as_uri())
            return page

        yield show
        browser.close()


@pytest.mark.chromium
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (360, "light")])
def test_axe_finds_no_violation_and_nothing_leaves_the_file(opened, faulty, width, scheme):
    """Contrast in both schemes, names and roles of all there is, every part unfolded, and nothing wider than a phone."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    page = opened(faulty, width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.locator("td.cell").first.focus()
    violations = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (page.said, len(page.requested)) == ([], 1)


@pytest.mark.chromium
def test_axe_finds_no_violation_in_a_cell_of_any_status(opened):
    """Each status has colours of its own, in both schemes."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    off = [found(20 + n, "mismatch", 1.0, 1.0 + 10.0**-n) for n in range(9)]
    for scheme in ("light", "dark"):
        page = opened(made(*every_status(), *off, coverage=Coverage(18, 17, 0, (Cell("Sheet1", 1, 9),))), scheme=scheme)
        assert [one["id"] for one in Axe().run(page).response["violations"]] == []


@pytest.mark.chromium
def test_axe_finds_no_violation_in_a_page_of_several_reports(opened, faulty):
    """The same sheets and checks occur in each, and their names must tell them apart."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    violations = Axe().run(opened(faulty, faulty)).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []


@pytest.mark.chromium
def test_the_map_tells_a_cell_under_the_pointer_and_by_keyboard(opened, faulty):
    """Address, formula, expected and actual: the same for a hand on the mouse and for one on the keys."""
    page = opened(faulty)
    card = page.locator("#card")
    page.locator("[data-goto]").first.click()
    for said in ("Training!N9", LOG, "0.9375492526428353", "0.40717246693530107", "sample_loss[1]", "mismatch"):
        assert said in card.inner_text()
    assert LOG in page.locator("td.cell:focus").get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    assert "Training!O9" in card.inner_text()
    page.keyboard.press("Escape")
    assert not card.is_visible()
    page.locator("td.cell").nth(1).hover()
    assert "Training!" in card.inner_text()


@pytest.mark.chromium
def test_the_copy_button_copies_the_suggestion(opened, faulty):
    """It is to be pasted into Excel as it is."""
    page = opened(faulty)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("[data-copy]").first.click()
    page.locator("text=Copied ✓").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "=-(L9*LN(J9)+(1-L9)*LN(1-J9))"


@pytest.mark.chromium
def test_a_map_of_50000_cells_folds_and_opens_where_one_looks(opened, long):
    """What is wrong is seen in the folded map, and one step away."""
    page = opened(long)
    assert page.locator("td").count() < 3_000
    assert page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") < 10_000
    wrong = page.locator("tr.fold td.s-mismatch")
    assert wrong.inner_text() == "✗ 3"
    wrong.focus()
    page.keyboard.press("Enter")
    assert page.locator("tr:not(.fold) td.s-mismatch").count() == 3
    page.keyboard.press("Enter")
    assert page.locator("tr:not(.fold) td.s-mismatch").count() == 0
    page.locator("[data-goto]").click()
    assert "Sheet!M1400" in page.locator("#card").inner_text()


@pytest.mark.chromium
def test_a_wide_sheet_is_turned_on_its_side(opened):
    """Iterations may run across; columns then run down and fold as rows do."""
    results = [
        found(row, iteration=column)._replace(cell=Cell("Sheet1", row, column))
        for row in (1, 2, 3)
        for column in range(1, 2001)
    ]
    page = opened(made(*results, blocks=2000))
    assert "Turned on its side" in page.locator(".map").inner_text()
    page.locator("tr.fold button").first.click()
    page.locator("tr:not(.fold) td.cell").nth(3).hover()
    assert "Sheet1!B1" in page.locator("#card").inner_text()


@pytest.mark.chromium
def test_by_keyboard_a_map_is_one_stop_and_its_folds_are_within_reach(opened, long):
    """Forty buttons between the map and what follows it are forty times Tab."""
    page = opened(long)
    stops = page.locator("[data-map] :is([tabindex='0'], button:not([tabindex]))")
    assert stops.count() == 1
    stops.focus()
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Enter")
    assert page.locator("tr.fold button[aria-expanded='true']").count() == 1


@pytest.mark.chromium
def test_the_map_opens_with_the_cause_in_sight(opened, faulty):
    """On a phone the faulty column may lie to the right of the screen."""
    page = opened(faulty, width=360)
    frame, cause = (page.locator(one).first.bounding_box() for one in (".map", "td.cause"))
    assert frame["x"] <= cause["x"] and cause["x"] + cause["width"] <= frame["x"] + frame["width"]


@pytest.mark.chromium
def test_long_names_and_formulas_widen_no_page(opened):
    """A path, a sheet of 31 letters and a formula of 600 are broken, not cut."""
    sheet, text = "Прибыль и убытки за 2024–25 (Q4", "=" + "+".join(f"ROUND($B$1*{k},6)" for k in range(40))
    cell = found(4, "mismatch", 1.0, 2.0, text, sheet=sheet, variable="σ_total_of_everything_there_is_in_the_sheet")
    cause = Finding("XP101", cell.variable, (cell.cell,), (1,), f"{cell.cell}: it is wrong", text, text + "+1")
    page = opened(replace(made(cell, findings=[cause]), workbook="a/" + "long-and-longer_" * 8 + ".xlsx"), width=360)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.chromium
def test_on_paper_the_maps_leave_out_what_is_right_and_say_so(opened, faulty):
    """Pages of green rows help nobody; what is folded on the screen and is wrong is unfolded."""
    page = opened(faulty, scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.get_by_text("Rows in which every cell is right are not printed.").is_visible()
    shown = page.evaluate("[...document.querySelectorAll('.map tbody tr')].filter(one => one.checkVisibility()).length")
    assert shown == page.locator(".map tbody tr:has(.bad)").count() > 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("[data-copy]").first.is_visible()


@pytest.mark.chromium
def test_on_paper_a_folded_row_keeps_its_name(opened, long):
    """What unfolds it does nothing on paper, but it says which rows these are."""
    page = opened(long)
    page.emulate_media(media="print")
    assert page.locator("tr.fold:has(.s-mismatch) button").is_visible()
