"""What pre-commit runs, with the files that are to be committed: ``python -P -m xlparity.cli.hooks verify|recalc-check``.

A hook is handed files, and a spec is what is verified: for a workbook or a reference that changed, that is every spec
which names it. Without -P a file of the repository could stand in for a library of the same name.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from xlparity import cli
from xlparity.cli.verify import specs_below
from xlparity.errors import XlparityError
from xlparity.report import Verdict, worst
from xlparity.spec import SUFFIX, read_spec

_ENDINGS = (SUFFIX, ".xlsx", ".xlsm", ".py")  # in small letters; those of the workbooks may be capitals


def verify(words: Sequence[str]) -> int:
    """Verifies the specs that are, or name, any of the files behind the options; the exit code is the worst verdict's."""
    options, files = _split(words)
    specs = specs_of(files, Path())
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
    """The spec files below the folder that are among the files, or name one of them as workbook or reference.

    A spec that cannot be read is one of them: what it names, nobody knows.
    """
    changed = {file.resolve() for file in files}
    found = {file for file in files if file.name.endswith(SUFFIX)}
    known = {file.resolve() for file in found}
    for spec in specs_below(folder):
        if spec.resolve() in known:
            continue
        try:
            plan = read_spec(spec)
        except XlparityError:
            found.add(spec)
            continue
        named = [plan.workbook, *(spec.parent / reference.rpartition(":")[0] for reference in plan.references)]
        # A module is named by dots, and found wherever Python looks: any file of its name may be it.
        modules = {reference.rpartition(":")[0].rpartition(".")[2] for reference in plan.references}
        if changed.intersection(path.resolve() for path in named) or any(file.stem in modules for file in changed):
            found.add(spec)
    return sorted(found)


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
        cli.main()
    except SystemExit as ended:
        if isinstance(ended.code, int) and ended.code in (0, 1, 2, 3):
            return ended.code
        raise  # it was interrupted


def main() -> None:
    """The command of the hooks."""
    hooks = {"verify": verify, "recalc-check": recalc_check}
    if len(sys.argv) < 2 or sys.argv[1] not in hooks:
        typer.echo(f"xlparity: name a hook: {' or '.join(hooks)}", err=True)
        raise SystemExit(2)
    raise SystemExit(hooks[sys.argv[1]](sys.argv[2:]))


if __name__ == "__main__":
    main()
