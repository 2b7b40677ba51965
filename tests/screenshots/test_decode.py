"""Whatever is sent, what is kept is an RGB PNG of ours or nothing."""

import asyncio
import io
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.screenshots import pictures
from tracking_core.screenshots import decode, redraw
from tracking_core.screenshots.decode import PNG_MAGIC, picture_of
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

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + bytes(100)
AVIF = pictures.encoded(pictures.screen(), "AVIF")
RED, BLUE = (254, 0, 0), (0, 0, 254)


async def redrawn(data: bytes) -> Image.Image:
    picture = await picture_of(data)
    image = pictures.opened(picture.png)
    assert (image.format, image.mode, image.info) == ("PNG", "RGB", {})
    assert image.size == (picture.width, picture.height)
    return image


@pytest.mark.parametrize("data", [pictures.png(), pictures.jpeg(), pictures.webp()], ids=["png", "jpeg", "webp"])
async def test_a_screenshot_keeps_what_it_shows(data: bytes) -> None:
    image = await redrawn(data)
    assert image.size == (320, 200)
    left, right = image.getpixel((10, 100)), image.getpixel((310, 100))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert max(abs(a - b) for a, b in zip((*left, *right), (*RED, *BLUE), strict=True)) < 8


async def test_a_large_one_is_made_smaller_in_proportion() -> None:
    assert (await redrawn(pictures.png(4_000, 1_000))).size == (2_000, 500)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ScreenshotEmpty),
        (b"client_secret = 1", ScreenshotNotAnImage),
        (b"\x89PNG", ScreenshotNotAnImage),
        (pictures.encoded(pictures.screen(), "GIF"), ScreenshotFormat),
        (pictures.encoded(pictures.screen(), "BMP"), ScreenshotFormat),
        (pictures.encoded(pictures.screen(), "TIFF"), ScreenshotFormat),
        (AVIF, ScreenshotFormat),
        (HEIC, ScreenshotFormat),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', ScreenshotFormat),
        (b"%PDF-1.7\n", ScreenshotFormat),
        (pictures.moving("PNG"), ScreenshotFrames),
        (pictures.moving("WEBP"), ScreenshotFrames),
        (pictures.png_declaring(8_001, 10, bytes(1_002 * 10)), ScreenshotDimensions),
        (pictures.png_declaring(10, 8_001, bytes(3 * 8_001)), ScreenshotDimensions),
        (pictures.png_declaring(5_001, 4_000, b""), ScreenshotDimensions),
        (pictures.webp_declaring(16_000, 16_000), ScreenshotDimensions),
        (PNG_MAGIC, ScreenshotDamaged),
        (PNG_MAGIC + pictures.jpeg(), ScreenshotDamaged),
        (b"\xff\xd8\xff\xe0" + bytes(1_000), ScreenshotDamaged),
        (b"RIFF\x10\0\0\0WEBP" + AVIF, ScreenshotDamaged),
        (pictures.png_declaring(5_000, 4_000, b"\0"), ScreenshotDamaged),
        (pictures.png()[:-40], ScreenshotDamaged),
        (pictures.jpeg()[:-200], ScreenshotDamaged),
        (pictures.webp()[:-60], ScreenshotDamaged),
    ],
)
async def test_anything_else_is_refused_for_what_it_is(data: bytes, error: type[ScreenshotRefused]) -> None:
    with pytest.raises(error) as refused:
        await picture_of(data)
    assert (type(refused.value), refused.value.status) == (error, 422)


async def test_a_bomb_is_refused_by_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = pictures.bomb()
    assert len(bomb) < 65_536
    # Decoding it would take more than this.
    monkeypatch.setattr(decode, "WALL_SECONDS", 5.0)
    with pytest.raises(ScreenshotDimensions):
        await picture_of(bomb)


@pytest.mark.parametrize("first", [pictures.png(), pictures.jpeg(), pictures.webp()], ids=["png", "jpeg", "webp"])
async def test_what_was_hung_on_behind_is_gone(first: bytes) -> None:
    polyglot = first + pictures.archive()
    assert zipfile.is_zipfile(io.BytesIO(polyglot))
    picture = await picture_of(polyglot)
    assert not zipfile.is_zipfile(io.BytesIO(picture.png))
    assert b"payload.html" not in picture.png
    assert picture.png.endswith(b"IEND\xaeB`\x82")


async def test_a_place_a_camera_and_a_comment_are_gone_and_the_picture_stands_upright() -> None:
    photo = pictures.photo_with_place()
    assert pictures.COMMENT in photo
    assert Image.open(io.BytesIO(photo)).getexif().get_ifd(0x8825)
    image = await redrawn(photo)
    assert (image.size, dict(image.getexif())) == ((200, 320), {})
    picture = await picture_of(photo)
    assert not any(text in picture.png for text in (b"Maria", pictures.COMMENT, b"Exif", b"eXIf", b"GPS"))


async def test_texts_in_a_png_are_gone() -> None:
    picture = pictures.png()
    texts = pictures.chunk(b"tEXt", b"Author\0Maria") + pictures.chunk(b"iTXt", b"Comment\0\0\0\0\0Maria")
    redone = await picture_of(picture[:33] + texts + picture[33:])
    assert b"Maria" not in redone.png


@pytest.mark.parametrize(
    ("image", "kind", "shown"),
    [
        (Image.new("CMYK", (40, 40), (255, 0, 0, 0)), "JPEG", (0, 255, 255)),
        (Image.new("I;16", (40, 40), 32_768), "PNG", (128, 128, 128)),
        (Image.new("I;16", (40, 40), 65_535), "PNG", (255, 255, 255)),
        (Image.new("L", (40, 40), 90), "JPEG", (90, 90, 90)),
        (Image.new("1", (40, 40), 1), "PNG", (255, 255, 255)),
        (Image.new("LA", (40, 40), (0, 0)), "PNG", (255, 255, 255)),
        (Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "WEBP", (255, 255, 255)),
    ],
)
async def test_every_kind_of_pixel_becomes_rgb(image: Image.Image, kind: str, shown: tuple[int, ...]) -> None:
    pixel = (await redrawn(pictures.encoded(image, kind))).getpixel((20, 20))
    assert isinstance(pixel, tuple)
    assert max(abs(a - b) for a, b in zip(pixel, shown, strict=True)) < 4


async def test_what_a_palette_calls_transparent_is_white() -> None:
    image = Image.new("P", (40, 40), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(1, (20, 0, 40, 40))
    seen = await redrawn(pictures.encoded(image, "PNG", transparency=b"\x00\xff"))
    assert (seen.getpixel((5, 5)), seen.getpixel((35, 5))) == ((255, 255, 255), (255, 0, 0))


async def test_of_a_phones_two_pictures_in_one_only_the_first_is_read() -> None:
    second = Image.new("RGB", (64, 64), "green")
    both = pictures.encoded(pictures.screen(), "MPO", save_all=True, append_images=[second])
    assert getattr(Image.open(io.BytesIO(both)), "n_frames", 1) == 2
    assert (await redrawn(both)).size == (320, 200)


class Decoder:
    """A decoder that a picture has taken over."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self._path, self._patch = path, patch

    def does(self, *lines: str) -> None:
        script = self._path / "decoder.py"
        script.write_text("\n".join(("import os, signal, sys, time", *lines)))
        self._patch.setattr(redraw, "__file__", str(script))


@pytest.fixture
def decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Decoder:
    return Decoder(tmp_path, monkeypatch)


async def test_a_decoder_sees_nothing_of_ours(
    decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_SECRETS_KEYS", "id:of-the-test")
    seen = tmp_path / "seen"
    decoder.does(f"open({str(seen)!r}, 'w').write(repr((dict(os.environ), sys.path)))", "sys.exit(22)")
    with pytest.raises(ScreenshotDamaged):
        await picture_of(pictures.png())
    assert "HUB_" not in seen.read_text()
    assert str(Path(redraw.__spec__.origin or "").parent) not in seen.read_text()


@pytest.mark.parametrize(
    "lines",
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)",),
        ("while True: sys.stdout.buffer.write(bytes(1 << 20))",),
        ("sys.stdin.buffer.read()", "sys.stdout.write('<html>')"),
        ("sys.stdout.buffer.write(sys.stdin.buffer.read() + b'PK')",),
        (f"sys.stdout.buffer.write({pictures.png()[:33] + pictures.chunk(b'tEXt', b'a') + pictures.png()[33:]!r})",),
        ("sys.stdin.close()",),
    ],
    ids=["crashes", "writes without end", "writes no PNG", "hangs something on", "hides a text", "writes nothing"],
)
async def test_what_comes_back_from_a_decoder_is_not_trusted(decoder: Decoder, lines: tuple[str, ...]) -> None:
    decoder.does(*lines)
    with pytest.raises(ScreenshotDamaged):
        await picture_of(pictures.png())


async def test_a_decoder_that_hangs_is_ended(decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "WALL_SECONDS", 1.0)
    decoder.does(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))", "time.sleep(600)")
    with pytest.raises(ScreenshotDamaged):
        await picture_of(pictures.png())
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


async def test_a_decoder_that_is_broken_is_our_fault_and_not_the_pictures(decoder: Decoder) -> None:
    decoder.does("import no_such_module")
    with pytest.raises(ScreenshotUnavailable) as failed:
        await picture_of(pictures.png())
    assert failed.value.status == 503


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("bytes(2 << 30)", 1, b"MemoryError"),
        ("while True: pass", -signal.SIGKILL, b""),
        ("open({path!r}, 'w').write('x' * 10_000)", 1, b"File too large"),
    ],
)
async def test_the_decoders_bounds_hold(tmp_path: Path, line: str, code: int, said: bytes) -> None:
    bound = f"import runpy; limit = runpy.run_path({redraw.__file__!r})['_limit']"
    program = f"{bound}; limit.__globals__['CPU_SECONDS'] = 1; limit()\n{line.format(path=str(tmp_path / 'file'))}"
    child = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-I", "-c", program], capture_output=True, timeout=60, check=False
    )
    assert child.returncode == code
    assert said in child.stderr


async def test_pictures_are_drawn_a_few_at_a_time_and_all_of_them(
    decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "AT_ONCE", 2)
    here = tmp_path / "here"
    here.mkdir()
    decoder.does(
        f"mine = os.path.join({str(here)!r}, str(os.getpid()))",
        "open(mine, 'w').close()",
        f"crowd = len(os.listdir({str(here)!r}))",
        "time.sleep(0.05)",
        "data = sys.stdin.buffer.read()",
        "os.remove(mine)",
        "sys.exit(1) if crowd > 2 else sys.stdout.buffer.write(data)",
    )
    made = await asyncio.gather(*(picture_of(pictures.png(10 + size, 10)) for size in range(8)))
    assert [one.width for one in made] == list(range(10, 18))
