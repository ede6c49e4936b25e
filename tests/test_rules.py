"""The table of rules: every code has one, every rule can be found, and the examples have what they are examples of."""

import ast
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from openpyxl.worksheet.formula import ArrayFormula

import xlparity
from xlparity.compare.consensus import reconcile
from xlparity.diagnosis.edits import CODES
from xlparity.excel.address import Cell
from xlparity.results import rules
from xlparity.results.report import CellResult, CheckResult
from xlparity.results.rules import CAUSES, OF_INPUTS, RULES, WRONG_FORMULA
from xlparity.results.scenarios import Scenarios
from xlparity.settings import Options

PACKAGE = Path(xlparity.__file__).parent
CODE = re.compile(r"XP\d{3}")
ABC = '[inputs]\na1 = {at = "A1", low = 1, high = 9}\na2 = {at = "A2", low = 1, high = 9}\na3 = {at = "A3", low = 1, high = 9}'
LIST = '[inputs]\na = {at = "A1:A3", low = 1, high = 9}'
COLUMN = '[outputs]\ny = "B1:B3"'
ONE = '[inputs]\na = "A1"'
EACH = '[inputs]\na = { at = "A1", every_block = true }'
SQUARE = '[inputs]\na = "A1:C3"'
TURNED = '[outputs]\ny = "E1:G3"'
GROWING = "while True:\n        yield {'a': a, 'y': 2 * a}\n        a = a + 1"
GROWN = '[outputs]\na = "A1"\ny = "B1"'
SAME = "while True:\n        yield {'y': 2 * a}"
BLOCKS = "[blocks]\nfirst = 1\nstep = 1\ncount = 3"


class Scene(NamedTuple):
    """A small workbook that has the fault of a rule's example in one cell, and what is right."""

    returns: str
    cells: dict[str, object] = {}  # noqa: RUF012  (nobody changes it)
    at: str = "B1"
    inputs: str = ABC
    outputs: str = '[outputs]\ny = "B1"'
    blocks: str = ""


def beside(formula, at="B2"):
    """The formula in two cells of three, # standing for the row."""
    return {f"B{row}": formula.replace("#", str(row)) for row in (1, 2, 3) if f"B{row}" != at}


SCENES = {
    "XP100": Scene("np.sqrt(a1) / a2"),
    "XP101": Scene("np.log(a1)"),
    "XP102": Scene("a1 * a2 + a3"),
    "XP103": Scene("a1 - a2 * a3"),
    "XP104": Scene("(a1 + a2) / a3"),
    "XP105": Scene("a1 / a2"),
    "XP106": Scene("2 * a2"),
    "XP107": Scene("a1 + a2 + a3"),
    "XP108": Scene("a / a.sum()", {"B1": "=A1/SUM(A1:A3)", "B3": "=A3/SUM(A$1:A$3)"}, "B2", LIST, COLUMN),
    "XP109": Scene("a.T", {f"{c}{r}": r + 2 * ord(c) for c in "ABC" for r in (1, 2, 3)}, "E1", SQUARE, TURNED),
    "XP110": Scene(GROWING, {"A2": "=A1+1", "A3": "=A2+1", "B1": "=A1*2", "B2": "=A2*2"}, "B3", ONE, GROWN, BLOCKS),
    "XP111": Scene("a1 ** 2"),
    "XP112": Scene("2 * a", beside("=2*A#"), "B2", LIST, COLUMN),
    "XP201": Scene("2 * a", beside("=2*A#"), "B2", LIST, COLUMN),
    "XP199": Scene("1 / (1 + np.exp(-a))", {"B1": "=1/(1+EXP(-A1))"}, "A1", ONE),
    "XP202": Scene("a1 - a3 * a2", {"A3": 1}),
    "XP203": Scene(SAME, {"A3": "=A2"} | {f"B{n}": f"=2*A{n}" for n in (1, 2, 3)}, "A2", EACH, blocks=BLOCKS),
    "XP204": Scene("2 * a", {f"B{row}": f"=2*A{row}" for row in (1, 2, 3)}, "A2", LIST, COLUMN),
    "XP205": Scene("2 * a", beside("=2*A#"), "B2", LIST, COLUMN),
    "XP301": Scene("a1 / a2"),
    "XP302": Scene("a1 + a2"),
    "XP303": Scene("a2"),
    "XP308": Scene("np.std(a, ddof=1)", {}, "B1", LIST),
    "XP403": Scene("2 * a", {"B1": "=2*A1"}, "A2", '[inputs]\na = { at = "A1", also = [{ at = "A2" }] }'),
    "XP404": Scene("2 * a", {"B1": "=2*A1"}, "A1", '[inputs]\na = "A1"'),
}
"""Those whose example is a cell of a small workbook; what the others need is below."""


def verified(small, code, content, **options):
    """The report on the scene of a rule with this content in its cell."""
    scene = SCENES[code]
    parameters = re.findall(r"^(\w+) =", scene.inputs, re.MULTILINE)
    body = scene.returns if "yield" in scene.returns else f"return {{'y': {scene.returns}}}"
    small.reference.write_text(f"import numpy as np\n\ndef double({', '.join(parameters)}):\n    {body}\n")
    small.write_spec(inputs=scene.inputs, outputs=scene.outputs, blocks=scene.blocks)
    small.write_cells({"A1": 3, "A2": 2, "A3": 5, **scene.cells, scene.at: content})
    return xlparity.verify(small.spec, options=Options(**options))


def content(text):
    """What a rule's example says that a cell contains: a formula, a number, a text behind an apostrophe, or nothing."""
    if inside := re.search(r"with (\S+) in A1$", text):
        return float(inside[1])
    text = text.partition(" in ")[0]
    if text.startswith("{"):
        return ArrayFormula("E1:G3", text[1:-1])
    if text.startswith("'"):
        return text[1:]
    return text if text.startswith("=") else float(text) if text else None


def codes(report):
    return [found.code for check in report.checks for found in check.findings]


@pytest.mark.parametrize("code", SCENES)
def test_the_example_of_a_rule_has_its_fault_and_the_right_one_has_none(small, code):
    """An example that is no example teaches the wrong thing; the suggestion is what the rule calls right."""
    rule, options = RULES[code], {"scenarios": 0} if code == "XP199" else {}
    report = verified(small, code, content(rule.wrong_example), **options)
    (found,) = (found for check in report.checks for found in check.findings)
    assert found.code == code
    assert found.suggestion in (None, rule.right_example)
    assert codes(verified(small, code, content(rule.right_example), **options)) == []


def test_the_example_of_another_shape(small):
    """It is the spec that is wrong there, or the sheet."""
    rule = RULES["XP401"]
    small.reference.write_text("def double(x):\n    return {'y': 2 * x}\n")
    small.write_cells({f"A{row}": row for row in (1, 2, 3)} | {f"B{row}": f"=2*A{row}" for row in (1, 2, 3)})
    for said, found in ((rule.wrong_example, ["XP401"]), (rule.right_example, [])):
        small.write_spec(inputs='[inputs]\nx = "A1:A3"', outputs=f"[outputs]\n{said}")
        assert codes(xlparity.verify(small.spec)) == found


def test_the_example_of_an_engine_that_is_wrong_alone(small):
    """ExcelModel rounds the constants that it reads to 15 decimals."""
    rule = RULES["XP305"]
    small.write_cells({"A1": float(re.search(r"contains ([^\s;]+)", rule.context)[1]), "B1": "=2*A1"})
    small.write_spec(inputs='tolerance = { atol = 0 }\n[inputs]\nx = "A1"')
    report = xlparity.verify(small.spec, options=Options(engines=("formulas", "excelmodel"), scenarios=0))
    assert codes(report) == ["XP305"]
    values = [said.partition(": ")[2] for said in (rule.wrong_example, rule.right_example)]
    assert " against ".join(values) in report.checks[1].findings[0].message


def opinion(engine, said, *, recomputed=True):
    """What one engine says of one cell of which the reference says 1."""
    number = float(said)
    cell = CellResult("y", 1, (0, 0), Cell("S", 1, 2), "match" if number == 1 else "mismatch", 1.0, number, "=A1")
    return CheckResult("c", engine, ("y",), 1, (cell,), scenarios=Scenarios(0, run=3), recomputed=recomputed)


@pytest.mark.parametrize("code", ["XP306", "XP307"])
def test_the_examples_of_engines_that_contradict_each_other(code):
    """No two of those that are installed can be relied on to do so."""
    given = re.findall(r"(\w+): (\S+?)(?:,|$)", RULES[code].wrong_example)
    found = reconcile([opinion(*each) for each in given])
    assert [finding.code for check in found for finding in check.findings] == [code]


def test_the_example_of_a_stored_value_that_is_out_of_date(run, small):
    """The file stores what an older formula or input gave."""
    rule = RULES["XP501"]
    run("recalc", small.workbook)
    for said, found in ((rule.wrong_example, ["XP501"]), (rule.right_example, [])):
        stored = float(re.search(r"with (\S+) stored", said)[1])
        store(small.workbook, stored)
        assert codes(xlparity.verify(small.spec, options=Options(engines=("formulas", "cached")))) == found


def test_the_example_of_a_formula_that_is_taken_as_an_input(small):
    """With the value in place of the formula there is no remark."""
    rule = RULES["XP206"]
    small.write_cells({"B1": "=2*A1", "A1": rule.wrong_example})
    store(small.workbook, float(rule.right_example), "A1")
    assert codes(xlparity.verify(small.spec)) == ["XP206"]
    small.write_cells({"B1": "=2*A1", "A1": float(rule.right_example)})
    assert codes(xlparity.verify(small.spec)) == []


def store(path, number, cell="B1"):
    """The workbook with this number stored beside the formula in a cell."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    empty = rb'(<c r="%s"[^>]*><f>[^<]*</f>)<v ?(?:/>|>[^<]*</v>)' % cell.encode()
    assert re.search(empty, parts[sheet]), parts[sheet]
    parts[sheet] = re.sub(empty, rb"\g<1><v>%g</v>" % number, parts[sheet])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


ELSEWHERE = {"XP206", "XP401", "XP305", "XP306", "XP307", "XP501"}


def test_every_rule_has_an_example_that_is_run():
    """So every rule can be found, by the code as it is."""
    assert SCENES.keys() | ELSEWHERE == set(RULES)


def emitted():
    """The codes that occur in the source beside the table: as literals or by their names there, not in docstrings."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name != "rules.py":
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
            texts += [getattr(rules, node.id, None) for node in nodes if isinstance(node, ast.Name)]
            found |= {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}
    return found


def test_every_code_in_the_source_has_a_rule_and_the_other_way_round():
    """A code without one would be a finding that nobody can look up, and that SARIF does not define."""
    assert emitted() == set(RULES)
    assert set(RULES) >= CAUSES | set(CODES.values())
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


def test_the_kind_of_a_code_decides_what_its_findings_count_as():
    """A wrong formula is a cause; what is wrong with inputs fails a check without being one; and what edits fix is a formula."""
    assert WRONG_FORMULA < CAUSES
    assert set(CODES.values()) <= WRONG_FORMULA
    assert CAUSES.isdisjoint(OF_INPUTS)
    assert {code for code, rule in RULES.items() if rule.level == "error"} >= CAUSES | OF_INPUTS
    assert rules.codes("stored", "remark") == {"XP501", "XP204", "XP206"}


def test_every_rule_says_everything():
    """A help without what to do is none; an empty cell is all that may be empty."""
    for code, rule in RULES.items():
        assert all((rule.name, rule.summary, rule.meaning, rule.right_example, rule.context, rule.action)), code
        assert rule.wrong_example or code == "XP205"
        assert rule.meaning.endswith(".")
        assert rule.action.endswith(".")
        assert not rule.summary.endswith(".")


# --- where they are printed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", RULES)
def test_the_command_prints_all_of_a_rule(run, code):
    """The code on a report leads to what it means, whatever the case in which it is typed."""
    rule = RULES[code]
    done = run("rules", code.lower())
    said = " ".join(done.out.split())
    assert (done.code, done.err) == (0, "")
    for text in (
        code,
        rule.name,
        rule.level,
        rule.meaning,
        rule.context,
        rule.wrong_example or "(empty)",
        rule.right_example,
        rule.action,
    ):
        assert " ".join(text.split()) in said


def test_without_a_code_every_rule_is_one_line(run):
    """The table that a reader of a report looks for."""
    lines = run("rules").out.splitlines()
    assert [line for line in lines if CODE.match(line)] == [f"{code}  {rule.summary}" for code, rule in RULES.items()]
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("wrong", ["XP113", "xp10", "P101"])
def test_an_unknown_code_is_one_clear_error(run, wrong):
    """With the nearest code; it is no verdict."""
    done = run("rules", wrong)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert f"there is no code '{wrong}'" in done.err
    assert re.search(r"did you mean 'XP1\d\d'\?", done.err)
