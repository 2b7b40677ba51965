"""What the registry says of a page in one of its states."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from evals.pages.browser import PHONE, WIDE, Theme

Prepare = Callable[[Page], None]
SIZES = {"phone": PHONE, "wide": WIDE}
ROLES = {
    "": "anyone",
    "ana": "seller",
    "clara": "seller",
    "dora": "seller",
    "eva": "seller",
    "iara": "seller",
    "lia": "seller",
    "bia": "support",
    "olga": "operator",
}


@dataclass(frozen=True, slots=True)
class Version:
    """One look at a page: its window, its theme and its language."""

    size: str
    theme: Theme = "light"
    locale: str = "pt_BR"

    @property
    def suffix(self) -> str:
        other = [self.theme] * (self.theme == "dark") + ["en"] * (self.locale == "en")
        return ".".join([self.size, *other])


_ALWAYS = tuple(Version(size) for size in SIZES)
_SAMPLE = (Version("phone", "light", "en"), Version("wide", "dark"))


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture's page. ``route`` is the application's own, ``address`` has names of ``Scene.places`` in braces;
    ``who`` is a person of the story, nobody when empty; ``prepare`` does what brings it into this state. A ``sample``
    is shown dark and in English too. What is not ``is_whole`` is a window's height of it. ``errors`` are answers that
    its browser complains of by right."""

    name: str
    route: str
    who: str
    address: str
    shows: str
    prepare: Prepare | None = None
    sample: bool = False
    is_whole: bool = True
    errors: tuple[str, ...] = ()

    @property
    def role(self) -> str:
        return ROLES[self.who]

    @property
    def versions(self) -> tuple[Version, ...]:
        return (*_ALWAYS, *_SAMPLE) if self.sample else _ALWAYS

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(f"{self.name}.{one.suffix}.webp" for one in self.versions)


def press(selector: str) -> Prepare:
    """Click it, and wait for the page that follows."""

    def pressed(page: Page) -> None:
        page.locator(selector).first.click()
        page.wait_for_load_state()

    return pressed


def unfold(selector: str) -> Prepare:
    """Open the parts that can be folded."""

    def unfolded(page: Page) -> None:
        page.locator(selector).evaluate_all("all => all.forEach(one => { one.open = true; })")

    return unfolded
