"""Shops whose setup is stuck, waits, or broke later, and the person who helps one of them."""

import io

from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, expect
from sqlalchemy.ext.asyncio import AsyncSession

from api.ui.paths import DESK, SETUPS
from evals.pages.browser import Person
from evals.pages.hub import Hub
from evals.pages.selling import Selling
from evals.pages.sessions import Setup, begin
from evals.pages.setting_up import HOTTOK
from tracking_core.connections.endpoints import webhook_path
from tracking_core.tenants import service as tenants
from tracking_core.tenants.service import NewTenant

_WRONG = 3
_PASTED = "EAAB" + "xq7RkT2mZpW9" * 9


def clara(hub: Hub, shop: NewTenant, person: Person) -> Setup:
    """The same credential is wrong until a person is called; she shows what she sees, and pastes what is secret."""
    setup = begin(hub, shop, "880000000000011")
    hub.model_says(
        "O **Client Secret** fica na Hotmart, em *Ferramentas → Credenciais da API*. Copie o código inteiro, sem "
        "espaços, e cole no campo ao lado."
    )
    setup.say("não sei onde fica o client secret da Hotmart")
    for number in range(_WRONG):
        setup.check_gateway(client_secret=f"{number}not-the-secret-at-all{number}")
    person.page.goto(f"{SETUPS}/{setup.id}")
    shown = FilePayload(name="tela.png", mimeType="image/png", buffer=_screen())
    person.page.locator("#chat-file").set_input_files(shown)
    person.page.locator("#chat-text").fill(f"apareceu esta tela. o meu token da Meta é {_PASTED}")
    person.press("Send")
    expect(person.page.locator(".chat-chip")).to_be_visible()
    setup.settle()
    person.context.close()
    return setup


def dora(hub: Hub, shop: NewTenant, person: Person) -> Setup:
    """Says how she is reached, and asks for a person herself."""
    setup = begin(hub, shop, "880000000000012")
    person.page.goto(f"{SETUPS}/{setup.id}?step=business")
    person.page.locator("#contact-phone").fill("11 98765-4321")
    person.press("Save and continue")
    person.page.wait_for_url("**step=gateway**")
    person.context.close()
    setup.check_gateway()
    hub.model_says("Claro! O conjunto de dados fica no Gerenciador de Eventos da Meta.")
    setup.say("onde acho o conjunto de dados?", "não consegui, quero falar com uma pessoa")
    return setup


def bia(person: Person, case: str) -> None:
    """Takes Dora's case and writes to her."""
    page = person.page
    page.goto(f"{DESK}/{case}")
    person.press("Take the case")
    expect(page.locator("#notice")).to_be_visible()
    page.get_by_label(person.say("Write to the seller")).fill(
        "Oi, Dora! Aqui é a Bia. Abra o Gerenciador de Eventos e me diga o nome que aparece no alto da lista."
    )
    person.press("Send")
    expect(page.locator("#conversation")).to_contain_text("Aqui é a Bia")
    person.context.close()


def eva(hub: Hub, shop: NewTenant) -> Setup:
    """Everything is checked; the plan waits for her, in the wizard and in the chat."""
    setup = begin(hub, shop, "880000000000013")
    for check in (setup.check_gateway, setup.check_meta, setup.check_page):
        check()
    hub.model_says("Tudo conferido: checkout, Meta e página. Agora é só você ler o plano e aprovar.")
    setup.plan()
    setup.say("o que falta?")
    return setup


def connected(hub: Hub, name: str, dataset: str) -> Selling:
    """A shop that was connected long ago; nobody has set it up here."""
    made = hub.shop(name)

    async def connect(session: AsyncSession) -> str:
        await tenants.connect_meta(session, made.tenant_id, dataset, f"EAAPagesToken{dataset}", actor="hub")
        endpoint = await tenants.connect_gateway(session, made.tenant_id, "hotmart", HOTTOK, actor="hub")
        return webhook_path(endpoint)

    return Selling(hub, made.tenant_id, made.write_key, dataset, hub.run(connect), HOTTOK)


def _screen() -> bytes:
    """What a seller may have photographed of a panel."""
    image = Image.new("RGB", (640, 360), "#f4f5f7")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 640, 48), fill="#1c1e21")
    draw.text((20, 14), "Credenciais da API", fill="white", font_size=18)
    for at, line in enumerate(("Client ID      ••••••••", "Client Secret  ••••••••", "Basic          ••••••••")):
        draw.rectangle((20, 80 + at * 80, 620, 140 + at * 80), fill="white", outline="#ccd0d5")
        draw.text((36, 98 + at * 80), line, fill="#1c1e21", font_size=18)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
