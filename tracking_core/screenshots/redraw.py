"""Draw a picture anew, as a process of its own: bytes on standard input, a PNG without metadata on standard output.

Run as a file (``python -I redraw.py``), so that it imports Pillow and nothing of the hub, and has nothing that a
picture made to break a decoder could reach: no settings, no keys, no connection. What is wrong is its exit code.
"""

import resource
import sys
import warnings
from enum import IntEnum
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MEGAPIXELS_MAX = 20
SIDE_MAX = 8_000
DRAWN_SIDE_MAX = 2_000
CPU_SECONDS = 10
MEMORY_BYTES = 1 << 30
FORMATS = ("PNG", "JPEG", "WEBP")


class Refusal(IntEnum):
    """Exit codes. Any other but 0 is a fault of ours."""

    DIMENSIONS = 20
    FRAMES = 21
    DAMAGED = 22


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def main() -> int:
    _limit()
    warnings.simplefilter("error")
    try:
        drawn = redraw(sys.stdin.buffer.read())
    except Refused as refused:
        return refused.refusal
    sys.stdout.buffer.write(drawn)
    return 0


def redraw(data: bytes) -> bytes:
    """The PNG. Raises Refused."""
    # Before the net is cast: Pillow missing or broken is no fault of the picture.
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MEGAPIXELS_MAX * 1_000_000
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _require_still_and_small(image)
            return _png(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(Refusal.DIMENSIONS) from None
    except (Exception, MemoryError) as error:
        # Decoders raise whatever a broken file makes them do.
        raise error if isinstance(error, Refused) else Refused(Refusal.DAMAGED) from None


def _require_still_and_small(image: "Image") -> None:
    """By what the header declares: nothing is decoded yet."""
    width, height = image.size
    if width * height > MEGAPIXELS_MAX * 1_000_000 or max(width, height) > SIDE_MAX:
        raise Refused(Refusal.DIMENSIONS)
    # A phone's JPEG may carry a second picture (MPO), which nobody sees; only the first is read.
    if image.format != "MPO" and getattr(image, "n_frames", 1) != 1:
        raise Refused(Refusal.FRAMES)


def _png(image: "Image") -> bytes:
    from PIL import Image, ImageOps

    image.load()
    upright = _eight_bits(ImageOps.exif_transpose(image))
    upright.thumbnail((DRAWN_SIDE_MAX, DRAWN_SIDE_MAX))
    # On a new canvas, which has none of the old one's metadata; what was transparent is white.
    canvas = Image.new("RGB", upright.size, "white")
    canvas.paste(upright, mask=upright.getchannel("A") if upright.mode == "RGBA" else None)
    drawn = BytesIO()
    canvas.save(drawn, "PNG")
    return drawn.getvalue()


def _eight_bits(image: "Image") -> "Image":
    """RGB, or RGBA where something is transparent."""
    if image.mode.startswith("I"):
        # Converted as they are, all values above 255 would be white.
        return image.point(lambda value: value * (1 / 256)).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _limit() -> None:
    """This process, before it reads anything; a stricter bound that is there already stays."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
    }
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (least, least))


if __name__ == "__main__":
    sys.exit(main())
