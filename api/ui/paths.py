"""Where the pages are."""

from typing import Final

HOME: Final = "/"
SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
PREFERENCES: Final = "/preferences"
APP: Final = "/app"
ACCOUNT: Final = f"{APP}/account"
SETUPS: Final = f"{APP}/setups"
DESK: Final = "/desk"
OPERATIONS: Final = "/ops"
EMBED: Final = "/embed"
_PREFIXES = (SIGN_IN, SIGN_OUT, PREFERENCES, APP, DESK, OPERATIONS, EMBED)


def is_page(path: str) -> bool:
    return path == HOME or any(path == one or path.startswith(f"{one}/") for one in _PREFIXES)


def local(path: str | None, default: str = HOME) -> str:
    """A path of ours to go on to; never another site's."""
    if path and path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable():
        return path
    return default
