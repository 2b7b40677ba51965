"""Pictures made by code: honest ones, and ones that are something else than they say."""

import io
import struct
import zipfile
import zlib
from functools import partial
from typing import Any

from PIL import Image

COMMENT = b"shot by maria@example.test"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def screen(width: int = 320, height: int = 200) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return image


def png(width: int = 320, height: int = 200) -> bytes:
    return encoded(screen(width, height), "PNG")


jpeg = partial(encoded, screen(), "JPEG")
webp = partial(encoded, screen(), "WEBP")


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_declaring(width: int, height: int, pixels: bytes) -> bytes:
    """One bit a pixel."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def bomb() -> bytes:
    """400 million pixels in less than 64 kB, and every one of them is there."""
    return png_declaring(20_000, 20_000, bytes((20_000 // 8 + 1) * 20_000))


def webp_declaring(width: int, height: int) -> bytes:
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    frame = webp()[12:]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", len(canvas)) + canvas + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr("payload.html", "<script>alert(1)</script>")
    return written.getvalue()


def photo_with_place() -> bytes:
    """A JPEG with GPS coordinates, a comment, and turned by its EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Camera of Maria"
    exif.get_ifd(0x8825).update({1: "S", 2: (23.0, 33.0, 1.0), 3: "W", 4: (46.0, 38.0, 2.0)})
    return encoded(screen(), "JPEG", exif=exif, comment=COMMENT)


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
