"""The same input gives the same bytes, whatever the environment; and on another processor, values that count as the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from xlparity.actions.recalc import EQUAL

# Every kind of file that is written, by one process; a locale is used as a program that sets it does.
EVERYTHING = """
import contextlib, locale, sys
from xlparity.cli import main

locale.setlocale(locale.LC_ALL, "")
for words in (
    "generate regressor --iterations 3 --out . --faulty faulty.xlsx",
    "verify regressor.parity.toml --workbook faulty.xlsx --scenarios 10 --fix fixed.xlsx --annotate shown.xlsx"
    " --format html --output page.html --format json --output report.json --format text --output report.txt",
    "recalc faulty.xlsx --out recalculated.xlsx",
):
    sys.argv = ["xlparity", *words.split()]
    with contextlib.suppress(SystemExit):
        main()
"""
WRITTEN = {
    "parity.schema.json", "regressor.parity.toml", "regressor.xlsx", "faulty.xlsx", "fixed.xlsx", "shown.xlsx", "page.html",
    "report.json", "report.txt", "recalculated.xlsx",
}  # fmt: skip


def written(folder, **variables):
    """What each file holds that is written into the folder with these environment variables."""
    folder.mkdir()
    command = [sys.executable, "-P", "-c", EVERYTHING]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert found.keys() == WRITTEN, done.stderr
    return found


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """What is written in the environment of the tests."""
    return written(tmp_path_factory.mktemp("usual") / "here")


def differing(found, usual):
    return [name for name in WRITTEN if found[name] != usual[name]]


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONHASHSEED": "0", "TZ": "Asia/Tokyo", "LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "1", "TZ": "America/St_Johns", "OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"},
    ],
)
def test_hash_seeds_time_zones_threads_and_folders_change_no_byte(tmp_path, usual, variables):
    """A page that differs in every run cannot be compared with that of yesterday, and a workbook is a change in git."""
    assert not differing(written(tmp_path / "elsewhere", **variables), usual)


@pytest.mark.parametrize("locale", ["de_DE.UTF-8", "tr_TR.UTF-8"])
def test_locales_change_no_byte(tmp_path, usual, locale):
    """With a comma for a point, or a dotless i for the small letter of I, a file would be another one, or wrong."""
    known = subprocess.run(
        [sys.executable, "-c", "import locale; locale.setlocale(0, '')"],
        env={**os.environ, "LC_ALL": locale},
        check=False,
    )
    if known.returncode:
        pytest.skip(f"the locale {locale} is not installed")
    assert not differing(written(tmp_path / "elsewhere", LC_ALL=locale), usual)


def numbers(path):
    """The stored numbers by sheet and cell."""
    book = openpyxl.load_workbook(path, data_only=True)
    return {
        (sheet.title, c.coordinate): c.value
        for sheet in book
        for row in sheet
        for c in row
        if isinstance(c.value, float)
    }


def test_another_processor_has_other_last_digits_and_no_other_result(tmp_path, usual):
    """numpy computes EXP and LN in another way where it finds AVX-512, and training makes a unit in the last place grow.

    No rounding of what is stored helps, since a difference of nearly equal numbers has it in its first digits.
    """
    found = [name for name in np.show_config(mode="dicts")["SIMD Extensions"].get("found", ()) if name]
    if not found:
        pytest.skip("numpy has but one way to compute on this processor")
    others = written(tmp_path / "elsewhere", NPY_DISABLE_CPU_FEATURES=" ".join(found))
    assert set(differing(others, usual)) <= WRITTEN - {"parity.schema.json", "regressor.parity.toml"}
    (tmp_path / "usual").mkdir()
    for name in WRITTEN:
        (tmp_path / "usual" / name).write_bytes(usual[name])
        if name.endswith(".xlsx"):
            ours, theirs = numbers(tmp_path / "usual" / name), numbers(tmp_path / "elsewhere" / name)
            assert ours.keys() == theirs.keys()
            assert all(EQUAL.allows(ours[cell], theirs[cell]) for cell in ours)
    ours, theirs = (json.loads(Path(tmp_path, folder, "report.json").read_bytes()) for folder in ("usual", "elsewhere"))
    assert ours["verdict"] == theirs["verdict"] == "fail"
    for one, other in zip(ours["checks"], theirs["checks"], strict=True):
        assert [(cell["cell"], cell["status"]) for cell in one["cells"]] == [
            (cell["cell"], cell["status"]) for cell in other["cells"]
        ]
        assert [each["code"] for each in one["findings"]] == [each["code"] for each in other["findings"]]
