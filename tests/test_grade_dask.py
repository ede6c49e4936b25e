"""Grades from a real Dask cluster of two worker processes: the same as on this machine, of which it has no file."""

import pytest
from grade_cases import CASES, write_spec
from test_jobs_dask import address, cluster  # noqa: F401  (fixtures)

from xlparity.actions.generate import build
from xlparity.actions.grade import grade
from xlparity.course.regressor.pages import regressor
from xlparity.jobs import Workers

pytestmark = pytest.mark.dask


def test_a_cluster_gives_the_same_grades_and_the_same_files(address, tmp_path):  # noqa: F811
    """A wrong submission, a right one, one that cannot be read, and a reference in a file with a table beside it."""
    files = build(regressor(iterations=2))
    (tmp_path / "regressor.xlsx").write_bytes(files["regressor.xlsx"])
    spec = write_spec(tmp_path, files["regressor.parity.toml"].decode())
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "scale.csv").write_text("1.0\n")
    (tmp_path / "own" / "own.py").write_text(
        "from pathlib import Path\nfrom xlparity.course.regressor.reference import train as right\n"
        "SCALE = float(Path(__file__).with_name('scale.csv').read_text())\n\n\n"
        "def train(A0, y, W1, b1, alpha):\n    yield from right(A0 * SCALE, y, W1, b1, alpha)\n"
    )
    spec.write_text(spec.read_text().replace("xlparity.course.regressor.reference:train", "own/own.py:train"))
    (tmp_path / "in").mkdir()
    for name in ("right - own weights", "fault - sign", "other - no bytes", "fault - typed"):
        (tmp_path / "in" / f"{name}.xlsx").write_bytes(CASES[name].data(files["regressor.xlsx"]))
    here = grade(spec, [tmp_path / "in"], out=tmp_path / "here")
    there = grade(spec, [tmp_path / "in"], out=tmp_path / "there", workers=Workers(dask=address))
    assert here == there
    assert [one.reason is None for one in here.grades] == [True, True, False, True]
    for path in (tmp_path / "here").rglob("*.*"):
        if path.is_file() and path.name != "grades.jsonl":  # which has the grades as they finished
            assert path.read_bytes() == (tmp_path / "there" / path.relative_to(tmp_path / "here")).read_bytes()
