"""Excel's database functions: over a column of a table with headers, in the rows that meet one row of the criteria."""

import math
from collections.abc import Callable
from typing import Any

from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions.conditions import Matcher, matcher, same_text
from xlparity.engines.evaluator.functions.conversions import NUM, VALUE
from xlparity.engines.evaluator.functions.criteria import average
from xlparity.engines.evaluator.functions.signatures import Function, function
from xlparity.engines.evaluator.functions.statistics import cut, variance
from xlparity.engines.evaluator.guards import Refusal, is_number, is_text

Records = Callable[[list[Any]], Any]


def _never(_: Any) -> bool:
    return False


def _header(value: Any) -> str:
    """A header as it is compared: a truth value and a number as they are spelled."""
    if isinstance(value, bool):
        return guards.truth_word(value)
    if is_number(value):
        return f"{value:.15g}".replace(".", guards.locale().decimal)
    return value if is_text(value) else ""


def _column(headers: list[Any], name: Any) -> int | None:
    """The first column with this header."""
    wanted = _header(name)
    if not wanted:
        return None
    return next((place for place, header in enumerate(headers) if same_text(_header(header), wanted)), None)


def _field(headers: list[Any], field: Any) -> int | None:
    """The column that the second argument means: by its header, or by its number."""
    if field is EMPTY:
        raise Refusal("a database function with no field")
    if is_text(field):
        return _column(headers, field)
    place = cut(float(field)) - 1
    return place if 0 <= place < len(headers) else None


def _conditions(headers: list[Any], criteria: Any) -> list[list[tuple[int, Matcher]]] | None:
    """Of each row of criteria the columns and what each must hold; None where a row asks for nothing."""
    if any(all(value is EMPTY for value in row) for row in criteria[1:]):
        return None
    return [
        [
            _condition(_column(headers, name), wanted)
            for name, wanted in zip(criteria[0], row, strict=True)
            if wanted is not EMPTY
        ]
        for row in criteria[1:]
    ]


def _condition(column: int | None, wanted: Any) -> tuple[int, Matcher]:
    if column is not None:
        return column, matcher(wanted, beginning=True)
    if not is_text(wanted):
        raise Refusal("a criterion under no header of the database")  # a computed one, which may be true or false
    return 0, _never  # a text is not true


def _chosen(database: Any, field: Any, criteria: Any) -> list[Any] | XlError:
    """What the field holds in the rows that are chosen; #VALUE! where there is no such field."""
    if len(database) < 2:
        return VALUE
    headers = database[0].tolist()
    if isinstance(field, XlError):
        return field
    place = _field(headers, field)
    if place is None:
        return VALUE
    if len(criteria) < 2:
        raise Refusal("criteria without a row below their headers")
    rows = database[1:].tolist()
    conditions = _conditions(headers, criteria)
    if conditions is None:
        return [row[place] for row in rows]
    return [
        row[place]
        for row in rows
        if any(all(meets(row[column]) for column, meets in condition) for condition in conditions)
    ]


def _over(call: Records) -> Function:
    """Over everything in the chosen rows."""

    def called(database: Any, field: Any, criteria: Any) -> Any:
        chosen = _chosen(database, field, criteria)
        return chosen if isinstance(chosen, XlError) else call(chosen)

    return function(called, "table scalar table", "aggregate")


def _over_numbers(call: Callable[[list[float]], Any]) -> Function:
    """Over the numbers in the chosen rows; the first error is the result."""

    def called(values: list[Any]) -> Any:
        errors = [value for value in values if isinstance(value, XlError)]
        return errors[0] if errors else call([float(value) for value in values if is_number(value)])

    return _over(called)


def _get(values: list[Any]) -> Any:
    if len(values) != 1:
        return NUM if values else VALUE
    if values[0] is EMPTY:
        raise Refusal("DGET of a blank")
    return values[0]


FUNCTIONS: dict[str, Function] = {
    "DSUM": _over_numbers(math.fsum),
    "DAVERAGE": _over_numbers(average),
    "DMAX": _over_numbers(lambda numbers: max(numbers, default=0.0)),
    "DMIN": _over_numbers(lambda numbers: min(numbers, default=0.0)),
    "DPRODUCT": _over_numbers(lambda numbers: math.prod(numbers) if numbers else 0.0),
    "DVAR": _over_numbers(variance(1, False)),
    "DVARP": _over_numbers(variance(0, False)),
    "DSTDEV": _over_numbers(variance(1, True)),
    "DSTDEVP": _over_numbers(variance(0, True)),
    "DCOUNT": _over(lambda values: float(sum(map(is_number, values)))),
    "DCOUNTA": _over(lambda values: float(sum(value is not EMPTY for value in values))),
    "DGET": _over(_get),
}

DATED = frozenset(FUNCTIONS)  # which take dates, or compare with texts that may be dates
