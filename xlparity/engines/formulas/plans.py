"""Programs run on many sets of inputs at once, as numpy operations, and the sets in which that is not to be trusted.

A plan makes of numbers what the scalar paths make of them, to the same bits but where numpy's loops part. It says in which
sets the scalar paths might do anything else: give an error value, mark what a subtraction left, refuse. Those sets
are then computed one by one, so that a doubt too many costs time and no more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xlparity.engines.formulas.program import Program
from xlparity.engines.formulas.vectors import NOT_HIDING, STRICT, Call, Known, vector_step

Mask: TypeAlias = NDArray[np.bool_]


class _Work(NamedTuple):
    call: Call
    operands: tuple[int, ...]
    result: int
    checked: bool
    """Whether an infinity has to be looked for here, because the readers may hide it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A program's vector form for arguments of certain shapes.

    ``ignoring`` are the arguments of which only numbers count, so that fixed blanks and texts may be left out of them.
    ``strict`` says that the one value it comes to is an error value as soon as an argument has one.
    """

    work: tuple[_Work, ...]
    constants: tuple[Any, ...]
    result: int
    known: Known
    ignoring: frozenset[int]
    strict: bool

    def run(self, arguments: Sequence[Any], doubts: list[Any]) -> Any:
        """The result; adds to the doubts where it is not to be trusted, by set or by cell and set."""
        slots = [*arguments, *self.constants, *[None] * len(self.work)]
        for call, operands, result, checked in self.work:
            found = slots[result] = call(doubts, *[slots[slot] for slot in operands])
            if checked and not np.isfinite(found).all():
                doubts.append(~np.isfinite(found))
        return slots[self.result]


def plan(program: Program, shapes: Sequence[tuple[int, int]]) -> Plan | None:
    """The program's vector form, or None where a step has none, or where the scalar paths refuse it whatever the numbers."""
    known = [Known("number", shape) for shape in shapes]
    for constant in program.constants:
        if type(constant) not in (int, float, bool, str):
            return None
        known.append(Known("number" if type(constant) in (int, float) else "any", None))
    work: list[_Work] = []
    hiding = {slot for step in program.steps if step.name not in NOT_HIDING for slot in step.operands}
    for step in program.steps:
        operands = [known[slot] for slot in step.operands]
        single = [known[slot] for slot in step.operands if (step.result, slot) in program.single]
        if program.omitted in step.operands or any(math.prod(one.table) > 1 for one in single):
            return None
        made = vector_step(step, operands)
        if made is None:
            return None
        checked = made[1].kind == "number" and (step.result in hiding or step.result == program.result)
        work.append(_Work(made[0], step.operands, step.result, checked))
        known.append(made[1])
    result = known[program.result]
    if math.prod(result.table) > 1 and not program.array:
        return None
    read = {
        slot for step in program.steps if not step.function.ignoring or step.function.takes for slot in step.operands
    }
    ignoring = frozenset(range(program.arguments)) - read - {program.result}
    constants = tuple([float(c) if type(c) in (int, float) else np.array(c, object) for c in program.constants])
    strict = all(step.name in STRICT for step in program.steps) and math.prod(result.table) == 1
    return Plan(tuple(work), constants, program.result, result, ignoring, strict)
