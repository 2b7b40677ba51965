"""The chat as its seller sees it: by what is written there, and what can be pressed."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

import api.ui
from api.ui.paths import SETUPS, SIGN_IN
from tests.journey.seller import Seller
from tracking_core.db.engine import dispose, transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Role
from tracking_core.users import links
from tracking_core.users import service as users

PATIENCE_MS = 30_000
_AXE = Path(api.ui.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# What a clipboard or a hand brings: a file of these bytes.
_HAND = """([event, bytes, name, type]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const said = { bubbles: true, cancelable: true, clipboardData: files, dataTransfer: files };
  const kind = event === "paste" ? ClipboardEvent : DragEvent;
  document.getElementById("chat-text").dispatchEvent(new kind(event, said));
}"""


class Chat:
    def __init__(self, context: BrowserContext, shop: Seller) -> None:
        self.context, self.shop = context, shop
        self.noise: list[str] = []
        context.set_default_timeout(PATIENCE_MS)
        self.page = self._new_page()

    @property
    def origin(self) -> str:
        return str(self.shop.stack.http.base_url).rstrip("/")

    @property
    def path(self) -> str:
        return f"{SETUPS}/{self.shop.session_id}"

    def arrive(self, role: Role = Role.SELLER) -> None:
        """Signed in, at the wizard."""
        with ThreadPoolExecutor(1) as pool:
            token = pool.submit(lambda: asyncio.run(_link(self.shop.tenant_id, role, self.path))).result()
        self.page.goto(f"{self.origin}{SIGN_IN}/link/{token}")
        self.page.get_by_role("button", name="Continuar").click()
        self.page.wait_for_url(f"**{self.path}")

    def another_tab(self) -> "Chat":
        other = object.__new__(Chat)
        other.context, other.shop, other.noise = self.context, self.shop, self.noise
        other.page = other._new_page()
        other.page.goto(self.origin + self.path)
        return other

    def _new_page(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.noise.append(str(error)))
        page.on("console", self._hear)
        return page

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.noise.append(said.text)

    @property
    def field(self) -> Locator:
        return self.page.get_by_label("Sua mensagem")

    @property
    def messages(self) -> Locator:
        """Those that the hub has."""
        return self.page.locator("[role=log] li")

    @property
    def own(self) -> Locator:
        """The seller's that the hub does not have yet."""
        return self.page.locator("[data-chat=outbox] > li")

    @property
    def live(self) -> Locator:
        """What is being said."""
        return self.page.locator(".chat-live")

    def say(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def sees(self, text: str, *, times: int = 1) -> None:
        """So many messages of the hub's say that."""
        expect(self.messages.filter(has_text=text)).to_have_count(times, timeout=PATIENCE_MS)

    def notices(self, text: str) -> None:
        expect(self.page.locator("[data-part=notices]")).to_contain_text(text, timeout=PATIENCE_MS)

    def paste(self, data: bytes, name: str = "tela.png", kind: str = "image/png") -> None:
        self.page.evaluate(_HAND, ["paste", list(data), name, kind])

    def drop(self, data: bytes, name: str = "tela.png", kind: str = "image/png") -> None:
        self.page.evaluate(_HAND, ["drop", list(data), name, kind])

    def stored(self) -> str:
        """Everything that the browser keeps for this site."""
        return json.dumps(self.page.evaluate("[{...localStorage}, {...sessionStorage}]"))

    def faults(self) -> list[dict[str, Any]]:
        """What axe finds in the chat, and in the button that opens it."""
        self.page.evaluate(_AXE.read_text())
        run = "async () => (await axe.run({include: [['#chat-panel'], ['[data-chat=open]']]})).violations"
        found: list[dict[str, Any]] = self.page.evaluate(run)
        return [{"rule": one["id"], "where": [node["html"] for node in one["nodes"]]} for one in found]


async def _link(tenant_id: UUID, role: Role, path: str) -> str:
    async with transaction() as session:
        name = new_hex()
        user = await users.invite(
            session, f"{name}@example.com", f"Ana {name}", role, actor="test", tenants=[tenant_id]
        )
        token = await links.issue(session, user, now=clock.now(), next_path=path)
    await dispose()
    return token
