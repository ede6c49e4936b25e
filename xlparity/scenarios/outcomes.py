"""Outcomes of the decisions in formulas, and which of them occur in samples.

A decision is a comparison, a branch, a lookup, a choice of MIN or MAX, a rounding or a criterion. Agreement with the reference
is no evidence about an outcome that occurs in no sample: where ``IF(A1>100, …)`` should be ``>=``, only 100 itself shows it.

A decision is made measurable by a formula of its own, its probe, whose value says which outcome occurs. The engine computes
it beside the cell, on the values that the cell's formula reads. Of a decision within a branch, the probe has a value of its own
where the branch is not taken.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from xlparity.compare.expected import Bools
from xlparity.engines.evaluator.session import FormulasSession
from xlparity.excel.address import Cell, Range, column_letters, column_number, quoted
from xlparity.excel.ast import Node, binary, call, number, parse
from xlparity.excel.batch import NUMBER, REASON, Batch
from xlparity.excel.columns import Floats
from xlparity.excel.contents import DataTable, Formula
from xlparity.excel.decisions import branches, is_comparison, name_of
from xlparity.excel.fill import Filling
from xlparity.excel.workbook import Workbook
from xlparity.spec.binding import Input
from xlparity.spec.check import Check

_MAY_DECIDE = re.compile(
    r"[<>]|[^=]=|\b(?:IF|IFS|IFERROR|IFNA|SWITCH|CHOOSE|AND|OR|MIN|MAX|MEDIAN|[VHX]?LOOKUP|X?MATCH|INDEX|INT|TRUNC|EVEN|ODD|MOD"
    r"|M?ROUND(?:UP|DOWN)?|(?:CEILING|FLOOR)[A-Z.]*|(?:COUNT|SUM|AVERAGE|MAX|MIN)IFS?)\(",
    re.IGNORECASE,
)
_TO_WHOLE = frozenset((
    "INT", "TRUNC", "ROUNDUP", "ROUNDDOWN", "MROUND", "EVEN", "ODD", "CEILING", "FLOOR", "CEILING.MATH", "FLOOR.MATH",
    "CEILING.PRECISE", "FLOOR.PRECISE", "ISO.CEILING",
))  # fmt: skip
_ONE_CRITERION = frozenset(("COUNTIF", "SUMIF", "AVERAGEIF"))
_CRITERIA = {"COUNTIFS": 0, "SUMIFS": 1, "AVERAGEIFS": 1, "MAXIFS": 1, "MINIFS": 1}  # where their criteria begin
_WITH_FUNCTIONS = frozenset(("LAMBDA", "MAP", "REDUCE", "SCAN", "BYROW", "BYCOL", "MAKEARRAY", "LET"))
_OF_ARRAYS = frozenset(("SUMPRODUCT", "MMULT"))  # which compute with arrays in a plain cell as well
_MOST_ARGUMENTS = 30  # of AND, OR, MIN and MAX, each a power of two in a double
_MOST_ROWS = 1_000  # of a table that is looked up in
_ROUNDING = 1e-12  # relative; Excel's fifteen digits are 1e-15, and a few operations lose some of them
_LONGEST = 60  # letters of a formula's part in a description
_PLACE = re.compile(r"(?P<sheet>.*!)?(?P<c1>\$?[A-Za-z]+)(?P<r1>\$?[0-9]+):(?P<c2>\$?[A-Za-z]+)(?P<r2>\$?[0-9]+)")

_BEYOND = (
    9e99  # of probes in branches that are not taken: a number, which the kernels compute and an error value they do not
)
_NOT_TAKEN = Node("number", "9E+99")

_T = TypeVar("_T")
Within: TypeAlias = Callable[[Node], Node]
"""Puts a part of a formula where it is computed only if the formula computes it there."""


class Outcome(NamedTuple):
    """One outcome of a decision: what it is, and the values of the probe for which it occurs.

    ``distance`` is a formula that is 0 where the outcome begins, if there is one; the outcome is on its negative side, or
    where it is 0 if it is a ``tie``. Where the probe has none of the values ``among`` in any sample, if there are some, it is
    none of the decision's outcomes.
    """

    what: str
    codes: frozenset[float]
    distance: str | None = None
    tie: bool = False
    among: frozenset[float] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A decision of all ``cells`` with one relative formula; texts are those of the first cell.

    Its ``probe`` is computed as an array formula where it is in an ``array``. ``operands`` are what is compared or rounded,
    equal or half where the outcome is a tie.
    """

    cells: tuple[Cell, ...]
    probe: str
    array: bool
    outcomes: tuple[Outcome, ...]
    operands: tuple[str, ...] = ()


class _Found(NamedTuple):
    probe: Node
    array: bool
    outcomes: tuple[Outcome, ...]
    operands: tuple[str, ...] = ()


def decisions(check: Check, book: Workbook, cells: Iterable[Cell]) -> list[Decision]:
    """The decisions of the formulas in these cells, on which the check's outputs depend, in the order of the cells."""
    named = check.named
    of_input = {
        cell: given for given in check.inputs for places in given.places(check.cells.offsets) for cell in places
    }
    groups: dict[tuple[str, tuple[int, int]], list[Cell]] = {}
    relative = _Relative()
    for cell in dict.fromkeys(map(book.graph.anchor, cells)):
        formula = book.formula(cell)
        if formula is not None and cell not in named and may_decide(book, cell):
            groups.setdefault(relative.of(cell, formula), []).append(cell)
    found: list[Decision] = []
    for alike in sorted(map(sorted, groups.values())):
        formula = book.formula(alike[0])
        assert formula is not None  # as for all cells of the groups
        found += [Decision(tuple(alike), f"={one.probe}", *one[1:]) for one in _of(formula, alike, book, of_input)]
    return found


def may_decide(book: Workbook, cell: Cell) -> bool:
    """Whether the cell has a formula in which there may be a decision, as its text shows."""
    formula = book.formula(cell)
    return not (formula is None or isinstance(formula, DataTable)) and bool(_MAY_DECIDE.search(formula.text, 1))


class _Relative:
    """The relative formulas of cells; of one that was filled from the cell looked at before in its column or row, quickly."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, int, int], tuple[Cell, Filling, tuple[str, tuple[int, int]]]] = {}

    def of(self, cell: Cell, formula: Formula) -> tuple[str, tuple[int, int]]:
        """The relative formula and the shape of its area, the same for all cells that were filled from one another."""
        shape = formula.area.shape if formula.area is not None else (0, 0)
        lines = (cell.sheet, 0, cell.column), (cell.sheet, cell.row, 0)
        for line in lines:
            if line in self._before:
                at, filling, known = self._before[line]
                if known[1] == shape and filling.at(cell.row - at.row, cell.column - at.column) == formula.text:
                    self._before.update(dict.fromkeys(lines, (at, filling, known)))
                    return known
        filling = Filling(formula.text)
        found = filling.relative(cell.row, cell.column), shape
        self._before.update(dict.fromkeys(lines, (cell, filling, found)))
        return found


def _of(formula: Formula, cells: Sequence[Cell], book: Workbook, of_input: dict[Cell, Input[Range]]) -> list[_Found]:
    try:
        tree = parse(formula.text)
    except ValueError:
        return []  # of which no engine of ours computes much

    def never(text: str, value: float) -> bool:
        """Whether what this refers to, in all of the cells, is an input that never has the value."""
        filling = Filling(f"={text}")
        for cell in cells:
            own = filling.at(cell.row - cells[0].row, cell.column - cells[0].column)
            area = None if own is None else book.meant(own[1:], cell)
            given = _copied(area.first, book, of_input) if area is not None and area.size == 1 else None
            if given is None or not _excludes(given, value):
                return False
        return True

    reader = _Reader(lambda node: book.meant(node.word, cells[0]), never)
    reader.read(tree, lambda part: part, formula.area is not None)
    return list({(str(one.probe), one.outcomes): one for one in reader.found}.values())


class _Reader:
    """The decisions in one formula."""

    def __init__(self, meant: Callable[[Node], Range | None], never: Callable[[str, float], bool]) -> None:
        """``meant`` gives the cells of a reference, and ``never`` says that one never has a value."""
        self._meant, self._never = meant, never
        self.found: list[_Found] = []

    def read(
        self, node: Node, within: Within, array: bool, label: str | None = None, *, of_several: bool = False
    ) -> None:
        """Adds the decisions in this part of the formula; ``label`` is what a condition's outcomes are called.

        Of a comparison that is one ``of_several`` of AND or OR, these have the outcomes true and false.
        """
        if node.kind == "group":
            self.read(node.parts[0], within, array, label, of_several=of_several)
            return
        name = name_of(node)
        if node.kind == "applied" or name in _WITH_FUNCTIONS:
            return
        if name in _BRANCHING:
            _BRANCHING[name](self, node, name, within, array)
            return
        if is_comparison(node) and _refers(node):
            self._comparison(node, within, array, label or _short(node), only_equal=of_several)
        several = name in ("AND", "OR") and self._decides(node, array)
        if several:
            self._all_or_any(node, name, within, label or _short(node))
        elif name in _VALUED:
            _VALUED[name](self, node, name, within, array)
        for place, part in enumerate(node.parts):
            alone = _deciding(node, name, place, within) if several else within
            self.read(part, alone, array or name in _OF_ARRAYS, of_several=several)

    def _add(
        self,
        probe: Node,
        within: Within,
        array: bool,
        outcomes: Sequence[Outcome],
        operands: Sequence[Node] = (),
    ) -> None:
        if not array:
            made = [o if o.distance is None else o._replace(distance=_inside(o.distance, within)) for o in outcomes]
            texts = tuple(f"={within(operand)}" for operand in operands)
            self.found.append(_Found(within(probe), False, tuple(made), texts))
            return
        # Any element of an array will do.
        for one in outcomes:
            values = {**dict.fromkeys(one.among, 1.0), **dict.fromkeys(one.codes, 2.0)}
            probes = [
                call("MAX", _if(binary(within(probe), "=", number(code)), number(value), number(0)))
                for code, value in values.items()
            ]
            nearest = None if one.distance is None else f"=MIN(ABS({one.distance[1:]}))"
            among = frozenset((1.0, 2.0)) if one.among else one.among
            outcome = one._replace(codes=frozenset((2.0,)), distance=nearest, among=among)
            tied: tuple[str, ...] = ()
            if one.tie and operands:
                tied = (f"=MAX({_if(binary(operands[0], '=', operands[-1]), call('ABS', operands[0]), number(0))})",)
            self.found.append(_Found(probes[0] if len(probes) == 1 else call("MAX", *probes), True, (outcome,), tied))

    def _comparison(self, node: Node, within: Within, array: bool, label: str, *, only_equal: bool) -> None:
        left, right = node.parts
        below, above = f"=({left})-({right})", f"=({right})-({left})"
        equal, less, more = 0.0, 1.0, 2.0
        ordered = node.word not in ("=", "<>")
        holds = {
            "=": (equal,), "<>": (more,), "<": (less,), ">": (more,), "<=": (less, equal), ">=": (more, equal),
        }[node.word]  # fmt: skip
        fails = tuple(code for code in (equal, *((less,) if ordered else ()), more) if code not in holds)
        way = {"<": (below, above), "<=": (below, above), ">": (above, below), ">=": (above, below)}
        outcomes = [
            Outcome(f"{label} {said}", frozenset(codes), distance, tie=equal in codes and len(codes) == 1)
            for said, codes, distance in zip(
                ("true", "false"), (holds, fails), way.get(node.word, (below, above)), strict=True
            )
        ]
        other = number(more)
        if ordered:
            other = _if(binary(left, "<", right), number(less), other)
        if ordered and not (self._differ(left, right) or self._differ(right, left)):
            outcomes.append(Outcome(f"{_short(node)} equal", frozenset((equal,)), below, tie=True))
        outcomes = outcomes[2:] if only_equal else outcomes
        if not outcomes:
            return
        self._add(_if(binary(left, "=", right), number(equal), other), within, array, outcomes, (left, right))

    def _differ(self, one: Node, other: Node) -> bool:
        """Whether one is a choice, or a whole number, and the other a number that it never is."""
        sign, text = (-1.0, other.parts[0]) if other.kind == "unary" and other.word == "-" else (1.0, other)
        return one.kind == "reference" and text.kind == "number" and self._never(one.word, sign * float(text.word))

    def _decides(self, node: Node, array: bool) -> bool:
        """Whether the outcomes of this condition are those of a decision of its own."""
        while node.kind == "group":
            node = node.parts[0]
        if node.kind == "binary":
            return is_comparison(node) and _refers(node)
        if name_of(node) not in ("AND", "OR") or array:
            return False
        plain = not any(self._is_range(part) for part in node.parts)
        return plain and 2 <= len(node.parts) <= _MOST_ARGUMENTS and all(part.kind != "omitted" for part in node.parts)

    def _is_range(self, node: Node) -> bool:
        if node.kind in ("reference", "name"):
            area = self._meant(node)
            return area is None or area.size > 1
        return node.kind not in ("number", "text", "truth") and any(map(self._is_range, node.parts))

    def _all_or_any(self, node: Node, name: str, within: Within, label: str) -> None:
        code: Node | None = None
        all_said, one_said = ("true", "false") if name == "AND" else ("false", "true")
        outcomes = [Outcome(f"{label} {all_said}", frozenset((0.0,)))]
        for place, part in enumerate(node.parts):
            own = number(2.0**place)
            term = _if(part, number(0), own) if name == "AND" else _if(part, own, number(0))
            code = term if code is None else binary(code, "+", term)
            if _refers(part):
                outcomes.append(Outcome(f"{label}: {_short(part)} alone {one_said}", frozenset((2.0**place,))))
        assert code is not None
        self._add(code, within, False, outcomes)

    def _condition(self, node: Node, name: str, within: Within, array: bool) -> None:
        """The outcomes of a condition of IF or IFS."""
        label = f"{name}({_short(node)})"
        if not self._decides(node, array) and _refers(node):
            distance = f"={node}" if node.kind in ("reference", "name") else None
            outcomes = (
                Outcome(f"{label} true", frozenset((1.0,))),
                Outcome(f"{label} false", frozenset((2.0,)), distance, tie=True),
            )
            self._add(_if(node, number(1), number(2)), within, array, outcomes)
        self.read(node, within, array, label)

    def _if(self, node: Node, name: str, within: Within, array: bool) -> None:
        condition, *branches = node.parts
        self._condition(condition, name, within, array)
        if branches:
            self.read(branches[0], lambda part: within(_if(condition, part, _NOT_TAKEN)), array)
        if len(branches) > 1:
            self.read(branches[1], lambda part: within(_if(condition, _NOT_TAKEN, part)), array)

    def _ifs(self, node: Node, name: str, within: Within, array: bool) -> None:
        for condition, value in zip(node.parts[::2], node.parts[1::2], strict=False):
            self._condition(condition, name, within, array)
            self.read(value, _then(condition, within), array)
            within = _else(condition, within)

    def _choice(self, node: Node, name: str, within: Within, array: bool) -> None:
        """The outcomes of SWITCH and CHOOSE: which value is taken."""
        what, rest = node.parts[0], node.parts[1:]
        self.read(what, within, array)
        places = branches(node)
        if name == "CHOOSE":
            said = [f"{_short(node)} takes {place}" for place in places]
        else:
            said = [f"{_short(node)} {_short(node.parts[place - 1])}" for place in range(2, len(node.parts), 2)]
            said += [f"{_short(node)} otherwise"] if len(rest) % 2 else []

        def with_values(values: Mapping[int, Node]) -> Node:
            parts = [values.get(at, _NOT_TAKEN) if at in places else part for at, part in enumerate(node.parts)]
            return node._replace(parts=tuple(parts))

        if _refers(what):
            outcomes = [
                Outcome(one, frozenset((float(place),)), f"=({what})-({place})" if name == "CHOOSE" else None, tie=True)
                for place, one in zip(places, said, strict=True)
            ]
            probe = with_values({place: number(place) for place in places})
            self._add(probe, within, array, outcomes)
        for place in places:
            self.read(node.parts[place], lambda part, place=place: within(with_values({place: part})), array)  # type: ignore[misc]

    def _if_error(self, node: Node, name: str, within: Within, array: bool) -> None:
        if len(node.parts) != 2:
            return
        value, other = node.parts
        failing = call("ISERROR" if name == "IFERROR" else "ISNA", value)
        if _refers(value):
            said = "an error" if name == "IFERROR" else "#N/A"
            outcomes = (
                Outcome(f"{_short(node)} without {said}", frozenset((1.0,))),
                Outcome(f"{_short(node)} with {said}", frozenset((2.0,)), _denominator(value), tie=True),
            )
            self._add(_if(failing, number(2), number(1)), within, array, outcomes)
        self.read(value, within, array)
        self.read(other, lambda part: within(_if(failing, part, _NOT_TAKEN)), array)

    def _extreme(self, node: Node, name: str, within: Within, array: bool) -> None:
        """Which argument MIN, MAX or MEDIAN returns, and no other one with it."""
        parts = node.parts
        if not 2 <= len(parts) <= _MOST_ARGUMENTS or any(part.kind == "omitted" for part in parts) or not _refers(node):
            return
        if name == "MEDIAN" and (array or any(map(self._is_range, parts))):
            return
        code: Node | None = None
        outcomes: list[Outcome] = []
        for place, part in enumerate(parts):
            own = part if name == "MEDIAN" else call(name, part)
            others = ",".join(str(other) for at, other in enumerate(parts) if at != place)
            distance = {
                "MAX": f"=MAX({others})-({own})", "MIN": f"=({own})-MIN({others})", "MEDIAN": f"=ABS(({own})-({node}))",
            }[name]  # fmt: skip
            term = _if(binary(own, "=", node), number(2.0**place), number(0))
            code = term if code is None else binary(code, "+", term)
            what = f"{_short(node)} returns {_short(part)}"
            outcomes.append(Outcome(what, frozenset((2.0**place,)), distance))
        assert code is not None
        # It is one value, whatever the arguments are.
        probe = _Found(
            within(code), array, tuple(o._replace(distance=_inside(o.distance or "", within)) for o in outcomes)
        )
        self.found.append(probe)

    def _round(self, node: Node, name: str, within: Within, array: bool) -> None:
        if len(node.parts) != 2 or not _refers(node.parts[0]):
            return
        value, digits = node.parts
        power = number(10.0 ** int(digits.word)) if digits.word.isdigit() else binary(number(10), "^", digits)
        scaled = binary(call("ABS", value), "*", power)
        rest = binary(scaled, "-", binary(number(2), "*", call("INT", binary(scaled, "/", number(2)))))
        half = binary(rest, "=", number(0.5))
        up, down, exact, negative = 1.0, 2.0, 0.0, 4.0
        positive, below = frozenset((1.0, 2.0, 3.0)), frozenset((5.0, 6.0, 7.0))
        code = _if(half, number(3), _if(binary(node, ">", value), number(up), number(down)))
        code = _if(binary(value, "<", number(0)), binary(code, "+", number(negative)), code)
        probe = _if(binary(node, "=", value), number(exact), code)
        tie = binary(rest, "-", number(0.5))
        outcomes = (
            Outcome(f"{_short(node)} up", frozenset((up, up + negative))),
            Outcome(f"{_short(node)} down", frozenset((down, down + negative))),
            # After an even digit: there, half away from zero, half to even and, below zero, half up are three rules.
            Outcome(
                f"{_short(node)} at a half", frozenset((3.0,)),
                f"={_if(binary(value, '<', number(0)), _NOT_TAKEN, tie)}", True, positive,
            ),
            Outcome(
                f"{_short(node)} at a negative half", frozenset((7.0,)),
                f"={_if(binary(value, '<', number(0)), tie, _NOT_TAKEN)}", True, below,
            ),
        )  # fmt: skip
        self._add(probe, within, array, outcomes, (scaled,))

    def _to_whole(self, node: Node, name: str, within: Within, array: bool) -> None:
        if not node.parts or not _refers(node.parts[0]):
            return
        exact = binary(node, "=", number(0) if name == "MOD" else node.parts[0])
        said = ("without a rest", "with a rest") if name == "MOD" else ("exact", "rounded")
        distance = f"=({node.parts[0]})-ROUND({node.parts[0]},0)" if name in ("INT", "EVEN", "ODD") else None
        outcomes = (
            Outcome(f"{_short(node)} {said[0]}", frozenset((0.0,)), distance, tie=True),
            Outcome(f"{_short(node)} {said[1]}", frozenset((1.0,))),
        )
        self._add(_if(exact, number(0), number(1)), within, array, outcomes, node.parts[:1])

    def _criteria(self, node: Node, name: str, within: Within, array: bool) -> None:
        given = node.parts[_CRITERIA.get(name, 0) :]
        pairs = list(zip(given[::2], given[1::2], strict=False))[: 1 if name in _ONE_CRITERION else None]
        if not pairs or any(part.kind == "omitted" for pair in pairs for part in pair):
            return
        counted = call("COUNTIFS", *(part for pair in pairs for part in pair))
        if len(pairs) == 1:
            counted = call("COUNTIF", *pairs[0])
        outcomes = (
            Outcome(f"{_short(node)} with a match", frozenset((1.0,))),
            Outcome(f"{_short(node)} without a match", frozenset((0.0,)), f"={counted}"),
        )
        self._add(_if(binary(counted, ">", number(0)), number(1), number(0)), within, False, outcomes)
        for area, criterion in pairs:
            limit = _limit(criterion)
            if limit is not None:
                at_limit = binary(call("COUNTIF", area, binary(Node("text", '"="'), "&", limit)), ">", number(0))
                what = f"{_short(area)} equal to {_short(limit)} in {_short(node)}"
                outcome = Outcome(what, frozenset((1.0,)), f"=INDEX(({area})-({limit}),1,1)", tie=True)
                self.found.append(_Found(within(_if(at_limit, number(1), number(0))), False, (outcome,)))

    def _lookup(self, node: Node, name: str, within: Within, array: bool) -> None:
        """The row or column that a lookup returns, and whether its key is equal to the one there."""
        if len(node.parts) < (3 if name in ("VLOOKUP", "HLOOKUP", "XLOOKUP") else 2):
            return
        key, table = node.parts[:2]
        line = self._keys(table, name)
        kind = _kind_of_match(node, name)
        if line is None or kind is None or not _refers(key):
            return
        keys, count, way = line
        cells = _cells_of(keys.word, count, way)
        exactly = call("MATCH", key, keys, number(0))
        where = f"{_short(node)} {way}"
        if kind == 0:
            outcomes = [
                Outcome(f"{where} {at} of {table}", frozenset((float(at),)), f"=({key})-{cell}", tie=True)
                for at, cell in enumerate(cells, start=1)
            ]
            self._add(exactly, within, False, outcomes, (key,))
            return
        between = call("MATCH", key, keys, number(kind))
        probe = call("IFERROR", exactly, binary(between, "+", number(0.5)))
        outcomes = []
        for at, cell in enumerate(cells, start=1):
            said = f"{where} {at} of {table}"
            distance = f"=({key})-{cell}"
            outcomes.append(Outcome(said, frozenset((float(at), at + 0.5)), distance, tie=True))
            outcomes.append(Outcome(f"{said}, at its key", frozenset((float(at),)), distance, tie=True))
        self._add(probe, within, False, outcomes, (key,))

    def _keys(self, table: Node, name: str) -> tuple[Node, int, str] | None:
        """The cells in which a lookup finds its key, how many they are, and whether they are rows or columns."""
        area = self._meant(table) if table.kind in ("reference", "name") else None
        if area is None or area.size == 1:
            return None
        rows, columns = area.shape
        down = name == "VLOOKUP" or (name != "HLOOKUP" and rows >= columns)
        if name in ("MATCH", "XMATCH", "XLOOKUP") and 1 not in area.shape:
            return None
        count = rows if down else columns
        match = _PLACE.fullmatch(table.word)
        if match is None:
            last = (
                Cell(area.sheet, area.last_row, area.column) if down else Cell(area.sheet, area.row, area.last_column)
            )
            text = f"{_fixed(area.first)}:{_fixed(last).rpartition('!')[2]}"
        elif down:
            text = f"{match['sheet'] or ''}{match['c1']}{match['r1']}:{match['c1']}{match['r2']}"
        else:
            text = f"{match['sheet'] or ''}{match['c1']}{match['r1']}:{match['c2']}{match['r1']}"
        return (Node("reference", text), count, "row" if down else "column") if count <= _MOST_ROWS else None

    def _index(self, node: Node, name: str, within: Within, array: bool) -> None:
        table = node.parts[0] if node.parts else node
        area = self._meant(table) if table.kind in ("reference", "name") else None
        for place, part in enumerate(node.parts[1:3] if area is not None else ()):
            assert area is not None
            found_by_match = name_of(part) in ("MATCH", "XMATCH")
            line = place == 0 and (len(node.parts) > 2 or area.shape[1] == 1)
            count = area.shape[0] if line else area.shape[1]
            if part.kind == "omitted" or found_by_match or not _refers(part) or not 1 < count <= _MOST_ROWS:
                continue
            way = "row" if line else "column"
            outcomes = [
                Outcome(f"{_short(node)} {way} {at}", frozenset((float(at),)), f"=({part})-({at})", tie=True)
                for at in range(1, count + 1)
            ]
            self._add(call("INT", part), within, False, outcomes)


_Handler: TypeAlias = Callable[[_Reader, Node, str, Within, bool], None]
_BRANCHING: Mapping[str, _Handler] = {
    "IF": _Reader._if, "IFS": _Reader._ifs, "SWITCH": _Reader._choice, "CHOOSE": _Reader._choice,
    "IFERROR": _Reader._if_error, "IFNA": _Reader._if_error,
}  # fmt: skip
_VALUED: Mapping[str, _Handler] = {
    **dict.fromkeys(("MIN", "MAX", "MEDIAN"), _Reader._extreme),
    "ROUND": _Reader._round,
    **dict.fromkeys((*_TO_WHOLE, "MOD"), _Reader._to_whole),
    **dict.fromkeys((*_ONE_CRITERION, *_CRITERIA), _Reader._criteria),
    **dict.fromkeys(("VLOOKUP", "HLOOKUP", "LOOKUP", "MATCH", "XMATCH", "XLOOKUP"), _Reader._lookup),
    "INDEX": _Reader._index,
}


def _if(condition: Node, value: Node, other: Node) -> Node:
    return call("IF", condition, value, other)


def _then(condition: Node, within: Within) -> Within:
    return lambda part: within(_if(condition, part, _NOT_TAKEN))


def _else(condition: Node, within: Within) -> Within:
    return lambda part: within(_if(condition, _NOT_TAKEN, part))


def _deciding(node: Node, name: str, place: int, within: Within) -> Within:
    """Where an argument of AND or OR decides: where all others are true, or all are false."""
    others = call(name, *(part for at, part in enumerate(node.parts) if at != place))
    return _then(others, within) if name == "AND" else _else(others, within)


def _inside(distance: str, within: Within) -> str:
    return f"={within(Node('name', distance[1:]))}"


def _copied(cell: Cell, book: Workbook, of_input: dict[Cell, Input[Range]]) -> Input[Range] | None:
    """The input that the cell holds, or copies by formulas that are one reference; None where it holds something else."""
    passed: list[Cell] = []
    while cell not in of_input:
        formula = book.formula(cell)
        area = book.meant(formula.text[1:], cell) if formula is not None and formula.area is None else None
        passed.append(cell)
        if area is None or area.size > 1 or area.first in passed:
            return None
        cell = area.first
    of_input.update(dict.fromkeys(passed, of_input[cell]))  # the next block copies from this one
    return of_input[cell]


def _excludes(given: Input[Range], value: float) -> bool:
    """Whether an input that may be nothing but choices, or whole numbers, never has this value."""
    if given.choices:
        return value not in given.choices
    return (given.integer and not value.is_integer()) or (given.one_hot and value not in (0.0, 1.0))


def _refers(node: Node) -> bool:
    """Whether any cell is read."""
    return node.kind in ("reference", "name") or any(map(_refers, node.parts))


def _short(node: Node) -> str:
    text = str(node)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _fixed(cell: Cell) -> str:
    return f"{quoted(cell.sheet)}!${column_letters(cell.column)}${cell.row}"


def _cells_of(keys: str, count: int, way: str) -> list[str]:
    """The references to each of the cells of a range that is one row or column, with the range's own ``$``."""
    match = _PLACE.fullmatch(keys)
    assert match is not None  # as for every text that is made for keys
    sheet, column, row = match["sheet"] or "", match["c1"], match["r1"]
    down, across = ("$" if part.startswith("$") else "" for part in (row, column))
    first, left = int(row.lstrip("$")), column_number(column.lstrip("$").upper())
    if way == "row":
        return [f"{sheet}{column}{down}{first + at}" for at in range(count)]
    return [f"{sheet}{across}{column_letters(left + at)}{row}" for at in range(count)]


def _limit(criterion: Node) -> Node | None:
    """What a criterion compares with by < or >, be it ``">5"`` or ``">"&B3``."""
    text = criterion if criterion.kind == "text" else criterion.parts[0] if criterion.word == "&" else None
    if text is None or text.kind != "text":
        return None
    inside = text.word[1:-1]
    sign = next((sign for sign in ("<=", ">=", "<", ">") if inside.startswith(sign)), None)
    rest = None if sign is None or inside.startswith("<>") else inside[len(sign) :]
    if rest is None:
        return None
    if text is not criterion:
        return criterion.parts[1] if not rest else None
    try:
        return number(float(rest))
    except ValueError:
        return None


def _denominator(node: Node) -> str | None:
    """What a quotient divides by, which is an error where it is 0."""
    while node.kind == "group":
        node = node.parts[0]
    return f"={node.parts[1]}" if node.kind == "binary" and node.word == "/" and _refers(node.parts[1]) else None


def _kind_of_match(node: Node, name: str) -> int | None:
    """0 for an exact lookup, 1 or -1 for the nearest key; None where values decide that, or where it is another kind."""
    place = {"VLOOKUP": 3, "HLOOKUP": 3, "MATCH": 2, "XMATCH": 2, "XLOOKUP": 4}.get(name)
    part = node.parts[place] if place is not None and len(node.parts) > place else None
    if name in ("XMATCH", "XLOOKUP"):
        return 0 if part is None or str(part) in ("", "0") else None
    if part is None:
        return 1
    return {"FALSE": 0, "0": 0, "": 0, "TRUE": 1, "1": 1, "-1": -1}.get(str(part).upper())


# --- which occur ------------------------------------------------------------------------------------------------------------


class Probed(NamedTuple):
    """What the probes of a decision came to on some samples.

    ``codes`` are the values of its probe, (cells, samples), nan where it has none or rounding decides. ``away`` are the
    distances by outcome, likewise, nan where there is none. ``ties`` are the operands, (operands, cells, samples), where they
    are equal, or what is rounded is half or whole, within rounding; nan elsewhere. ``computed`` says whether any probe could be
    computed.
    """

    codes: Floats
    away: dict[int, Floats]
    ties: Floats
    computed: bool

    def occurs(self, outcome: Outcome) -> Bools:
        """In which cells and samples this outcome of the decision occurs, (cells, samples)."""
        return np.asarray(np.logical_or.reduce([self.codes == code for code in outcome.codes]))


class Probing:
    """The probes of decisions in some of their cells, compiled once and computed on any samples."""

    def __init__(
        self,
        session: FormulasSession,
        places: Mapping[Decision, Sequence[Cell]],
        *,
        distances: Container[tuple[Decision, int]] = (),
        operands: bool = False,
    ) -> None:
        """Of each decision the probe is computed in the cells that are its ``places``.

        So are the ``distances`` of these outcomes, by decision and number, and, if so asked, all ``operands``.
        """
        questions: list[tuple[Cell, Formula]] = []
        self._slots: list[tuple[slice, dict[int, slice], list[slice]]] = []
        self.places = places
        for decision, cells in places.items():
            codes = _asked(decision.probe, cells, decision, questions)
            of_text: dict[str, slice] = {}
            away: dict[int, slice] = {}
            for at, outcome in enumerate(decision.outcomes if distances else ()):
                if outcome.distance is not None and (decision, at) in distances:
                    if outcome.distance not in of_text:
                        of_text[outcome.distance] = _asked(outcome.distance, cells, decision, questions)
                    away[at] = of_text[outcome.distance]
            read = [_asked(text, cells, decision, questions) for text in (decision.operands if operands else ())]
            self._slots.append((codes, away, read))
        self._questions = session.asking(questions)

    def on(self, values: Batch) -> Iterator[tuple[Decision, Probed]]:
        """What the probes of each decision come to on the values of a batch."""
        numbers, kinds, unsure = self._questions.answers(values)
        count = (kinds == NUMBER) & (numbers < _BEYOND)
        numbers = np.where(count, numbers, np.nan)
        for decision, (codes, away, read) in zip(self.places, self._slots, strict=True):
            known = np.where(unsure[codes], np.nan, numbers[codes])
            ties = np.full((len(read), *known.shape), np.nan)
            if read:
                tied = np.isin(known, [code for one in decision.outcomes if one.tie for code in one.codes])
                operands = np.array([numbers[slot] for slot in read])
                ties = np.where(tied | unsure[codes] | _near(operands), operands, np.nan)
            distances = {at: numbers[slot] for at, slot in away.items()}
            yield decision, Probed(known, distances, ties, bool((kinds[codes] != REASON).any()))


def _near(operands: Floats) -> Bools:
    """Where two operands are equal within rounding; nowhere of a single one."""
    if len(operands) != 2:
        return np.zeros(operands.shape[1:], dtype=bool)
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(operands[0] - operands[1]) <= _ROUNDING * np.abs(operands).max(axis=0))


def spread(cells: Sequence[_T], most: int) -> Sequence[_T]:
    """At most so many of them, the first and the last included."""
    if len(cells) <= most:
        return cells
    return [cells[at] for at in np.linspace(0, len(cells) - 1, most).astype(int).tolist()]


def _asked(text: str, cells: Sequence[Cell], decision: Decision, questions: list[tuple[Cell, Formula]]) -> slice:
    """Adds the formula, filled into each of the cells, to the questions; gives their places among these."""
    begin = len(questions)
    first = decision.cells[0]
    filling = Filling(text)
    for cell in cells:
        own = filling.at(cell.row - first.row, cell.column - first.column) or "=NA()"
        questions.append((cell, Formula(own, Range.of(cell) if decision.array else None)))
    return slice(begin, len(questions))
