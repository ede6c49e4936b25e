"""``xlparity rules``: explains the finding codes."""

import textwrap
from collections.abc import Iterator
from typing import Annotated

import typer

from xlparity.cli.output import page_width, write
from xlparity.errors import UsageError, nearest
from xlparity.results.rules import LEVELS, RULES


def rule_codes() -> list[str]:
    """The codes, for the shell's completion of CODE."""
    return list(RULES)


def rules(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE", help="A code such as XP101; without it, all of them.", autocompletion=rule_codes
        ),
    ] = None,
) -> None:
    """Print what a finding means, with an example and what to do; without CODE, one line for each."""
    if code is None:
        lines = _all()
    elif (wanted := code.strip().upper()) in RULES:
        lines = _one(wanted)
    else:
        raise UsageError(f"there is no code '{code}'{nearest(code, RULES)}; 'xlparity rules' lists them")
    write("".join(f"{line}\n" for line in lines), None)


def _all() -> Iterator[str]:
    for code, rule in RULES.items():
        yield from textwrap.wrap(
            f"{code}  {rule.summary}", page_width(), subsequent_indent=" " * 7, break_on_hyphens=False
        )
    yield ""
    yield "'xlparity rules CODE' prints what it means, an example, and what to do."


def _one(code: str) -> Iterator[str]:
    rule = RULES[code]
    yield f"{code}  {rule.name}  ({rule.level}: {LEVELS[rule.level]})"
    for title, text in (("", f"{rule.summary[0].upper()}{rule.summary[1:]}."), ("", rule.meaning)):
        yield title
        yield from textwrap.wrap(text, page_width(), break_on_hyphens=False)
    yield ""
    yield from _labelled("example", rule.context)
    yield from _labelled("wrong", rule.wrong_example or "(empty)")
    yield from _labelled("right", rule.right_example)
    yield ""
    yield from _labelled("to do", rule.action)


def _labelled(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, page_width(), initial_indent=f"{label:<9}", subsequent_indent=" " * 9,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
