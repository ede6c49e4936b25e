"""The hooks for pre-commit: ``python -P -m xlparity.cli.hooks verify|recalc-check FILES``.

pre-commit passes the changed files. The hook ``verify`` finds the specs to verify: those that are changed, that name a
changed workbook or reference, or whose reference imports a changed module. Without -P, a file of the repository could be
imported instead of a library of the same name.
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
from xlparity.errors import XlparityError
from xlparity.files import files_below
from xlparity.results.report import Verdict, worst
from xlparity.spec import SUFFIX, read_spec

_ENDINGS = (SUFFIX, ".xlsx", ".xlsm", ".py")  # in lower case; a workbook's may be in capitals


def verify(words: Sequence[str]) -> int:
    """Verify the specs that are, or depend on, any of the files after the options; the exit code of the worst verdict."""
    options, files = _split(words)
    specs = specs_of([*files, *_deleted()], Path())
    if not specs:
        typer.echo("no spec file names any of these files; nothing is verified")
        return 0
    return _run(["verify", *options, "--", *map(str, specs)])


def recalc_check(words: Sequence[str]) -> int:
    """Check the stored values of each workbook; the worst exit code."""
    options, files = _split(words)
    codes = [_run(["recalc", "--check", *options, "--", str(file)]) for file in files]
    return int(worst(map(Verdict, codes))) if codes else 0


def specs_of(files: Sequence[Path], folder: Path) -> list[Path]:
    """The spec files below the folder that are among the files, or name one as workbook, as reference or by its imports.

    The files may be deleted ones. A spec that cannot be read is included, since it may name any file.
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
    """The files that the commit, or the range of commits, deletes or renames: pre-commit passes existing files only."""
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
    """The parts of the names of all modules that these files and modules import, directly or indirectly.

    Modules are found by file name, since Python would have to run code to locate them: any file of the name may be it.
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
    """The parts of all names in the file's import statements; empty where it cannot be read."""
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
    """The last part of the name under which the file is imported; for ``__init__.py``, the folder's name."""
    return path.resolve().parent.name if path.stem == "__init__" else path.stem


def _split(words: Sequence[str]) -> tuple[list[str], list[Path]]:
    """The options from the configuration, and the files, which pre-commit appends to them.

    Where the last option has a file as its value, the configuration must end with ``--``.
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
        cli.main()
    except SystemExit as ended:
        if isinstance(ended.code, int) and ended.code in (0, 1, 2, 3):
            return ended.code
        raise  # it was interrupted


def main() -> NoReturn:
    """Run the hook named by the first argument."""
    hooks = {"verify": verify, "recalc-check": recalc_check}
    if len(sys.argv) < 2 or sys.argv[1] not in hooks:
        typer.echo(f"xlparity: name a hook: {' or '.join(hooks)}", err=True)
        raise SystemExit(2)
    raise SystemExit(hooks[sys.argv[1]](sys.argv[2:]))


if __name__ == "__main__":
    main()
