"""A seller's finger on a phone: it taps and types and nothing else, and all of it is counted."""

import time
from dataclasses import asdict, dataclass

from playwright.sync_api import Locator, expect

from evals.pages.browser import PATIENCE_MS, Person


@dataclass
class Counts:
    """``screens`` are what was put before the seller to be read; ``seconds`` run from the first tap to the last."""

    clicks: int = 0
    fields: int = 0
    screens: int = 0
    seconds: float = 0.0


class Hand:
    def __init__(self, person: Person) -> None:
        self.person, self.page, self.counts = person, person.page, Counts()
        self._began = time.monotonic()

    def press(self, msgid: str) -> None:
        self.tap(self.page.get_by_role("button", name=self.person.say(msgid), exact=True))

    def tap(self, what: Locator) -> None:
        what.click()
        self.counts.clicks += 1

    def fill(self, field: str, value: str) -> None:
        """``field`` is a CSS selector."""
        self.page.locator(field).fill(value)
        self.counts.fields += 1

    def sees(self, title: str) -> None:
        """The next screen is there, under this heading."""
        heading = self.page.get_by_role("heading", level=1)
        expect(heading).to_have_text(self.person.say(title), timeout=PATIENCE_MS)
        self.counts.screens += 1

    def goes_on(self) -> None:
        """What was checked works."""
        expect(self.page.locator("#outcome .notice.good")).to_be_visible(timeout=PATIENCE_MS)
        self.tap(self.page.locator("#continue"))

    def done(self) -> Counts:
        self.counts.seconds = round(time.monotonic() - self._began, 1)
        return self.counts


def rows(counts: dict[str, Counts]) -> list[dict[str, object]]:
    """For JSON, a row for each checkout."""
    return [{"checkout": name, **asdict(one)} for name, one in counts.items()]
