"""The table of keys: the reader, the JSON Schema and the printed reference say the same of a spec file."""

import copy
import json
import math
import re
import tomllib
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

import xlparity
from xlparity.errors import SpecError
from xlparity.results.report import Verdict
from xlparity.settings import KEYS as PROJECT_KEYS
from xlparity.settings import Options
from xlparity.spec import manual, spec_of
from xlparity.spec.schema import FILE, LINE, TABLES_BY_NAME, json_schema, schema_text, value_of
from xlparity.tolerance import Tolerance

ROOT = Path(__file__).parents[1]
COMMITTED = pytest.mark.skipif(
    not (ROOT / "workbooks").is_dir(), reason="the workbooks are not part of a source distribution"
)
SCHEMA = jsonschema.Draft202012Validator(json_schema())

# What the reader refuses and no schema can state: what an address means, and how two values compare.
BEYOND_A_SCHEMA = re.compile(
    r"is not an address|names no sheet|outside the grid|spans [\d,]+ cells|is above its 'high'|of another shape than the input"
    r"|are a number and a date|there is no whole number between|are of different lengths"
    r"|blocks, and sheets lists \d+; name the sheet of each"
)


def refusal(spec):
    """Why the reader refuses the spec; None where it accepts it."""
    try:
        spec_of(spec, Path("some.parity.toml"))
    except SpecError as error:
        return str(error)
    return None


def alike(spec):
    """The reader and the schema accept the spec, or both refuse it, as far as a schema can say."""
    read, valid = refusal(spec), SCHEMA.is_valid(spec)
    if read is None:
        assert valid, (spec, [error.message for error in SCHEMA.iter_errors(spec)])
    elif valid:
        assert BEYOND_A_SCHEMA.search(read), (spec, read)
    return read is None


# --- specs that are right, or nearly -----------------------------------------------------------------------------------

CELL = st.sampled_from(
    ["A1", "$B$2", "b5:D8", "Sheet1!B5", "'My sheet'!A1:A3", "rate", "größe", "Sheet2!rate", "_x.y?"]
)
ADDRESS = st.one_of(
    CELL, st.sampled_from(["Sales", "Sales[Net]", "Sales[[Net]:[Tax]]", "Sales[[#Totals],[Net]]", " B1 "])
)
NO_ADDRESS = st.sampled_from(["", "B5:", "B5-D8", "=A1", "A1,B2", "1A", "XFE1:XFE2", "A1:C9999999", "Sheet!", "A1 B2"])
MOMENT = st.sampled_from(["2024-01-31", "2024-01-31T12:00", "2024-01-31 12:00:30.5", "1904-01-02"])
NUMBER = st.one_of(st.integers(-5, 5), st.floats(-1e100, 1e100))
LIST = st.lists(NUMBER, max_size=2)
END = st.one_of(NUMBER, MOMENT, LIST, st.lists(LIST, max_size=2))
PLACE = st.integers(1, 1_048_576)
NAME = st.sampled_from(["X", "alpha", "loss", "dW1"])
REASON = st.sampled_from(["known", " a caption "])
FLAG = st.booleans()


def table(required, **optional):
    return st.fixed_dictionaries(required, optional=optional)


STEP = st.lists(PLACE, min_size=2, max_size=2)
ALSO = st.lists(table({"at": ADDRESS}, transpose=FLAG, step=STEP), max_size=2)
INPUT = st.one_of(
    ADDRESS,
    table({"at": ADDRESS}, every_block=FLAG, also=ALSO, low=NUMBER, high=NUMBER),
    table({"at": ADDRESS, "choices": st.lists(NUMBER, min_size=1, max_size=3)}, every_block=FLAG),
    table({"at": ADDRESS, "vary": FLAG}, also=ALSO, cut=FLAG),
    table({"at": ADDRESS}, low=END, high=END, integer=FLAG, blank=FLAG, step=STEP),
    table({"at": ADDRESS}, choices=st.lists(st.text(max_size=3), min_size=1, max_size=2) | st.just([True, False])),
    table({"at": ADDRESS, "one_hot": FLAG}, low=NUMBER, integer=FLAG, draw=st.just("a.py:f")),
    table(
        {"at": ADDRESS, "frame": FLAG}, low=END, choices=st.just(["a"]), also=ALSO, step=STEP, draw=st.just("a.py:f")
    ),
    table({"at": ADDRESS, "draw": st.just("a.py:f")}, high=NUMBER, blank=FLAG, vary=FLAG),
)
TOLERANCE = table({}, rtol=st.floats(0, 1), atol=st.integers(0, 2))
OUTPUT = st.one_of(
    ADDRESS,
    table(
        {"at": ADDRESS},
        rtol=st.floats(0, 1),
        atol=st.floats(0, 1),
        transpose=FLAG,
        skip=REASON,
        constants=st.just("allowed"),
        ignore_case=FLAG,
        every_block=FLAG,
        step=STEP,
    ),
)
SHEETS = st.one_of(st.just("Step {n}"), st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=3))
BLOCKS = st.one_of(
    table({"label": st.sampled_from(["Epoch {n}", "{n}", "{n} of {n}"])}, sheets=SHEETS),
    table({"rows": st.lists(PLACE, min_size=1, max_size=3, unique=True)}),
    table({"columns": st.lists(PLACE, min_size=1, max_size=3), "sheets": SHEETS}),
    table({"first": PLACE, "step": st.integers(1, 9), "count": st.integers(1, 9)}, sheets=SHEETS),
    table({"sheets": SHEETS}),
    table({"table": st.just("Loan")}),
)
ACCEPT = st.lists(
    table({"cells": st.one_of(ADDRESS, st.lists(ADDRESS, min_size=1, max_size=2)), "reason": REASON}), max_size=2
)
PARTS = {
    "reference": st.sampled_from(["a.py:f", "package.module:f"]),
    "sheet": st.sampled_from(["Sheet1", "My sheet"]),
    "tolerance": TOLERANCE,
    "blocks": BLOCKS,
    "inputs": st.dictionaries(NAME, INPUT, max_size=2),
    "outputs": st.dictionaries(NAME, OUTPUT, min_size=1, max_size=2),
    "accept": ACCEPT,
}
ONE_CHECK = table(
    {"workbook": st.just("a.xlsx"), **PARTS},
    clock=table({}, now=MOMENT),
    locale=st.sampled_from(["en-US", "de-DE", "fr-FR"]),
)
SEVERAL = table(
    {
        "workbook": st.just("a.xlsx"),
        "check": st.dictionaries(st.sampled_from(["one", "two"]), table({}, **PARTS), max_size=2),
    },
    **PARTS,
)
SPEC = st.one_of(ONE_CHECK, SEVERAL)

# A float that is whole is no whole number to TOML, and is one to JSON; a nan is no number to JSON.
NO_JSON = st.floats(allow_nan=False).filter(lambda x: not x.is_integer())
SCALAR = st.one_of(
    st.just(2.5), FLAG, st.integers(-2, 2), st.just(2_000_000), NO_JSON, st.just(math.inf), st.just(1e101),
    st.text(max_size=3), NO_ADDRESS, ADDRESS, st.sampled_from(["allowed", "Epoch", "Epoch {n}", " "]),
)  # fmt: skip
ANYTHING = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["at", "cells", "n", "low"]), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = sorted({key.name for each in TABLES_BY_NAME.values() for key in each.keys} | {"unknown", "X"})


@st.composite
def damaged(draw):
    """A spec in one place of which something was replaced, removed or added."""
    spec = copy.deepcopy(draw(SPEC))  # what is the same object in all of them must not change
    places = [(spec, key) for key in spec]
    for holder, key in places:  # which grows meanwhile
        held = holder[key]
        inner = held if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ()
        places += [(held, key) for key in inner]
    holder, key = draw(st.sampled_from(places))
    match draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            holder[key] = draw(ANYTHING)
        case "remove":
            del holder[key]
        case "add" if isinstance(holder, dict):
            holder[draw(st.sampled_from(KEYS))] = draw(ANYTHING)
    return spec


MANY = examples(400)


@MANY
@given(SPEC)
def test_a_spec_that_the_reader_accepts_is_valid_and_the_other_way_round(spec):
    """An editor that marks a right spec, or passes a wrong one, is worse than none."""
    alike(spec)


@MANY
@given(damaged())
def test_what_is_wrong_in_one_place_is_refused_by_both(spec):
    """Wrong types, unknown keys, absent keys, values out of range, and keys that exclude each other."""
    alike(spec)


def test_the_generated_specs_are_of_both_kinds():
    """A test that sees nothing but refusals would show nothing."""
    seen = set()

    @settings(max_examples=200, database=None, derandomize=True)  # the claim is about the strategies, not the specs
    @given(st.one_of(SPEC, damaged()))
    def look(spec):
        seen.add((alike(spec), SCHEMA.is_valid(spec)))

    look()
    assert seen >= {(True, True), (False, False)}


RIGHT = {"workbook": "a.xlsx", "reference": "a.py:f", "sheet": "S", "inputs": {"x": "A1"}, "outputs": {"y": "B1"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"workbook": 1},
        {"wrokbook": "a.xlsx"},
        {"outputs": {}},
        {"inputs": {"x": "B5-D8"}},
        {"inputs": {"x": "=A1"}},
        {"inputs": {"x": {"at": "A1", "low": 0, "choices": [1]}}},
        {"inputs": {"x": {"at": "A1", "vary": False, "high": 1}}},
        {"inputs": {"x": {"at": "A1", "choices": []}}},
        {"inputs": {"x": {"at": "A1", "lwo": 1}}},
        {"inputs": {"x": {"low": 1}}},
        {"inputs": {"x": {"at": "A1", "low": []}}},
        {"inputs": {"x": {"at": "A1", "low": [1, [2]]}}},
        {"outputs": {"y": {"at": "B1", "rtol": -1}}},
        {"outputs": {"y": {"at": "B1", "skip": " "}}},
        {"outputs": {"y": {"at": "B1", "constants": True}}},
        {"blocks": {"label": "Epoch"}},
        {"blocks": {"label": "Epoch {n}", "rows": [1]}},
        {"blocks": {"first": 1, "step": 2}},
        {"blocks": {"first": 1, "step": 2, "count": 2, "label": "{n}"}},
        {"blocks": {"rows": [1, 3, 3]}},
        {"blocks": {}},
        {"blocks": {"sheets": "Step"}},
        {"blocks": {"sheets": ["A", "A"]}},
        {"blocks": {"sheets": ["A"], "table": "T"}},
        {"blocks": {"table": ""}},
        {"outputs": {"y": {"at": "B1", "step": [2]}}},
        {"outputs": {"y": {"at": "B1", "every_block": 1}}},
        {"accept": [{"cells": "B1"}]},
        {"accept": [{"cells": [], "reason": "known"}]},
        {"check": {"a": {"workbook": "b.xlsx"}}},
        {"check": {"a": 1}},
        {"check": {"a": {"sheet": "T"}}, "sheet": 5},
    ],
)
def test_what_a_schema_can_state_it_states(wrong):
    """Each of these is refused by both; the two tests above alone could pass with a schema that accepts everything."""
    assert alike(RIGHT)
    spec = {**RIGHT, **wrong}
    assert refusal(spec) is not None
    assert not SCHEMA.is_valid(spec)


def test_a_default_at_the_top_that_is_wrong_is_refused_though_no_check_uses_it():
    """It would be obeyed by the next check that is added; its sheet may still be left to the checks."""
    check = {"sheet": "S", "inputs": {"x": "A1"}, "blocks": {"rows": [1]}}
    top = {"workbook": "a.xlsx", "reference": "a.py:f", "outputs": {"y": "B1"}, "check": {"a": check}}
    assert alike(top)
    assert not alike({**top, "blocks": {"rows": [0]}})
    assert not alike({**top, "inputs": {"x": {"at": "A1", "low": "1"}}})


@COMMITTED
def test_every_committed_spec_is_valid():
    """They are what the reader is sure to accept."""
    specs = list((ROOT / "workbooks").glob("*.parity.toml"))
    assert specs
    for path in specs:
        assert [error.message for error in SCHEMA.iter_errors(tomllib.loads(path.read_text()))] == []


@pytest.mark.parametrize("name", TABLES_BY_NAME)
def test_every_example_of_a_key_is_one_that_the_key_accepts(name):
    """A reference with an example that is refused is a trap."""
    schema = json_schema()
    properties = (schema if name == "spec" else schema["$defs"][name])["properties"]
    for key in TABLES_BY_NAME[name].keys:
        assert key.kind.holds(value_of(key.example)), key
        of_key = {"$defs": schema["$defs"], "allOf": [properties[key.name]]}
        assert jsonschema.Draft202012Validator(of_key).is_valid(value_of(key.example)), key


def test_the_schema_is_a_2020_12_schema():
    """As it says in its first line."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


# --- the command 'xlparity spec' ---------------------------------------------------------------------------------------


def test_the_manual_has_every_key_and_says_what_the_table_says(run):
    """One table: what is printed is what is checked."""
    done = run("spec")
    said = " ".join(done.out.split())
    assert (done.code, done.err) == (0, "")
    for table in TABLES_BY_NAME.values():
        assert f"KEYS OF {table.name} {' '.join(table.about.split())}" in said
        for key in table.keys:
            assert f"{key.name}: {key.kind.words}{', required' if key.required else ''}" in said
            assert key.example in said
            assert key.more in said


@pytest.mark.parametrize("width", [60, 80, 400])
def test_the_manual_is_as_wide_as_the_terminal_but_no_line_is_a_screen_long(run, monkeypatch, width):
    """Text of 400 columns is not readable; the examples are not broken, since they are to be copied."""
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("spec").out.splitlines()
    assert all(len(line) <= min(width, 100) or line.startswith("  ") for line in lines)


def test_the_schema_that_is_printed_is_the_schema(run):
    """As a file it is what an editor reads."""
    done = run("spec", "--schema")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == json_schema()


def test_the_example_has_every_key():
    """A reader copies from it; what is not in it is not found."""
    example = tomllib.loads(
        manual.EXAMPLE.replace("# or  rows", "rows").replace("# or  first = 3, step = 13, count = 2", "")
    )
    keys = set(re.findall(r"\b(\w+) *= ", manual.EXAMPLE)) | example.keys()
    wanted = {key.name for table in TABLES_BY_NAME.values() for key in table.keys} - {"check"}
    assert wanted - keys <= {"columns"}
    assert "columns = [...]" in manual.EXAMPLE
    example = tomllib.loads(manual.EXAMPLE)
    assert refusal(example) is None
    assert alike(example | {"clock": {"now": example["clock"]["now"].isoformat()}})  # as an editor has it


def test_the_example_and_its_reference_verify(run, tmp_path):
    """An example that fails teaches nothing; the accepted logarithm is the only difference."""
    write_training(tmp_path / "training.xlsx")
    (tmp_path / "training.py").write_text(manual.REFERENCE)
    (tmp_path / "training.parity.toml").write_text(manual.EXAMPLE)
    report = xlparity.verify(tmp_path / "training.parity.toml")
    assert report.verdict is Verdict.PASS
    counts = report.checks[0].counts
    assert (counts["accepted"], counts["skipped"], counts["match"] > 0) == (8, 2, True)


def test_the_defaults_of_a_project_are_those_that_are_read(tmp_path):
    """Every key, with a value that is taken."""
    (tmp_path / "pyproject.toml").write_text(manual.PROJECT)
    assert tomllib.loads(manual.PROJECT)["tool"]["xlparity"].keys() == set(PROJECT_KEYS)
    own = Options(
        scenarios=200, seed=1, tolerance=Tolerance(1e-9, 1e-12), reference_timeout=30.0, time=60.0, min_coverage=100.0,
        limits=xlparity.WorkbookLimits(sheets=100, elements=4_000_000),
    )  # fmt: skip
    assert Options.of_project(tmp_path) == own


# --- the schema beside a spec ------------------------------------------------------------------------------------------


@COMMITTED
def test_the_committed_schema_is_the_one_of_this_version():
    """Editors read the file; 'xlparity generate' writes it."""
    assert (ROOT / "workbooks" / FILE).read_text(encoding="utf-8") == schema_text()


def test_every_spec_that_is_written_names_the_schema_that_is_written_beside_it(run, small, monkeypatch):
    """A name that leads nowhere makes an editor complain in place of helping."""
    monkeypatch.chdir(small.folder)
    (small.folder / "inner").mkdir()
    drafted, generated = small.folder / "inner" / "draft.parity.toml", small.folder / "out" / "regressor.parity.toml"
    assert run("init", "small.xlsx", "--output", drafted).err.count("wrote") == 2
    assert run("generate", "--iterations", "2", "--out", generated.parent).code == 0
    for spec in (drafted, generated):
        first, *_ = spec.read_text().splitlines()
        assert first == LINE
        named = spec.parent / first.removeprefix("#:schema ")
        assert named.read_text(encoding="utf-8") == schema_text()
        assert SCHEMA.is_valid(tomllib.loads(spec.read_text()))
    assert run("generate", "--iterations", "2", "--out", generated.parent, "--check").code == 0


@pytest.mark.parametrize("content", ["{}", None])
def test_init_leaves_a_schema_that_is_there(run, small, monkeypatch, content):
    """It overwrites nothing; a schema of another version is said to be one, and a folder of that name is no schema."""
    monkeypatch.chdir(small.folder)
    small.spec.unlink()
    schema = small.folder / FILE
    if content is None:
        schema.mkdir()
    else:
        schema.write_text(content)
    done = run("init", "small.xlsx")
    assert done.code == 0
    assert (
        f"kept {FILE}, which is not the schema of this version; 'xlparity spec --schema > {FILE}' replaces it"
        in done.err
    )
    assert schema.is_dir() or schema.read_text() == content
    if content is not None:
        schema.write_text(schema_text())
        (small.folder / "small.parity.toml").unlink()
        assert "kept" not in run("init", "small.xlsx").err


def write_training(path):
    """Two epochs, 13 rows apart, of the network in the manual's reference; the sheet has LOG, as the example accepts."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    sheet["B1"] = 0.5
    data = [[0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]]
    for top in (3, 16):
        sheet[f"A{top}"] = f"Epoch {(top + 10) // 13}"
        rows = range(top + 2, top + 6)
        features = "BCD"
        for row, sample, answer in zip(rows, data, (0, 1, 1, 0), strict=True):
            for column, value in zip(features, sample, strict=True):
                sheet[f"{column}{row}"] = value if top == 3 else f"={column}{row - 13}"
            sheet[f"N{row}"] = answer if top == 3 else f"=N{row - 13}"
            sheet[f"J{row}"] = (
                "=" + "+".join(f"{c}{row}*G${top + 2 + k}" for k, c in enumerate(features)) + f"+H${top + 2}"
            )
            sheet[f"L{row}"] = f"=1/(1+EXP(-J{row}))"
            sheet[f"P{row}"] = f"=-(N{row}*LOG(L{row})+(1-N{row})*LOG(1-L{row}))"
        error = f"L{rows[0]}:L{rows[-1]}", f"N{rows[0]}:N{rows[-1]}"
        for k, (column, across) in enumerate(zip(features, "GHI", strict=True)):
            for sample, place in enumerate("BCDE"):
                sheet[f"{place}{top + 9 + k}"] = f"={column}{rows[sample]}"
            line = f"{column}{rows[0]}:{column}{rows[-1]}"
            sheet[f"{across}{top + 9}"] = f"=SUMPRODUCT({line},{error[0]}-{error[1]})/COUNT({error[1]})"
            sheet[f"G{top + 2 + k}"] = (0.1, -0.4, 0.3)[k] if top == 3 else f"=G{5 + k}-B$1*{across}12"
        sheet[f"H{top + 2}"] = 0.25 if top == 3 else "=H5-B$1*(SUM(L5:L8)-SUM(N5:N8))/COUNT(N5:N8)"
    book.save(path)
