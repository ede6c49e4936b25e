"""Which lines and branches of a reference its calls reach.

Lines are runs of statements that are reached together, and branches the two outcomes of each condition in ``if``, ``while``,
a conditional expression, ``and``, ``or`` and a comprehension, of the function and the functions of its file that are called.
What shows in no line and no jump of the interpreter is left out: a ``numpy.where``, a comparison whose result is only stored,
the cases of ``match``. So is what leads only to a ``raise``, where there is nothing to compare, and ``assert``.

From Python 3.12 on the interpreter reports lines and jumps by ``sys.monitoring``, which costs next to nothing where all has
been seen; before, by ``sys.settrace`` for every instruction, which is slow, so that not all calls may be watched.
"""

import ast
import contextlib
import dis
import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple, TypeAlias

from xlparity.process import LOCK

_TOOLS = (4, 3)  # numbers of sys.monitoring that no kind of tool has for itself
_OFTEN = 10_000  # times that one jump is looked at in a sample, a few milliseconds
_MOST = 5_000_000  # events that are looked at in all, two or three seconds
_LONGEST = 60  # characters of a condition that are shown
_SKIPPED = ("TO_BOOL", "COPY", "CACHE", "NOP", "EXTENDED_ARG")  # between a value and the jump that depends on it

_MONITORING: Any = getattr(sys, "monitoring", None)  # from Python 3.12 on

_Position: TypeAlias = tuple[int | None, int | None, int | None, int | None]


class Unreached(NamedTuple):
    """A line or a branch that no call reached: ``model.py:14`` and ``line 14`` or ``if x > 3: false``."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How many lines and branches a reference has, those that no call reached, and why that is not known, or not of all calls."""

    total: int = 0
    unreached: tuple[Unreached, ...] = ()
    remark: str | None = None


class Tracer:
    """Watches the calls of one function, made ``with`` its ``watching``, which other tools of this kind may prevent."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._own = _code_of(function)
        self._codes = {id(code): code for code in _codes(function, self._own)} if self._own else {}
        self._seen: set[tuple[int, int]] = set()  # a code and a line
        self._taken: dict[tuple[int, int], set[int]] = {}  # a code and a jump, and where it went
        self._last: dict[
            tuple[int, int], list[int]
        ] = {}  # a code and a jump, where it went, and how often in this sample
        self._jumps = {key: _jumps(code) for key, code in self._codes.items()}
        self._remark: str | None = None
        self._events, self._calls, self._watched = 0, 0, 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Calls of the function for one sample are watched inside."""
        self._calls += 1
        if not self._codes or self._events > _MOST:
            yield
            return
        # The lock, since another thread may not have the last of a process's two tools.
        with LOCK, self._traced() if _MONITORING is None else self._monitored():
            yield

    def reach(self) -> Reach:
        """What the calls reached."""
        own, remark = self._own, self._remark
        if own is None or not any(key == id(own) for key, _ in self._seen):
            return Reach(remark=remark)
        path = Path(own.co_filename)
        try:
            source = path.read_bytes()
            tree = ast.parse(source)
        except (OSError, SyntaxError, ValueError):
            return Reach(remark=remark)
        if self._watched < self._calls and remark is None:
            remark = (
                f"the reference was watched in {self._watched:,} of {self._calls:,} samples only, since that is slow"
            )
        found = _Found(tree, source.splitlines(), path.name)
        for key, code in self._codes.items():
            lines = {line for of, line in self._seen if of == key}
            if lines:
                taken = {jump: self._taken.get((key, jump.offset), set()) for jump in self._jumps[key].values()}
                found.add(code, lines, taken)
        return Reach(found.total, tuple(sorted(found.unreached, key=found.order)), remark)

    # sys.monitoring

    @contextmanager
    def _monitored(self) -> Iterator[None]:
        monitoring = _MONITORING
        tool = next((number for number in _TOOLS if monitoring.get_tool(number) is None), None)
        if tool is None:
            self._remark = "what the reference's code reaches was not measured: other tools have taken sys.monitoring"
            yield
            return
        self._watched += 1
        self._last.clear()
        events = monitoring.events
        jumps = [events.BRANCH_LEFT, events.BRANCH_RIGHT] if hasattr(events, "BRANCH_LEFT") else [events.BRANCH]
        monitoring.use_tool_id(tool, "xlparity")
        try:
            monitoring.register_callback(tool, events.LINE, self._on_line)
            for event in jumps:
                monitoring.register_callback(tool, event, self._on_jump)
            for code in self._codes.values():
                monitoring.set_local_events(tool, code, functools.reduce(int.__or__, jumps, events.LINE))
            yield
        finally:
            for code in self._codes.values():
                monitoring.set_local_events(tool, code, 0)
            for event in (events.LINE, *jumps):
                monitoring.register_callback(tool, event, None)
            monitoring.free_tool_id(tool)
            self._events += sum(count for _, count in self._last.values())

    def _on_line(self, code: CodeType, line: int) -> Any:
        self._seen.add((id(code), line))
        return _MONITORING.DISABLE

    def _on_jump(self, code: CodeType, offset: int, destination: int) -> Any:
        key = id(code), offset
        last = self._last.get(key)
        if last is not None and last[0] == destination:
            last[1] += 1
            return _MONITORING.DISABLE if last[1] > _OFTEN else None
        self._last[key] = [destination, 1]
        went = self._taken.setdefault(key, set())
        went.add(destination)
        return _MONITORING.DISABLE if len(went) > 1 else None

    # sys.settrace

    @contextmanager
    def _traced(self) -> Iterator[None]:
        if sys.gettrace() is not None:
            self._remark = "what the reference's code reaches was not measured: a debugger or a coverage tool traces it"
            yield
            return
        self._watched += 1
        sys.settrace(self._on_call)
        try:
            yield
        finally:
            sys.settrace(None)

    def _on_call(self, frame: FrameType, event: str, argument: object) -> Any:
        key = id(frame.f_code)
        if key not in self._codes or self._events > _MOST:
            return None
        frame.f_trace_opcodes = True
        jumps, taken, seen = self._jumps[key], self._taken, self._seen
        before: int | None = None

        def on_event(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal before
            self._events += 1
            if event == "opcode":
                if before is not None:
                    taken.setdefault((key, before), set()).add(frame.f_lasti)
                before = frame.f_lasti if frame.f_lasti in jumps else None
            elif event == "line":
                seen.add((key, frame.f_lineno))
            return on_event

        return on_event


class _Jump(NamedTuple):
    """A jump that depends on a condition: its offset, where it goes if taken, and the position of the condition in the source.

    ``holds`` is what the condition is where the jump is taken; None for a jump on ``is None``, whose condition says that.
    """

    offset: int
    target: int
    condition: _Position
    holds: bool | None
    none: bool = False


def _code_of(function: Callable[..., Any]) -> CodeType | None:
    """The code of the function itself, below its decorators; None where it has none, as what is written in C."""
    plain: Any = inspect.unwrap(function)
    while isinstance(plain, functools.partial):
        plain = inspect.unwrap(plain.func)
    code = getattr(plain, "__code__", None)
    if code is None and not isinstance(plain, type):
        code = getattr(type(plain).__dict__.get("__call__"), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _codes(function: Callable[..., Any], own: CodeType) -> Iterator[CodeType]:
    """All code of the function's file that can be found: of functions, of methods of classes, and what these contain."""
    found: dict[int, CodeType] = {}
    waiting: list[CodeType] = [own]
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    values = [*(vars(module) if module is not None else getattr(function, "__globals__", {})).values()]
    values += [member for value in values if isinstance(value, type) for member in vars(value).values()]
    for value in values:
        with contextlib.suppress(Exception):  # a person's object may raise anything
            for plain in (value, getattr(value, "__func__", None), getattr(value, "fget", None)):
                unwrapped = inspect.unwrap(plain) if callable(plain) else None
                if isinstance(unwrapped, FunctionType):
                    waiting.append(unwrapped.__code__)
    while waiting:
        code = waiting.pop()
        if id(code) not in found and code.co_filename == own.co_filename:
            found[id(code)] = code
            waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    yield from found.values()


def _jumps(code: CodeType) -> dict[int, _Jump]:
    """The jumps of the code that depend on a condition, by offset."""
    found: dict[int, _Jump] = {}
    value: _Position = (None,) * 4
    for instruction in dis.get_instructions(code):
        name, at = instruction.opname, instruction.positions
        position: _Position = (None,) * 4 if at is None else tuple(at)  # type: ignore[assignment]
        if "JUMP" in name and "_IF_" in name:
            none = name.endswith("NONE")
            holds = None if none else "IF_TRUE" in name
            found[instruction.offset] = _Jump(
                instruction.offset, instruction.argval, position if none else value, holds, none and "NOT" not in name
            )
        elif name not in _SKIPPED:
            value = position
    return found


class _Condition(NamedTuple):
    """A condition that decides something: its node, the text of what it decides, and whether that is the opposite of it."""

    node: ast.expr
    decides: str
    whole: bool
    negated: bool
    body: int | None = None  # the first line of what is done where a lone condition holds


class _Found:
    """Collects the lines and branches of the code that was called."""

    def __init__(self, tree: ast.Module, source: Sequence[bytes], name: str) -> None:
        self._source, self._name = source, name
        self.total = 0
        self.unreached: list[Unreached] = []
        self._lines: dict[Unreached, int] = {}
        self._conditions: dict[_Position, _Condition] = {}
        self._raising: set[tuple[_Position, bool]] = set()
        self._runs: dict[int, list[_Run]] = {}
        for node in ast.walk(tree):
            self._decisions(node)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                self._runs[first] = list(_runs(node.body, node.lineno - 1))

    def order(self, one: Unreached) -> int:
        """The line of it."""
        return self._lines[one]

    def add(self, code: CodeType, lines: set[int], taken: Mapping[_Jump, set[int]]) -> None:
        """The code was called, with these lines and these destinations of its jumps."""
        executable = {line for _, _, line in code.co_lines() if line}
        named = not code.co_name.startswith("<")
        for begin, last in self._runs.get(code.co_firstlineno, ()) if named else ():
            if not executable.isdisjoint(last):
                said = f"line {begin}" if begin == last.start else f"lines {begin} to {last.stop - 1}"
                self._count(said, begin, reached=not lines.isdisjoint(last))
        by_condition: dict[_Position, list[_Jump]] = {}
        for jump in taken:
            if jump.condition in self._conditions:
                by_condition.setdefault(jump.condition, []).append(jump)
        for position, jumps in by_condition.items():
            self._outcomes(position, jumps, taken, lines)

    def _outcomes(
        self, position: _Position, jumps: Sequence[_Jump], taken: Mapping[_Jump, set[int]], lines: set[int]
    ) -> None:
        condition = self._conditions[position]
        node = condition.node
        reached = {_holds(jump, node, jumped=where == jump.target) for jump in jumps for where in taken[jump]}
        outcomes = [True, False]
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            # Of a < b < c, the first jump decides nothing where it holds.
            reached.discard(True)
            outcomes = [True, False] if condition.body else [False]
            reached |= {True} if condition.body in lines else set()
        for outcome in outcomes:
            if (position, outcome) not in self._raising:
                said = str(outcome != condition.negated if condition.whole else outcome).lower()
                leaf = "" if condition.whole else f"{self._text(node)} "
                self._count(f"{condition.decides}: {leaf}{said}", node.lineno, reached=outcome in reached)

    def _count(self, what: str, line: int, *, reached: bool) -> None:
        self.total += 1
        if not reached:
            one = Unreached(f"{self._name}:{line}", what)
            self._lines[one] = line
            self.unreached.append(one)

    def _decisions(self, node: ast.AST) -> None:
        """Takes the conditions of which the node consists."""
        if isinstance(node, ast.If | ast.While):
            word = "if" if isinstance(node, ast.If) else "while"
            body = node.body[0].lineno
            self._add(
                node.test, f"{word} {self._text(node.test)}", body if body > (node.test.end_lineno or 0) else None
            )
            for suite, holds in ((node.body, True), (node.orelse, False)):
                if suite and isinstance(suite[-1], ast.Raise):
                    self._raising |= {(_position(leaf), value) for leaf, value in _forced(node.test, holds=holds)}
        elif isinstance(node, ast.IfExp):
            self._add(node.test, f"… if {self._text(node.test)} else …")
        elif isinstance(node, ast.comprehension):
            for test in node.ifs:
                self._add(test, f"for … if {self._text(test)}")
        elif isinstance(node, ast.BoolOp):
            for value in node.values[:-1]:
                # Another and, or or not among them jumps for both at once.
                if not isinstance(value, ast.BoolOp | ast.IfExp | ast.UnaryOp):
                    self._conditions.setdefault(
                        _position(value), _Condition(value, self._text(node), whole=False, negated=False)
                    )

    def _text(self, node: ast.expr) -> str:
        """The condition as it is written, cut where it is long."""
        text = ast.unparse(node)
        if node.lineno == node.end_lineno:  # columns count bytes
            text = self._source[node.lineno - 1][node.col_offset : node.end_col_offset].decode("utf-8", "replace")
        text = " ".join(text.split())
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    def _add(self, test: ast.expr, decides: str, body: int | None = None) -> None:
        leaves = list(_leaves(test))
        for leaf, negated in leaves:
            whole = len(leaves) == 1
            own = _Condition(leaf, decides, whole, negated, body if whole and not negated else None)
            self._conditions[_position(leaf)] = own


def _holds(jump: _Jump, node: ast.expr, *, jumped: bool) -> bool:
    """Whether the condition held, by whether the jump was taken."""
    if jump.holds is not None:
        return jump.holds == jumped
    is_none = jump.none == jumped
    return is_none != (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.IsNot))


def _leaves(test: ast.expr, *, negated: bool = False) -> Iterator[tuple[ast.expr, bool]]:
    """The conditions on which the interpreter jumps for this test, and whether the test is the opposite of one."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _leaves(test.operand, negated=not negated)
    elif isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _leaves(value)
    elif isinstance(test, ast.IfExp):
        for value in (test.body, test.orelse):
            yield from _leaves(value)
    else:
        yield test, negated


def _forced(test: ast.expr, *, holds: bool) -> Iterator[tuple[ast.expr, bool]]:
    """The conditions, each with an outcome, with which it is decided that the test holds, or that it does not."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _forced(test.operand, holds=not holds)
    elif isinstance(test, ast.BoolOp):
        alone = isinstance(test.op, ast.Or) == holds
        for value in test.values if alone else test.values[-1:]:
            yield from _forced(value, holds=holds)
    elif not isinstance(test, ast.IfExp):
        yield test, holds


class _Run(NamedTuple):
    """Statements that are reached together: the first line of the first, and the lines of the last, of which one shows it."""

    begin: int
    last: range


def _runs(suite: Sequence[ast.stmt], above: int, *, implied: bool = False, each: bool = False) -> Iterator[_Run]:
    """The runs of statements of a suite that follows the line ``above``, and of the suites within.

    The first one is ``implied`` where a branch leads to it, and nothing but a ``raise`` is at the end of a suite that is left
    out. In a ``try``, ``each`` statement is one, since every one may be left.
    """
    if isinstance(suite[-1], ast.Raise):
        return
    begin: int | None = None
    for number, statement in enumerate(suite):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and len(suite) > 1:
            continue  # such as a docstring
        suites = list(_suites(statement))
        last = max(
            min((inner[0].lineno for inner, _ in suites), default=1 + (statement.end_lineno or 0)) - 1, statement.lineno
        )
        begin = statement.lineno if begin is None else begin
        yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(statement))
        if suites or each or yields or number == len(suite) - 1:
            if not implied and begin > above:
                yield _Run(begin, range(statement.lineno, last + 1))
            begin, implied = None, False
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for inner, follows in suites:
                yield from _runs(inner, last, implied=follows, each=isinstance(statement, ast.Try))


def _suites(statement: ast.stmt) -> Iterator[tuple[list[ast.stmt], bool]]:
    """The suites of a statement, and whether a branch leads to each that is seen by itself."""
    decides = isinstance(statement, ast.If | ast.While) and not isinstance(statement.test, ast.Constant)
    for _, value in ast.iter_fields(statement):
        if _is_suite(value):
            yield value, decides
    for inner in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield inner.body, False


def _is_suite(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], ast.stmt)


def _position(node: ast.expr) -> _Position:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset
