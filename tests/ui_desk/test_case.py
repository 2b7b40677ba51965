"""One case on one screen: everything that is known of it, and nothing of it that a page must not run."""

import html
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from tests.handoff.conftest import NOW, Case
from tests.screenshots import pictures
from tests.ui_desk.conftest import Person, audited
from tracking_core.configuration.versions import activate_new
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.contact import Contact
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import ActionState, DeskPresence, SetupHandoff, SetupSession, Tenant
from tracking_core.screenshots import service as screenshots
from tracking_core.screenshots.decode import picture_of
from tracking_core.tenants import service as tenants

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
CONTACT = Contact(name="Zuleide Quebracoco", email="zuleide@planted.example", phone="(11) 97123-6548")


def _words(page: str) -> str:
    """What a reader reads, on one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


async def test_everything_is_on_one_screen(bia: Person, case: Case) -> None:
    facts = {"url": "https://loja.example/", "title": "Curso de pão"}
    await case.hears("não entendo o token")
    for _ in range(3):
        await case.logs(return_code=400, provider_request_id="AbCdEf123", latency_ms=87, reason="code 190")
    await case.logs("probe_landing_url", state=ActionState.SUCCESS, code=None, output={"facts": facts})
    await case.changes(stages={"meta": {"status": "action_required", "code": "meta_token_expired", "params": {}}})
    clock.set_source(lambda: NOW + timedelta(minutes=1))
    handoff, _ = await case.open(now=clock.now())
    await case.do(handoffs.take, handoff.id, "Bia", now=clock.now())
    page = await bia.get(f"/{handoff.id}")
    assert page.status_code == 200
    read = _words(page.text)
    for said in (
        "Loja da Ana",
        "The same step failed again and again in the same way, and our help did not mend it.",
        "Yours",
        "2 h 00 min left",
        "12:01",
        "não entendo o token",
        "Seller",
        "Since the case was opened",
        "Check of Meta's token : failed (3 times since 10:00) meta_token_expired",
        "The token has expired.",
        "Handed over to a person",
        "Bia took the case",
        "AbCdEf123",
        "Curso de pão",
        "Meta token : needs the seller",
        "Stopped at: Meta token.",
        "No configuration is in use yet.",
        "The seller sent none.",
        "Nothing has to be undone by hand.",
    ):
        assert said in read, said
    # Newest last.
    assert read.index("3 times since") < read.index("Handed over to a person") < read.index("Bia took the case")


async def test_what_was_said_since_is_read_too(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await case.hears("agora consegui", at=NOW + timedelta(minutes=3))
    read = _words((await bia.get(f"/{handoff.id}")).text)
    assert read.index("Since the case was opened") < read.index("agora consegui")


async def test_a_credential_in_the_conversation_is_not_shown(bia: Person, case: Case) -> None:
    token = "EAA" + "GplantedTokenOfTheDesk93kQ7Lm" * 5
    handoff, _ = await case.open()
    await case.hears(f"é este: {token}", at=NOW + timedelta(minutes=3))
    page = await bia.get(f"/{handoff.id}")
    assert token not in page.text
    assert "é este:" in page.text


async def test_a_saved_credential_is_named_and_shows_nothing_of_itself(bia: Person, case: Case) -> None:
    reference = f"secret:{new_id()}"
    kept = [{"reference": reference, "kind": "gateway_client_secret", "last4": "wXyZ"}]
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    message = await case.hears(f"guarda: {reference}", at=NOW + timedelta(minutes=3), secrets=kept)
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        await handoffs.on_seller_message(session, owner, message, now=NOW, settings=case.settings)
    page = (await bia.get(f"/{handoff.id}")).text
    read = _words(page)
    assert "guarda: [saved credential: Client secret]" in read  # the conversation, in the reader's language
    assert "guarda: [credencial guardada: Segredo do cliente (client secret)]" in read  # the note, as it was written
    assert reference not in page
    assert "wXyZ" not in page


async def test_what_others_wrote_is_text_and_nothing_else(bia: Person, case: Case) -> None:
    async with transaction() as session:
        tenant = await session.get_one(Tenant, case.tenant_id)
        tenant.name = HOSTILE
    await case.hears(HOSTILE)
    await case.logs("probe_landing_url", code=None, reason=HOSTILE, output={"facts": {HOSTILE: HOSTILE}})
    handoff, _ = await case.open(note=HOSTILE)
    await case.do(handoffs.take, handoff.id, "Bia")
    refused = await bia.get(f"/{handoff.id}")
    typed = await bia.post(f"/{handoff.id}/checks/meta", dataset_id=f'" autofocus onfocus="alert(3)" x="{HOSTILE}')
    assert typed.status_code == 422
    for page in (refused.text, typed.text, (await bia.get()).text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert '" autofocus' not in page
        assert "&lt;script&gt;" in page


async def test_the_contact_is_read_on_purpose_and_on_record(bia: Person, case: Case) -> None:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        tenant = await tenants.get(session, case.tenant_id)
        handoffs.keep_contact(owner, CONTACT, tenants.cipher_of(tenant))
    handoff, _ = await case.open()
    page = await bia.get(f"/{handoff.id}")
    assert "Quebracoco" not in page.text
    assert "Show the contact" in page.text
    assert await audited("handoff.contact_read") == []
    shown = await bia.post(f"/{handoff.id}/contact")
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    for said in ("Zuleide Quebracoco", "mailto:zuleide@planted.example", "tel:+5511971236548"):
        assert said in shown.text
    assert await audited("handoff.contact_read") == [("staff:Bia", str(handoff.id))]


async def test_without_a_contact_nothing_is_recorded(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    page = await bia.get(f"/{handoff.id}")
    assert "The seller left none." in page.text
    assert (await bia.post(f"/{handoff.id}/contact")).status_code == 200
    assert await audited("handoff.contact_read") == []


async def test_screenshots_are_shown_where_they_are_kept(bia: Person, case: Case) -> None:
    picture = await picture_of(pictures.png())
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        kept, gone = [await screenshots.keep(session, owner, picture, actor="test") for _ in range(2)]
        await session.flush()
        await screenshots.discard(session, gone, screenshots.DiscardReason.DELETED, actor="test")
    handoff, _ = await case.open()
    page = (await bia.get(f"/{handoff.id}")).text
    addresses = re.findall(r'<img src="([^"]+)"', page)
    assert len(addresses) == 1
    assert str(kept.id) in addresses[0]
    assert "This picture was deleted." in page
    answer = await bia.client.get(addresses[0])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


SPEC: dict[str, Any] = {
    "dataset": {"dataset_id": "820000000000001", "dataset_name": "Loja"},
    "endpoints": [{"gateway": "kiwify", "account_id": "demo", "endpoint_key": "ek_1"}],
    "consent_mode": "opt_out",
    "landing_url": "https://loja.example/",
}


async def test_the_configuration_in_use_stands_beside_the_one_before(bia: Person, case: Case) -> None:
    newer = {**SPEC, "dataset": {"dataset_id": "820000000000002", "dataset_name": "Outra"}}
    handoff, _ = await case.open()
    for spec, title in ((SPEC, "version 1, the first"), (newer, "version 2, before it 1")):
        async with transaction() as session:
            await activate_new(session, case.tenant_id, spec, plan_hash="0" * 64, session_id=case.session_id)
        page = (await bia.get(f"/{handoff.id}")).text
        assert title in page
    assert "<del>Loja (820000000000001)</del> <ins>Outra (820000000000002)</ins>" in page
    assert page.count("<del>") == 1


async def test_a_closed_case_stays_as_it_was(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    await case.hears("antes do fim", at=NOW + timedelta(minutes=1))
    await case.do(handoffs.resolve, handoff.id, "Bia", text="token trocado", now=NOW + timedelta(minutes=2))
    await case.hears("depois do fim", at=NOW + timedelta(minutes=5))
    await case.logs(started_at=NOW + timedelta(minutes=6), finished_at=NOW + timedelta(minutes=6))
    read = _words((await bia.get(f"/{handoff.id}")).text)
    assert "token trocado" in read
    assert "depois do fim" not in read
    assert "meta_token_expired" in read
    assert "Check of Meta's token : failed" not in read
    assert "Take the case" not in read
    assert "Write to the seller" not in read


async def test_the_files_own_sentences_are_in_the_readers_language(bia: Person, case: Case) -> None:
    """Of a live case and of a closed one; what was closed before the file had languages is told in the desk's."""
    await case.hears("não entendo o token")
    await case.logs()
    await case.changes(stages={"meta": {"status": "action_required", "code": "meta_token_expired", "params": {}}})
    handoff, _ = await case.open()
    sent = handoff.package
    await _reads(bia, handoff.id, "Stopped at: Meta token.", "Tried 1 times, 1 of them failed")
    await case.do(handoffs.resolve, handoff.id, "Bia")
    await case.changes(stages={})
    await _reads(bia, handoff.id, "Stopped at: Meta token.", "Tried 1 times, 1 of them failed")
    assert "lang=" not in re.sub(
        r"<html[^>]*>|<button[^>]*>|<p class=\"words\"[^>]*>", "", (await bia.get(f"/{handoff.id}")).text
    )
    row = await case.row(handoff.id)
    assert row.package == sent
    assert sent["conversation"]["summary"][1].startswith("Parou em: token da Meta.")
    assert "não entendo" not in str(row.sentences)
    async with transaction() as session:
        (await session.get_one(SetupHandoff, handoff.id)).sentences = {}
    page = await bia.get(f"/{handoff.id}")
    assert '<ul class="lines" lang="pt-BR">' in page.text
    assert "Parou em: token da Meta." in page.text


async def _reads(who: Person, handoff_id: UUID, *sentences: str) -> None:
    read = _words((await who.get(f"/{handoff_id}")).text)
    for one in sentences:
        assert one in read, one
    assert "Parou em" not in read


async def test_who_looks_at_a_case_is_told_who_else_does_and_no_longer_than_that(
    bia: Person, caio: Person, case: Case
) -> None:
    handoff, _ = await case.open()
    assert "looking at this case" not in (await bia.get(f"/{handoff.id}")).text
    assert "Bia is looking at this case too." in (await caio.get(f"/{handoff.id}")).text
    clock.set_source(lambda: NOW + timedelta(seconds=40))
    assert "Caio is looking" in (await bia.post(f"/{handoff.id}/presence")).text
    clock.set_source(lambda: NOW + timedelta(seconds=50))
    assert "Bia is looking" in (await caio.post(f"/{handoff.id}/presence")).text
    clock.set_source(lambda: NOW + timedelta(minutes=3))
    assert (await bia.post(f"/{handoff.id}/presence")).text.strip() == ""
    async with transaction() as session:
        assert len((await session.scalars(select(DeskPresence))).all()) == 1


async def test_a_case_that_is_not_there_is_not_found(bia: Person, case: Case) -> None:
    assert (await bia.get(f"/{new_id()}")).status_code == 404
    assert (await bia.post(f"/{new_id()}/contact")).status_code == 404
    assert (await bia.post(f"/{new_id()}/presence")).status_code == 404
    assert (await bia.post(f"/{new_id()}/do/take")).status_code == 404
    assert (await bia.post(f"/{new_id()}/proof")).status_code == 404


@pytest.mark.parametrize(("locale", "said"), [("pt_BR", "O que aconteceu"), ("en", "What happened")])
async def test_the_page_speaks_the_readers_language(bia: Person, case: Case, locale: str, said: str) -> None:
    handoff, _ = await case.open()
    bia.client.cookies.set("hub_locale", locale)
    assert said in (await bia.get(f"/{handoff.id}")).text


async def test_a_clock_that_stands_is_told_in_words(bia: Person, case: Case) -> None:
    handoff, _ = await case.open()
    clock.set_source(lambda: NOW + timedelta(hours=3))
    page = (await bia.get(f"/{handoff.id}")).text
    assert "late by 1 h 00 min" in page
    assert "Answer by" in page
