"""The keys of a spec file, once: the reader checks by this table, and the printed reference and the JSON Schema are made of it.

What no schema can state (that an address lies on the grid, that two places have one shape, that ``low`` is below ``high``)
is for the reader and the binder.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from xlparity.excel.address import MAX_ROW
from xlparity.excel.locales import ENGLISH, LOCALES

FILE = "parity.schema.json"
LINE = f"#:schema ./{FILE}"
"""The first line of a spec file: editors such as Even Better TOML read the schema that lies beside the spec."""

LARGEST_NUMBER = 1e100  # products of a few such numbers are still finite


class ValueKind(NamedTuple):
    """What a value may be: in words, which follow "is", as a JSON Schema, and as a function that checks a value."""

    words: str
    schema: Mapping[str, Any]
    holds: Callable[[Any], bool]


class Key(NamedTuple):
    """A key of a table: its meaning, an example in TOML, and the default.

    ``meaning`` is a phrase, which an error about the key repeats; ``more`` are sentences for the reference. ``default`` is
    a value in TOML, or in words what happens.
    """

    name: str
    kind: ValueKind
    meaning: str
    example: str
    default: str = ""
    more: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class KeyTable:
    """A table of a spec file: its name in the reference, one sentence about it, its keys, and what its keys exclude."""

    name: str
    about: str
    keys: tuple[Key, ...]
    rule: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Key:
        return self.by_name[name]

    @property
    def by_name(self) -> dict[str, Key]:
        """The keys by their names, in the order in which they are documented."""
        return {key.name: key for key in self.keys}

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the table."""
        required = [key.name for key in self.keys if key.required]
        return {
            "type": "object",
            "description": self.about,
            "properties": {key.name: _property(key) for key in self.keys},
            **({"required": required} if required else {}),
            "additionalProperties": False,
            **self.rule,
        }


def is_text(value: object) -> bool:
    """Whether it is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object, least: float = -LARGEST_NUMBER) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= LARGEST_NUMBER


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ROW


def _is_list(value: object, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(of, value))


# What no address, name or part of a table contains; \w would mean other letters to other programs.
_WORD = r"[^\s!-#%-,\-/:->@^`{-~\[\]]+"
_PATTERN = {
    "pattern": rf"^\s*(?:(?:'(?:[^']|'')+'|[^'!\[\]:]+)!)?{_WORD}(?::{_WORD}|\[[\s\S]*\])?\s*$",
}
_ADDRESS = {"type": "string", **_PATTERN}
# What is an address or something else is one schema and no "anyOf", whose errors say nothing but that none holds: a pattern
# is for texts only, and properties are for tables only.
_OR_TABLE = {"type": ["string", "object"], **_PATTERN}
_OR_LIST = {"type": ["string", "array"], **_PATTERN, "items": _ADDRESS, "minItems": 1}
_NUMBER = {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
_PLACE = {"type": "integer", "minimum": 1, "maximum": MAX_ROW}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


TEXT = ValueKind("a text", {"type": "string"}, lambda value: isinstance(value, str))
REASON = ValueKind("the reason, a text", {"type": "string", "pattern": r"\S"}, is_text)
NAME = REASON._replace(words="a name")
FLAG = ValueKind("true or false", {"type": "boolean"}, lambda value: isinstance(value, bool))
NUMBER = ValueKind("a number, of at most 1e100", _NUMBER, _is_number)
TOLERANCE = ValueKind(
    "a number that is not negative, of at most 1e100", {**_NUMBER, "minimum": 0}, lambda value: _is_number(value, 0)
)
CHOICES = ValueKind(
    "a list of numbers, of texts, or of true and false",
    {
        "type": "array",
        "minItems": 1,
        "anyOf": [{"items": _NUMBER}, {"items": {"type": "string"}}, {"items": {"type": "boolean"}}],
    },
    lambda value: any(
        _is_list(value, of) for of in (_is_number, lambda one: isinstance(one, str), lambda one: isinstance(one, bool))
    ),
)
PLACE = ValueKind("a whole number from 1 on", _PLACE, _is_place)
PLACES = ValueKind(
    "a list of whole numbers from 1 on, each once on a sheet",
    {"type": "array", "items": _PLACE, "minItems": 1},
    lambda value: _is_list(value, _is_place) and bool(value),
)
STEP = ValueKind(
    "two whole numbers from 1 on, of rows and of columns",
    {"type": "array", "items": _PLACE, "minItems": 2, "maxItems": 2},
    lambda value: _is_list(value, _is_place) and len(value) == 2,
)
LABEL = ValueKind(
    "a text with {n} in it",
    {"type": "string", "pattern": r"\{n\}"},
    lambda value: isinstance(value, str) and "{n}" in value,
)
SHEETS = ValueKind(
    "a text with {n} in it, or a list of sheets",
    {"type": ["string", "array"], "pattern": r"\{n\}", "items": {"type": "string", "pattern": r"\S"}, "minItems": 1},
    lambda value: LABEL.holds(value) or (bool(value) and _is_list(value, is_text)),
)
ADDRESS = ValueKind("an address", _ADDRESS, lambda value: isinstance(value, str))
ADDRESSES = ValueKind(
    "an address, or a list of them",
    _OR_LIST,
    lambda value: isinstance(value, str) or (bool(value) and _is_list(value, ADDRESS.holds)),
)
PERCENT = ValueKind(
    "a number from 0 to 100",
    {"type": "number", "minimum": 0, "maximum": 100},
    lambda value: _is_number(value, 0) and value <= 100,
)
UNIT = ValueKind(
    "a number above 0, of at most 1e100",
    {**_NUMBER, "minimum": 1e-6},
    lambda value: _is_number(value, 1e-6),
)
REVIEW = "review"
SHARE = ValueKind(
    'a number from 0 to 1, or "review"',
    {"type": ["number", "string"], "minimum": 0, "maximum": 1, "pattern": f"^{REVIEW}$"},
    lambda value: value == REVIEW or (_is_number(value, 0) and value <= 1),
)
WEIGHTS = ValueKind(
    "a table of checks, each with a number that is not negative",
    {"type": "object", "additionalProperties": {**_NUMBER, "minimum": 0}},
    lambda value: isinstance(value, dict) and all(_is_number(held, 0) for held in value.values()),
)
ALLOWED = ValueKind('"allowed", or left out', {"const": "allowed"}, lambda value: value == "allowed")
LOCALE = ValueKind(
    f"one of {', '.join(LOCALES)}",
    {"enum": [*LOCALES]},
    lambda value: isinstance(value, str) and value in LOCALES,
)
TABLE = ValueKind("a table", {"type": "object"}, lambda value: isinstance(value, dict))
TABLES = ValueKind("a list of tables", {"type": "array"}, lambda value: _is_list(value, TABLE.holds))


def moment(value: date | str) -> datetime:
    """The moment that a date, a date and a time, or the text of one is; raises ValueError where it is none."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if isinstance(found, datetime) else datetime(found.year, found.month, found.day)


def _is_moment(value: object) -> bool:
    if isinstance(value, str) and not re.match(_MOMENT, value):
        return False
    try:
        found = moment(value) if isinstance(value, date | str) else None
    except ValueError:
        return False
    return found is not None and found.tzinfo is None and found >= _FIRST_MOMENT


_FIRST_MOMENT = datetime(1904, 1, 2)  # of the later of Excel's two date systems
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)?$"
_NUMBERS = {"type": "array", "items": _NUMBER, "minItems": 1}


def _are_numbers(value: object) -> bool:
    return bool(value) and _is_list(value, _is_number)


END = ValueKind(
    "a number of at most 1e100, a date, or a list of numbers or of rows of them",
    {
        "type": ["number", "string", "array"],
        "minimum": -LARGEST_NUMBER,
        "maximum": LARGEST_NUMBER,
        "pattern": _MOMENT,
        "minItems": 1,
        "anyOf": [{"items": _NUMBER}, {"items": _NUMBERS}],
    },
    lambda value: (
        _is_number(value) or _is_moment(value) or _are_numbers(value) or (bool(value) and _is_list(value, _are_numbers))
    ),
)
MOMENT = ValueKind(
    "a date, or a date and a time, without a time zone, such as 2024-01-31T12:00:00",
    {"type": "string", "pattern": _MOMENT},
    _is_moment,
)


def _table(of: str) -> ValueKind:
    return TABLE._replace(schema=_ref(of))


def _quantities(of: str) -> ValueKind:
    """Names, each with an address or with a table of further keys."""
    schema = {"type": "object", "additionalProperties": _ref(of)}
    return TABLE._replace(words="a table of names and addresses", schema=schema)


_AT = Key(
    "at", ADDRESS, "where the values are", 'at = "B5:D8"', required=True,
    more="With blocks, the address in the first block.",
)  # fmt: skip
_TRANSPOSE = Key(
    "transpose", FLAG, "the sheet shows the array transposed", "transpose = true", "false",
)  # fmt: skip
_STEP = Key(
    "step", STEP, "the values are in every so many rows and columns of the range, from its first cell on", "step = [2, 2]",
    "[1, 1]", "They are one array for the reference, without the cells between.",
)  # fmt: skip
_RTOL = Key("rtol", TOLERANCE, "the relative tolerance", "rtol = 1e-7", "1e-9, or the project's")
_ATOL = Key("atol", TOLERANCE, "the absolute tolerance", "atol = 1e-6", "1e-12, or the project's")

ALSO = KeyTable("also", "Another place of an input's values.", (_AT, _TRANSPOSE, _STEP))

INPUT = KeyTable(
    "[inputs]",
    "What the reference is called with: for each parameter an address, or a table.",
    (
        _AT,
        Key(
            "every_block", FLAG, "the input is in each block, with the same values, and not in the first only",
            "every_block = true", "false",
            "Other values in each block, such as a month's rainfall, are one input: the range of them all, with step where "
            "the blocks are several rows apart. It is passed to the reference as a whole.",
        ),
        _STEP,
        Key(
            "also", TABLES._replace(schema={"type": "array", "items": _ref("also")}),
            "other places that contain the same values", 'also = [{ at = "B12:E14", transpose = true }]', "none",
            "Copies that differ are finding XP403; hard-coded copies where the other blocks have a formula are XP203.",
        ),
        Key(
            "low", END, "the least value in scenarios", "low = -2", "near the stored value",
            "Give it where smaller values make no sense, such as a rate below 0. It may be a list, of a number for each column "
            "or for each cell of a single column, or a list of rows, of which [[0], [1]] has a number for each row. Where it, or "
            "high, is a date, the reference is given dates.",
        ),
        Key("high", END, "the largest value in scenarios", "high = 2", "near the stored value"),
        Key("integer", FLAG, "scenarios have whole numbers only", "integer = true", "false"),
        Key(
            "choices", CHOICES, "the only values in scenarios", "choices = [0, 1]", "any number",
            "In place of low and high. The reference is given texts where they are texts, and booleans where they are booleans.",
        ),
        Key(
            "one_hot", FLAG, "each row has a 1 among zeros, also in scenarios", "one_hot = true", "false",
        ),
        Key(
            "blank", FLAG, "cells may be blank, also in scenarios", "blank = true", "false",
            "The reference is given a nan for a blank, or None where the input is a text.",
        ),
        Key(
            "frame", FLAG, "the input is a table whose first row has the names of its columns", "frame = true", "false",
            "The reference is given a DataFrame of pandas, with texts, dates, numbers and blanks as the sheet shows them. "
            "Scenarios change its numbers and truth values; its dates where low or high are dates, and its texts where the "
            "choices are texts, beside which there may be low and high for the others. A table such as Sales may be named "
            "without its headers.",
        ),
        Key(
            "draw", TEXT, "the Python function that draws the input, file.py:function or package.module:function",
            'draw = "training.py:rows"', "drawn by xlparity",
            "It is called with a numpy Generator and the stored values, once a scenario, and returns values of the same shape: "
            "rows that sum to one, sorted columns, symmetric matrices.",
        ),
        Key(
            "cut", FLAG, "its formulas are replaced by their stored values, which scenarios change", "cut = true",
            "false: scenarios change the constants on which they depend",
            "For a formula that the reference does not model, such as a lookup in a table of data. Formulas with RAND, NOW or "
            "TODAY are always cut. The report lists what was cut, since it is not verified.",
        ),
        Key(
            "vary", FLAG, "whether scenarios change the input", "vary = false", "true",
            "Set it to false where values only make sense together, such as one-hot rows.",
        ),
    ),
    {
        **_OR_TABLE,
        "allOf": [
            {
                "if": {
                    "type": "object",
                    "required": ["frame", "choices"],
                    "properties": {"frame": {"const": True}, "choices": {"items": {"type": ["string", "boolean"]}}},
                },
                "else": {"not": {"type": "object", "anyOf": [{"required": ["choices", end]} for end in ("low", "high")]}},
            },
            {
                "if": {"type": "object", "required": ["vary"], "properties": {"vary": {"const": False}}},
                "then": {"not": {"anyOf": [{"required": [name]} for name in ("low", "high", "choices")]}},
            },
            *(
                {
                    "if": {"type": "object", "required": [name], "properties": {name: held}},
                    "then": {"not": {"anyOf": [{"required": [other]} for other in others]}},
                }
                for name, held, others in (
                    ("one_hot", {"const": True}, ("low", "high", "choices", "integer", "blank", "draw")),
                    ("draw", {}, ("low", "high", "choices", "integer", "blank")),
                    ("frame", {"const": True}, ("also", "step", "one_hot", "draw")),
                )
            ),
        ]
    },
)  # fmt: skip

OUTPUT = KeyTable(
    "[outputs]",
    "What is compared, in every block: for each name that the reference gives an address, or a table. A name that is "
    "an input too is state: an input in the first block, an output in the later ones.",
    (
        _AT,
        Key(
            "every_block", FLAG, "the output is in each block, and not once in the workbook", "every_block = false", "true",
            "Set it to false for what exists once, such as a total or a final prediction. It is compared with the value that "
            "the reference gives in the last iteration, with whose number reports show it.",
        ),
        _STEP,
        _RTOL._replace(default="that of the check"),
        _ATOL._replace(default="that of the check"),
        _TRANSPOSE,
        Key("ignore_case", FLAG, "texts are compared without their case", "ignore_case = true", "false"),
        Key(
            "skip", REASON, "why the quantity is not compared", 'skip = "that cell contains a caption"', "compared",
            "Its cells are counted as skipped.",
        ),
        Key(
            "constants", ALLOWED, "accept hard-coded numbers in it that equal the reference in every scenario",
            'constants = "allowed"', "a constant is a finding",
            "For instance for the zeros of a triangular matrix. They are counted as accepted, not as matches.",
        ),
        Key(
            "points", TOLERANCE, "how many points 'xlparity grade' gives for the quantity", "points = 2", "1",
            "All or none: it earns them where each of its formulas is right on right precedents, even if an earlier mistake is "
            "carried forward. A hard-coded number earns nothing.",
        ),
        Key(
            "partial", FLAG, "the quantity earns the share of its cells that are right", "partial = true", "false",
            "Cells of iterations that are missing count among all.",
        ),
    ),
    _OR_TABLE,
)  # fmt: skip

BLOCKS = KeyTable(
    "[blocks]",
    "Where the iterations are; left out for a single pass. Give label, or rows, or columns, or first, step and count, or "
    "sheets, alone or beside one of these, or table. The cells of block n are those of the first block, moved by the "
    "distance between the two; distances may differ.",
    (
        Key(
            "label", LABEL, "the text that opens block n = 1, 2, …", 'label = "Epoch {n}"',
            more="A typed text on the check's sheet. Its case and spaces do not matter, and more text may follow.",
        ),
        Key("rows", PLACES, "the first row of each block", "rows = [2, 22, 42, 63]"),
        Key("columns", PLACES, "the first column of each block, as a number", "columns = [2, 8, 14]"),
        Key("first", PLACE, "the first row of the first block", "first = 2"),
        Key("step", PLACE, "how many rows the blocks are apart", "step = 20"),
        Key("count", PLACE, "how many blocks there are", "count = 10"),
        Key(
            "sheets", SHEETS, "the sheet of each block", 'sheets = "Step {n}"', "one sheet",
            "The sheets numbered 1, 2, … as far as there are any, or a list. Alone, the cells of a block are those of the "
            "first one, on the other sheet. Beside rows, columns or first, it is the sheet of each of these, which may "
            "repeat; beside label, the sheets on which the labels are. Addresses that name no sheet are on that of the first "
            "block, or on the check's sheet where it has one. An address on other numbered sheets has {n} as well, such as "
            "\"'Loss {n}'!B5\".",
        ),
        Key(
            "table", NAME, "the table whose rows are the blocks", 'table = "Loan"',
            more="Each row of data is a block, and an output at one of its columns, such as Loan[balance], is that column's cell "
            "in each row. An input at a column is all of it, unless it is state or has every_block = true.",
        ),
    ),
    {
        "oneOf": [
            *(
                {"required": [name], "properties": dict.fromkeys((name, "sheets"), True), "additionalProperties": False}
                for name in ("label", "rows", "columns")
            ),
            {
                "required": ["first", "step", "count"],
                "properties": dict.fromkeys(("first", "step", "count", "sheets"), True),
                "additionalProperties": False,
            },
            {"required": ["sheets"], "maxProperties": 1, "properties": {"sheets": {"uniqueItems": True}}},
            {"required": ["table"], "maxProperties": 1},
        ],
        "if": {"not": {"required": ["sheets"]}},
        "then": {"properties": {key: {"uniqueItems": True} for key in ("rows", "columns")}},
    },
)  # fmt: skip

LIMITS = KeyTable(
    "tolerance", "How far apart two numbers may be: |actual - expected| <= atol + rtol*|expected|.", (_RTOL, _ATOL)
)

ACCEPT = KeyTable(
    "[[accept]]",
    "A known difference: its cells are counted as accepted and shown, and do not fail the check.",
    (
        Key(
            "cells", ADDRESSES, "the cells that may differ", 'cells = ["P5:P8", "P18:P21"]', required=True,
            more="Of numbered sheets, those on each of them.",
        ),
        Key("reason", REASON, "why the difference is known and left", 'reason = "the course uses LOG"', required=True),
    ),
)  # fmt: skip

CLOCK = KeyTable(
    "[clock]",
    "The moment at which the workbook is computed.",
    (
        Key(
            "now",
            MOMENT,
            "what NOW gives, and TODAY without the time",
            "now = 2024-01-31T12:00:00",
            "no formula with NOW or TODAY is computed",
        ),
    ),
)

GRADE = KeyTable(
    "[grade]",
    "How 'xlparity grade' makes a grade of the quantities' points.",
    (
        Key("pass", PERCENT, "the percentage of the points from which on a submission passes", "pass = 60", "50"),
        Key("round", UNIT, "the total is rounded to a multiple of this, a half upwards", "round = 0.5", "0.01"),
        Key(
            "weights",
            WEIGHTS,
            "by what the points of each check are multiplied",
            "weights = { training = 2, history = 1 }",
            "1 for each",
        ),
        Key(
            "circular",
            SHARE,
            "the share of its points that a cell earns whose formula closes a circle",
            "circular = 0",
            "0",
            'With "review" a person decides: the points are neither given nor lost, and are listed as open.',
        ),
        Key(
            "unreadable",
            SHARE,
            "the share of its points that a cell earns which could not be assessed",
            'unreadable = "review"',
            '"review"',
            "Such a formula is not supported, or the reference gives nothing to compare it with: it may be right.",
        ),
    ),
)

_CHECK = (
    Key(
        "reference", TEXT, "the Python function, file.py:function or package.module:function",
        'reference = "training.py:train"', required=True,
        more="A file is relative to the spec file.",
    ),
    Key("sheet", TEXT, "the sheet's name, for addresses that name none", 'sheet = "Sheet1"', "each address names its own"),
    Key("tolerance", _table("tolerance"), "the tolerance of outputs that give none of their own",
        "tolerance = { rtol = 1e-9, atol = 1e-12 }", "the project's, else rtol 1e-9 and atol 1e-12"),
    Key("blocks", _table("blocks"), "where the iterations are", 'blocks = { label = "Epoch {n}" }', "a single pass"),
    Key("inputs", _quantities("input"), "what the reference is called with", 'inputs = { alpha = "B1" }', required=True),
    Key("outputs", _quantities("output"), "what is compared", 'outputs = { loss = "P9" }', required=True),
    Key("accept", TABLES._replace(schema={"type": "array", "items": _ref("accept")}), "known differences",
        'accept = [{ cells = "P5", reason = "known" }]', "none"),
)  # fmt: skip


def _here_or_in_each_check(key: str, more: Mapping[str, Any]) -> dict[str, Any]:
    given = {"required": [key], **({"properties": {key: more}} if more else {})}
    return {"anyOf": [given, {"properties": {"check": {"additionalProperties": given}}}]}


_NEEDED = {"reference": {}, "inputs": {}, "outputs": {"minProperties": 1}}

# What a check needs may be at the top as well, so neither table asks for it by itself; see the rule of SPEC.
CHECK = KeyTable(
    "[check.NAME]",
    "One of several checks of the workbook. The keys at the top of the file are its defaults, each of inputs and outputs "
    "by name; what both accept is added up.",
    tuple(key._replace(required=False) for key in _CHECK),
)

SPEC = KeyTable(
    "NAME.parity.toml",
    "Which cells of a workbook are which quantity, and which Python function computes them.",
    (
        Key("workbook", TEXT, "the workbook's path, relative to this file", 'workbook = "training.xlsx"', required=True,
            more="--workbook on the command line overrides it."),
        *_CHECK,
        Key("clock", _table("clock"), "the moment at which the workbook is computed", "clock = { now = 2024-01-31T12:00:00 }",
            "no formula with NOW or TODAY is computed"),
        Key("grade", _table("grade"), "how 'xlparity grade' grades submissions", "grade = { pass = 60 }",
            "each quantity 1 point"),
        Key("locale", LOCALE, "the region of the Excel that computes the workbook", 'locale = "de-DE"', ENGLISH.name,
            more="It decides how numbers are read from texts and written into them: of 1,5 or 1.5. What it decides beyond that, "
            "TEXT for one, is computed in English only. Other engines than formulas know English only."),
        Key("check", TABLE._replace(schema={"type": "object", "additionalProperties": _ref("check")}),
            "several checks of one workbook", 'check.forward.outputs = { z1 = "J5:J8" }', "the file is one check",
            "[check.NAME] is a table for each check, with the keys above except workbook."),
    ),
    {
        "required": ["workbook"],
        "if": {"required": ["check"], "properties": {"check": {"minProperties": 1}}},
        "then": {"allOf": [_here_or_in_each_check(key, more) for key, more in _NEEDED.items()]},
        "else": {"required": list(_NEEDED), "properties": {key: more for key, more in _NEEDED.items() if more}},
    },
)  # fmt: skip

TABLES_BY_NAME: Mapping[str, KeyTable] = {
    "spec": SPEC, "blocks": BLOCKS, "input": INPUT, "also": ALSO, "output": OUTPUT, "tolerance": LIMITS,
    "accept": ACCEPT, "clock": CLOCK, "grade": GRADE, "check": CHECK,
}  # fmt: skip
"""Every table, in the order of the reference, by its name in the JSON Schema."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a spec file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xlparity spec file",
        **SPEC.schema,
        "$defs": {name: table.schema for name, table in TABLES_BY_NAME.items() if table is not SPEC},
    }


def schema_text() -> str:
    """The JSON Schema as a file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def value_of(example: str) -> Any:
    """The value in an example of a key, a moment as a text."""
    (value,) = tomllib.loads(example).values()
    return json.loads(json.dumps(value, default=datetime.isoformat))


def _property(key: Key) -> dict[str, Any]:
    sentence = f"{key.meaning[:1].upper()}{key.meaning[1:]}."
    sentence += f" {key.more}" if key.more else ""
    default = {"true": {"default": True}, "false": {"default": False}}.get(key.default, {})
    sentence += f" Default: {key.default}." if key.default and not default else ""
    return {**key.kind.schema, "description": sentence, **default, "examples": [value_of(key.example)]}
