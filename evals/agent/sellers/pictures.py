"""A seller's screen as a picture: what stands on it are the words of a scenario."""

import io
import textwrap

from PIL import Image, ImageDraw

_SIZE, _MARGIN, _COLUMNS = (640, 240), 16, 90


def drawn(words: str) -> bytes:
    """PNG. Letters that the font has not are drawn as boxes, which hides no word of ours."""
    image = Image.new("RGB", _SIZE, "white")
    lines = "\n".join(textwrap.wrap(words, _COLUMNS)) or " "
    ImageDraw.Draw(image).multiline_text((_MARGIN, _MARGIN), lines, fill="black")
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
