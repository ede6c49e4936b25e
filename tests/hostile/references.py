"""References that misbehave, each with its outcome: they double A1, or do not, and must not decide anything else.

Bodies of ``double(x)`` that are right give ``{'y': 2 * x}``, so that B1 matches.
"""

from typing import NamedTuple

RIGHT = "    return {'y': 2 * x}\n"
DOUBLE = "def double(x):\n"
LIBC = "import atexit, ctypes, os, signal, sys, threading, time\nlibc = ctypes.CDLL(None)\n"


class Hostile(NamedTuple):
    """A reference, the exit code of ``verify``, a piece of what it says, and its further options."""

    source: str
    code: int
    said: str = ""
    options: tuple[str, ...] = ()
    blocks: int = 0


def body(lines: str, code: int, said: str = "", *options: str, before: str = "", blocks: int = 0) -> Hostile:
    """One whose function has this body, and returns what is right after it."""
    text = "".join(f"    {line}\n" for line in lines.split("\n"))
    return Hostile(LIBC + before + DOUBLE + text + RIGHT, code, said, options, blocks)


def gives(expression: str, code: int, said: str = "", before: str = "") -> Hostile:
    """One that gives this as y."""
    return Hostile(
        f"import numpy as np\nimport pandas as pd\n{before}\n{DOUBLE}    return {{'y': {expression}}}\n", code, said
    )


STORED = "on the stored inputs (x = 3)"
SHORT = ("--timeout", "1")
HUNG = f"double did not return within 1 s {STORED}"
NO_VALUES = "'y' is no array of cell values"

ENDS = {
    "os._exit": body("os._exit(0)", 2, "would end the process before there is a verdict"),
    "exit in C": body("libc._exit(0)", 2, f"double ended with exit code 0 {STORED}"),
    "exit with 1 in C": body("libc._exit(1)", 2, f"double ended with exit code 1 {STORED}"),
    "sys.exit": body("sys.exit(0)", 2, "double raised SystemExit: 0"),
    "segfault": body("ctypes.string_at(0)", 2, f"double ended with SIGSEGV {STORED}"),
    "abort": body("libc.abort()", 2, f"double ended with SIGABRT {STORED}"),
    "kill": body("os.kill(os.getpid(), signal.SIGKILL)", 2, f"double ended with SIGKILL {STORED}"),
    "terminate": body("os.kill(os.getpid(), signal.SIGTERM)", 2, f"double ended with SIGTERM {STORED}"),
    "interrupt": body("os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(1)", 2, "double raised KeyboardInterrupt"),
    "KeyboardInterrupt": body("raise KeyboardInterrupt", 2, "double raised KeyboardInterrupt"),
    "the group": body("os.killpg(0, signal.SIGKILL)", 2, f"double ended with SIGKILL {STORED}"),
    "exit on import": Hostile(f"{LIBC}libc._exit(0)\n", 2, "cannot be imported (its process ended with exit code 0)"),
    "segfault on import": Hostile(f"{LIBC}ctypes.string_at(0)\n", 2, "its process ended with SIGSEGV"),
    "exit in a thread": body(
        "threading.Thread(target=libc._exit, args=(0,)).start()\ntime.sleep(9)", 2, "ended with exit code 0"
    ),
    "exit in a scenario": body("if x != 3: libc._exit(0)", 2, "ended with exit code 0 in scenario 1 (x = "),
    "atexit and right": body("pass", 0, before="atexit.register(libc._exit, 1)\n"),
    "atexit and wrong": body("x = x + 1", 1, before="atexit.register(libc._exit, 0)\n"),
    "close all files": body("os.closerange(0, 300)", 2, "double ended with exit code 1"),
    "close the rest": body("os.closerange(3, 300)", 2, "double ended with exit code 1"),
    "kills xlparity": body("os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(9)", -9),
}
HANGS = {
    "loop": body("while True: pass", 2, HUNG, *SHORT),
    "loop that catches all": body(
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", 2, HUNG, *SHORT
    ),
    "sleep": body("time.sleep(1000)", 2, HUNG, *SHORT),
    "sleep in C": body("libc.sleep(1000)", 2, HUNG, *SHORT),
    "with the interpreter's lock": body("ctypes.PyDLL(None).sleep(1000)", 2, HUNG, *SHORT),
    "regular expression": body("import re; re.match('(a+)+$', 40 * 'a' + 'b')", 2, HUNG, *SHORT),
    "deadlock": body("lock = threading.Lock(); lock.acquire(); lock.acquire()", 2, HUNG, *SHORT),
    "stopped": body("os.kill(os.getpid(), signal.SIGSTOP)", 2, HUNG, *SHORT),
    "no clock": body("time.monotonic = lambda: 0\nwhile True: pass", 2, HUNG, *SHORT),
    "on import": Hostile("while True: pass\n", 2, "it takes longer than 1 s", SHORT),
    "on import in C": Hostile(f"{LIBC}libc.sleep(1000)\n", 2, "it takes longer than 1 s", SHORT),
    "sleep on close": body(
        "def passes():\n    try:\n        for _ in range(9): yield {'y': 2 * x}\n    finally: time.sleep(1000)\nreturn passes()",
        2, HUNG, *SHORT, blocks=2,
    ),
    "raise on close": body(
        "def passes():\n    try:\n        for _ in range(9): yield {'y': 2 * x}\n    finally: raise ValueError\nreturn passes()",
        0, blocks=2,
    ),
    "generator without end": body(
        "def passes():\n    while True: yield {'y': 2 * x}\nreturn passes()", 0, blocks=2
    ),
    "in a scenario": body("if x != 3: libc.sleep(1000)", 2, "did not return within 1 s in scenario 1", *SHORT),
}  # fmt: skip
PRINTS = {
    "print": body("print('{]')", 0),
    "to the file": body("os.write(1, b'{]')", 0),
    "in C": body("libc.puts(b'{]')\nlibc.fflush(None)", 0),
    "a program": body("import subprocess; subprocess.run(['echo', '{]'], check=True)", 0),
    "ten megabytes": body("for _ in range(100): os.write(2, 100_000 * b'{]')", 0),
    "without end": body("while True: os.write(2, 100_000 * b'{]')", 2, HUNG, *SHORT),
    "all closed, and busy": body("for file in range(3):\n    try: os.close(file)\n    except OSError: pass\ntime.sleep(0.2)", 0),
    "standard output closed": body("sys.stdout.close()\ntry: os.close(1)\nexcept OSError: pass", 0),
    "standard output of another kind": body("sys.stdout = sys.stderr = sys.__stdout__ = None", 0),
    "to every file": body(
        "for file in range(3, 30):\n    try: os.write(file, 100 * b'{]')\n    except OSError: pass",
        2, "wrote to the connection to xlparity",
    ),
    "a fork that returns": body("os.fork()", 0),
    "a fork that stays": body("if not os.fork(): time.sleep(1000)", 0),
    "an executor": body(
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as two: list(two.map(print, 'ab'))", 0
    ),
    "reads": body("assert sys.stdin.read() == ''", 0),
    "breakpoint": body("breakpoint()", 2, "a debugger has no terminal here: run with --in-process"),
}  # fmt: skip
PATCHES = {
    "isfinite": gives("np.nan", 2, "'y' has a nan", "np.isfinite = lambda x: np.ones(np.shape(x), bool)"),
    "array": gives("2 * x", 0, before="np.array = np.concatenate = np.empty = lambda *a, **b: 0"),
    "json": body("pass", 0, before="import json\njson.dumps = json.loads = json.JSONEncoder = lambda *a, **b: '{]'\n"),
    "json's methods": body("pass", 0, before="import json\njson.JSONEncoder.default = lambda *a: '{]'\n"),
    "pickle and struct": body("pass", 0, before="import pickle, struct\npickle.dumps = struct.pack = lambda *a: b'{]'\n"),
    "numpy's errors": body("import numpy; numpy.seterr(all='raise')", 0),
    "decimal": body("import decimal; decimal.getcontext().prec = 1\ndecimal.getcontext().traps[decimal.Inexact] = True", 0),
    "recursion limit": body("sys.setrecursionlimit(150)", 0),
    "environment and folder": body("os.environ.clear(); os.chdir('/')", 0),
    "modules": body("for name in list(sys.modules): sys.modules[name] = None", 2, "fault that shows in 3 scenarios"),
    "random state": Hostile(
        f"import random\nimport numpy as np\nnp.random.seed(0)\nrandom.seed(0)\n{DOUBLE}{RIGHT}", 0
    ),
    "monitoring": body("sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)", 0),
}  # fmt: skip
FILLS = {
    "memory": body("held = []\nwhile True: held.append(bytearray(1 << 26))", 2, "needed more than 2 GB of memory"),
    "memory, and catches": body(
        "held = []\nwhile True:\n    try: held.append(bytearray(1 << 26))\n    except MemoryError: pass",
        2, "needed more than 2 GB of memory",
    ),
    "recursion": body("return double(x)", 2, "double raised RecursionError"),
    "an array": gives("np.broadcast_to(6.0, (1 << 40,))", 2, "small.py:double"),
}  # fmt: skip
SAYS = {
    "a megabyte": body("raise ValueError((1 << 20) * 'x')", 2, "xxx…"),
    "many lines": body("raise ValueError(99 * 'line\\n')", 2, "line line"),
    "escapes": body("raise ValueError('\\x1b[2J\\x07')", 2, "raised ValueError"),
    "half a character": body("raise ValueError('\\udc80')", 2, "raised ValueError"),
    "no text": body(
        "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute", 2, "double raised Mute"
    ),
    "a name of many lines": body("raise type('\\n\\x1b' + 9999 * 'x', (Exception,), {})", 2, "raised"),
    "a text of its own": body(
        "class Text(str):\n    def split(self, *a): raise ValueError\n"
        "class Own(Exception):\n    def __str__(self): return Text('own')\nraise Own", 2, "double raised Own: own",
    ),
    "in a group": body("raise ExceptionGroup('all', [ValueError('one')])", 2, "double raised ExceptionGroup: all"),
}  # fmt: skip
GIVES = {
    "bytes": gives("b'six'", 2, NO_VALUES),
    "bytes in an array": gives("np.array([[b'six']])", 2, NO_VALUES),
    "a date": gives("np.datetime64('2000-01-06')", 1),
    "a date of the year 20000": gives("np.datetime64('20000-01-01')", 2, NO_VALUES),
    "a time": gives("np.timedelta64(6, 's')", 2, NO_VALUES),
    "a structured array": gives("np.zeros(1, [('a', float)])", 2, NO_VALUES),
    "a complex number": gives("6 + 0j", 2, NO_VALUES),
    "complex numbers": gives("np.array([[6 + 0j]])", 2, NO_VALUES),
    "a masked array": gives("np.ma.masked_equal([[6.0]], 1)", 2, NO_VALUES),
    "an object": gives("object()", 2, NO_VALUES),
    "objects": gives("np.array([[object()]])", 2, NO_VALUES),
    "a ragged list": gives("[[1], [2, 3]]", 2, NO_VALUES),
    "a whole number without end": gives("10 ** 400", 2, NO_VALUES),
    "half a character": gives("'\\udc80'", 2, NO_VALUES),
    "a function": gives("np.sin", 2, NO_VALUES),
    "a generator": gives("(v for v in [6.0])", 2, NO_VALUES),
    "nan": gives("np.nan", 2, "'y' has a nan or an infinity in it"),
    "infinity": gives("np.inf", 2, "'y' has a nan or an infinity in it"),
    "nan among objects": gives("np.array([[float('nan')]], object)", 2, "'y' has a nan or an infinity in it"),
    "nothing": gives("None", 1),
    "a text": gives("'6'", 1),
    "another shape": gives("np.full((2, 2), 6.0)", 1),
    "an empty array": gives("np.zeros((0, 3))", 1),
    "a Series": gives("pd.Series([2 * x])", 0),
    "a DataFrame": gives("pd.DataFrame({'a': [2 * x]})", 0),
    "pandas' numbers": gives("pd.array([2 * x], dtype='Float64')", 0),
    "pandas' missing value": gives("pd.NA", 1),
    "an object that is an array": Hostile(
        "import numpy as np\nclass Own:\n    def __init__(self, x): self.x = x\n"
        f"    def __array__(self, *a, **b): return np.array([[2 * self.x]])\n{DOUBLE}    return {{'y': Own(x)}}\n", 0,
    ),
    "an array that raises": gives(
        "Own()", 2, NO_VALUES, before="class Own:\n    def __array__(self, *a, **b): raise ValueError('no')"
    ),
    "an array that hangs": Hostile(
        f"class Own:\n    def __array__(self, *a, **b):\n        while True: pass\n{DOUBLE}    return {{'y': Own()}}\n",
        2, HUNG, SHORT,
    ),
    "views of one buffer": Hostile(
        f"import numpy as np\nheld = np.zeros((1, 1))\n{DOUBLE}    while True:\n"
        "        held[:] = 2 * x\n        yield {'y': held}\n        held[:] = 0\n", 0, blocks=2,
    ),
    "another order of bytes": gives("np.array([[2 * x]], '>f8')", 0),
    "every other number": gives("np.array([2 * x, 0.0])[::2]", 0),
    "a long float": gives("np.longdouble(2 * x)", 0),
    "another name": Hostile(f"{DOUBLE}    return {{'Y': 2 * x}}\n", 2, "double gives no 'y' (did you mean 'Y'?)"),
    "no name": Hostile(f"{DOUBLE}    return 2 * x\n", 2, "double gave a float"),
    "names that lie": Hostile(
        "class Own(dict):\n    def __contains__(self, name): return True\n"
        f"{DOUBLE}    return Own(z=1)\n", 2, "double raised KeyError: 'y'",
    ),
    "no signature": Hostile(f"{DOUBLE}{RIGHT}double.__signature__ = 5\n", 2, "has no readable parameters"),
    "a circle of wrappers": Hostile(f"{DOUBLE}{RIGHT}double.__wrapped__ = double\n", 2, "small.py:double"),
    "a module without attributes": Hostile("def __getattr__(name): raise ValueError(name)\n", 2, "cannot be imported"),
    "a class": Hostile("class double(dict):\n    def __init__(self, x): self['y'] = 2 * x\n", 0),
}  # fmt: skip

ALL: dict[str, Hostile] = {
    f"{kind}: {name}": one
    for kind, of in (
        ("ends", ENDS), ("hangs", HANGS), ("prints", PRINTS), ("patches", PATCHES), ("fills", FILLS), ("says", SAYS),
        ("gives", GIVES),
    )
    for name, one in of.items()
}  # fmt: skip
