"""The ``hub`` command."""

import sys
from functools import cache
from importlib import import_module

import typer

from api.cli.failures import line_of
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
    "webhooks": ("webhooks",),
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
    """Run a command; an expected failure, and a server that is away, is one clear line and exit code 1."""
    try:
        with loading():
            hub = application(sys.argv[1] if len(sys.argv) > 1 else "")
        hub()
    except Exception as error:
        if (line := line_of(error)) is None:
            raise
        from rich.console import Console
        from rich.markup import escape

        Console(stderr=True).print(f"[red]hub:[/red] {escape(line)}", highlight=False, soft_wrap=True)
        sys.exit(1)
