"""``shots``: a picture of every page, and the index of them."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from evals.pages.browser import chromium
from evals.pages.hub import on_simulators
from evals.pages.registry import PAGES, SIZES, Shown, Version
from evals.pages.story import Scene, tell
from evals.pages.visiting import by_person, complaints, settle, visit, window

FOLDER = Path("docs/screenshots")
BYTES_MAX = 3_300_000
# Of a picture as it was taken; a wide one is made narrower after, for text in WebP is heavy.
_HEIGHT_MAX, _WIDTH_MAX, _QUALITY = 920, 680, 36
_VERSIONS = sorted({one for page in PAGES for one in page.versions}, key=lambda one: one.suffix)
_INDEX = """# The pages in pictures

`make screenshots` takes them: a hub on simulators, a story told by clicking and by webhooks, every page in the states
worth seeing, on a phone (360 px) and wide (1,280 px), and a sample of them dark and in English. What is longer than a
picture is cut off.
"""
_TITLES = {
    "anyone": "For anyone",
    "seller": "For sellers",
    "support": "For support",
    "operator": "For operators",
}


def run(executable: str | None, folder: Path, only: str) -> int:
    """The files' bytes. ``only`` names pages by how they begin; empty is all, and what is no longer shown goes."""
    wanted = [one for one in PAGES if one.name.startswith(only)]
    folder.mkdir(parents=True, exist_ok=True)
    with on_simulators() as hub, chromium(executable) as browser:
        scene = tell(hub, browser)
        for version in _VERSIONS:
            _take(scene, browser, version, [one for one in wanted if version in one.versions], folder)
    known = {name for one in PAGES for name in one.files}
    for path in folder.glob("*.webp"):
        if path.name not in known:
            path.unlink()
    (folder / "README.md").write_text(index())
    return sum(path.stat().st_size for path in folder.iterdir())


def _take(scene: Scene, browser: Browser, version: Version, pages: list[Shown], folder: Path) -> None:
    for who, theirs in by_person(pages):
        with window(scene, browser, who, version) as person:
            for shown in theirs:
                visit(scene, person.page, shown)
                settle(person.page)
                written = small(person.page.screenshot(full_page=shown.is_whole, caret="initial"))
                (folder / f"{shown.name}.{version.suffix}.webp").write_bytes(written)
                for said in complaints(person.noise, shown):
                    print(f"{shown.name} ({version.suffix}): {said}")
                person.noise.clear()


def small(png: bytes) -> bytes:
    """As WebP, its top where it is higher."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, _HEIGHT_MAX)))
    image.thumbnail((_WIDTH_MAX, image.height), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    image.save(written, "WEBP", quality=_QUALITY, method=6)
    return written.getvalue()


def index() -> str:
    """The text of the folder's README."""
    parts = [_INDEX]
    for role, title in _TITLES.items():
        parts.append(f"\n## {title}\n")
        parts += [_entry(one) for one in PAGES if one.role == role]
    return "".join(parts)


def _entry(shown: Shown) -> str:
    images = " ".join(
        f'<img src="{shown.name}.{size}.webp" width="{width}" alt="{shown.shows}">'
        for size, width in zip(SIZES, (160, 480), strict=True)
    )
    others = [one for one in shown.versions if f"{shown.name}.{one.suffix}.webp" not in images]
    links = ", ".join(f"[{_words(one)}]({shown.name}.{one.suffix}.webp)" for one in others)
    also = f" Also {links}." if links else ""
    return f"\n### {shown.name}\n\n`{shown.route}`: {shown.shows}{also}\n\n{images}\n"


def _words(version: Version) -> str:
    window = "on a phone" if version.size == "phone" else "wide"
    return f"{window}, {'dark' if version.theme == 'dark' else 'in English'}"
