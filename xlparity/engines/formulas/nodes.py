"""Formulas in their places: each with the places it reads and writes, in dependency order, computed one at a time."""

from typing import NamedTuple

import numpy as np

from xlparity.engines.formulas.fast import Arguments
from xlparity.engines.formulas.functions.areas import as_lines
from xlparity.engines.formulas.guards import Refusal
from xlparity.engines.formulas.operands import to_table, to_values
from xlparity.engines.formulas.program import Program
from xlparity.values import Unsupported, Value


class Node(NamedTuple):
    """One formula: its program, the places of its arguments and of its results, and the shapes of both."""

    program: Program
    arguments: Arguments
    shapes: tuple[tuple[int, int], ...]
    results: tuple[int, ...]
    block: tuple[int, int]
    spills: bool
    full: tuple[tuple[int, int] | None, ...]
    """The full size of each argument that is whole rows or columns."""


def in_order(nodes: list[Node], held: frozenset[int]) -> tuple[list[Node], list[Node]]:
    """The nodes, each behind all that it reads but for the places that are held; and those on a circle, or behind one."""
    producer = {place: number for number, node in enumerate(nodes) for place in node.results if place not in held}
    readers: list[list[int]] = [[] for _ in nodes]
    waiting = [0] * len(nodes)
    for number, node in enumerate(nodes):
        for argument in node.arguments:
            for place in (argument,) if isinstance(argument, int) else argument:
                if place in producer:
                    readers[producer[place]].append(number)
                    waiting[number] += 1
    ready = [number for number, count in enumerate(waiting) if count == 0]
    for number in ready:  # grows as it is walked
        for reader in readers[number]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    return [nodes[number] for number in ready], [node for node, count in zip(nodes, waiting, strict=True) if count]


def compute(node: Node, values: list[Value]) -> None:
    """Writes the values of one formula into their places, or Unsupported with the reason."""
    program = node.program
    if program.fast is not None:
        try:
            values[node.results[0]] = program.fast(values, node.arguments)
        except Exception:  # whatever it was, the general path decides what Excel makes of it
            pass
        else:
            return
    try:
        found = program.run(_operands(node, values), (1, 1) if node.spills else node.block)
        if not program.array and getattr(found, "size", 1) > 1:
            raise Refusal("an array in a plain cell, of which Excel may show another element")
        if node.spills and (np.shape(found) or (1, 1)) != node.block:
            raise Refusal("a formula that spills over other cells than the file says")
        result = to_values(found, node.block)
    except Refusal as reason:
        result = [Unsupported(str(reason))] * len(node.results)
    except Exception as error:  # one formula that nothing here was written for is not to hide all the others
        failed = Unsupported(f"a formula on which the engine fails ({type(error).__name__}: {error})")
        result = [failed] * len(node.results)
    for place, value in zip(node.results, result, strict=True):
        values[place] = value


def _operands(node: Node, values: list[Value]) -> list[object]:
    operands: list[object] = []
    for places, shape, full in zip(node.arguments, node.shapes, node.full, strict=True):
        table = (
            to_table([values[places]], (1, 1))
            if isinstance(places, int)
            else to_table([values[place] for place in places], shape)
        )
        operands.append(table if full is None else as_lines(table, full))
    return operands
