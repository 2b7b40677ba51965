"""What the seller says, over HTTP: taken once, shown to its owner alone; nothing in it runs or gives a secret away."""

import re
from html import escape, unescape

import httpx
import pytest
from fastapi import FastAPI

from tests.ui_chat.conftest import Seller
from tracking_core.chat.turns import told
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import MessageRole, SetupMessage
from tracking_core.streams.append import EventType, append

TOKEN = "EAAB" + "xq7RkT2mZpW9" * 9
SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[clique](javascript:alert(1))",
    '"><svg onload=alert(1)>',
    "![x](https://evil.example/p.png)",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "</template></dialog><base href=https://evil.example>",
)


async def test_a_form_leads_back_to_its_page_and_sent_twice_is_one_message(seller: Seller) -> None:
    form = {"text": "oi, tudo bem?", "back": f"{seller.at}?step=meta", "client_message_id": "m1"}
    for _ in range(2):
        answer = await seller.http.post(f"{seller.at}/chat", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{seller.at}?step=meta#chat")
    assert (await seller.page()).count("oi, tudo bem?") == 1


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
async def test_a_form_leads_nobody_away(seller: Seller, back: str) -> None:
    answer = await seller.http.post(f"{seller.at}/chat", data={"text": "oi", "back": back})
    assert answer.headers["location"] == f"{seller.at}#chat"


async def test_the_script_gets_the_news_with_the_message_under_its_own_name(seller: Seller) -> None:
    answer = await seller.say("oi\n  com duas linhas", client_message_id="a1")
    assert answer.status_code == 200
    assert 'data-client="a1"' in answer.text
    assert "oi\n  com duas linhas" in answer.text
    assert "Você" in answer.text
    again = await seller.say("oi\n  com duas linhas", client_message_id="a1")
    assert again.text.count("<li") == 1


async def test_news_begin_behind_the_number_that_was_seen(seller: Seller) -> None:
    first = (await seller.say("primeira")).text
    number = _number(first)
    assert number > 0
    await seller.say("segunda")
    news = await seller.news(number)
    assert ("segunda" in news, "primeira" in news) == (True, False)
    assert _number(news) > number
    nothing = await seller.news(_number(news))
    assert "<li" not in nothing


async def test_a_message_that_was_mended_is_news(seller: Seller) -> None:
    """A credential that began in the message before is cut out there too."""
    first = (await seller.say(f"o token é {TOKEN[:12]}")).text
    was = "credencial guardada"
    assert (first.count("o token é"), first.count(was)) == (1, 1)
    await seller.say(TOKEN[12:])
    after = await seller.news(_number(first))
    assert (after.count("o token é"), after.count(f"{was}: Token de acesso da Meta")) == (1, 2)
    for html in (after, await seller.page()):
        assert TOKEN[12:40] not in html


async def test_a_secret_is_a_chip_and_nowhere_in_the_page(seller: Seller) -> None:
    answer = await seller.say(f"meu token: {TOKEN}", client_message_id="s1")
    for html in (answer.text, await seller.page(), await seller.news(0)):
        assert TOKEN not in html
        assert TOKEN[:12] not in html
        assert not re.search(r"secret:[0-9a-f]", html)
        assert TOKEN[-4:] not in html
        assert '<span class="chat-chip">credencial guardada: Token de acesso da Meta</span>' in html
        assert "Guardei no cofre a credencial" in html


async def test_a_reference_in_an_answer_is_a_chip_too(seller: Seller) -> None:
    await _is_said(seller, MessageRole.ASSISTANT, f"Vi **secret:{new_id()}** e `secret:{new_id()}`.")
    page = await seller.page()
    assert page.count('<span class="chat-chip">credencial guardada</span>') == 2
    assert not re.search(r"secret:[0-9a-f]", page)


async def test_nothing_that_anybody_says_runs(seller: Seller) -> None:
    for role in MessageRole:
        for script in SCRIPTS:
            await _is_said(seller, role, f"antes {script} depois")
    html = await seller.news(0)
    assert html.count(" depois") == len(MessageRole) * len(SCRIPTS)
    assert set(_tags(html)) <= {"div", "ol", "li", "p", "time", "strong", "em", "code", "section"}
    assert not re.search(r"<[^>]*(?:javascript:|evil|onerror|onload|srcdoc)", html)


async def test_the_assistants_markdown_is_shown_and_leads_only_to_us(seller: Seller) -> None:
    text = "**Agora** veja:\n\n1. [aqui](https://evil.example/x)\n2. fim\n\n<b>cru</b>"
    await _is_said(seller, MessageRole.ASSISTANT, text)
    html = await seller.news(0)
    assert "<strong>Agora</strong>" in html
    assert "<ol>" in html
    assert "href=" not in html
    assert "https://evil.example/x" in html
    assert "&lt;b&gt;cru&lt;/b&gt;" in html


async def test_everything_of_the_chat_is_its_owners_alone(seller: Seller, another: Seller) -> None:
    await seller.say("só meu")
    message = re.findall(r'data-message="([^"]+)"', await seller.news(0))[0]
    for method, path in (
        ("POST", "/chat"),
        ("GET", "/chat/messages?after=0"),
        ("GET", f"/chat/messages?before={message}"),
        ("POST", "/person"),
        ("POST", "/chat/screenshots"),
        ("GET", f"/chat/screenshots/{new_id()}"),
        ("DELETE", f"/chat/screenshots/{new_id()}"),
    ):
        answer = await another.http.request(method, seller.at + path, data={"text": "x"} if method == "POST" else None)
        assert answer.status_code == 404, path
        assert "só meu" not in answer.text
    assert (await seller.news(0)).count("<li") == 1
    earlier = await another.http.get(f"{another.at}/chat/messages?before={message}")
    assert earlier.status_code == 404


async def test_nothing_is_taken_without_the_token_of_the_page(seller: Seller) -> None:
    seller.http.headers.pop("X-CSRF-Token")
    for method, path in (
        ("POST", "/chat"),
        ("POST", "/person"),
        ("POST", "/chat/screenshots"),
        ("DELETE", f"/chat/screenshots/{new_id()}"),
    ):
        for headers in ({}, {"X-CSRF-Token": "0" * 64}):
            answer = await seller.http.request(method, seller.at + path, headers=headers)
            assert answer.status_code == 403, path
    assert "<li" not in await seller.news(0)


async def test_a_form_bears_its_token_as_a_field(seller: Seller) -> None:
    before = seller.http.headers.pop("X-CSRF-Token")
    page = await seller.page()
    [token] = set(re.findall(r'name="csrf" value="([0-9a-f]{64})"', page))
    assert token != before  # the same that looks another in every answer: pages are compressed
    files = {"pictures": ("", b"")}
    answer = await seller.http.post(f"{seller.at}/chat", data={"text": "oi", "csrf": token}, files=files)
    assert answer.status_code == 303
    assert "oi</div>" in await seller.page()


async def test_who_is_not_signed_in_is_sent_to_sign_in(app: FastAPI, seller: Seller) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as stranger:
        plain = await stranger.get(f"{seller.at}/chat/messages?after=0")
        assert plain.headers["location"].startswith("/sign-in")
        asked = await stranger.get(f"{seller.at}/chat/messages?after=0", headers={"HX-Request": "true"})
        assert asked.headers["hx-redirect"].startswith("/sign-in")


async def test_our_own_people_read_and_do_not_speak_for_the_seller(seller: Seller, support: Seller) -> None:
    await seller.say("preciso de ajuda")
    page = await support.page()
    assert "preciso de ajuda" in page
    assert "<textarea" not in page
    for path in ("/chat", "/person", "/chat/screenshots"):
        answer = await support.http.post(support.at + path, data={"text": "oi"})
        assert answer.status_code == 403
        assert "Só o vendedor faz isto" in answer.text


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"text": "   "}, "Escreva algo"),
        ({"text": "a" * 8_001}, "longa demais"),
        ({"text": "oi", "attachments": [str(new_id())]}, "não tem uma captura"),
        ({"text": "oi", "attachments": ["x"]}, "Não foi possível receber"),
        ({"text": "oi", "approve": True}, "Não foi possível receber"),
    ],
)
async def test_what_is_wrong_is_told_in_words_and_nothing_is_kept(
    seller: Seller, body: dict[str, object], sentence: str
) -> None:
    answer = await seller.http.post(f"{seller.at}/chat", json=body, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<li" not in await seller.news(0)


async def test_earlier_messages_come_page_by_page(seller: Seller) -> None:
    for number in range(65):
        await _is_said(seller, MessageRole.SELLER, f"mensagem {number:03}")
    page = await seller.page()
    assert ("mensagem 004" in page, "mensagem 005" in page) == (False, True)
    assert 'data-chat="earlier"' in page
    first = re.findall(r'data-message="([^"]+)"', page)[0]
    earlier = (await seller.http.get(f"{seller.at}/chat/messages?before={first}")).text
    assert re.findall(r"mensagem (\d+)", earlier) == ["000", "001", "002", "003", "004"]
    assert "data-more" not in earlier
    await _leads_back_and_forth_without_scripts(seller)


async def _leads_back_and_forth_without_scripts(seller: Seller) -> None:
    """By plain links, on the same step."""
    address = f"{seller.at}?step=meta"
    older = _link((await seller.http.get(address)).text, "Mensagens anteriores")
    page = (await seller.http.get(older)).text
    assert re.findall(r"mensagem (\d+)", page) == ["000", "001", "002", "003", "004"]
    assert "Mensagens anteriores" not in page
    assert _link(page, "As mensagens mais recentes") == f"{address}#chat"
    assert f'name="back" value="{escape(older.partition("#")[0])}"' in page
    assert (await seller.http.get(f"{seller.at}?before={new_id()}")).status_code == 404


def _link(page: str, text: str) -> str:
    found = re.search(rf'href="([^"]+)">{text}<', page)
    assert found is not None
    return unescape(found[1])


async def _is_said(seller: Seller, role: MessageRole, text: str) -> None:
    """Told as everything is."""
    async with transaction() as session:
        row = SetupMessage(
            session_id=seller.setup_id,
            tenant_id=seller.tenant_id,
            client_id=f"test:{new_id()}",
            role=role.value,
            text=text,
            created_at=clock.now(),
        )
        session.add(row)
        await append(session, seller.setup_id, EventType.MESSAGE_COMPLETED, told(row.model_dump()))


def _number(html: str) -> int:
    found = re.search(r'data-number="(\d+)"', html)
    assert found is not None
    return int(found[1])


def _tags(html: str) -> list[str]:
    return re.findall(r"<([a-zA-Z][\w-]*)", html)
