"""Our people in browsers, at a hub that runs in this process."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page

from api.ui.paths import DESK, SIGN_IN
from tests.handoff.conftest import Case, new_case
from tests.ui_operations.running import Running
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Role, SetupHandoff, SetupSession
from tracking_core.users import links
from tracking_core.users import service as users


@dataclass
class Desk:
    """One person's browser. ``noise`` is what went wrong in it."""

    context: BrowserContext
    page: Page
    origin: str
    name: str
    noise: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.origin}{DESK}{path}")
        return self.page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def hears(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.noise.append(said.text)

    def is_asked(self, dialog: Dialog) -> None:
        self.noise.append(dialog.message)
        dialog.dismiss()


def enter(hub: Running, browser: Browser, **options: Any) -> Desk:
    """A new person of the support team, signed in by a link."""
    name = f"Bia {new_hex()[-6:]}"
    token = hub.run(_invited(name))
    context = browser.new_context(locale="pt-BR", **options)
    context.set_default_timeout(20_000)
    desk = Desk(context, context.new_page(), hub.origin, name)
    desk.page.on("pageerror", lambda error: desk.noise.append(str(error)))
    desk.page.on("console", desk.hears)
    desk.page.on("dialog", desk.is_asked)
    desk.page.goto(f"{hub.origin}{SIGN_IN}/link/{token}")
    desk.press("Continuar")
    desk.page.wait_for_url(f"**{DESK}")
    return desk


def seller_in_trouble(hub: Running, shop: str, **how: Any) -> tuple[Case, SetupHandoff]:
    """A case made as the agent makes it."""
    return hub.run(_in_trouble(hub, shop, how))


def writes(hub: Running, case: Case, text: str) -> None:
    """The seller, in the chat of their setup."""
    address = f"{hub.origin}/api/v1/setup/sessions/{case.session_id}/chat"
    headers = {"Authorization": f"Bearer {case.secret_key}"}
    answer = httpx.post(address, json={"text": text}, headers=headers, timeout=20, trust_env=False)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text


async def forwarded(case: Case) -> None:
    """The seller's last words, to the person who has the case: what a worker does."""
    message = (await case.said("seller"))[-1]
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        now, settings = clock.now(), case.settings
        assert await handoffs.on_seller_message(session, owner, message, now=now, settings=settings)


async def _in_trouble(hub: Running, shop: str, how: dict[str, Any]) -> tuple[Case, SetupHandoff]:
    case = await new_case(hub.settings, shop)
    case.now = clock.now()
    await case.hears("não entendo o token", at=case.now)
    await case.logs(started_at=case.now, finished_at=case.now)
    handoff, _ = await case.open(**{"reason": Reason.MONEY_AT_RISK, **how})
    return case, handoff


async def _invited(name: str) -> str:
    async with transaction() as session:
        user = await users.invite(session, f"{new_hex()}@example.com", name, Role.SUPPORT, actor="test")
        return await links.issue(session, user, now=clock.now())
