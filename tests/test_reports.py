"""``reports/`` holds what a run says today: written anew, each report is the committed one."""

import itertools
import math
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from warm import program

from xlparity.excel import ooxml

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".ci" / "reports"
PICTURE = "regressor-faulty.png"  # another Chromium draws another picture

# What hangs on the machine: the libraries' versions, the digest of a workbook that was generated with another zlib, the
# chart that matplotlib draws (its description is compared), and how many units in the last place two numbers differ by
# that are the same but for rounding.
VERSION = re.compile(r"\b\d+\.\d+\.\d+(?:\.?(?:dev|rc|post)\d+)?\b")
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
CHART = re.compile(r'(<svg role="img" aria-label="[^"]*").*?</svg>', re.DOTALL)
ULPS = re.compile(r"((?:\d\.\de[+-]\d+|\b0)(?:\s|\||</?td[^>]*>)+)(?:(?:>|&gt;) 1e6|\d+)\b")
NUMBER = re.compile(r"(?<![\w.])(-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])")

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the reports are not part of a source distribution")


@pytest.fixture(scope="module")
def written(warm, tmp_path_factory):
    """The folder into which the script that writes ``reports/`` has written them once more."""
    folder = tmp_path_factory.mktemp("reports")
    tools = tmp_path_factory.mktemp("tools")
    (tools / "xlparity").write_text(f'#!/bin/sh\nexec {shlex.join(program("xlparity.cli"))} "$@"\n')
    (tools / "xlparity").chmod(0o755)
    done = subprocess.run(
        ["bash", str(SCRIPT), str(folder)], check=False, capture_output=True, encoding="utf-8",
        env={**os.environ, "PATH": f"{tools}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def texts(path):
    """The text of a report; of a workbook, that of each of its parts."""
    if path.suffix == ".xlsx":
        return {name: part.decode() for name, part in ooxml.read_parts(path.read_bytes(), path).items()}
    return {"": path.read_text(encoding="utf-8")}


def pieces(text):
    """The text without what hangs on the machine, cut into words and numbers."""
    text = ULPS.sub(r"\1", CHART.sub(r"\1", DIGEST.sub("DIGEST", VERSION.sub("VERSION", text))))
    return [piece for part in NUMBER.split(text) for piece in ([part] if NUMBER.fullmatch(part) else part.split())]


def same(one, other):
    """Whether two pieces are equal, as numbers up to what another processor's exp() may make of them."""
    if one == other:
        return True
    if one is None or other is None or not (NUMBER.fullmatch(one) and NUMBER.fullmatch(other)):
        return False
    a, b = (float(piece.replace(",", "")) for piece in (one, other))
    return math.isclose(a, b, rel_tol=1e-6) if max(abs(a), abs(b)) > 1e-9 else True


def difference(one, other):
    """Where two texts first differ, in words; None where they do not."""
    left, right = pieces(one), pieces(other)
    for number, (a, b) in enumerate(itertools.zip_longest(left, right)):
        if not same(a, b):
            around = slice(max(0, number - 8), number + 8)
            return f"{' '.join(left[around])}\n  is now\n{' '.join(right[around])}"
    return None


def test_the_committed_reports_are_what_a_run_writes_today(written):
    """Who opens them sees what xlparity says, and a change to what it says is seen in review."""
    names = {path.name for path in written.iterdir()} | {PICTURE}
    assert {path.name for path in (ROOT / "reports").iterdir()} == names
    for name in sorted(names - {PICTURE}):
        committed, now = texts(ROOT / "reports" / name), texts(written / name)
        assert committed.keys() == now.keys()
        for part, text in committed.items():
            found = difference(text, now[part])
            assert found is None, f"reports/{name} {part}: run '.ci/reports' and look at the change:\n{found}"


@pytest.mark.parametrize(
    ("now", "is_same"),
    [
        ("z1  88  88  1.1e-16  1  –  0.35713001", True),
        ("z1  88  87  0  0  –  0.35713", False),
        ("z1  88  88  0  0  –  0.35714", False),
        ("z2  88  88  0  0  –  0.35713", False),
        ("z1  88  88  0  0  –", False),
    ],
)
def test_the_comparison_of_reports_sees_what_matters(now, is_same):
    """Rounding is another machine's, and everything else is a change."""
    assert (difference("z1  88  88  0  0  –  0.35713", now) is None) is is_same
