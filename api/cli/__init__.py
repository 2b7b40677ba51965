"""The ``hub`` command."""

import sys

import typer
from rich.console import Console

from api.cli import (
    alert_channels,
    alerts,
    backup,
    connect,
    consent,
    dead_letters,
    demo,
    doctor,
    privacy,
    privacy_export,
    processes,
    reconcile,
    retention,
    secrets,
    staff,
    tenant,
    up,
    user,
)
from tracking_core.errors import HubError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Server-side conversion tracking.")
for module in (
    up,
    processes,
    tenant,
    staff,
    user,
    connect,
    dead_letters,
    secrets,
    demo,
    doctor,
    alert_channels,
    alerts,
    reconcile,
    retention,
    consent,
    privacy_export,
    privacy,
    backup,
):
    module.register(app)


def main() -> None:
    """Run a command; an expected failure is one clear line and exit code 1."""
    try:
        app()
    except HubError as error:
        Console(stderr=True).print(f"[red]hub:[/red] {error}", highlight=False)
        sys.exit(1)
