"""Pages of help for terminals in which typer's tables, with a column for each option's name, would break words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

from scratchnet.cli.output import console, show
from scratchnet.utils.terminal import columns

if TYPE_CHECKING:
    from rich.text import Text

NARROW = 80


class Command(TyperCommand):
    """A command whose help fits its terminal."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        if not _print_narrow(self, ctx):
            super().format_help(ctx, formatter)


class Group(TyperGroup):
    """A command with sub-commands, whose help fits its terminal."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        if not _print_narrow(self, ctx):
            super().format_help(ctx, formatter)


def _print_narrow(command: Any, context: Any) -> bool:
    """Print the help one thing below the other, if the terminal is narrow, and return whether it is."""
    width = columns()
    if width is None or width >= NARROW:
        return False
    show(" ".join(command.get_usage(context).split()), indent=2)  # click indents by the command's whole name
    for paragraph in (command.help or "").split("\n\n"):
        show()
        show(_markup(paragraph))
    parts = {"Commands:": [*_commands(command, context)], "Arguments and options:": [*_options(context)]}
    for title, entries in parts.items():
        if entries:
            show()
            show(title, style="bold")
        for name, text in entries:
            show(name, style="cyan", indent=4)
            show(text, indent=4, first=4)
    if command.epilog:
        show()
        show(_markup(command.epilog))
    return True


def _commands(command: Any, context: Any) -> Iterator[tuple[str, Text]]:
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield f"  {name}", _markup((command.get_command(context, name).help or "").partition("\n\n")[0])


def _options(context: Any) -> Iterator[tuple[str, Text]]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            text = _markup(parameter.help or "")
            yield f"  {record[0]}", text.append(record[1].removeprefix(parameter.help or ""))


def _markup(text: str) -> Text:
    return console().render_str(text)
