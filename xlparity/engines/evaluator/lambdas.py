"""MAP, REDUCE, SCAN, BYROW, BYCOL and MAKEARRAY: the LAMBDA in each call is a program of its own, run once an element."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from formulas.functions import Array
from formulas.tokens.operand import XlError
from schedula import EMPTY

from xlparity.engines.evaluator.functions import Function
from xlparity.engines.evaluator.guards import Operand, Refusal, is_number
from xlparity.engines.evaluator.program import Program
from xlparity.excel.expand import ITERATED
from xlparity.excel.formula import (
    CELL_MARK,
    LINES_MARK,
    RANGE_MARK,
    end_of_call,
    split_arguments,
    tokens,
)
from xlparity.excel.prefixes import without_prefix

_MARKS = (CELL_MARK, RANGE_MARK, LINES_MARK)
_MOST_CALLS = 100_000  # of one LAMBDA in one formula and sample: some seconds
_TAKES = {"REDUCE": (2, 2), "SCAN": (2, 2), "BYROW": (1, 1), "BYCOL": (1, 1), "MAKEARRAY": (2, 2), "MAP": (1, 250)}
"""The least and the most arguments before the LAMBDA."""


def lifted(shape: str, compiled: Callable[[str], Program]) -> tuple[str, dict[str, Function]]:
    """The shape with a plain call in place of each that has a LAMBDA in it, and the functions that are called there.

    Their operands are those before the LAMBDA, and then the references inside it. ``compiled`` gives the program of the
    shape of a LAMBDA's body, in which its parameters are references too. Raises Refusal where a call is none of Excel's.
    """
    made: dict[str, Function] = {}
    while (
        call := next((t for t in tokens(shape) if t.kind == "function" and _name(t.text) in ITERATED), None)
    ) is not None:
        end = end_of_call(shape, call.end - 1)
        if end is None:
            raise Refusal("a formula that is not closed")
        name = _name(call.text)
        *before, function = split_arguments(shape, call.end, end - 1)
        parameters, body = _taken_apart(name, function)
        least, most = _TAKES[name]
        expected = len(before) if name == "MAP" else 1 if name in ("BYROW", "BYCOL") else 2
        if (
            not least <= len(before) <= most
            or not all(text.strip(" ") for text in before)
            or len(parameters) != expected
        ):
            raise Refusal(f"{name} with other arguments than Excel's, or without a first value")
        body_shape, sources, captured = _with_marks(body, parameters)
        iterated = _Iterated(name, compiled(f"={body_shape}"), tuple(sources), len(before))
        alias = f"{name}.{len(made) + 1}"
        made[alias] = Function(iterated, "matrix", sees_references=True)
        shape = f"{shape[: call.start]}{alias}({','.join([*before, *captured])}){shape[end:]}"
    return shape, made


def _name(text: str) -> str:
    return without_prefix(text[:-1])


def _taken_apart(name: str, function: str) -> tuple[list[str], str]:
    """The parameters of a LAMBDA and its body."""
    function = function.strip(" ")
    found = tokens(function)
    if not found or found[0].start or _name(found[0].text) != "LAMBDA":
        raise Refusal(f"{name} without a LAMBDA")
    if end_of_call(function, found[0].end - 1) != len(function):
        raise Refusal(f"{name} of something computed from a LAMBDA")
    *parameters, body = (text.strip(" ") for text in split_arguments(function, found[0].end, len(function) - 1))
    return parameters, body


def _with_marks(body: str, parameters: Sequence[str]) -> tuple[str, list[int], list[str]]:
    """The body with marks for its parameters, where the operand of each mark comes from, and the marks of its own.

    An operand comes from the parameter of that number or, where the number is negative, from the references in the body,
    the last of which is -1.
    """
    names = {token.start: token for token in tokens(body) if token.kind == "name" and token.text in parameters}
    shape, places = "", [place for place, character in enumerate(body) if character in _MARKS]
    sources: list[int] = []
    position = 0
    for place in sorted([*names, *places]):
        token = names.get(place)
        shape += body[position:place] + (body[place] if token is None else RANGE_MARK)
        sources.append(places.index(place) - len(places) if token is None else parameters.index(token.text))
        position = place + 1 if token is None else token.end
    shape += body[position:]
    return shape, sources, [body[place] for place in places]


@dataclass(frozen=True, slots=True)
class _Iterated:
    """Such a function with the program of its LAMBDA; ``sources`` says what the operands of this are, ``_with_marks`` how."""

    name: str
    program: Program
    sources: tuple[int, ...]
    arguments: int

    def __call__(self, operands: Sequence[Operand], references: Sequence[bool]) -> Operand:
        """The result of the whole call; ``operands`` are its arguments, and the references inside the LAMBDA."""
        given, inside = operands[: self.arguments], operands[self.arguments :]
        within = references[self.arguments :]
        sources = [(source, source >= 0) for source in self.sources]

        def called(*parameters: tuple[Operand, bool]) -> Operand:
            chosen = [parameters[n] if own else (inside[n], within[n]) for n, own in sources]
            computed = [slot for slot, (_, reference) in enumerate(chosen) if not reference]
            return self.program.run([operand for operand, _ in chosen], computed=computed)

        return getattr(self, f"_{self.name.lower()}")(called, given, references)

    def _single(self, result: Operand) -> Any:
        """What the LAMBDA gives for one element: a single value, of which Excel makes an array."""
        if isinstance(result, np.ndarray):
            if result.size > 1:
                raise Refusal(f"an array as one element of what {self.name} gives")
            result = result.ravel()[0]
        if result is EMPTY:
            raise Refusal(f"a blank as one element of what {self.name} gives")
        return result

    def _table(self, operand: Operand) -> Any:
        table = np.atleast_2d(np.asarray(operand, object))
        if table.size > _MOST_CALLS:
            raise Refusal(f"{self.name} over more than {_MOST_CALLS:,} elements")
        return table

    def _map(self, called: Callable[..., Operand], given: Sequence[Operand], references: Sequence[bool]) -> Operand:
        tables = [self._table(operand) for operand in given]
        shape = tables[0].shape
        if any(table.shape != shape for table in tables):
            raise Refusal("MAP over arrays of several sizes")
        return _filled(
            shape, lambda at: self._single(called(*[(t[at], r) for t, r in zip(tables, references, strict=False)]))
        )

    def _reduce(self, called: Callable[..., Operand], given: Sequence[Operand], references: Sequence[bool]) -> Operand:
        total, own = given[0], references[0]
        for value in self._table(given[1]).ravel().tolist():
            total, own = called((total, own), (value, references[1])), False
        return total

    def _scan(self, called: Callable[..., Operand], given: Sequence[Operand], references: Sequence[bool]) -> Operand:
        total, own = given[0], references[0]
        table = self._table(given[1])
        found = []
        for value in table.ravel().tolist():
            total, own = self._single(called((total, own), (value, references[1]))), False
            found.append(total)
        rest = iter(found)
        return _filled(table.shape, lambda _: next(rest))

    def _byrow(self, called: Callable[..., Operand], given: Sequence[Operand], references: Sequence[bool]) -> Operand:
        table = self._table(given[0])
        found = [self._single(called((_operand(table[n : n + 1]), references[0]))) for n in range(table.shape[0])]
        return _filled((len(found), 1), lambda at: found[at[0]])

    def _bycol(self, called: Callable[..., Operand], given: Sequence[Operand], references: Sequence[bool]) -> Operand:
        table = self._table(given[0])
        found = [self._single(called((_operand(table[:, [n]]), references[0]))) for n in range(table.shape[1])]
        return _filled((1, len(found)), lambda at: found[at[1]])

    def _makearray(
        self, called: Callable[..., Operand], given: Sequence[Operand], references: Sequence[bool]
    ) -> Operand:
        for size in given:
            if isinstance(size, XlError):
                return size
            if not is_number(size) or size < 1 or size != int(size):
                raise Refusal("MAKEARRAY of a size that is no whole number of cells")
        rows, columns = (int(size) for size in given)
        if rows * columns > _MOST_CALLS:
            raise Refusal(f"{self.name} of more than {_MOST_CALLS:,} elements")
        return _filled(
            (rows, columns), lambda at: self._single(called((float(at[0] + 1), False), (float(at[1] + 1), False)))
        )


def _operand(table: Any) -> Operand:
    """A table as an operand: its element where it has but one."""
    return table.view(Array) if table.size > 1 else table.ravel()[0]


def _filled(shape: tuple[int, int], element: Callable[[tuple[int, ...]], Any]) -> Operand:
    """A table of these elements, each made once, row by row."""
    table = np.empty(shape, object)
    for at in np.ndindex(shape):
        table[at] = element(at)
    return table.view(Array)
