"""The numbers in a reference's code: what it may compare with, and so where it may behave otherwise."""

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FunctionType
from typing import Any

import numpy as np

_DEEPEST = 3  # functions called by functions
_MOST = 64  # numbers of one global table
_ALL = 400  # numbers
_DECIDING = frozenset((
    "where", "clip", "select", "piecewise", "searchsorted", "digitize", "bisect", "bisect_left", "bisect_right", "heaviside",
    "maximum", "minimum", "max", "min", "median",
))  # fmt: skip


def numbers_in(function: Callable[..., Any]) -> tuple[float, ...]:
    """The magnitudes of the numbers in a function's source, in globals that it uses, and in functions that it calls there."""
    return _magnitudes(number for tree, names in _sources(function) for number in _numbers(tree, names))


def compared_in(function: Callable[..., Any]) -> tuple[float, ...]:
    """Those of them with which its code compares: in comparisons, and in calls such as ``where``, ``clip`` and ``max``."""
    return _magnitudes(number for tree, names in _sources(function) for number in _compared(tree, names))


def _magnitudes(numbers: Iterable[float]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(abs(number) for number in numbers if math.isfinite(number)))[:_ALL]


def _sources(
    function: Any, depth: int = 0, seen: set[int] | None = None
) -> Iterator[tuple[ast.AST, Mapping[str, Any]]]:
    """The syntax trees of the function and of those of its file that it calls, each with its globals."""
    seen = set() if seen is None else seen
    function = inspect.unwrap(function)
    if not isinstance(function, FunctionType) or id(function) in seen or depth > _DEEPEST:
        return
    seen.add(id(function))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return  # typed into a prompt, or no Python
    yield tree, function.__globals__
    for node in ast.walk(tree):
        held = function.__globals__.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(held, FunctionType) and held.__module__ == function.__module__:
            yield from _sources(held, depth + 1, seen)


def _numbers(tree: ast.AST, names: Mapping[str, Any]) -> Iterator[float]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield _number(node.value)
        elif isinstance(node, ast.Name):
            yield from _held(names.get(node.id))


def _compared(tree: ast.AST, names: Mapping[str, Any]) -> Iterator[float]:
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name):
                assigned.setdefault(target.id, []).append(node.value)  # type: ignore[attr-defined]  # it is an Assign
    for node in ast.walk(tree):
        called = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Compare | ast.match_case) or called in _DECIDING:
            part = node.pattern if isinstance(node, ast.match_case) else node
            yield from _numbers(part, names)
            for name in ast.walk(part):
                for value in assigned.get(name.id, ()) if isinstance(name, ast.Name) else ():
                    if isinstance(value, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.UnaryOp | ast.Call):
                        yield from _numbers(value, names)


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
