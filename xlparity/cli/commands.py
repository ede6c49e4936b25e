"""The classes of the commands: help with examples, one-line errors, and the exit codes of interrupted runs.

click is used through typer only, since newer versions of typer contain their own copy of it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from xlparity.cli.examples import EXAMPLES
from xlparity.cli.output import discard_output
from xlparity.errors import UsageError, nearest

INTERRUPTED, CLOSED = (
    130,
    141,
)  # the exit codes that a shell reports for a program ended by SIGINT or SIGPIPE; neither is a verdict

_ClickUsageError: type[Exception] = typer.BadParameter.__mro__[1]


class Command(TyperCommand):
    """A command whose help ends with its examples, and whose usage errors are one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The remaining arguments; raises UsageError for an unknown option, a wrong value or a missing one."""
        return _parsed(super().parse_args, ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples after the options."""
        _write_examples(self.name, formatter)


class CommandGroup(TyperGroup):
    """All commands. A run that ends early has another exit code than any verdict."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The remaining arguments; raises UsageError for an unknown option."""
        return _parsed(super().parse_args, ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples after the commands."""
        _write_examples(self.name, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command named by the first argument; raises UsageError with the nearest name where there is none."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            raise UsageError(f"there is no command '{args[0]}'{nearest(args[0], self.commands)}; see 'xlparity --help'")
        return super().resolve_command(ctx, args)

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """The context of the arguments; ``--help`` and ``--version`` print and exit here."""
        with _ended():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _ended():
            return super().invoke(ctx)


@contextmanager
def _ended() -> Iterator[None]:
    """Turn Ctrl-C into one line, and a closed pipe (as with ``| head``) into a silent exit, each with its exit code."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        typer.echo("xlparity: interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        discard_output()
        raise typer.Exit(CLOSED) from None


def _parsed(parse: Callable[[Any, list[str]], list[str]], context: Any, words: list[str]) -> list[str]:
    """The remaining arguments; click's error becomes a UsageError with the nearest right name and the help to read."""
    try:
        return parse(context, words)
    except _ClickUsageError as error:
        if isinstance(option := getattr(error, "option_name", None), str) and hasattr(error, "possibilities"):
            known = [name for each in context.command.params for name in each.opts if name.startswith("--")]
            text = f"there is no option '{option}'{nearest(option, known)}"
        else:
            message: str = getattr(error, "format_message", error.__str__)()
            text = message.rstrip(".").replace("Value error, ", "")
            text = text[0].lower() + text[1:]
        raise UsageError(f"{text}; see '{context.command_path} --help'") from error


def _write_examples(name: str | None, formatter: Any) -> None:
    lines = [line for about, command in EXAMPLES[name or ""].items() for line in (f"# {about}", command)]
    with formatter.section("Examples"):
        formatter.write_text("\n".join(["\b", *lines]))  # \b: keep the line ends
