"""Two engines agree on a sheet, two paths on a program, and a session with itself, recalculated again and again."""

import functools
import random

import numpy as np
import openpyxl
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from xlparity.actions.generate import build
from xlparity.course.regressor.pages import regressor
from xlparity.engines.evaluator.functions import core
from xlparity.engines.evaluator.guards import Refusal
from xlparity.engines.evaluator.kernels import ODD, LaneOperand, Lanes, plan
from xlparity.engines.evaluator.operands import to_table, to_values
from xlparity.engines.evaluator.program import Program
from xlparity.engines.evaluator.readings import reading
from xlparity.engines.evaluator.shapes import compile_alone, compile_shape
from xlparity.engines.registry import find_engine
from xlparity.excel.address import parse_range
from xlparity.excel.batch import Words, decode
from xlparity.excel.formula import CELL_MARK, RANGE_MARK, dissect
from xlparity.excel.values import BLANK, ErrorValue, Unsupported
from xlparity.excel.workbook import formulas_of, read_workbook


def workbook(folder, names=None, **sheets):
    """A workbook written and read: cells by address on each sheet, ``{=…}`` an array formula and its address the area."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, cells in sheets.items():
        sheet = book.create_sheet(title)
        for address, content in cells.items():
            if str(content).startswith("{"):
                sheet[address.split(":")[0]] = ArrayFormula(address, content[1:-1])
            else:
                sheet[address] = content
    for name, meaning in (names or {}).items():
        book.defined_names[name] = DefinedName(name, attr_text=meaning)
    path = folder / "sheets.xlsx"
    book.save(path)
    return read_workbook(path)


def at(address, sheet="S"):
    return parse_range(address, sheet).first


def bits(value):
    """The value to its last bit, but for the sign of zero, which Excel does not know."""
    return type(value), (value + 0.0).hex() if isinstance(value, float) else value


def both(book, overrides):
    return [find_engine(name).load(book).recalculate(overrides) for name in ("formulas", "excelmodel")]


def agreement(book, overrides=None):
    """How many formula cells both engines computed to the same bits, and how many ``formulas`` refused; fails if any differ."""
    ours, theirs = both(book, overrides or {})
    cells = [cell for head, live in formulas_of(book) for cell in (live.area.cells() if live.area else (head,))]
    computed = [cell for cell in cells if not isinstance(ours[cell], Unsupported)]
    assert {str(cell): bits(ours[cell]) for cell in computed} == {str(cell): bits(theirs[cell]) for cell in computed}
    return len(computed), len(cells) - len(computed)


# --- parity of the two engines ---------------------------------------------------------------------------------------


def test_the_engines_agree_on_the_week_one_workbook(tmp_path):
    """This sheet is what xlparity was written for; not one of its cells may be refused either."""
    for name, data in build(regressor(iterations=3)).items():
        (tmp_path / name).write_bytes(data)
    book = read_workbook(tmp_path / "regressor.xlsx")
    exact = {cell: content for cell, content in book.cells.items() if isinstance(content, float)}
    computed, refused = agreement(book, exact)
    assert refused == 0
    assert computed > 100


NUMBERS = {
    "A1": 1.5, "A2": -2, "A3": 0.25, "A4": 7, "B1": 3, "B2": 0.1, "B3": -4.75, "B4": 2, "C1": 6, "C2": 1, "C3": 9
}  # fmt: skip
MIXED = {"D1": True, "D2": "word", "D3": "12.5", "D4": "#N/A", "E1": False}
SCALARS = [
    "=A1+A2*A3-A4/B1", "=-A2^2", "=(1+A4)^B4^B4", "=2^-A4", "=A1%*B1", "=A1- -B2", "=+A1", "=1E-5*A1", "=ABS(A2)+SIGN(A2)",
    "=SQRT(A4)*EXP(-A1)", "=LN(A4)-LOG10(A4)+LOG(A4)+LOG(A4,2)", "=INT(B3)", "=TANH(A1)+SINH(A1)*COSH(A2)",
    "=ASIN(A3)+ACOS(A3)-ATAN(B3)", "=DEGREES(PI())+RADIANS(A4)", "=POWER(A1,A2)", "=POWER(A2,A3)", "=1/(1+EXP(-A1))",
    "=A1>A2", "=A1<=A2", "=A1<>A2", "=A1=1.5", "=A1>=A2", "=A1<A2", "=NOT(A1>A2)", "=IF(A1>A2,A3,A4)", "=IF(A1<A2,A3)",
    "=IFERROR(1/Z9,A1)", "=1/Z9", "=SQRT(A2)", "=LN(0)", '=D2&"-"&A4', '=D2="WORD"', "=D3+1", "=D2+1", "=D1+A1", "=D4+A1",
    "=IF(D1,D2,A1)", "=D2>A1", "=D1>D2", "=Z9", "=Z9=0", '=Z9=""', "=AND(A1,D1)", "=OR(E1,A1>A2)",
]  # fmt: skip
RANGES = [
    "=SUM(A1:B4)", "=SUM(A1:A4,B1,2)", "=AVERAGE(A1:C4)", "=MIN(A1:C4)", "=MAX(A1:A4,B3)", "=COUNT(A1:C4)", "=SUMSQ(A1:A4)",
    "=SUMPRODUCT(A1:A4,B1:B4)", "=-1/4*SUMPRODUCT(A1:A4*EXP(B1:B4)+(1-A1:A4)*ABS(B1:B4))", "=SUM(D4,A1)",
    "=SUMPRODUCT((A1:A4>1)*B1:B4)", "=AND(A1:B4)", "=OR(A1:B4)", "=SUM(MMULT(A1:B2,B1:C2))", "=SUM(Z1:Z9)", "=AVERAGE(Z1:Z9)",
    "=SUM({1,2;3,-4})", "=SUMPRODUCT(--A1:A4,B1:B4)",
]  # fmt: skip
AREAS = {
    "F1:G2": "{=MMULT(A1:B2,B1:C2)}", "F3:F6": "{=1/(1+EXP(-A1:A4))}", "F7:I7": "{=TRANSPOSE(A1:A4)}", "F8:F10": "{=A1:A2}",
    "F11:F14": "{=IF(A1:A4>1,A1:A4,-B1:B4)}", "F15:H15": "{=1/4*MMULT(TRANSPOSE(A1:A3),A1:C3)}", "F16:G17": "{=SUM(A1:A4)}",
    "F18:G19": "{=A1:A2*B1:C1}", "F20": "{=SUM(A1:A4*B1:B4)}", "F21:F23": "{=IFERROR(1/Z1:Z3,A1:A3)}", "F24:F25": "{=Z1:Z2}",
    "F26:F27": "{=MMULT(A1:B2,A1:A4)}", "K1": "=SUM(F1:G2)+F9", "K2": "=F10", "K3": "=I7*F15",
}  # fmt: skip


def test_every_trusted_function_is_held_to_the_witness():
    """A function added to the allow-list without a formula below would be trusted on nobody's word."""
    formulas = [(formula, False) for formula in SCALARS + RANGES] + [
        (content.strip("{}"), content.startswith("{")) for content in AREAS.values()
    ]
    used = {step.name for text, array in formulas for step in compile_shape(dissect(text, str)[0], array).steps}
    assert used == set(core.FUNCTIONS)


def test_the_engines_agree_on_scalars_ranges_and_array_areas(tmp_path):
    """Each function once or more, on numbers, blanks, texts, truth values and errors for which both follow Excel."""
    live = {f"J{row}": formula for row, formula in enumerate(SCALARS + RANGES, start=1)}
    computed, refused = agreement(workbook(tmp_path, S=NUMBERS | MIXED | live | AREAS))
    assert (computed, refused) == (len(live) + 41, 0)


def test_the_engines_agree_across_sheets_and_names(tmp_path):
    """A reference that finds the wrong sheet computes something plausible."""
    first = {"A1": 1.5, "A2": 2.5, "A3": "='My Sheet'!A1*A1", "B1": "=SUM('My Sheet'!A1:B2)*RATE", "B2": "=SUM(line)"}
    second = {"A1": 10, "A2": 20, "B1": 0.5, "B2": "=S!A1+A1", "C1:C2": "{=A1:A2*S!A1:A2}", "D1": "=s!$A$2+rate"}
    third = {"A1": "='My Sheet'!$C$2+S!B2", "A2": "='größe'!A1"}
    names = {"rate": "'My Sheet'!$B$1", "line": "S!$A$1:$A$3"}
    book = workbook(tmp_path, names, **{"S": first, "My Sheet": second, "Größe": third})
    assert agreement(book) == (9, 0)


OPERATIONS = {
    1: ["-{0}", "({0})%", "ABS({0})", "SQRT({0})", "EXP({0})", "LN({0})", "LOG10({0})", "LOG({0})", "SIGN({0})", "TANH({0})",
        "SINH({0})", "COSH({0})", "ASIN({0})", "ACOS({0})", "ATAN({0})", "DEGREES({0})", "RADIANS({0})", "1/(1+EXP(-{0}))"],
    2: ["({0}+{1})", "({0}-{1})", "{0}*{1}", "{0}/({1})", "POWER({0},{1})", "LOG({0},{1})", "IFERROR({0},{1})"],
    4: ["IF({0}<{1},{2},{3})", "IF(NOT({0}>={1}),{2},{3})", "IF(({0}>{1})=({2}<>{3}),{0},{3})", "({0}>{1})*{2}-{3}",
        "IF(({0}>{1})<{2},{3},{0})"],
}  # fmt: skip


@functools.cache
def numeric(leaves, choosing=True):
    """Nested formulas, without their ``=``, over these leaves; ``choosing`` with IF, of which ExcelModel spreads a branch."""

    def nest(inner):
        operations = {n: [f for f in forms if choosing or "IF(" not in f] for n, forms in OPERATIONS.items()}
        return st.one_of([st.builds(str.format, st.sampled_from(f), *[inner] * n) for n, f in operations.items()])

    return st.recursive(st.sampled_from(leaves), nest, max_leaves=8)


# Not to be nested: their overflow, or what they make of a huge or a negative number, is a difference that has its own test.
FLAT = (
    "(A1^2)", "((1+ABS(B1))^B2)", "INT(B3)", "SUMSQ(A1:B4)", "SUMPRODUCT(A1:B2,A3:B4)", "SUM(MMULT(B1:B2,A4:B4))"
)  # fmt: skip
# numpy, and so ExcelModel, adds up to seven numbers in order, as Excel does, and more of them in pairs.
AGGREGATES = ("SUM(A1:B3)", "AVERAGE(A2:B3)", "MIN(A1:B4)", "MAX(B1:B4)", "COUNT(A1:B4)")


@st.composite
def sheets(draw):
    """Eight constants, some of them left blank; formulas that may use the formulas above them; and two array areas."""
    number = st.floats(-9, 9) | st.integers(-9, 9).map(float)
    constants = {f"{column}{row}": draw(number) for column in "AB" for row in range(1, 5)}
    for address in draw(st.sets(st.sampled_from(["A1", "A2", "A3"]), max_size=2)):
        del constants[address]
    leaves = ("A1", "A2", "A3", "A4", "B1", "B2", "$B$3", "B4", "2", "0.5", "PI()", *FLAT, *AGGREGATES)
    live = {}
    for row in range(1, 6):
        live[f"C{row}"] = f"={draw(numeric(leaves))}"
        leaves += (f"C{row}", f"SUM(C1:C{row},A1)", f"MAX(C1:C{row})")
    columns = (
        "B1:B4",
        "A1:A4",
        "(B1:B4*A1:A4)",
        "A1",
        "3",
        "MMULT(TRANSPOSE(B1:B4),B1:B4)",
        "TRANSPOSE(TRANSPOSE(A1:A4))",
    )
    live["D1:D4"] = f"{{={draw(numeric(columns, False))}}}"
    live["E1"] = f"{{=SUM({draw(numeric(columns, False))})}}"
    return constants, live


def test_the_engines_agree_on_random_sheets(tmp_path):
    """Nobody thinks of every nesting; the constants go to both engines as they are, since ExcelModel rounds those it reads."""
    counts = []

    @examples(60)
    @given(sheets())
    def agree(sheet):
        constants, live = sheet
        book = workbook(tmp_path, S=dict.fromkeys(constants, 1) | live)
        counts.append(agreement(book, {at(address): value for address, value in constants.items()}))

    agree()
    computed, refused = map(sum, zip(*counts, strict=True))
    assert computed > 3 * refused


# --- shapes ----------------------------------------------------------------------------------------------------------

NUMBERED = [
    "=IF(@>0.3,@-0.3,0)", "=@*5%", "=-1*@", "=ROUND(@,-2)", "=2^@+@^2", "=1E1+@+.5+5.", "=@--2", "=10-@^-2", "=1+1+@+1",
    "=@*2+@*2", "=12345678901234567890*@", "=LOG10(ABS(@)+10)+1", "=SUM(1,2,@)", "=IF(@=1,-2,+3)", "=IF(@>1,,2)+1", "=(@+1)%",
    '=IF(@>1,"5",5)&"2"', "=CHOOSE(2,@,3*@)", "=LEFT(12.50,4)*@", "=1/3", "=5", "=MAX(@,-0.0)", "=SUM({1,2;3,4})*@", "=MOD(@,3)",
]  # fmt: skip


@pytest.mark.parametrize("text", NUMBERED)
def test_a_shape_compiled_with_other_numbers_gives_what_it_gives_by_itself(text):
    """Shapes that differ in numbers alone are compiled once; a number at the wrong place would be a wrong value."""
    shape = text.replace("@", CELL_MARK)
    one, other = compile_shape(shape, False), compile_alone(shape, False)
    for operand in (0.0, 1.0, 0.3, -2.5, 7.25, 1e3):
        given = [operand] * shape.count(CELL_MARK)
        assert repr(one.run(list(given))) == repr(other.run(list(given)))


def test_a_number_beyond_excel_s_is_refused_as_by_itself():
    """Excel takes no 1E400; as infinity it would be larger than every value, and a formula with it right."""
    for compiled in (compile_shape, compile_alone):
        with pytest.raises(Refusal):
            compiled(f"=IF({CELL_MARK}<1E400,1,0)", False)


def test_shapes_that_differ_in_numbers_are_parsed_once():
    """A sheet may have thousands of formulas with a limit of their own each."""
    compile_alone.cache_clear()
    for number in range(100):
        compile_shape(f"=IF({CELL_MARK}>{number}.5,{CELL_MARK}*{number},0)", False)
    assert compile_alone.cache_info().misses == 1


# --- kernels ---------------------------------------------------------------------------------------------------------


def in_lanes(shape, lanes):
    """What a shape's kernels make of a float or a column of floats for each of its marks, in each lane; and its program.

    None where the shape is refused or has no kernels; a lane that these leave odd, or that a reading decides, has no value.
    """
    try:
        program = compile_shape(shape, False)
    except Refusal:
        return None
    sizes = [len(argument) if isinstance(argument, list) else 1 for argument in lanes[0]]
    made = plan(program, [(size, 1) for size in sizes])
    if made is None:
        return None
    how = Lanes(len(lanes), Words(), rounded=False)
    arguments = [
        LaneOperand(np.array([lane[k] for lane in lanes], float).reshape(len(lanes), size).T.reshape(
            (len(lanes),) if size == 1 else (size, 1, len(lanes))
        ))
        for k, size in enumerate(sizes)
    ]  # fmt: skip
    with np.errstate(all="ignore"):
        values, kinds, _ = made.run(how, arguments)
    values = np.broadcast_to(values, (len(lanes),)) + 0.0
    kinds = np.zeros(len(lanes), int) if kinds is None else np.broadcast_to(kinds, (len(lanes),))
    found = []
    for number, lane in enumerate(lanes):
        if kinds[number] == ODD or (how.decided is not None and how.decided[number]):
            continue
        tables = [
            to_table(list(np.atleast_1d(np.array(each, float))), (size, 1))
            for each, size in zip(lane, sizes, strict=True)
        ]
        try:
            with np.errstate(all="ignore"), reading(rounded=False):
                alone = to_values(program.run(tables), (1, 1))[0]
        except Refusal as reason:
            alone = Unsupported(str(reason))
        found.append((decode(float(values[number]), int(kinds[number]), Words()), alone))
    return found


def test_kernels_add_up_ranges_of_every_length_as_programs_do():
    """numpy adds pairwise from some length on, and so ends in another digit than a loop does."""
    draw = random.Random(7).gauss
    for length in range(2, 41):
        lanes = [[numbers] for numbers in ([-0.0] * length, *([draw(0, 1) for _ in range(length)] for _ in range(30)))]
        for kernel, alone in in_lanes(f"=SUM({RANGE_MARK})", lanes):
            assert bits(kernel) == bits(alone), f"{length} numbers"


C, R = CELL_MARK, RANGE_MARK


def test_a_branch_without_a_kernel_is_left_to_the_program_whatever_the_condition_is():
    """The program computes both branches; that the condition is an error is no reason to skip one that it refuses."""
    assert in_lanes(f"=IF(1/{C},2,LOG({C},{C}))", [[0.0, 2.0, 1.0]]) == []
    assert in_lanes(f"=IF(1/{C},2,LOG({C},{C}))", [[0.0, 2.0, 3.0]]) == [(ErrorValue("#DIV/0!"),) * 2]


SHAPE_LEAVES = (
    C, C, C, "2", "0.1", "1E-9", f"SUM({R})", f"SUM({C},{R},{C}*{C},{R})", f"({C}^{C})", f"{C}^2", f"INT({C})"
)  # fmt: skip


def test_kernels_have_the_bits_of_programs():
    """A kernel is a second implementation; it may only say what the first says, or leave the lane to it."""
    number = st.floats(allow_nan=False, allow_infinity=False) | st.floats(-10, 10) | st.integers(-3, 3).map(float)
    compared = []

    @examples(300)
    @given(numeric(SHAPE_LEAVES), st.data())
    def agree(text, data):
        marks = [mark for mark in text if mark in (C, R)]
        lengths = [data.draw(st.integers(2, 40)) if mark == R else 1 for mark in marks]
        lanes = [
            [
                data.draw(st.lists(number, min_size=size, max_size=size)) if mark == R else data.draw(number)
                for mark, size in zip(marks, lengths, strict=True)
            ]
            for _ in range(3)
        ]
        for kernel, alone in in_lanes(f"={text}", lanes) or ():
            compared.append(text)
            if isinstance(kernel, float) and isinstance(alone, float):
                assert bits(kernel) == bits(alone)
            else:
                assert kernel == alone

    agree()
    assert len(compared) > 100


# --- one session, many recalculations --------------------------------------------------------------------------------

CHAIN = {
    "A1": 2, "B1": "=A1*3", "C1": "=B1+Z1", "D1:D3": "{=A1*E1:E3}", "E1": 1, "E2": 10, "E3": 100, "F1": "=SUM(D1:D3)"
}  # fmt: skip
FIRST = {"B1": 6.0, "C1": 6.0, "D1": 2.0, "D2": 20.0, "D3": 200.0, "F1": 222.0}


@pytest.mark.parametrize(
    ("overrides", "changed"),
    [
        ({"A1": 3.0}, {"B1": 9.0, "C1": 9.0, "D1": 3.0, "D2": 30.0, "D3": 300.0, "F1": 333.0}),
        ({"B1": 7.5}, {"C1": 7.5}),
        ({"D2": -1.0}, {"F1": 201.0}),
        ({"D1": 0.0, "D2": 0.0, "D3": 1.0}, {"F1": 1.0}),
        ({"Z1": 1.0}, {"C1": 7.0}),
        ({"A1": ErrorValue("#N/A"), "D2": 1.0}, dict.fromkeys(["B1", "C1", "D1", "D3", "F1"], ErrorValue("#N/A"))),
        ({"E2": BLANK}, {"D2": 0.0, "F1": 202.0}),
        ({"Y9": 5.0}, {}),
    ],
)
def test_an_override_stands_in_for_a_constant_a_formula_a_member_of_an_area_or_a_blank(tmp_path, overrides, changed):
    """Blame rests on this: a formula judged on given values must see these and no others; and nothing may stay behind."""
    session = find_engine("formulas").load(workbook(tmp_path, S=CHAIN))
    first = session.recalculate({})
    assert {address: first[at(address)] for address in FIRST} == FIRST
    expected = FIRST | overrides | changed
    values = session.recalculate({at(address): value for address, value in overrides.items()})
    assert {address: values[at(address)] for address in expected} == expected
    assert session.recalculate({}) == first


def test_forcing_cells_to_their_own_values_changes_nothing(tmp_path):
    """Teacher forcing with a reference that agrees must find agreement."""
    session = find_engine("formulas").load(workbook(tmp_path, S=CHAIN))
    values = session.recalculate({})
    for address in FIRST:
        assert session.recalculate({at(address): values[at(address)]}) == values


def test_an_override_on_an_unsupported_formula_frees_what_depends_on_it(tmp_path):
    """Given the value, nobody needs the formula."""
    session = find_engine("formulas").load(workbook(tmp_path, S={"A1": "=NOW()", "B1": "=A1+1"}))
    assert isinstance(session.recalculate({})[at("B1")], Unsupported)
    assert session.recalculate({at("A1"): 1.0})[at("B1")] == 2.0


def test_an_override_that_cuts_a_circle_lets_the_rest_be_computed(tmp_path):
    """A circular reference is judged by teacher forcing too: with A1 given, nothing is circular any more."""
    session = find_engine("formulas").load(workbook(tmp_path, S={"A1": "=B1", "B1": "=A1+1", "C1": "=B1*2"}))
    values = session.recalculate({at("A1"): 1.0})
    assert (values[at("B1")], values[at("C1")]) == (2.0, 4.0)
    assert isinstance(session.recalculate({})[at("C1")], Unsupported)


def test_a_mistake_in_the_code_is_raised_in_tests_and_an_unsupported_cell_elsewhere(tmp_path, monkeypatch):
    """A fast path or a function that fails for want of care would otherwise only make cells unsupported."""

    def mistaken(self, operands, block=(1, 1)):
        raise TypeError("a mistake")

    path = workbook(tmp_path, S={"A1": 2, "B1": "=A1&1"})
    monkeypatch.setattr(Program, "run", mistaken)
    with pytest.raises(TypeError, match="a mistake"):
        find_engine("formulas").load(path).recalculate({})
    monkeypatch.delenv("XLPARITY_STRICT")
    found = find_engine("formulas").load(path).recalculate({})[at("B1")]
    assert found == Unsupported("a formula on which the engine fails (TypeError: a mistake)")


def test_a_thousand_lookups_in_a_long_list_are_within_the_limits(tmp_path):
    """A price list and an invoice of usual sizes: ten million references, of which each takes some bytes."""
    prices = {f"A{k}": k for k in range(1, 5001)} | {f"B{k}": k * 1.5 for k in range(1, 5001)}
    lookups = {f"D{k}": f"=VLOOKUP({(k * 37) % 5000 + 1},$A$1:$B$5000,2,FALSE)" for k in range(1, 1001)}
    values = find_engine("formulas").load(workbook(tmp_path, S=prices | lookups)).recalculate({})
    found = {cell.row: value for cell, value in values.items() if cell.a1[0] == "D"}
    assert found == {k: ((k * 37) % 5000 + 1) * 1.5 for k in range(1, 1001)}
