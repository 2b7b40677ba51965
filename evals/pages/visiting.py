"""Opening a page of the registry and waiting until it stands still."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from playwright.sync_api import Browser, Page

from evals.pages.browser import Person, arrive
from evals.pages.registry import SIZES, Shown, Version
from evals.pages.story import Scene

_STILL = """async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].filter(one => one.loading !== "lazy").map(one => one.decode().catch(() => 0)));
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
_SETTLING_MS = 150


@contextmanager
def window(scene: Scene, browser: Browser, who: str, version: Version) -> Iterator[Person]:
    """A browser of this person of the story, or of nobody."""
    person = arrive(
        browser,
        scene.hub.origin,
        locale=version.locale,
        size=SIZES[version.size],
        theme=version.theme,
        state=scene.states.get(who),
    )
    yield person
    person.context.close()


def visit(scene: Scene, page: Page, shown: Shown) -> None:
    """In the state that the registry tells."""
    page.goto(shown.address.format(**scene.places))
    if shown.prepare:
        shown.prepare(page)
    still(page)


def still(page: Page) -> None:
    """Fonts, pictures and two frames."""
    page.evaluate(_STILL)


def settle(page: Page) -> None:
    """What a page draws or asks for right after it has loaded; there is no sign by which to know."""
    page.wait_for_timeout(_SETTLING_MS)


def by_person(pages: Sequence[Shown]) -> Iterator[tuple[str, list[Shown]]]:
    """So that each needs one window."""
    for who, found in groupby(sorted(pages, key=lambda one: one.who), key=lambda one: one.who):
        yield who, list(found)


def complaints(noise: Sequence[str], shown: Shown) -> list[str]:
    """But for the answers that this page is about."""
    expected = [f"status of {code}" for code in shown.errors]
    return [one for one in noise if not any(name in one for name in expected)]
