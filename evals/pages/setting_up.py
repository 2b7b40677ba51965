"""A whole setup by clicking: from an opened sign-in link to a test sale that is green at every hop."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from playwright.sync_api import expect

from evals.pages.browser import PATIENCE_MS
from evals.pages.hand import Hand
from evals.simulators.providers.state import DEMO_HOTMART, DEMO_KIWIFY

HOTTOK = "hottok-of-the-pages-0123456789"
HOPS = 7
_SCRIPT = re.compile(r'src="([^"]+)"')
Look = Callable[[str], None]


@dataclass(frozen=True)
class Given:
    """What a seller has beside them before they begin. ``landing`` is the simulated page's server."""

    checkout: str
    dataset: str
    landing: str

    @property
    def token(self) -> str:
        return f"EAAPagesToken{self.dataset}abcdefghijklmnopqrstuv"

    @property
    def credentials(self) -> dict[str, str]:
        """By the ids of their fields."""
        if self.checkout == "kiwify":
            account = {"account-id": DEMO_KIWIFY.account_id or ""}
            return {"client-id": DEMO_KIWIFY.client_id, "client-secret": DEMO_KIWIFY.client_secret, **account}
        given = {"client-id": DEMO_HOTMART.client_id, "client-secret": DEMO_HOTMART.client_secret}
        return {**given, "webhook-secret": HOTTOK}


@dataclass
class SettingUp:
    """The steps in their order. ``look`` is called with the name of each screen worth a picture."""

    hand: Hand
    given: Given
    look: Look = field(default=lambda _name: None)

    def all(self) -> None:
        """From the opened link."""
        self.hand.sees("Welcome")
        self.hand.press("Continue")
        self.hand.sees("Your shops")
        self.hand.press("Begin a setup")
        for step in (self._business, self._checkout, self._meta, self._page, self._switch_on):
            step()

    def _business(self) -> None:
        self.hand.sees("Your business")
        self.hand.fill("#contact-phone", "11 98765-4321")
        self.hand.press("Save and continue")

    def _checkout(self) -> None:
        self.hand.sees("Where do you sell?")
        name = self.given.checkout
        self.hand.tap(self.hand.page.get_by_role("radio", name=name.title()))
        for field_name, value in self.given.credentials.items():
            self.hand.fill(f"#{name}-{field_name}", value)
        self.look("gateway-filled")
        self.hand.press("Check the credentials")
        self.hand.goes_on()

    def _meta(self) -> None:
        self.hand.sees("Where do your ads run?")
        self.hand.fill("#dataset-id", self.given.dataset)
        self.hand.fill("#access-token", self.given.token)
        self.hand.press("Check with Meta")
        self.hand.goes_on()

    def _page(self) -> None:
        self.hand.sees("Your sales page")
        self.hand.press("Copy")
        expect(self.hand.page.locator("#announcer")).to_have_text(self.hand.person.say("Copied."))
        self._publish(str(self.hand.page.evaluate("navigator.clipboard.readText()")))
        self.hand.fill("#url", f"{self.given.landing}/ok")
        self.hand.press("Look at the page")
        self.hand.goes_on()

    def _publish(self, line: str) -> None:
        """The copied line on the seller's own page: elsewhere, so that it is no click here."""
        script = _SCRIPT.search(line)
        assert script is not None, line
        page = {"script": script[1], "pixel_id": self.given.dataset}
        httpx.put(f"{self.given.landing}/_control/page", json=page, trust_env=False).raise_for_status()

    def _switch_on(self) -> None:
        self.hand.sees("Review and switch on")
        self.hand.press("Prepare the plan")
        approve = self.hand.page.locator("#approve")
        expect(approve).to_be_visible(timeout=PATIENCE_MS)
        self.look("plan")
        self.hand.tap(approve)
        page = self.hand.page
        expect(page.locator(".hop.green")).to_have_count(HOPS, timeout=PATIENCE_MS)
        # At Hotmart the webhook is added by hand, and no sale of its own came yet.
        is_owed = self.given.checkout == "hotmart"
        said = "Almost ready: one step is yours" if is_owed else "Ready. Your sales reach Meta from now on."
        ready = self.hand.person.say(said)
        expect(page.locator("#review-top")).to_contain_text(ready, timeout=PATIENCE_MS)
