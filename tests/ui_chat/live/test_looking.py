"""Wide and narrow, light and dark: what is in view, where the focus is, and what axe says of it."""

from typing import Literal

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.journey.endpoint import Endpoint
from tests.screenshots import pictures
from tests.ui_chat.live.conftest import Opens
from tests.ui_chat.live.looking import Chat
from tests.ui_chat.live.saying import were_said
from tracking_core.kit.ids import new_id

PHONE = ViewportSize(width=360, height=740)
WIDE = ViewportSize(width=1280, height=900)
TALK = [("seller", f"pergunta {number}\n" + "linha\n" * 3) for number in range(70)]
SAID = [
    ("seller", f"Oi! O meu token é secret:{new_id()} e não passa."),
    ("hub", "Guardei no cofre a credencial da sua mensagem."),
    ("assistant", "**Vamos lá.** Faça assim:\n\n1. Abra o painel\n2. Copie o `token`\n\n> com calma"),
    ("support", "Oi, aqui é a Bia.\nPosso ajudar?"),
]


def test_whoever_reads_what_was_said_before_stays_there(opens: Opens, model: Endpoint) -> None:
    chat = opens(viewport=WIDE, locale="pt-BR")
    were_said(chat.shop, *TALK)
    chat.page.reload()
    scroll = chat.page.get_by_role("group", name="Conversa")
    newer = chat.page.get_by_role("button", name="Mensagens novas")
    assert _from_bottom(chat) < 2
    expect(newer).to_be_hidden()
    scroll.evaluate("one => { one.scrollTop = 100; }")
    chat.shop.ask("vim de outro lugar")
    expect(newer).to_be_visible()
    assert scroll.evaluate("one => one.scrollTop") == 100
    newer.click()
    expect(newer).to_be_hidden()
    assert _from_bottom(chat) < 2
    chat.shop.ask("e outra")
    chat.sees("e outra")
    assert _from_bottom(chat) < 2
    expect(chat.messages).to_have_count(64)
    chat.page.get_by_role("link", name="Mensagens anteriores").click()
    expect(chat.messages).to_have_count(74)
    expect(chat.messages.first).to_contain_text("pergunta 0")
    expect(chat.page.get_by_role("link", name="Mensagens anteriores")).to_be_hidden()


def test_on_a_phone_the_chat_is_a_sheet_that_counts_what_was_not_seen(opens: Opens, model: Endpoint) -> None:
    chat = opens(viewport=PHONE, locale="pt-BR", has_touch=True)
    opener = chat.page.get_by_role("link", name="Ajuda")
    expect(chat.field).to_be_hidden()
    chat.shop.ask("vim de outro lugar")
    expect(opener).to_contain_text("mensagens novas: 1")
    chat.page.reload()
    expect(opener).to_contain_text("mensagens novas: 1")
    opener.click()
    sheet = chat.page.get_by_role("dialog", name="Assistente")
    expect(sheet).to_be_visible()
    box = sheet.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (360, 740)
    chat.say("oi do telefone")
    chat.sees("oi do telefone")
    chat.shop.chat_settled()
    expect(chat.messages).to_have_count(len(chat.shop.messages()))
    chat.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    expect(chat.page.locator("[data-chat=unread]")).to_be_hidden()
    opener.click()
    chat.page.get_by_role("button", name="Fechar").click()
    expect(opener).to_be_focused()
    chat.page.set_viewport_size(WIDE)
    expect(opener).to_be_hidden()
    expect(chat.page.get_by_role("complementary", name="Assistente")).to_contain_text("oi do telefone")


def test_a_way_back_to_the_chat_opens_it_on_a_phone(opens: Opens) -> None:
    chat = opens(viewport=PHONE, locale="pt-BR")
    chat.page.goto(f"{chat.origin}{chat.path}?step=meta#chat")
    expect(chat.page.get_by_role("dialog", name="Assistente")).to_be_visible()
    assert chat.page.url.endswith("?step=meta")


def test_without_scripts_the_button_leads_to_the_chat_on_the_page(opens: Opens) -> None:
    chat = opens(viewport=PHONE, locale="pt-BR", java_script_enabled=False)
    chat.page.get_by_role("link", name="Ajuda").click()
    expect(chat.field).to_be_visible()
    expect(chat.page.get_by_label("Anexar captura de tela")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_wrong(
    opens: Opens, model: Endpoint, size: ViewportSize, theme: Literal["light", "dark"]
) -> None:
    chat = opens(viewport=size, locale="pt-BR", color_scheme=theme)
    assert chat.faults() == []
    were_said(chat.shop, *SAID)
    chat.shop.check_everything("kiwify")
    chat.shop.plan()
    model.state.order({"kind": "empty", "times": 1})
    chat.shop.ask("quero falar com uma pessoa")
    chat.shop.ask("oi")
    chat.page.goto(f"{chat.origin}{chat.path}#chat")
    chat.paste(pictures.png())
    chat.paste(b"x", "virus.png")
    expect(chat.page.get_by_text("não é uma imagem")).to_be_visible()
    chat.page.route("**/chat?after=*", lambda route: route.abort())
    chat.page.get_by_role("button", name="Remover virus.png").click()
    chat.say("não chega")
    expect(chat.own).to_contain_text("Sem conexão")
    assert chat.faults() == []
    chat.noise.clear()


def _from_bottom(chat: Chat) -> float:
    script = "one => one.scrollHeight - one.scrollTop - one.clientHeight"
    return float(chat.page.get_by_role("group", name="Conversa").evaluate(script))
