"""Which words the ``hub`` command takes."""

import typer
from typer.core import TyperGroup

from api.cli import app


def is_command(arguments: list[str]) -> bool:
    """Whether these arguments are parsed, without being carried out."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    name, *rest = arguments
    with group.make_context("hub", [name]) as context:
        command = group.get_command(context, name)
        if command is None:
            return False
        try:
            command.make_context(name, rest, parent=context)
        except Exception:
            return False
        return True
