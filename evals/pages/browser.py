"""Chromium, its windows, and whoever is signed in in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    StorageState,
    ViewportSize,
    sync_playwright,
)

from tracking_core.i18n import DEFAULT_LOCALE, translate

PHONE, WIDE = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=900)
PATIENCE_MS = 60_000
Theme = Literal["light", "dark"]
_FLAGS = (
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    # The same picture on every machine.
    "force-color-profile=srgb",
    "font-render-hinting=none",
)
# htmx tells of every request that it gave up for a newer one, or because the page was left.
_GIVEN_UP = ("htmx:afterRequest", "htmx:sendAbort")


@contextmanager
def chromium(executable: str | None) -> Iterator[Browser]:
    """``executable`` None is Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[f"--{flag}" for flag in _FLAGS])
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody's browser. ``noise`` is what its pages complained of."""

    context: BrowserContext
    page: Page
    locale: str
    noise: list[str] = field(default_factory=list)

    def say(self, msgid: str, **values: object) -> str:
        """The hub's sentence in the language of this browser."""
        said = translate(msgid, self.locale)
        return said % values if values else said

    def press(self, msgid: str) -> None:
        self.page.get_by_role("button", name=self.say(msgid), exact=True).click()

    def hear(self, said: ConsoleMessage) -> None:
        # A page that is meant for a frame names no icon; opened alone, the browser looks for one.
        is_icon = said.location["url"].endswith("/favicon.ico")
        if said.type == "error" and not is_icon and not said.text.startswith(_GIVEN_UP):
            self.noise.append(said.text)


def arrive(
    browser: Browser,
    origin: str,
    *,
    locale: str = DEFAULT_LOCALE,
    size: ViewportSize = WIDE,
    theme: Theme = "light",
    state: StorageState | None = None,
) -> Person:
    """A window at the hub, with the cookies of whoever ``state`` is of."""
    context = browser.new_context(
        base_url=origin,
        locale=locale.replace("_", "-"),
        viewport=size,
        color_scheme=theme,
        reduced_motion="reduce",
        storage_state=state,
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "hub_locale", "value": locale, "url": origin}])
    person = Person(context, context.new_page(), locale)
    person.page.on("pageerror", lambda error: person.noise.append(str(error)))
    person.page.on("console", person.hear)
    return person


def enter(person: Person, link: str) -> None:
    """By the link that signs them in once."""
    person.page.goto(link)
    person.press("Continue")
    person.page.wait_for_url(lambda address: "/sign-in/" not in address)
