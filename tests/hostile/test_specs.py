"""Every hostile spec ends as it is declared: in time, with one line, and with nothing written."""

import resource
import signal

import pytest

from hostile.specs import CASES, RIGHT, WRONG

SECONDS = 60  # of one spec, on a machine that is busy; an idle one needs four for the slowest
MEGABYTES = 600  # that one spec may take more than the tests before it; the most is 200


def test_no_two_cases_have_one_name():
    """Of which one would hide how the other ended."""
    assert len({case.name for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_spec_ends_as_it_is_declared(run, small, monkeypatch, case):
    """A spec is somebody's file: it is refused in a line that helps, or computed, and it takes neither all day nor all memory."""

    def too_long(number, frame):
        raise TimeoutError(f"{case.name} takes more than {SECONDS} s")

    monkeypatch.chdir(small.folder)
    spec = case.made(small.folder)
    before = {path.name for path in small.folder.iterdir()}
    usual = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        done = run(
            "verify", spec.relative_to(small.folder) if spec.is_relative_to(small.folder) else spec, "--scenarios", 3
        )
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, usual)
    assert done.code == case.code, done.err
    if case.code in (RIGHT, WRONG):
        assert not done.err
    else:
        assert not done.out
        assert done.err.startswith("xlparity: ")
        assert done.err.count("\n") == 1
        assert len(done.err) < 2_200
        assert "a fault in xlparity" not in done.err
        assert all(words in done.err for words in case.said), done.err
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < MEGABYTES << 10
    assert {path.name for path in small.folder.iterdir()} - {"__pycache__"} == before
