"""What people do with a case on its page: one owner, nothing twice, and no text is lost."""

from datetime import timedelta

import pytest

from tests.handoff.conftest import NOW, Case
from tests.ui_desk.conftest import Person, SignIn
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.kit import clock
from tracking_core.models import Role, SetupMessage, SetupSession


async def _kinds(case: Case) -> list[str]:
    (row,) = await case.all()
    return [one["kind"] for one in row.notes]


async def _forward(case: Case, message: SetupMessage, *, minutes: int) -> None:
    """To whoever has the case."""
    at = NOW + timedelta(minutes=minutes)
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        assert await handoffs.on_seller_message(session, owner, message, now=at, settings=case.settings)


async def test_a_case_from_taking_it_to_its_end(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    page = await bia.does(f"/{handoff.id}/do/take")
    assert "The case is yours" in page
    assert (await case.row(handoff.id)).owner == "Bia"
    page = await bia.does(f"/{handoff.id}/do/reply", text="Olá, vou olhar.\r\nUm momento.")
    assert "Your message is in the seller" in page
    assert [one.text for one in await case.said("support")] == ["Olá, vou olhar.\nUm momento."]
    await bia.does(f"/{handoff.id}/do/ask", text="Qual é o pixel?")
    assert [one.code for one in await case.said()].count("handoff_asked") == 1
    assert "Olá, vou olhar." in (await bia.get(f"/{handoff.id}")).text
    page = await bia.does(f"/{handoff.id}/do/resume", text="explicado")
    assert "The case is given back" in page
    row = await case.row(handoff.id)
    assert (row.state, row.notes[-1]["text"]) == ("returned", "explicado")
    assert await _kinds(case) == ["escalated", "taken", "replied", "asked", "returned"]


async def test_resolved_with_a_note(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    assert "The case is resolved" in await bia.does(f"/{handoff.id}/do/resolve", text="token trocado")
    row = await case.row(handoff.id)
    assert (row.state, row.notes[-1]["text"], row.notes[-1]["by"]) == ("resolved", "token trocado", "Bia")
    assert "handoff_resolved" in [one.code for one in await case.said()]


async def test_who_answers_has_the_case(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    await bia.does(f"/{handoff.id}/do/reply", text="Olá")
    assert (await case.row(handoff.id)).owner == "Bia"


async def test_a_form_sent_twice_is_one_message(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    for _ in range(2):
        await bia.does(f"/{handoff.id}/do/reply", text="Olá", once="a1b2c3")
    assert len(await case.said("support")) == 1


async def test_of_two_who_take_it_one_has_it(bia: Person, caio: Person, case: Case) -> None:
    handoff, _ = await case.open()
    for person in (bia, caio):
        await person.get(f"/{handoff.id}")
    await bia.does(f"/{handoff.id}/do/take")
    refused = await caio.post(f"/{handoff.id}/do/take")
    assert refused.status_code == 409
    assert "Bia is already working on this case." in refused.text
    assert "With Bia" in refused.text
    assert (await case.row(handoff.id)).owner == "Bia"
    for act in ("release", "resume", "resolve"):
        assert (await caio.post(f"/{handoff.id}/do/{act}")).status_code == 409
    assert (await case.row(handoff.id)).state == "taken"


@pytest.mark.parametrize("act", ["reply", "ask"])
async def test_a_reply_to_a_case_that_a_colleague_took_is_not_lost(
    bia: Person, caio: Person, case: Case, act: str
) -> None:
    handoff, _ = await case.open()
    await caio.get(f"/{handoff.id}")
    await bia.get(f"/{handoff.id}")
    await bia.does(f"/{handoff.id}/do/take")
    refused = await caio.post(f"/{handoff.id}/do/{act}", text="Uma resposta que levou tempo")
    assert refused.status_code == 409
    assert "Bia is already working on this case." in refused.text
    assert ">Uma resposta que levou tempo</textarea>" in refused.text
    assert "Your text was not sent." in refused.text
    assert await case.said("support") == []


async def test_a_reply_to_a_case_that_was_closed_is_not_lost(bia: Person, caio: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await caio.get(f"/{handoff.id}")
    await bia.get(f"/{handoff.id}")
    await bia.does(f"/{handoff.id}/do/resolve")
    refused = await caio.post(f"/{handoff.id}/do/reply", text="Uma resposta que levou tempo")
    assert refused.status_code == 409
    assert "This case is closed." in refused.text
    assert ">Uma resposta que levou tempo</textarea>" in refused.text
    assert await case.said("support") == []


@pytest.mark.parametrize("act", ["reply", "ask", "resume", "resolve"])
async def test_what_the_seller_wrote_meanwhile_is_read_first(bia: Person, case: Case, act: str) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    await bia.does(f"/{handoff.id}/do/take")
    await bia.get(f"/{handoff.id}")
    await _forward(case, await case.hears("deixa, já consegui", at=NOW + timedelta(minutes=4)), minutes=4)
    clock.set_source(lambda: NOW + timedelta(minutes=5))
    refused = await bia.post(f"/{handoff.id}/do/{act}", text="Gere outro token")
    assert refused.status_code == 409
    assert "Something happened in this case since you loaded it." in refused.text
    assert "deixa, já consegui" in refused.text
    assert ">Gere outro token</textarea>" in refused.text
    assert await _kinds(case) == ["escalated", "taken", "seller_said"]
    await bia.get(f"/{handoff.id}")
    await bia.does(f"/{handoff.id}/do/{act}", text="Que bom!")


async def test_words_that_were_read_before_they_were_noted_stand_in_nobodys_way(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    await bia.does(f"/{handoff.id}/do/take")
    message = await case.hears("gerei o token", at=NOW + timedelta(minutes=1))
    assert "gerei o token" in (await bia.get(f"/{handoff.id}")).text
    await _forward(case, message, minutes=2)
    await bia.does(f"/{handoff.id}/do/reply", text="Que bom!")
    assert await _kinds(case) == ["escalated", "taken", "seller_said", "replied"]


async def test_a_form_that_saw_nothing_does_nothing(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    for seen in ("", "ontem", "2030-01-01T00:00:00"):
        refused = await bia.post(f"/{handoff.id}/do/reply", text="Olá", seen=seen)
        assert refused.status_code == 409
    assert await _kinds(case) == ["escalated"]


async def test_put_back_it_waits_for_another(bia: Person, caio: Person, case: Case, sign_in: SignIn) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    await bia.does(f"/{handoff.id}/do/take")
    assert "back in the queue" in await bia.does(f"/{handoff.id}/do/release")
    await caio.get(f"/{handoff.id}")
    await caio.does(f"/{handoff.id}/do/take")
    olga = await sign_in("Olga", Role.OPERATOR)
    assert "Put back into the queue" in (await olga.get(f"/{handoff.id}")).text
    await olga.does(f"/{handoff.id}/do/release")
    assert (await case.row(handoff.id)).state == "open"


@pytest.mark.parametrize(("text", "said"), [("", "too short"), ("  \n ", "too short"), ("a" * 4_001, "too long")])
async def test_a_text_that_cannot_be_sent_comes_back(bia: Person, case: Case, text: str, said: str) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    refused = await bia.post(f"/{handoff.id}/do/reply", text=text)
    assert refused.status_code == 422
    assert said in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert f">{text}</textarea>" in refused.text
    assert await _kinds(case) == ["escalated"]


async def test_a_form_without_its_token_does_nothing(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await bia.get(f"/{handoff.id}")
    for act in ("take", "reply", "ask", "resume", "resolve", "release"):
        assert (await bia.post(f"/{handoff.id}/do/{act}", text="Olá", csrf="")).status_code == 403
    for tool in ("contact", "checks/meta", "proof", "rollback/last"):
        assert (await bia.post(f"/{handoff.id}/{tool}", csrf="0" * 64)).status_code == 403
    headers = {"Origin": "https://evil.example"}
    answer = await bia.client.post(f"/desk/{handoff.id}/do/take", data={"csrf": bia.csrf}, headers=headers)
    assert answer.status_code == 403
    assert await _kinds(case) == ["escalated"]
