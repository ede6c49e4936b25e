"""How commands are shown, refused and cut short. click is reached through typer, which newer versions carry within them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from xlparity.cli.examples import EXAMPLES
from xlparity.cli.output import print_nowhere
from xlparity.errors import UsageError, nearest

INTERRUPTED, CLOSED = (
    130,
    141,
)  # what a shell gives for a program that SIGINT or SIGPIPE has ended; neither is a verdict

_ClickUsageError: type[Exception] = typer.BadParameter.__mro__[1]


class Command(TyperCommand):
    """A command whose help ends with its examples, and which refuses words that it does not understand in one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises UsageError for an option or a value that is none, or is absent."""
        return _parsed(super().parse_args, ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples, behind the options."""
        _write_examples(self.name, formatter)


class Group(TyperGroup):
    """All commands. What ends one early never looks like a verdict."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises UsageError for an option that is none."""
        return _parsed(super().parse_args, ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples, behind the commands."""
        _write_examples(self.name, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names; raises UsageError with the nearest where there is none."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            raise UsageError(f"there is no command '{args[0]}'{nearest(args[0], self.commands)}; see 'xlparity --help'")
        return super().resolve_command(ctx, args)

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """What the words ask for; those that ask for help or the version are answered here."""
        with _ended():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        with _ended():
            return super().invoke(ctx)


@contextmanager
def _ended() -> Iterator[None]:
    """Ctrl-C is one line, and to a reader who has left, as ``head`` does, nothing more is said."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        typer.echo("xlparity: interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        print_nowhere()
        raise typer.Exit(CLOSED) from None


def _parsed(parse: Callable[[Any, list[str]], list[str]], context: Any, words: list[str]) -> list[str]:
    """What is left of the words; click's complaint becomes what is wrong, the nearest right name, and whose help says more."""
    try:
        return parse(context, words)
    except _ClickUsageError as error:
        if isinstance(option := getattr(error, "option_name", None), str) and hasattr(error, "possibilities"):
            known = [name for each in context.command.params for name in each.opts if name.startswith("--")]
            text = f"there is no option '{option}'{nearest(option, known)}"
        else:
            complaint: str = getattr(error, "format_message", error.__str__)()
            text = complaint.rstrip(".").replace("Value error, ", "")
            text = text[0].lower() + text[1:]
        raise UsageError(f"{text}; see '{context.command_path} --help'") from error


def _write_examples(name: str | None, formatter: Any) -> None:
    lines = [line for about, command in EXAMPLES[name or ""].items() for line in (f"# {about}", command)]
    with formatter.section("Examples"):
        formatter.write_text("\n".join(["\b", *lines]))  # \b: lines that are not to be filled
