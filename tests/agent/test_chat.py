"""The chat: each message answered once, by code where code knows, and nothing done that the setup graph did not do."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.agent.chatting import Chat, Hangs, calls, chat, says
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.kit import clock
from tracking_core.models import SetupChat, SetupSession

__all__ = ["chat"]
CHOSEN = calls("choose", consent_mode="opt_in")


async def _threads(chat: Chat) -> list[Any]:
    return [one async for one in chat.runner.saver.alist({"configurable": {"thread_id": f"chat:{chat.session.id}"}})]


async def test_a_question_is_answered_in_the_models_words_and_the_cost_is_kept(chat: Chat) -> None:
    assert (
        await chat.answer("o que é um pixel?", says("É o conjunto de dados da Meta."))
        == "É o conjunto de dados da Meta."
    )
    [turn] = await chat.turns()
    assert (turn.state, turn.mode, turn.calls) == ("done", "ai", 1)
    assert (turn.input_tokens, turn.output_tokens) == (100, 10)
    [*_, answer] = await chat.messages()
    assert answer.prompt == turn.prompt
    assert str(answer.prompt).startswith("system@")
    assert await _threads(chat) == []


async def test_what_is_said_on_the_way_is_told_and_gives_place_to_the_answer(chat: Chat) -> None:
    told: list[str] = []
    words = "Vamos por partes: " + "um passo de cada vez, com calma, " * 4
    chat.model.script, chat.model.pause_seconds = [says(words)], 0.005
    await chat.say("me ajuda")

    async def watch() -> None:
        while not (await chat.turns() and (await chat.turns())[0].state == "done"):
            told.extend(one["text"] for one in await chat.events("message.delta"))
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    await chat.runner.drain(chat.session.id)
    await watching
    assert any(words.startswith(text) for text in told)
    assert await chat.events("message.delta") == []
    assert [one["text"] for one in await chat.events("message.completed") if one["role"] == "assistant"] == [
        words.strip()
    ]


async def test_what_a_message_plainly_asks_for_is_done_without_a_model(chat: Chat) -> None:
    answer = await chat.answer("quero só quem consentiu")
    assert answer.startswith("Próximo passo:")
    assert [(turn.calls, turn.mode) for turn in await chat.turns()] == [(0, None)]
    assert (await chat.session.row()).facts["preferences"] == {"consent_mode": "opt_in"}


async def test_a_success_speaks_for_itself(chat: Chat) -> None:
    answer = await chat.answer("isso tudo é demais pra mim", calls("call_person", reason="perdido"))
    assert answer.startswith("Próximo passo:")
    assert [turn.calls for turn in await chat.turns()] == [1]
    assert [one["state"] for one in await chat.events("handoff.created")] == ["open"]


async def test_what_is_lacking_is_told_by_code_with_the_place_where_it_is_found(chat: Chat) -> None:
    for said in ("meu pixel é 123456789012345", "faz aquilo que combinamos"):
        answer = await chat.answer(said, calls("check_meta", dataset_id="123456789012345"))
        assert "token de acesso" in answer
        assert "Gerenciador de Eventos" in answer
    assert [turn.calls for turn in await chat.turns()] == [0, 1]
    assert await chat.session.intents() == []


@pytest.mark.parametrize("said", ["onde eu acho o token da Meta?", "o que falta?", "desfaz tudo"])
async def test_a_fact_needs_no_model(chat: Chat, said: str) -> None:
    assert await chat.answer(said)
    assert [turn.calls for turn in await chat.turns()] == [0]


async def test_a_long_question_is_more_than_one_fact(chat: Chat) -> None:
    said = "onde eu acho o token, e me diga também se preciso pagar alguma coisa para usar isso todos os meses"
    assert await chat.answer(said, says("Explico.")) == "Explico."


@pytest.mark.parametrize(
    "invented",
    [
        calls("check_meta", dataset_id="999999999999999"),
        calls("check_page", url="https://evil.example/"),
        calls("check_gateway", gateway="kiwify", account_id="conta-alheia"),
        calls("choose", test_event_code="TEST999"),
    ],
    ids=["dataset", "page", "account", "code"],
)
async def test_a_value_the_seller_did_not_write_reaches_nobody(chat: Chat, invented: Any) -> None:
    await chat.answer("meu pixel é 123456789012345", invented, says("Qual é o valor?"))
    assert await chat.session.intents() == []


async def test_messages_that_come_together_are_answered_together(chat: Chat) -> None:
    await chat.say("oi")
    assert await chat.answer("tudo bem?", says("Tudo! E você?")) == "Tudo! E você?"
    assert len(await chat.turns()) == 1
    assert "oi\ntudo bem?" in chat.model.asked[0][-1].text


async def test_the_memory_is_short_and_holds_no_reference_as_it_stands(chat: Chat) -> None:
    reference = "secret:01a21794-43de-7c3f-9747-3ff52cfc37f9"
    await chat.answer(f"client secret {reference}", says("Guardado."))
    for at in range(8):
        await chat.answer(f"pergunta {at}", says(f"resposta {at}"))
    sent = "\n".join(one.text for one in chat.model.asked[-1])
    assert "pergunta 0" not in sent
    assert "pergunta 6" in sent
    assert "secret:1" in "\n".join(one.text for one in chat.model.asked[0])
    assert all(reference not in one.text for asked in chat.model.asked for one in asked)


async def test_a_worker_cut_in_mid_answer_is_followed_by_one_that_says_it_once(chat: Chat) -> None:
    await chat.cut("oi", Hangs())
    assert await chat.said() == []
    chat.model.script = [says("Olá!")]
    await chat.runner.drain(chat.session.id)
    assert await chat.said() == ["Olá!"]
    assert len(await chat.events("message.discarded")) == 1
    assert [turn.state for turn in await chat.turns()] == ["done"]


async def test_a_tool_is_not_run_twice_when_its_turn_is(chat: Chat) -> None:
    await chat.cut("faz o plano", calls("request_plan"), Hangs())
    chat.model.script = [says("Falta o resto.")]
    await chat.runner.drain(chat.session.id)
    assert len(await chat.session.intents()) == 1


async def test_two_workers_give_one_answer(chat: Chat) -> None:
    chat.model.script = [says("uma"), says("outra")]
    await chat.say("oi")
    await asyncio.gather(*[chat.runner.drain(chat.session.id) for _ in range(4)])
    assert await chat.said() == ["uma"]


async def test_a_defect_of_ours_is_told_after_three_tries_and_the_next_message_is_answered(chat: Chat) -> None:
    answer = await chat.answer("oi", *[TypeError("ours")] * 3)
    assert "algo falhou do nosso lado" in answer
    assert [(turn.state, turn.failures) for turn in await chat.turns()] == [("failed", 3)]
    assert await chat.answer("oi?", says("Agora sim.")) == "Agora sim."


async def test_a_tool_that_breaks_is_a_result_and_not_a_trace(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise KeyError("EAAsecretInTheTrace0123456789")

    monkeypatch.setattr("agent.chat.proposing.enqueue", broken)
    assert await chat.answer("só com consentimento", CHOSEN, says("Não deu.")) == "Não deu."
    [*_, result] = chat.model.asked[1]
    assert "setup_check_failed" in result.text
    assert "EAA" not in result.text


async def test_a_model_that_calls_on_and_on_is_stopped_and_code_says_what_is_next(chat: Chat) -> None:
    stubborn = [calls("read_status") for _ in range(10)]
    answer = await chat.answer("e aí?", *stubborn)
    assert answer.startswith("Próximo passo:")
    assert [turn.calls for turn in await chat.turns()] == [chat.runner.settings.llm_calls_per_turn]


async def test_who_asks_for_a_person_gets_one_without_any_model(chat: Chat) -> None:
    assert await chat.answer("quero falar com uma pessoa") == ""
    assert chat.model.asked == []
    async with transaction() as opened:
        case = await handoffs.current(opened, chat.session.id)
    assert case is not None
    assert case.reason == "user_requested"


async def test_while_a_person_has_the_session_the_agent_is_silent(chat: Chat) -> None:
    await chat.answer("quero falar com uma pessoa")
    settings = chat.runner.settings
    async with transaction() as opened:
        case = await handoffs.current(opened, chat.session.id)
        assert case is not None
        await handoffs.take(opened, case.id, "Ana", now=clock.now(), settings=settings)
    assert await chat.answer("consegue ver meu pixel?") == ""
    assert chat.model.asked == []
    async with transaction() as opened:
        await handoffs.resume(opened, case.id, "Ana", now=clock.now(), settings=settings)
    assert await chat.answer("voltou?", says("Voltei.")) == "Voltei."


async def test_a_setup_that_has_cost_its_share_goes_on_without_the_model(chat: Chat) -> None:
    await chat.answer("oi", says("Olá!"))
    poor = chat.with_settings(llm_tokens_per_session=100)
    assert await poor.answer("e agora?") != ""
    assert len(chat.model.asked) == 1
    assert [turn.mode for turn in await chat.turns()] == ["ai", "basic"]
    assert [one.code for one in await chat.messages() if one.role == "hub"] == ["chat_budget_spent"]


async def test_without_a_model_the_rules_answer_and_say_so_once(chat: Chat) -> None:
    plain = replace(chat, runner=replace(chat.runner, model=None))
    assert await plain.answer("oi") != ""
    assert await plain.answer("o que falta?") != ""
    assert [one.code for one in await chat.messages() if one.role == "hub"] == ["chat_basic_mode"]
    assert [one["mode"] for one in await chat.events("assistant.mode")] == ["basic"]


async def test_an_answer_begun_before_a_person_took_the_session_is_not_said(chat: Chat) -> None:
    await chat.cut("oi", Hangs())
    settings = chat.runner.settings
    async with transaction() as opened:
        owner = await opened.get_one(SetupSession, chat.session.id)
        case, _ = await handoffs.open_(
            opened,
            owner,
            reason=Reason.USER_REQUESTED,
            step=None,
            code=None,
            actor="test",
            now=clock.now(),
            settings=settings,
        )
        await handoffs.take(opened, case.id, "Ana", now=clock.now(), settings=settings)
    chat.model.script = [says("Olá!")]
    await chat.runner.drain(chat.session.id)
    assert await chat.said() == []
    assert [turn.state for turn in await chat.turns()] == ["discarded"]
    async with transaction() as opened:
        kept = await handoffs.current(opened, chat.session.id)
        assert kept is not None
    assert [one["text"] for one in kept.notes if one["kind"] == "seller_said"] == ["oi"]


async def test_a_graph_that_had_ended_is_not_asked_again(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    chat.model.script = [says("Olá!"), says("outra vez")]
    await chat.say("oi")
    with monkeypatch.context() as patched:

        async def lost(*_: Any) -> None:
            raise OperationalError("away", None, Exception())

        patched.setattr("agent.chat.answering.close", lost)
        with pytest.raises(OperationalError):
            await chat.runner.drain(chat.session.id)
    async with transaction() as opened:
        row = await opened.get_one(SetupChat, chat.session.id)
        row.lease_owner = row.lease_until = None
    await chat.runner.drain(chat.session.id)
    assert await chat.said() == ["Olá!"]
    assert [turn.calls for turn in await chat.turns()] == [1]


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("vendo na Kiwify", calls("check_gateway", gateway="hotmart")),
        ("oi, tudo bem?", calls("choose", consent_mode="opt_out")),
        ("olha essa tela", calls("send_test_sale")),
        ("olha essa tela", calls("undo", scope="all")),
    ],
    ids=["gateway", "consent", "test sale", "undo"],
)
async def test_a_model_chooses_nothing_that_the_seller_did_not(chat: Chat, text: str, call: Any) -> None:
    await chat.answer(text, call, says("Quer mesmo?"))
    assert await chat.session.intents() == []


async def test_a_model_that_counts_no_tokens_has_a_budget_all_the_same(chat: Chat) -> None:
    chat.model.has_usage = False
    await chat.answer("me conta uma coisa", says("Uma coisa."))
    [turn] = await chat.turns()
    assert turn.input_tokens > 100
    assert turn.output_tokens > 0


async def test_what_a_defect_left_of_a_thread_goes_with_its_turn(chat: Chat) -> None:
    await chat.answer("oi", *[TypeError("ours")] * 3)
    assert await _threads(chat) == []
