"""The ``hub`` command."""

import sys
from functools import cache
from importlib import import_module

import typer

from tracking_core.errors import HubError
from tracking_core.kit.loading import loading

# Each word, and the modules that put it there. A command imports its own: what the others need is heavy.
_PROCESSES = ("up", "processes")
WORDS = {
    "up": _PROCESSES,
    "api": _PROCESSES,
    "worker": _PROCESSES,
    "scheduler": _PROCESSES,
    "migrate": _PROCESSES,
    "tenant": ("tenant",),
    "staff": ("staff",),
    "user": ("user",),
    "connect": ("connect",),
    "dead-letters": ("dead_letters",),
    "secrets": ("secrets",),
    "demo": ("demo",),
    "doctor": ("doctor",),
    "alerts": ("alert_channels", "alerts"),
    "reconcile": ("reconcile",),
    "retention": ("retention",),
    "consent": ("consent",),
    "privacy-export": ("privacy_export",),
    "privacy": ("privacy",),
    "backup": ("backup",),
    "restore-drill": ("backup",),
    "restore": ("backup",),
}


@cache
def application(word: str = "") -> typer.Typer:
    """What stands under the word, or everything when nothing does."""
    made = typer.Typer(no_args_is_help=True, add_completion=False)
    made.callback(help="Server-side conversion tracking.")(_hub)  # or a lone command would need no word
    for name in WORDS.get(word) or dict.fromkeys(name for names in WORDS.values() for name in names):
        import_module(f"api.cli.{name}").register(made)
    return made


def _hub() -> None:
    pass


def __getattr__(name: str) -> typer.Typer:
    """``app`` is everything."""
    if name != "app":
        raise AttributeError(name)
    return application()


def main() -> None:
    """Run a command; an expected failure is one clear line and exit code 1."""
    try:
        with loading():
            hub = application(sys.argv[1] if len(sys.argv) > 1 else "")
        hub()
    except HubError as error:
        from rich.console import Console

        Console(stderr=True).print(f"[red]hub:[/red] {error}", highlight=False)
        sys.exit(1)
