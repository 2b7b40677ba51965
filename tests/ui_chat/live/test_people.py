"""A person who is called and answers, and a plan that is decided on in the chat."""

from typing import Any

import httpx
from playwright.sync_api import expect

from evals.stack import wait_for
from tests.journey.endpoint import Endpoint
from tests.ui_chat.live.conftest import Opens
from tests.ui_chat.live.looking import Chat
from tracking_core.models import Role


def test_a_person_is_called_and_their_words_arrive(chat: Chat, model: Endpoint, desk: httpx.Client) -> None:
    chat.page.get_by_text("Falar com uma pessoa").click()
    chat.page.get_by_label("O que essa pessoa precisa saber?").fill("Não acho o token")
    chat.page.get_by_role("button", name="Chamar uma pessoa").click()
    chat.notices("Uma pessoa da nossa equipe foi chamada.")
    expect(chat.field).to_be_focused()
    expect(chat.page.get_by_text("Falar com uma pessoa", exact=True)).to_be_hidden()
    case = chat.shop.handoff()
    assert case is not None
    _done(desk.post(f"{case['handoff_id']}/reply", json={"text": "Oi! Já vi.\nPode gerar outro?"}))
    chat.notices("Bia, da nossa equipe, está com você")
    chat.sees("Oi! Já vi.\nPode gerar outro?")
    expect(chat.messages.filter(has_text="Oi! Já vi.").locator(".chat-who")).to_contain_text("Bia, da nossa equipe")
    chat.say("gerei")
    chat.sees("gerei")
    wait_for(lambda: "gerei" in str(_done(desk.get(case["handoff_id"]))["notes"]))
    _done(desk.post(f"{case['handoff_id']}/resolve", json={}))
    expect(chat.page.locator("[data-part=notices]")).not_to_contain_text("Bia")
    expect(chat.page.get_by_text("Falar com uma pessoa", exact=True)).to_be_visible()


def test_our_own_people_read_along_and_do_not_speak_for_the_seller(opens: Opens, model: Endpoint) -> None:
    reader = opens(Role.SUPPORT, viewport={"width": 1280, "height": 900}, locale="pt-BR")
    expect(reader.field).to_have_count(0)
    model.state.say("Vamos ver isso.")
    reader.shop.ask("me explica tudo")
    reader.sees("me explica tudo")
    reader.sees("Vamos ver isso.")
    expect(reader.messages.first.locator(".chat-who")).to_contain_text("Vendedor")


def test_the_plan_comes_as_a_card_and_is_approved_there(chat: Chat, model: Endpoint) -> None:
    card = chat.page.get_by_role("region", name="O plano espera por você")
    chat.shop.check_everything("kiwify")
    expect(card).to_have_count(0)
    plan = chat.shop.plan()
    for line in plan["diff"]:
        expect(card).to_contain_text(line)
    card.get_by_role("button", name="Aprovar o plano").click()
    chat.page.wait_for_url("**#chat")
    assert chat.page.url.startswith(chat.origin + chat.path)
    expect(card).to_have_count(0)
    assert chat.shop.settled()["state"] == "done"


def test_a_plan_that_is_refused_goes_and_nothing_changed(chat: Chat, model: Endpoint) -> None:
    chat.shop.check_everything("kiwify")
    chat.shop.plan()
    other = chat.another_tab()
    chat.page.get_by_role("button", name="Recusar").last.click()
    for tab in (chat, other):
        expect(tab.page.get_by_role("region", name="O plano espera por você")).to_have_count(0)
    assert chat.shop.rows("state", "setup_approvals", "requested_at") == [("rejected",)]
    assert chat.shop.settled()["configuration"] is None


def _done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == httpx.codes.OK, answer.text
    said: dict[str, Any] = answer.json()
    return said
