"""What pre-commit runs, with the files that are to be committed: ``python -P -m xlparity.cli.hooks verify|recalc-check``.

A hook is handed files, and a spec is what is verified: for a workbook, a reference or a module that changed, that is every
spec which names it or whose reference imports it. Without -P a file of the repository could stand in for a library of the
same name.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import typer

from xlparity import cli
from xlparity.cli.guard import guarded
from xlparity.errors import XlparityError
from xlparity.files import files_below
from xlparity.results.report import Verdict, worst
from xlparity.spec import SUFFIX, read_spec

_ENDINGS = (SUFFIX, ".xlsx", ".xlsm", ".py")  # in small letters; those of the workbooks may be capitals


def verify(words: Sequence[str]) -> int:
    """Verifies the specs that are, or rest on, any of the files behind the options; the exit code is the worst verdict's."""
    options, files = _split(words)
    specs = specs_of([*files, *_deleted()], Path())
    if not specs:
        typer.echo("no spec file names any of these files; nothing is verified")
        return 0
    return _run(["verify", *options, "--", *map(str, specs)])


def recalc_check(words: Sequence[str]) -> int:
    """Whether each of the workbooks stores what its formulas compute; the exit code is the worst one's."""
    options, files = _split(words)
    codes = [_run(["recalc", "--check", *options, "--", str(file)]) for file in files]
    return int(worst(map(Verdict, codes))) if codes else 0


def specs_of(files: Sequence[Path], folder: Path) -> list[Path]:
    """The spec files below the folder that are among the files, or name one as workbook, as reference or by its imports.

    The files may be deleted ones. A spec that cannot be read is one of the specs, where there are files at all: what it
    names, nobody knows.
    """
    if not files:
        return []
    changed = {file.resolve() for file in files}
    found = {file for file in files if file.name.endswith(SUFFIX) and file.is_file()}
    known = {file.resolve() for file in found}
    names = {_module(file) for file in files if file.suffix == ".py"}
    modules = _modules_below(folder) if names else {}
    for spec in files_below(folder, SUFFIX):
        if spec.resolve() in known:
            continue
        try:
            plan = read_spec(spec)
        except XlparityError:
            found.add(spec)
            continue
        places = [reference.rpartition(":")[0] for reference in plan.references]
        scripts = [spec.parent / place for place in places if place.endswith(".py")]
        if changed.intersection(path.resolve() for path in (plan.workbook, *scripts)):
            found.add(spec)
        elif names:
            dotted = {name for place in places if not place.endswith(".py") for name in place.split(".")}
            if not names.isdisjoint(_imported(scripts, dotted, modules)):
                found.add(spec)
    return sorted(found)


def _deleted() -> list[Path]:
    """What a hook is for and the commit, or the range of commits, takes away or renames: handed over is what is there."""
    ends = [os.environ.get(f"PRE_COMMIT_{end}_REF") for end in ("FROM", "TO")]
    between = ["...".join(filter(None, ends))] if all(ends) else ["--cached"]
    command = ["git", "diff", "--name-only", "--no-renames", "--diff-filter=D", "--relative", "-z", *between, "--"]
    try:
        done = subprocess.run(command, check=False, capture_output=True)
    except OSError:  # there is no git, and so no commit
        return []
    names = map(os.fsdecode, done.stdout.split(b"\0"))
    return [Path(name) for name in names if name.lower().endswith(_ENDINGS)]


def _imported(scripts: Iterable[Path], dotted: Iterable[str], modules: Mapping[str, Sequence[Path]]) -> set[str]:
    """The parts of the names by which these files and modules import others, and these again others.

    Where a module lies is not asked of Python, which would have to run it: any file of its name may be it.
    """
    names = set(dotted)
    ahead = [*scripts, *(path for name in names for path in modules.get(name, ()))]
    read: set[Path] = set()
    while ahead:
        path = ahead.pop().resolve()
        if path in read:
            continue
        read.add(path)
        new = _imports(path) - names
        names |= new
        ahead += (path for name in new for path in modules.get(name, ()))
    return names


def _imports(path: Path) -> set[str]:
    """The parts of all names that stand in the file's import statements; none where it cannot be read."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return set()
    dotted: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            dotted += [alias.name for alias in node.names]
            dotted += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return {part for name in dotted for part in name.split(".")}


def _modules_below(folder: Path) -> dict[str, list[Path]]:
    """The folder's Python files by the names under which they may be imported."""
    modules: dict[str, list[Path]] = {}
    for path in files_below(folder, ".py"):
        modules.setdefault(_module(path), []).append(path)
    return modules


def _module(path: Path) -> str:
    """The last part of the name under which the file is imported: a package's own file is known by its folder."""
    return path.resolve().parent.name if path.stem == "__init__" else path.stem


def _split(words: Sequence[str]) -> tuple[list[str], list[Path]]:
    """The options that the configuration gives, and the files, which pre-commit puts behind them.

    Where the last option takes a file for its value, a ``--`` behind it in the configuration keeps the two apart.
    """
    cut = len(words)
    while cut and words[cut - 1].lower().endswith(_ENDINGS) and Path(words[cut - 1]).is_file():
        cut -= 1
    options = list(words[:cut])
    return options[:-1] if options[-1:] == ["--"] else options, [Path(word) for word in words[cut:]]


def _run(words: Sequence[str]) -> int:
    """The exit code of a command, run as the console script runs it."""
    sys.argv[1:] = words
    try:
        cli.run()
    except SystemExit as ended:
        if isinstance(ended.code, int) and ended.code in (0, 1, 2, 3):
            return ended.code
        raise  # it was interrupted


def main() -> NoReturn:
    """The command of the hooks."""
    hooks = {"verify": verify, "recalc-check": recalc_check}
    if len(sys.argv) < 2 or sys.argv[1] not in hooks:
        typer.echo(f"xlparity: name a hook: {' or '.join(hooks)}", err=True)
        raise SystemExit(2)
    raise SystemExit(hooks[sys.argv[1]](sys.argv[2:]))


if __name__ == "__main__":
    guarded(main)
