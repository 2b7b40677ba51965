"""Talking: seen at once, answered as it is said, the same in every tab."""

import json
import re

from playwright.sync_api import Request, Route, expect

from tests.journey.endpoint import Endpoint
from tests.screenshots import pictures
from tests.ui_chat.live.conftest import Opens
from tests.ui_chat.live.looking import PATIENCE_MS, Chat

TOKEN = "EAAB" + "xq7RkT2mZpW9" * 9
LONG = "Vamos por partes, com calma: " + "primeiro uma coisa e depois a outra, sem pressa. " * 8
SLOW = {"kind": "slow", "seconds": 0.03, "times": 1}
SENDING = re.compile(r"/chat\?after=\d+$")


def test_an_answer_is_seen_growing_and_then_stands_in_the_log_once(chat: Chat, model: Endpoint) -> None:
    model.state.say(LONG)
    model.state.order(SLOW)
    chat.say("me explica tudo")
    chat.sees("me explica tudo")
    expect(chat.field).to_have_value("")
    expect(chat.field).to_be_focused()
    seen = [_grown(chat, longer_than) for longer_than in (0, 40, 120)]
    assert seen == sorted(set(seen))
    chat.sees(LONG.strip())
    expect(chat.live).to_be_hidden()
    expect(chat.own).to_have_count(0)
    expect(chat.messages).to_have_count(2)
    expect(chat.page.locator("[data-part=busy]")).to_be_empty()


def test_enter_sends_and_shift_enter_breaks_the_line(chat: Chat, model: Endpoint) -> None:
    chat.field.press_sequentially("uma")
    chat.field.press("Shift+Enter")
    chat.field.press_sequentially("duas")
    expect(chat.field).to_have_value("uma\nduas")
    chat.field.press("Enter")
    chat.sees("uma\nduas")
    chat.field.press("Enter")
    expect(chat.own).to_have_count(0)


def test_a_pasted_secret_is_gone_from_the_screen_as_soon_as_it_is_kept(chat: Chat, model: Endpoint) -> None:
    held: list[Route] = []
    chat.page.route(SENDING, lambda route: held.append(route))
    chat.say(f"meu token é {TOKEN}")
    expect(chat.own).to_contain_text(TOKEN)
    expect(chat.own).to_contain_text("Enviando…")
    assert TOKEN not in chat.stored()
    held[0].continue_()
    expect(chat.messages.first.locator(".chat-chip")).to_have_text("credencial guardada: Token de acesso da Meta")
    expect(chat.own).to_have_count(0)
    chat.sees("Guardei no cofre a credencial")
    assert TOKEN[:12] not in chat.page.content()
    assert TOKEN[:12] not in chat.stored()
    chat.page.unroute(SENDING)
    chat.page.reload()
    assert TOKEN[:12] not in chat.page.content()
    expect(chat.field).to_have_value("")


def test_what_was_not_sent_is_sent_again_as_the_same_message(chat: Chat, model: Endpoint) -> None:
    names: list[str] = []

    def fail(route: Route, request: Request) -> None:
        names.append(json.loads(request.post_data or "{}")["client_message_id"])
        # The first time the hub has it, and nobody hears of it.
        route.fetch()
        route.abort()

    chat.page.route(SENDING, fail, times=1)
    chat.page.route("**/chat/messages?*", lambda route: route.abort())
    chat.say("chegou?")
    expect(chat.own).to_contain_text("Sem conexão")
    chat.page.on("request", lambda request: _name(request, names))
    chat.page.get_by_role("button", name="Enviar de novo").click()
    chat.sees("chegou?")
    expect(chat.own).to_have_count(0)
    assert len(names) == 2
    assert len(set(names)) == 1
    chat.noise.clear()  # the browser tells of requests that fail
    assert [one["text"] for one in chat.shop.messages("seller")] == ["chegou?"]


def test_what_the_hub_refuses_is_told_in_words_and_goes_back_into_the_field(chat: Chat) -> None:
    chat.say("a" * 8_001)
    expect(chat.own).to_contain_text("longa demais")
    chat.page.get_by_role("button", name="Editar").click()
    expect(chat.own).to_have_count(0)
    expect(chat.field).to_have_value("a" * 8_001)
    expect(chat.field).to_be_focused()
    chat.noise.clear()


def test_two_tabs_show_the_same(chat: Chat, model: Endpoint) -> None:
    other = chat.another_tab()
    chat.say("de uma aba")
    other.sees("de uma aba")
    other.say("da outra")
    for tab in (chat, other):
        tab.sees("de uma aba")
        tab.sees("da outra")
    chat.shop.chat_settled()
    texts = [one["text"] for one in chat.shop.messages()]
    for tab in (chat, other):
        expect(tab.messages).to_have_count(len(texts))
        expect(tab.own).to_have_count(0)
        shown = tab.page.locator("[role=log] .chat-words").all_inner_texts()
        assert [one.strip() for one in shown] == texts


def test_a_page_loaded_anew_in_mid_answer_goes_on_where_it_was(chat: Chat, model: Endpoint) -> None:
    model.state.say(LONG)
    model.state.order({**SLOW, "seconds": 0.06})
    chat.say("me explica tudo")
    _grown(chat, 20)
    chat.page.reload()
    expect(chat.live).to_contain_text("Vamos por partes")
    _grown(chat, 60)
    shown = chat.live.inner_text()
    assert LONG.startswith(shown.rstrip("…"))
    chat.sees(LONG.strip())
    expect(chat.live).to_be_hidden()
    expect(chat.messages).to_have_count(2)


def test_a_stream_that_is_cut_is_resumed_and_nothing_is_missing(chat: Chat, model: Endpoint) -> None:
    model.state.say(LONG)
    model.state.order({**SLOW, "seconds": 0.06})
    chat.say("me explica tudo")
    _grown(chat, 20)
    chat.shop.stack.api.stop()
    lost = chat.page.locator("[data-chat=lost]")
    expect(chat.page.locator("#connection")).to_be_visible(timeout=PATIENCE_MS)
    expect(lost).to_be_hidden()
    # On a phone the page that says it is covered by the chat, which then says it.
    chat.page.set_viewport_size({"width": 360, "height": 740})
    chat.page.get_by_role("link", name="Ajuda").click()
    expect(lost).to_be_visible()
    chat.shop.stack.start(chat.shop.stack.api)
    expect(lost).to_be_hidden(timeout=PATIENCE_MS)
    chat.sees(LONG.strip())
    expect(chat.live).to_be_hidden()
    expect(chat.messages).to_have_count(2)
    chat.noise.clear()


def test_basic_mode_is_told_as_long_as_it_lasts(chat: Chat, model: Endpoint) -> None:
    model.state.order({"kind": "empty", "times": 1})
    chat.say("oi")
    chat.notices("Modo básico")
    chat.sees("Assistente, em modo básico")
    chat.say("tudo bem?")
    expect(chat.page.locator("[data-part=notices]")).not_to_contain_text("Modo básico")
    chat.sees("O assistente de texto voltou.")


def test_without_scripts_a_form_sends_words_and_files(opens: Opens, model: Endpoint) -> None:
    chat = opens(java_script_enabled=False, locale="pt-BR")
    chat.field.fill("sem script")
    chat.page.locator("#chat-file").set_input_files(
        {"name": "t.png", "mimeType": "image/png", "buffer": pictures.png()}
    )
    chat.page.get_by_role("button", name="Enviar").click()
    assert chat.page.url.endswith("#chat")
    chat.sees("sem script")
    expect(chat.messages.first.get_by_role("img")).to_have_count(1)
    chat.shop.chat_settled()
    chat.page.reload()
    assert chat.messages.count() >= 2
    chat.page.get_by_text("Falar com uma pessoa").click()
    chat.page.get_by_role("button", name="Chamar uma pessoa").click()
    chat.notices("Uma pessoa da nossa equipe foi chamada.")


def _grown(chat: Chat, longer_than: int) -> int:
    """The length of what is being said, once it is longer."""
    script = "(than) => { const n = document.querySelector('.chat-live').textContent.length; return n > than && n; }"
    return int(chat.page.wait_for_function(script, arg=longer_than, timeout=PATIENCE_MS).json_value())


def _name(request: Request, names: list[str]) -> None:
    if request.method == "POST" and SENDING.search(request.url):
        names.append(json.loads(request.post_data or "{}")["client_message_id"])
