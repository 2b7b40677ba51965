"""A seller in a browser, at a hub that runs as processes with every vendor simulated."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import httpx
from playwright.sync_api import BrowserContext, ConsoleMessage, expect

from api.ui.paths import SIGN_IN
from evals.simulators.providers.state import DEMO_HOTMART, DEMO_KIWIFY
from evals.stack import Stack
from tracking_core.db.engine import dispose, transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Role
from tracking_core.tenants import service as tenants
from tracking_core.users import links
from tracking_core.users import service as users

HOTTOK = "hottok-of-the-pages-0123456789"
EMBEDDING = "https://painel.example"
SECONDS_MS = 45_000


@dataclass(frozen=True)
class Shop:
    """A shop with its page, and the link that lets its seller in."""

    stack: Stack
    tenant_id: UUID
    write_key: str
    sign_in: str
    dataset: str

    @property
    def token(self) -> str:
        return f"EAAPagesToken{self.dataset}abcdefghijklmnopqrstuv"

    @property
    def landing(self) -> str:
        return f"http://127.0.0.1:{self.stack.vendors_port}/_landing"

    def publish(self, **changes: object) -> None:
        """The seller's page, with our script on it."""
        script = f"http://127.0.0.1:{self.stack.port}/t.js?key={self.write_key}"
        page = {"script": script, "pixel_id": self.dataset, **changes}
        httpx.put(f"{self.landing}/_control/page", json=page, trust_env=False).raise_for_status()


def new_shop(stack: Stack, dataset: str) -> Shop:
    # Playwright's loop runs in this thread.
    with ThreadPoolExecutor(1) as pool:
        made, token = pool.submit(lambda: asyncio.run(_made())).result()
    address = f"http://127.0.0.1:{stack.port}{SIGN_IN}/link/{token}"
    return Shop(stack, made.tenant_id, made.write_key, address, dataset)


async def _made() -> tuple[tenants.NewTenant, str]:
    async with transaction() as session:
        made = await tenants.create(session, "Cursos da Ana", actor="test")
        name = new_hex()
        user = await users.invite(
            session, f"{name}@example.com", "Ana", Role.SELLER, actor="test", tenants=[made.tenant_id]
        )
        token = await links.issue(session, user, now=clock.now())
    await dispose()
    return made, token


class Seller:
    """Clicks and types, and nothing else."""

    def __init__(self, shop: Shop, context: BrowserContext) -> None:
        self.shop, self.page = shop, context.new_page()
        self.page.set_default_timeout(SECONDS_MS)
        self.noise: list[str] = []
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.noise.append(said.text)

    @property
    def complaints(self) -> list[str]:
        """Of the browser, but for answers that say what to mend, and for requests given up for newer ones."""
        expected = ("422", "htmx:afterRequest", "htmx:sendAbort")
        return [one for one in self.noise if not any(name in one for name in expected)]

    def arrive(self) -> None:
        """From the link to the first step of a new setup."""
        self.page.goto(self.shop.sign_in)
        self.press("Continuar")
        self.press("Começar a configuração")
        self.sees("O seu negócio")

    def business(self) -> None:
        self.page.get_by_label("Telefone ou WhatsApp").fill("11 98765-4321")
        self.press("Salvar e continuar")
        self.sees("Onde você vende?")

    def hotmart(self, **changes: str) -> None:
        given = {"client-id": DEMO_HOTMART.client_id, "client-secret": DEMO_HOTMART.client_secret}
        self._gateway("hotmart", {**given, "webhook-secret": HOTTOK, **changes})

    def kiwify(self, **changes: str) -> None:
        given = {"client-id": DEMO_KIWIFY.client_id, "client-secret": DEMO_KIWIFY.client_secret}
        self._gateway("kiwify", {**given, "account-id": DEMO_KIWIFY.account_id or "", **changes})

    def _gateway(self, name: str, given: dict[str, str]) -> None:
        self.page.get_by_role("radio", name=name.title()).check()
        for field, value in given.items():
            self.page.locator(f"#{name}-{field}").fill(value)
        self.press("Conferir as credenciais")

    def meta(self) -> None:
        self.page.get_by_role("textbox", name="ID do conjunto de dados").fill(self.shop.dataset)
        self.page.get_by_role("textbox", name="Token de acesso").fill(self.shop.token)
        self.press("Verificar na Meta")

    def look_at_page(self, path: str = "ok") -> None:
        self.page.get_by_role("textbox", name="Endereço da página").fill(f"{self.shop.landing}/{path}")
        self.press(re.compile("Olhar"))

    def checked(self, next_title: str) -> None:
        """What was asked for works; on to the next step."""
        expect(self.page.locator("#outcome .notice.good")).to_be_visible(timeout=SECONDS_MS)
        self.page.locator("#continue").click()
        self.sees(next_title)

    def sees(self, title: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title, timeout=SECONDS_MS)

    def press(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("button", name=name).click()
