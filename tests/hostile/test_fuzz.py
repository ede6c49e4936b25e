"""Whatever a file, a formula or a spec holds: it is read, or refused by the error that is declared; nothing else is raised."""

import contextlib
import functools
import io
import re
import time
from pathlib import Path

import openpyxl
import pytest
from conftest import examples
from formula_cases import PROGRAMS, at, workbook
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from hostile.specs import INPUTS, OUTPUTS, WHOLE
from xlparity.engines.registry import find_engine
from xlparity.errors import SpecError, WorkbookError
from xlparity.excel.formula import dissect, precedents, tokens
from xlparity.excel.ooxml import pack, read_parts
from xlparity.excel.values import Depends, ErrorValue, Unsupported
from xlparity.excel.workbook import Formula, parse_workbook
from xlparity.spec import bind, read_spec

PATH = Path("fuzzed.xlsx")


@functools.cache
def valid():
    """The parts of a workbook with two sheets, a name, a table, a shared text, an array formula, a merge and a link."""
    book = openpyxl.Workbook()
    sheet = book.active
    for address, value in {
        "A1": 3,
        "B1": "=2*A1+rate",
        "C1": "a text",
        "A2": "=SUM(A1:B1)",
        "B2": True,
        "C2": "=Other!A1&C1",
    }.items():
        sheet[address] = value
    sheet["D1"] = ArrayFormula("D1:D2", "=A1:A2*2")
    sheet.merge_cells("E1:F2")
    sheet["G1"].hyperlink = "https://example.org"
    book.create_sheet("Other")["A1"] = "=#REF!+1"
    for row in (("x", "y"), (1, "=t[[#This Row],[x]]*2"), (2, 5)):
        book["Other"].append(row)
    book["Other"].add_table(Table(displayName="t", ref="A2:B4"))
    book.defined_names["rate"] = DefinedName("rate", attr_text="Sheet!$A$1")
    file = io.BytesIO()
    book.save(file)
    return read_parts(file.getvalue(), PATH)


def read(data):
    """Reads the workbook and computes it, where that is possible."""
    try:
        book = parse_workbook(data, PATH)
        find_engine("formulas").load(book).recalculate({}).values_in(0)
    except WorkbookError as error:
        assert str(error).startswith("fuzzed.xlsx")


# --- workbooks -------------------------------------------------------------------------------------------------------

HOSTILE = [
    b"", b"-1", b"0", b"1e309", b"nan", b"99999999999999999999", b"A0", b"XFE1", b"A1048577", b"A1:A0", b"B2:A1", b"$A$1", b"A",
    b"rId99", b"../..", b"/", b"\xff", b"&#0;", b"&amp;", b"&lt;", b"&x;", b"_x0000_", b"_xD800_", b"[1]S!A1", b"#REF!", b"t[",
    b"'", b"inlineStr", b"s", b"str", b"b", b"e", b"d", b"n", b"array", b"shared", b"dataTable", b"true", b" ", b"\xc3\xa4", b"1",
]  # fmt: skip
VALUE = re.compile(rb'(?<==")[^"]*(?=")|(?<=>)[^<]+(?=<)')
ELEMENT = re.compile(rb"<[^!?][^>]*>")


@st.composite
def mutated(draw):
    """The parts, one of them with some values, elements or bytes that are others."""
    parts = dict(valid())
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(parts)))
        xml = parts[name]
        way = draw(st.sampled_from(["value", "value", "value", "element", "bytes", "gone", "other"]))
        if way == "gone":
            del parts[name]
        elif way == "other":
            parts[name] = parts[draw(st.sampled_from(sorted(parts)))]
        elif way == "bytes":
            begin = draw(st.integers(0, len(xml)))
            parts[name] = xml[:begin] + draw(st.binary(max_size=4)) + xml[begin + draw(st.integers(0, 4)) :]
        else:
            places = [found.span() for found in (VALUE if way == "value" else ELEMENT).finditer(xml)]
            if places:
                begin, end = draw(st.sampled_from(places))
                others = [xml[slice(*draw(st.sampled_from(places)))], b""] if way == "element" else HOSTILE
                parts[name] = xml[:begin] + draw(st.sampled_from(others)) + xml[end:]
    return parts


@examples(60)
@given(mutated())
def test_a_workbook_with_anything_in_its_parts_is_read_or_refused(parts):
    """Each part says what others hold, and any of it may be wrong."""
    read(pack(parts))


@examples(60)
@given(st.lists(st.tuples(st.integers(0, 100_000), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=3))
def test_a_file_with_any_bytes_is_read_or_refused(changes):
    """Of a damaged download, or of a zip that says one thing in two places."""
    data = pack(valid())
    for place, new, old in changes:
        at = place % len(data)
        data = data[:at] + new + data[at + old :]
    read(data)


# --- formulas --------------------------------------------------------------------------------------------------------

PIECES = [
    *"+-*/^&=<>%(){}[],;:!@#$'\"\\. \n\xe9\u2028\x00", "A1", "B2", "$A$1:$B$2", "A:A", "1:1", "1", "0.5", "1E308",
    "1E-400", "TRUE",
    "#N/A", "#REF!", "rate", "Other!A1", "'Other'!", "t[y]", "t[[#All],[x]:[y]]", "[1]S!A1", "A1#", "A1:B2:C3",
    "XFE1", "A1048577",
    "{1,2;3,4}", "--", "<>", '"x"', '"*?~"', "SUM(", "IF(", "INDEX(", "LET(", "LAMBDA(", "_xlfn.", "_xlpm.x",
    "OFFSET(", "MMULT(",
    "TRANSPOSE(", "IFERROR(", "COUNTIF(", "SEARCH(", "TEXT(", "DATE(", "RAND()", "SUMPRODUCT(", "ROW()", "CHOOSE(",
    "FACT(", "1E10",
    "REPT(", "))", "),",
]  # fmt: skip


@functools.cache
def book():
    return parse_workbook(pack(valid()), PATH)


def compute(formula):
    """Computes the formula in a cell of its own."""
    edited = book().edited({next(iter(book().cells))._replace(row=9, column=9): Formula(formula)})
    find_engine("formulas").load(edited).recalculate({}).values_in(0)


@examples(150)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30))
def test_any_text_of_a_formula_is_computed_or_unsupported(text):
    """What Excel would not take may still be in a file."""
    compute(f"={text}")


ONE = ["ABS", "SQRT", "EXP", "LN", "INT", "SIGN", "SIN", "COS", "ATAN", "TANH"]
MANY = ["SUM", "AVERAGE", "MIN", "MAX", "COUNT", "PRODUCT", "SUMSQ", "STDEV", "MEDIAN"]


def formulas(atoms, areas, one, many, further):
    """Formulas of these, in any nesting; ``further`` are templates, with a letter for each expression and # for each area."""
    area = st.sampled_from(areas)

    def called(of):
        return f"{of[0]}({of[1]})"

    def grown(inner):
        def filled(template):
            parts = [inner if sign in "xyz" else area if sign == "#" else st.just(sign) for sign in template]
            return st.tuples(*parts).map("".join)

        return st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "^", "=", "<", ">=", "<>"]), inner).map("".join),
            st.tuples(st.sampled_from(one), inner).map(called),
            st.tuples(st.sampled_from(many), st.lists(area, min_size=1, max_size=3)).map(
                lambda of: f"{of[0]}({','.join(of[1])})"
            ),
            st.sampled_from(["(x)", "-x", "x%", "IF(x<y,y,z)", "IFERROR(x,y)", *further]).flatmap(filled),
        )

    return st.recursive(st.sampled_from(atoms), grown, max_leaves=8).map(lambda text: f"={text}")


ANY = formulas(
    ["1", "0", "-2", "0.5", "A1", "B1", "A2", "rate", "1E300", "TRUE", '"3"', '""', "G9"],
    ["A1:B2", "A1:A9", "$A$1:$B$1", "{1,2;3,4}", "A:A", "t[x]", "Other!A1:B4", "D1:D2", "B1", '"x"', "1"],
    [*ONE, "NOT", "LEN", "ISERROR", "ISNUMBER", "FACT", "N", "T", "ROW"],
    [*MANY, "COUNTA", "AND", "OR"],
    [
        "x&y",
        "ROUND(x,y)",
        "MOD(x,y)",
        "INDEX(#,x,y)",
        "COUNTIF(#,x)",
        "MATCH(x,#,0)",
        "MATCH(x,#,1)",
        "SUMPRODUCT(#,#)",
        "IF(x,y,z)",
    ],
)


@examples(150)
@example("=\x1f")
@given(ANY)
def test_any_formula_of_ordinary_functions_is_computed_or_unsupported(formula):
    """In any nesting, of values of any kind; a character of ours, which marks a reference in a shape, is no reference."""
    compute(formula)


@pytest.mark.parametrize(
    "piece", [*PIECES, "'a''", "'a'a", "t[[", "t['", "A1!", "1E", "a.", "\\a", '"a', '"a""', "#N/", "((A1,"]
)
def test_the_work_of_taking_a_formula_apart_grows_as_its_length(piece):
    """Four times the longest formula of Excel; of so many apostrophes it took 41 s."""
    begin = time.process_time()
    for way in (tokens, precedents, lambda formula: dissect(formula, lambda word: "S!A1")):
        with contextlib.suppress(ValueError):
            way("=" + piece * (32_768 // len(piece)))
    assert time.process_time() - begin < 2


SMALL = {"A1": 3, "B1": -0.5, "A2": 0, "B2": 1.25, "A3": 8, "B3": 2, "A4": 7, "B4": 0.1}
# Of numbers, where the two programs have Excel's conversions of texts, truth values and blanks; and not of INDEX or MATCH.
PLAIN = formulas(
    ["1", "0", "-2", "0.5", "A1", "B1", "A2", "B4"], ["A1:B2", "A1:A4", "$A$1:$B$1", "B1:B4"], ONE, MANY,
    ["ROUND(x,2)", "SUMPRODUCT(A1:A4,B1:B4)", "SUM(x,y)", "MAX(x,y)", "AVERAGE(x,y,z)"],
)  # fmt: skip


@pytest.mark.parametrize("engine", PROGRAMS)
@settings(
    examples(2), phases=[Phase.generate]
)  # to look for the shortest failing list would start the program for hours
@given(texts=st.lists(PLAIN, min_size=60, max_size=60, unique=True))
def test_random_formulas_have_the_values_of_other_programs(tmp_path_factory, engine, texts):
    """Three programs by three authors agree, or refuse; which error value a cell has, LibreOffice leaves open."""
    folder = tmp_path_factory.mktemp("programs")
    read_from = workbook(folder, S=SMALL | {f"J{row}": text for row, text in enumerate(texts, 10)})
    ours, theirs = (find_engine(name).load(read_from).recalculate({}).values_in(0) for name in ("formulas", engine))
    compared = 0
    for row, text in enumerate(texts, 10):
        one, other = ours[at(f"J{row}")], theirs[at(f"J{row}")]
        if isinstance(one, Unsupported | Depends) or isinstance(other, Unsupported):
            continue
        compared += 1
        errors = isinstance(one, ErrorValue), isinstance(other, ErrorValue)
        assert errors in ((True, True), (False, False)), (text, one, other)
        assert any(errors) or float(one) == pytest.approx(float(other), rel=1e-9, abs=1e-12), (text, one, other)
    assert compared > 20


# --- specs -----------------------------------------------------------------------------------------------------------

SPEC = f"""{WHOLE}[blocks]
rows = [1, 2]
[[accept]]
cells = ["B1"]
reason = "known"
[check.more]
tolerance = {{ rtol = 1e-9 }}
{INPUTS.replace("inputs", "check.more.inputs").replace('"A1"', '{ at = "A1", low = 0, high = 1 }')}
{OUTPUTS.replace("outputs", "check.more.outputs")}
"""
WORDS = [
    *"[]{}=,.\"'#\n\ufeff\x00", "1", "-1", "1e400", "nan", "inf", "true", "2024-01-01", "12:00", '""', '"A1"',
    '"XFE1"', '"B1:B0"',
    '"rate"', "[]", "{}", "[[accept]]", "[grade]", "[clock]", "now", "points", "at", "also", "choices", "vary",
    "draw", "blank", "frame",
    "one_hot", "every_block", "label", '"{n}"', "first", "step", "count", "columns", "sheets", "table", "skip",
    "constants", "partial",
    "locale", '"de-DE"', "weights",
]  # fmt: skip
TOKEN = re.compile(r'"[^"]*"|[\w-]+|\s+|.')


@examples(150)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(WORDS), st.integers(0, 2)), min_size=1, max_size=4))
def test_any_spec_is_read_or_refused(tmp_path_factory, changes):
    """And bound to the cells of a workbook, as far as it can be read."""
    tokens = TOKEN.findall(SPEC)
    for place, new, old in changes:
        at = place % len(tokens)
        tokens[at : at + old] = [new]
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    (folder / "small.py").write_text("def double(x):\n    return {'y': 2 * x}\n")
    (spec := folder / "small.parity.toml").write_text("".join(tokens), encoding="utf-8")
    try:
        bind(read_spec(spec), book())
    except SpecError as error:
        assert "small.parity.toml" in str(error)
