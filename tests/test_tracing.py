"""What the calls of a reference reach: its lines and branches, seen by the interpreter, and nothing that it cannot see."""

import ast
import functools
import itertools
import sys
import threading

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from xlparity.references.containment import TimedOut
from xlparity.references.function import find_function
from xlparity.references.tracing import Tracer

pytestmark = pytest.mark.skipif(
    not hasattr(sys, "monitoring") and sys.gettrace() is not None, reason="sys.settrace is taken before Python 3.12"
)


def _found(name, folder):
    return find_function(name, folder, 60)


def reached(folder, source, *calls, name="f"):
    """What calls of a function with these arguments reach: the total, and what is not reached, by line."""
    (folder / "model.py").write_text(source)
    function = _found(f"model.py:{name}", folder).function
    tracer = Tracer(function)
    for arguments in calls:
        with tracer.watching():
            function(*arguments)
    found = tracer.reach()
    assert found.remark is None
    return found.total, [f"{one.where.removeprefix('model.py:')} {one.what}" for one in found.unreached]


IF = """def f(x, y=0):
    if x > 3:
        y = 1
        y += 1
    return {'y': y}
"""


@pytest.mark.parametrize(
    ("source", "calls", "total", "unreached"),
    [
        pytest.param(IF, [(1,), (9,)], 4, [], id="both outcomes"),
        pytest.param(IF, [(1,)], 4, ["2 if x > 3: true"], id="its body is reached with the branch, and not listed again"),
        pytest.param(IF, [(9,)], 4, ["2 if x > 3: false"], id="never passed by"),
        pytest.param("def f(x):\n    if not x:\n        x = 1\n    return x\n", [(0,)], 4, ["2 if not x: false"], id="not"),
        pytest.param("def f(x):\n    if x is None:\n        x = 1\n    return x\n", [(0,)], 4, ["2 if x is None: true"],
                     id="is None"),
        pytest.param("def f(x):\n    if x is not None:\n        x = 1\n    return x\n", [(0,)], 4,
                     ["2 if x is not None: false"], id="is not None"),
        pytest.param("def f(x):\n    return 1 if x > 2 else 0\n", [(1,)], 3, ["2 … if x > 2 else …: true"], id="ternary"),
        pytest.param("def f(x, y):\n    if x > 1 and not y:\n        x = 0\n    return x\n", [(0, 0), (2, 1)], 6,
                     ["2 if x > 1 and not y: y false"], id="a part of a condition"),
        pytest.param("def f(x, y):\n    return x or y\n", [(1, 0)], 3, ["2 x or y: x false"], id="the value of or"),
        pytest.param("def f(x):\n    while x < 3:\n        x += 1\n    return x\n", [(5,)], 4, ["2 while x < 3: true"],
                     id="while"),
        pytest.param("def f(x):\n    if 0 < x < 5:\n        x = 9\n    return x\n", [(-1,), (7,)], 4,
                     ["2 if 0 < x < 5: true"], id="a chained comparison"),
        pytest.param("def f(x):\n    return [v for v in range(3) if v > x]\n", [(9,)], 3, ["2 for … if v > x: true"],
                     id="comprehension"),
        pytest.param("def f(x):\n    try:\n        x = 1 / x\n    except ZeroDivisionError:\n        x = 7\n    return x\n",
                     [(1,)], 4, ["5 line 5"], id="a handler"),
        pytest.param("def f(x):\n    for k in range(x):\n        if k == 2:\n            break\n        x += k\n    return x\n",
                     [(2,)], 6, ["3 if k == 2: true"], id="a loop"),
        pytest.param("def f(x):\n    if x: return 1\n    return 0\n", [(1,)], 4, ["2 if x: false", "3 line 3"],
                     id="on one line"),
        pytest.param("def g(v):\n    if v: v = 2\n    return v\n\ndef h(v):\n    return v\n\n"
                     "def f(x):\n    if x > 9:\n        h(x)\n    return g(x)\n", [(1,)], 8,
                     ["2 if v: false", "9 if x > 9: true"], id="functions of the file that are called"),
        pytest.param("def f(x):\n    '''It doubles.'''\n    return (2 *\n        x)\n", [(1,)], 1, [], id="a docstring"),
    ],
)  # fmt: skip
def test_what_no_call_reaches_is_listed_by_line(tmp_path, source, calls, total, unreached):
    """The same in every version of Python, whose bytecode and whose tools differ."""
    assert reached(tmp_path, source, *calls) == (total, unreached)


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        pytest.param("import numpy as np\ndef f(x):\n    y = x > 3\n    return np.where(y, 1, 2)\n", [(1,)], id="numpy.where"),
        pytest.param("def f(x):\n    if x < 0 or x > 9:\n        raise ValueError(x)\n    return x\n", [(1,)],
                     id="what only raises"),
        pytest.param("def f(x):\n    assert x > 0\n    return x\n", [(1,)], id="assert"),
        pytest.param("def f(x):\n    while True:\n        x += 1\n        if x:\n            return x\n", [(1,), (-1,)],
                     id="an endless loop"),
        pytest.param("def f(x):\n    return 0 < x < 5\n", [(1,)], id="a comparison that decides nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_or_is_not_compared_is_left_out(tmp_path, source, calls):
    """A list of what nobody can reach is not read."""
    _, unreached = reached(tmp_path, source, *calls)
    assert unreached == []


def test_what_follows_a_yield_is_a_line_of_its_own(tmp_path):
    """A generator that is asked for one iteration does not come to the step of the next."""
    (tmp_path / "model.py").write_text(
        "def f(x):\n    while True:\n        y = 2 * x\n        yield {'y': y}\n        x = y\n"
    )
    function = _found("model.py:f", tmp_path).function
    tracer = Tracer(function)
    with tracer.watching():
        list(itertools.islice(function(1), 1))
    assert [one.where for one in tracer.reach().unreached] == ["model.py:5"]
    with tracer.watching():
        list(itertools.islice(function(1), 2))
    assert tracer.reach().unreached == ()


def test_calls_outside_are_not_watched(tmp_path):
    """The reference is called for rounding as well, on inputs that are no samples."""
    (tmp_path / "model.py").write_text(IF)
    function = _found("model.py:f", tmp_path).function
    tracer = Tracer(function)
    with tracer.watching():
        function(1)
    function(9)
    assert [one.what for one in tracer.reach().unreached] == ["if x > 3: true"]


def test_the_function_below_a_decorator_is_watched(tmp_path):
    """It is the person's code; of what is compiled by others nothing is seen, and nothing said."""
    source = "import functools\n\n@functools.lru_cache\ndef f(x):\n    return 1 if x > 2 else 0\n"
    assert reached(tmp_path, source, (1,)) == (3, ["5 … if x > 2 else …: true"])
    tracer = Tracer(functools.partial(max, 1))
    with tracer.watching():
        pass
    assert tracer.reach().total == 0


def test_other_threads_may_run_meanwhile(tmp_path):
    """What is watched is the code, from Python 3.12 on in whatever thread a reference runs it."""
    (tmp_path / "model.py").write_text(IF)
    function = _found("model.py:f", tmp_path).function
    tracer = Tracer(function)
    with tracer.watching():
        thread = threading.Thread(target=function, args=(9,))
        thread.start()
        function(1)
        thread.join()
    missed = [] if hasattr(sys, "monitoring") else ["if x > 3: true"]
    assert [one.what for one in tracer.reach().unreached] == missed


@pytest.mark.parametrize("error", [ValueError, TimedOut, KeyboardInterrupt])
def test_nothing_is_left_behind_where_a_call_ends_early(tmp_path, error):
    """A tool that is never given back could not be used by a debugger, or by the next call."""
    tracer = Tracer(_found("model.py:f", _written(tmp_path, IF)).function)
    with pytest.raises(error), tracer.watching():
        raise error
    assert sys.gettrace() is None or hasattr(sys, "monitoring")
    assert not hasattr(sys, "monitoring") or [sys.monitoring.get_tool(number) for number in (3, 4)] == [None, None]


def test_where_another_tool_watches_nothing_is_claimed(tmp_path):
    """A debugger keeps its place; the remark says why nothing is known."""
    function = _found("model.py:f", _written(tmp_path, IF)).function
    tracer = Tracer(function)
    if hasattr(sys, "monitoring"):
        for number in (3, 4):
            sys.monitoring.use_tool_id(number, "other")
        try:
            with tracer.watching():
                function(1)
        finally:
            for number in (3, 4):
                sys.monitoring.free_tool_id(number)
    else:
        sys.settrace(lambda *arguments: None)
        try:
            with tracer.watching():
                function(1)
        finally:
            sys.settrace(None)
    found = tracer.reach()
    assert (found.total, found.unreached) == (0, ())
    assert "was not measured" in found.remark


def test_a_long_loop_is_not_watched_to_its_end(tmp_path):
    """Each jump is looked at so often in a call; after that the loop runs as fast as without."""
    source = "def f(x):\n    for k in range(x):\n        if k < 0:\n            x = 0\n    return x\n"
    (tmp_path / "model.py").write_text(source)
    function = _found("model.py:f", tmp_path).function
    tracer = Tracer(function)
    for _ in range(3):
        with tracer.watching():
            function(200_000)
    assert tracer._events < 6_000_000
    assert [one.what for one in tracer.reach().unreached] == ["if k < 0: true"]


def _written(folder, source):
    (folder / "model.py").write_text(source)
    return folder


CONDITIONS = st.recursive(
    st.sampled_from(["a", "b", "c", "a > b", "b == c", "a is None"]),
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=5,
)


@examples(60)
@given(CONDITIONS, st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=6))
def test_the_outcomes_of_any_condition_are_those_of_its_evaluation(tmp_path_factory, condition, calls):
    """Evaluated by hand, from left to right, as far as the parts decide: what is seen is what happened."""
    folder = tmp_path_factory.mktemp("any")
    _, unreached = reached(folder, f"def f(a, b, c):\n    if {condition}:\n        return 1\n    return 0\n", *calls)
    tree = compile(condition, "condition", "eval", 0x400)  # an ast
    happened = {outcome for call in calls for outcome in _outcomes(tree.body, dict(zip("abc", call, strict=True)))[1]}
    parts = _parts(tree.body)
    if len(parts) == 1:
        ((_, negated),) = parts
        expected = {f"2 if {condition}: {str(value != negated).lower()}" for value in (True, False)}
        expected -= {f"2 if {condition}: {str(value != negated).lower()}" for _, value in happened}
    else:
        texts = [text for text, _ in parts]
        once = {text for text in texts if texts.count(text) == 1}
        expected = {
            f"2 if {condition}: {text} {str(v).lower()}"
            for text in once
            for v in (True, False)
            if (text, v) not in happened
        }
        told = {f"2 if {condition}: {text} {value}" for text in once for value in ("true", "false")}
        unreached = [one for one in unreached if one in told]
    shown = [one for one in unreached if one.startswith("2 ")]
    assert set(shown) == expected or len(condition) > 60


def _parts(node, *, negated=False):
    if isinstance(node, ast.UnaryOp):
        return _parts(node.operand, negated=not negated)
    if isinstance(node, ast.BoolOp):
        return [(text, False) for value in node.values for text, _ in _parts(value)]
    return [(ast.unparse(node), negated)]


def _outcomes(node, names):
    """The truth of a condition, and its parts with theirs as far as they are evaluated."""
    if isinstance(node, ast.UnaryOp):
        holds, seen = _outcomes(node.operand, names)
        return not holds, seen
    if isinstance(node, ast.BoolOp):
        every: set = set()
        for value in node.values:
            holds, seen = _outcomes(value, names)
            every |= seen
            if holds == isinstance(node.op, ast.Or):
                break
        return holds, every
    holds = bool(eval(ast.unparse(node), {}, names))
    return holds, {(ast.unparse(node), holds)}
