"""``generate``: writes the files of course workbooks, or compares them with existing ones."""

from collections.abc import Mapping
from pathlib import Path

from xlparity.actions.courses import ALL, find_courses
from xlparity.actions.generate import build, differs
from xlparity.errors import UsageError
from xlparity.files import keep_apart, write_file
from xlparity.settings import LARGEST_SEED
from xlparity.spec.schema import FILE as SCHEMA
from xlparity.spec.schema import schema_text

FOLDER = Path("workbooks")
FEWEST = 2
_LARGEST_RATE = 1e6


def generate(
    course: str = ALL,
    folder: str | Path = FOLDER,
    *,
    iterations: int | None = None,
    alpha: float | None = None,
    seed: int = 1,
    faulty: str | Path | None = None,
) -> tuple[Path, ...]:
    """Write course workbooks with live formulas, and the spec files that verify them; return the paths of the files.

    ``course`` is a workbook's name, or "all", and ``folder`` the folder to write to, relative to the current folder.
    ``iterations`` of training are 2 to 2,000, of wine_solution to 200, by default as many as the course has. ``alpha`` is the
    learning rate in the workbook's alpha cell, between -1,000,000 and 1,000,000, by default the one that the course uses, and
    ``seed`` that of the initial weights, 0 to 2**32 - 1. With ``faulty``, a copy with typical mistakes is written to that path,
    of the one workbook that has some. The paths are those of each workbook and its ``NAME.parity.toml``, of
    ``parity.schema.json`` (for editors), and of the faulty copy. Existing files are replaced, and the same arguments give the
    same bytes.

    Raises UsageError where there is no such course, a number makes no sense, or a file cannot be written.
    """
    files = course_files(course, folder, iterations=iterations, alpha=alpha, seed=seed, faulty=faulty)
    for path, data in files.items():
        write_file(path, data)
    return tuple(files)


def differing(files: Mapping[Path, bytes]) -> list[Path]:
    """The paths of ``course_files`` whose file is missing or differs; nothing is written."""
    return [path for path, data in files.items() if differs(path, data)]


def course_files(
    course: str,
    folder: str | Path,
    *,
    iterations: int | None = None,
    alpha: float | None = None,
    seed: int = 1,
    faulty: str | Path | None = None,
) -> dict[Path, bytes]:
    """The bytes of the files that ``generate`` writes, by path; raises UsageError as it does."""
    found = find_courses(course)
    for name, each in found.items():
        if iterations is not None and not FEWEST <= iterations <= each.most:
            raise UsageError(f"{name}: iterations is a whole number from {FEWEST} to {each.most:,}")
    if alpha is not None and not -_LARGEST_RATE < alpha < _LARGEST_RATE:  # also refuses a nan
        raise UsageError(f"alpha {alpha} is no learning rate; give a number such as 0.5")
    if not 0 <= seed <= LARGEST_SEED:
        raise UsageError(f"seed is a whole number from 0 to {LARGEST_SEED:,}")
    folder = Path(folder)
    lengths = {name: each.iterations if iterations is None else iterations for name, each in found.items()}
    drafts = {
        name: each.draft(lengths[name], each.alpha if alpha is None else alpha, seed) for name, each in found.items()
    }
    files = {folder / name: data for draft in drafts.values() for name, data in build(draft).items()}
    files[folder / SCHEMA] = schema_text().encode()
    if faulty is not None:
        faulty = Path(faulty)
        keep_apart(faulty, *files, option="faulty")
        if faulty.suffix.lower() != ".xlsx":
            raise UsageError(f"faulty {faulty}: name a file that ends in .xlsx, as Excel opens no other as one")
        planting = {name: each.plant_mistakes for name, each in found.items() if each.plant_mistakes}
        if len(planting) != 1:
            names = [name for name, each in find_courses(ALL).items() if each.plant_mistakes]
            raise UsageError(f"faulty {faulty}: name one course workbook with typical mistakes: {', '.join(names)}")
        ((name, plant_mistakes),) = planting.items()
        plant_mistakes(drafts[name], lengths[name])
        files[faulty] = build(drafts[name])[f"{drafts[name].name}.xlsx"]
    return files
