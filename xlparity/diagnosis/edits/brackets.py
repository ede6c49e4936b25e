"""Edits of the parentheses: a pair dropped, a pair inserted, one end of a pair moved."""

import re
from collections.abc import Iterator

from xlparity.diagnosis.edits.site import Edit, Site, edit_kind
from xlparity.excel.ast import Node, parse
from xlparity.excel.formula import tokens

_PIECE = re.compile(r"[()]|[-+*/^&=<>,]+|[^-+*/^&=<>,()]+")
_LONGEST = 60  # pieces of a formula: the number of groupings grows with its square


@edit_kind(40, parentheses="XP104")
def brackets(tree: Node, site: Site) -> Iterator[Edit]:
    """The same operands and operators, grouped in another way."""
    pieces = _pieces(f"={tree}")
    if len(pieces) > _LONGEST:
        return
    said = "the parentheses are misplaced"
    pairs = _pairs(pieces)
    for opens, closes in pairs:
        # The opening parenthesis of a call stays with the function name; the closing one may move.
        if not pieces[opens].endswith("(") or pieces[opens] == "(":
            rest = [piece for k, piece in enumerate(pieces) if k not in (opens, closes)]
            yield from _edit(rest, said, 1.2)
        without = [*pieces[:closes], *pieces[closes + 1 :]]
        for k in range(opens + 2, len(without) + 1):
            if k != closes:
                yield from _edit([*without[:k], ")", *without[k:]], said, 1.3)
    starts = [k for k, piece in enumerate(pieces) if k and not _is_operator(piece) and piece != ")"]
    ends = [k for k, piece in enumerate(pieces) if k and not _is_operator(piece) and not piece.endswith("(")]
    for start in starts:
        for end in ends:
            if end > start and any(_is_operator(piece) for piece in pieces[start : end + 1]):
                yield from _edit([*pieces[:start], "(", *pieces[start : end + 1], ")", *pieces[end + 1 :]], said, 1.4)


def _edit(pieces: list[str], said: str, size: float) -> Iterator[Edit]:
    try:
        tree = parse("".join(pieces))
    except ValueError:
        return
    yield Edit("parentheses", tree, said, size)


def _pieces(formula: str) -> list[str]:
    """The formula in pieces that no parenthesis may split: tokens, operators, parentheses, function names with theirs."""
    pieces: list[str] = []
    position = 0
    for token in tokens(formula):
        pieces += _PIECE.findall(formula[position : token.start])
        pieces.append(token.text)
        position = token.end
    return [*pieces, *_PIECE.findall(formula[position:])]


def _pairs(pieces: list[str]) -> list[tuple[int, int]]:
    open_ones: list[int] = []
    pairs: list[tuple[int, int]] = []
    for k, piece in enumerate(pieces):
        if piece.endswith("(") and not piece.startswith('"'):
            open_ones.append(k)
        elif piece == ")" and open_ones:
            pairs.append((open_ones.pop(), k))
    return pairs


def _is_operator(piece: str) -> bool:
    return piece[0] in "-+*/^&=<>,"
