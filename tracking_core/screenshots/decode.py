"""Bytes somebody sent become a picture of ours, or an error that says why not.

What the file is called and what its sender says it is are never looked at: the first bytes choose, the decoder decides.
The decoder is a child process with bounds on memory, processor time, wall-clock time and what it may write
(``redraw.py``); what comes back from it is checked like anything from outside.
"""

import asyncio
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import structlog

from tracking_core.screenshots import redraw
from tracking_core.screenshots.errors import (
    ScreenshotDamaged,
    ScreenshotDimensions,
    ScreenshotEmpty,
    ScreenshotFormat,
    ScreenshotFrames,
    ScreenshotNotAnImage,
    ScreenshotRefused,
    ScreenshotUnavailable,
)
from tracking_core.screenshots.redraw import DRAWN_SIDE_MAX, MEGAPIXELS_MAX, SIDE_MAX, Refusal

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# The canvas uncompressed, and half a MB for the wrapping.
DRAWN_BYTES_MAX = DRAWN_SIDE_MAX * DRAWN_SIDE_MAX * 3 + (1 << 19)
WALL_SECONDS = 15.0
AT_ONCE = 2
_PNG_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC"}
_REFUSALS: dict[int, Callable[[], ScreenshotRefused]] = {
    Refusal.DIMENSIONS: lambda: ScreenshotDimensions(megapixels=MEGAPIXELS_MAX, side=SIDE_MAX),
    Refusal.FRAMES: ScreenshotFrames,
    Refusal.DAMAGED: ScreenshotDamaged,
}
log = structlog.get_logger()
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Picture:
    """An RGB PNG without metadata, ``DRAWN_SIDE_MAX`` pixels on a side at most."""

    png: bytes = field(repr=False)
    width: int
    height: int


async def picture_of(data: bytes) -> Picture:
    """Raises a ScreenshotRefused, or ScreenshotUnavailable when no decoder could be run."""
    require_format(data)
    slots = _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    async with slots:
        code, drawn = await _run(data)
    if code == 0:
        return _checked(drawn)
    if code in _REFUSALS:
        raise _REFUSALS[code]()
    if code < 0:
        # Ended by a signal: by its bounds, or by a defect of a decoder that this file met.
        log.warning("screenshot_decoder_killed", signal=-code, bytes=len(data))
        raise ScreenshotDamaged
    log.error("screenshot_decoder_failed", exit_code=code)
    raise ScreenshotUnavailable


def require_format(data: bytes) -> None:
    """Raises a ScreenshotRefused unless the data begin like a PNG, JPEG or WebP."""
    if not data:
        raise ScreenshotEmpty
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if data.startswith((PNG_MAGIC, b"\xff\xd8\xff")) or is_webp:
        return
    known = _known_format(data)
    raise ScreenshotFormat(format=known) if known else ScreenshotNotAnImage()


def _known_format(data: bytes) -> str | None:
    """Only to say it: what is not named is refused all the same."""
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12])
    starts = {b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"%PDF": "PDF"}
    found = next((name for start, name in starts.items() if data.startswith(start)), None)
    return found or ("SVG" if b"<svg" in data[:1_024].lower() else None)


async def _run(data: bytes) -> tuple[int, bytes]:
    """The child's exit code, and what it wrote."""
    command = (sys.executable, "-I", redraw.__file__)
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        # Nothing of this process's environment, where keys and addresses are.
        child = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=null, env={"LC_ALL": "C"}
        )
    except OSError as error:
        log.error("screenshot_decoder_not_started", error=type(error).__name__)
        raise ScreenshotUnavailable from None
    try:
        async with asyncio.timeout(WALL_SECONDS):
            _, drawn = await asyncio.gather(_feed(child, data), _read(child))
            return await child.wait(), drawn
    except TimeoutError:
        log.warning("screenshot_decoder_timeout", bytes=len(data))
        raise ScreenshotDamaged from None
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


async def _feed(child: asyncio.subprocess.Process, data: bytes) -> None:
    assert child.stdin is not None
    # It may end before it has read all.
    with suppress(BrokenPipeError, ConnectionResetError):
        child.stdin.write(data)
        await child.stdin.drain()
        child.stdin.close()
        await child.stdin.wait_closed()


async def _read(child: asyncio.subprocess.Process) -> bytes:
    """All of it; one that writes more than a picture can have is ended, and what it wrote is dropped."""
    assert child.stdout is not None
    drawn = bytearray()
    while piece := await child.stdout.read(1 << 16):
        drawn += piece
        if len(drawn) > DRAWN_BYTES_MAX:
            child.kill()
            drawn.clear()
    return bytes(drawn)


def _checked(png: bytes) -> Picture:
    """Made of nothing but the pixels: each chunk is one of the three that hold them, and nothing follows the last."""
    kinds = _chunks(png) if png.startswith(PNG_MAGIC) else []
    if set(kinds) != _PNG_CHUNKS or (kinds[0], kinds[-1]) != (b"IHDR", b"IEND"):
        log.warning("screenshot_decoder_wrote_no_png")
        raise ScreenshotDamaged
    width, height = struct.unpack(">II", png[16:24])
    return Picture(png, width, height)


def _chunks(png: bytes) -> list[bytes]:
    """The chunks' types up to the end; where something else stands, the last one is empty."""
    kinds, at = [], len(PNG_MAGIC)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8].ljust(8, b"\0"))
        at += length + 12
        kinds.append(kind if at <= len(png) else b"")
    return kinds
