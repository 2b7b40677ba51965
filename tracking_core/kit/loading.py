"""Importing much at once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is imported in the block stays; looking through it for garbage again and again was a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
