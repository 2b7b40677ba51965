"""Temporary folders in memory, where there is room: throw-away servers then wait for no disk, nor for each other's."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")
_GIB = 1024**3
# What the suite takes at its widest, several times over.
_ROOM, _AVAILABLE = 6 * _GIB, 10 * _GIB


def use_memory() -> None:
    """For this process and those it starts. ``TMPDIR`` says where instead."""
    if "TMPDIR" in os.environ or not _has_room():
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def _has_room() -> bool:
    return (
        os.access(_MEMORY, os.W_OK | os.X_OK)
        and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
        and shutil.disk_usage(_MEMORY).free >= _ROOM
        and psutil.virtual_memory().available >= _AVAILABLE
    )
