"""How the chat stands: who answers, who was called, which plan waits."""

from datetime import timedelta

from api.ui.chat.views import chat_of
from api.ui.visitor import Visitor
from tests.ui_chat.conftest import Seller
from tracking_core.chat.lease import ensure
from tracking_core.configuration.plan import Line, Plan
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex, new_id
from tracking_core.models import SetupApproval, SetupChat, SetupSession, SetupTurn, User
from tracking_core.settings import Settings
from tracking_core.streams.append import EventType, append
from tracking_core.users.web_sessions import SignedIn

TOKEN = "EAAB" + "xq7RkT2mZpW9" * 9


async def test_a_person_is_called_and_what_comes_of_it_is_shown(seller: Seller, database: Settings) -> None:
    form = {"note": f"não acho o token {TOKEN}", "back": f"{seller.at}?step=meta"}
    for _ in range(2):
        answer = await seller.http.post(f"{seller.at}/person", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{seller.at}?step=meta#chat")
    page = await seller.page()
    assert "Uma pessoa da nossa equipe foi chamada." in page
    assert "horário de Brasília" in page
    assert 'data-chat="person" hidden' in page
    async with transaction() as session:
        case = await handoffs.current(session, seller.setup_id)
        assert case is not None
        assert (case.reason, TOKEN in str(case.notes), TOKEN in str(case.package)) == ("user_requested", False, False)
        assert "não acho o token" in str(case.notes)
        text = "Oi! *Pode* mandar\noutro?"
        await handoffs.reply(session, case.id, "Bia <b>", text, key="k", now=clock.now(), settings=database)
    page = await seller.page()
    assert "Bia &lt;b&gt;, da nossa equipe, está com você" in page
    assert "Bia &lt;b&gt;, da nossa equipe <time" in page
    assert "Oi! *Pode* mandar\noutro?" in page
    assert "Uma pessoa da nossa equipe foi chamada." not in page


async def test_the_script_gets_the_news_of_the_call(seller: Seller) -> None:
    answer = await seller.http.post(f"{seller.at}/person?after=0", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'data-person="open"' in answer.text
    assert "Chamei uma pessoa" in answer.text


async def test_basic_mode_is_told_until_it_is_over(seller: Seller) -> None:
    assert "Modo básico" not in await seller.page()
    for mode, is_told in (("basic", True), ("ai", False)):
        async with transaction() as session:
            await ensure(session, seller.setup_id)
            (await session.get_one(SetupChat, seller.setup_id)).mode = mode
        assert ("Modo básico" in await seller.page()) is is_told


async def test_the_plan_that_waits_is_a_card_whose_words_are_codes_own(seller: Seller, support: Seller) -> None:
    line = Line(msgid="<b>{name}</b> & co.", params={"name": "<script>alert(1)</script>"})
    plan = Plan(kind="configure", tenant_id=seller.tenant_id, generation=0, actions=(), diff=(line,))
    now = clock.now()
    async with transaction() as session:
        row = SetupApproval(
            session_id=seller.setup_id,
            tenant_id=seller.tenant_id,
            plan_hash="ab" * 32,
            interrupt_id=new_hex(),
            plan=plan.model_dump(mode="json"),
            requested_at=now,
            expires_at=now + timedelta(hours=1),
        )
        session.add(row)
    page = await seller.page()
    assert "&lt;b&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;/b&gt; &amp; co." in page
    assert f'action="{seller.at}/plan/decision"' in page
    assert f'name="plan_hash" value="{"ab" * 32}"' in page
    assert 'name="decision" value="approve"' in page
    read = await support.page()
    assert ("&amp; co." in read, "plan_hash" in read) == (True, False)


async def test_an_answer_that_is_being_said_is_there_as_far_as_it_was_told(seller: Seller) -> None:
    turn = SetupTurn(id=new_id(), session_id=seller.setup_id, tenant_id=seller.tenant_id, started_at=clock.now())
    async with transaction() as session:
        session.add(turn)
        await session.flush()
        for part, text in enumerate(("velho ", "e errado")):
            told = {"turn_id": str(turn.id), "part": part, "text": text}
            await append(session, seller.setup_id, EventType.MESSAGE_DELTA, told)
        await append(session, seller.setup_id, EventType.MESSAGE_DISCARDED, {"turn_id": str(turn.id)})
        for part, text in enumerate(("Vamos <b>", "por partes")):
            told = {"turn_id": str(turn.id), "part": part, "text": text}
            await append(session, seller.setup_id, EventType.MESSAGE_DELTA, told)
    page = await seller.page()
    assert f'data-turn="{turn.id}" data-parts="2"' in page
    assert '<div class="chat-words chat-live">Vamos &lt;b&gt;por partes</div>' in page
    assert "errado" not in page


async def test_the_number_of_the_page_is_that_of_the_last_event_it_surely_tells(seller: Seller) -> None:
    await seller.say("oi")
    async with transaction() as session:
        setup = await session.get_one(SetupSession, seller.setup_id)
        user = User(email="x@example.com", name="x")
        who = Visitor(locale="en", theme=None, signed_in=SignedIn(user, new_id()), here=f"{seller.at}?step=meta")
        chat = await chat_of(session, setup, who)
        assert (chat.number, chat.back, chat.can_write) == (setup.event_seq, f"{seller.at}?step=meta", True)
        assert [one.by for one in chat.messages] == ["seller"]
        refused = Visitor(locale="en", theme=None, signed_in=SignedIn(user, new_id()), here=f"{seller.at}/checks/meta")
        assert (await chat_of(session, setup, refused)).back == seller.at


async def test_the_page_is_in_both_languages(seller: Seller) -> None:
    for cookie, word in (("pt_BR", "Escreva uma mensagem"), ("en", "Write a message")):
        seller.http.cookies.set("hub_locale", cookie)
        assert word in await seller.page()
