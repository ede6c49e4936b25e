"""The numbers in a reference's code: what it may compare with, and so where it may behave otherwise."""

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import numpy as np

_DEEPEST = 3  # functions called by functions
_MOST = 64  # numbers of one global table
_ALL = 400  # numbers


def numbers_in(function: Callable[..., Any]) -> tuple[float, ...]:
    """The magnitudes of the numbers in a function's source, in globals that it uses, and in functions that it calls there."""
    found = dict.fromkeys(abs(number) for number in _numbers(function, set(), 0) if math.isfinite(number))
    return tuple(found)[:_ALL]


def _numbers(function: Any, seen: set[int], depth: int) -> Iterator[float]:
    function = inspect.unwrap(function)
    if not isinstance(function, FunctionType) or id(function) in seen or depth > _DEEPEST:
        return
    seen.add(id(function))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return  # typed into a prompt, or no Python
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield _number(node.value)
        elif isinstance(node, ast.Name):
            held = function.__globals__.get(node.id)
            if isinstance(held, FunctionType) and held.__module__ == function.__module__:
                yield from _numbers(held, seen, depth + 1)
            else:
                yield from _held(held)


def _held(value: Any) -> Iterator[float]:
    """The numbers of a global: a number, or a list, a table or an array of some."""
    if type(value) in (int, float):
        yield _number(value)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.size <= _MOST:
        yield from map(float, value.ravel())
    elif isinstance(value, dict) and len(value) <= _MOST:
        yield from _held(list(value))
        yield from _held(list(value.values()))
    elif isinstance(value, list | tuple) and len(value) <= _MOST:
        for part in value:
            yield from _held(part)


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
