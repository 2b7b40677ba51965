"""The case file: all eleven parts from the database, bounded whatever a session holds, without a secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from tests.handoff.conftest import NOW, Case
from tracking_core.configuration.actions import UndoKind
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.leftovers import LEFT
from tracking_core.db import bulk
from tracking_core.db.engine import engine, transaction
from tracking_core.handoff import schema
from tracking_core.handoff.build import bounded
from tracking_core.handoff.codes import Reason
from tracking_core.handoff.contact import Contact, keep_contact
from tracking_core.handoff.package import MAX_BYTES, HandoffPackage
from tracking_core.handoff.texts import said, small
from tracking_core.kit.ids import new_id
from tracking_core.models import ActionState, SetupMessage, SetupScreenshot, SetupSession, TrackingConfiguration
from tracking_core.tenants import service as tenants

TOKEN = "EAA" + "GplantedTokenOfTheShopZx93kQ7Lm" * 5
REFERENCE = "secret:01234567-89ab-7def-8123-456789abcdef"
OTHER_REFERENCE = "secret:11234567-89ab-7def-8123-456789abcdef"
DATASET = "820000000000001"
WEBHOOK = "https://hub.example/webhooks/hotmart/abc"


async def _opened(case: Case, reason: Reason = Reason.REPEATED_FAILURE, **more: Any) -> HandoffPackage:
    handoff, _ = await case.open(reason, **more)
    return HandoffPackage.from_json(handoff.package)


def test_the_published_schema_is_the_one_in_use() -> None:
    assert schema.PATH.read_bytes() == schema.document(), "run python -m tracking_core.handoff.schema"


async def test_it_says_whose_what_why_and_until_when(case: Case) -> None:
    package = await _opened(case)
    assert (package.version, package.case.priority, package.case.due_at) == (1, "P2", NOW + timedelta(hours=2))
    assert package.case.link == f"{case.settings.base_url}/setup/sessions/{case.session_id}"
    assert (package.customer.name, package.customer.has_contact) == ("Loja da Ana", False)
    assert package.reason.code == "repeated_failure"
    assert package.reason.sentence.startswith("A mesma etapa falhou")
    assert package.reason.failure == "meta_token_expired"
    assert package.next_step.playbook == "meta_token_expired"
    assert [one.action for one in package.give_back] == ["resume", "resolve", "ask_seller"]
    handoff_id = package.case.id
    assert [one.path.rpartition("/")[2] for one in package.give_back] == ["resume", "resolve", "ask"]
    assert all(one.path.startswith(f"/api/v1/handoffs/{handoff_id}/") for one in package.give_back)


async def test_an_empty_session_makes_a_whole_file(case: Case) -> None:
    package = await _opened(case, Reason.USER_REQUESTED, step=None, code=None)
    assert package.last_said is None
    assert package.attempts == ()
    assert package.progress.step == "gateway"
    assert package.reason.failure_message is None
    assert len(package.conversation.summary) == 5
    assert "Nada foi tentado ainda." in package.conversation.summary


async def test_what_works_and_what_does_not(case: Case) -> None:
    at = NOW.isoformat()
    stages = {
        "gateway": {"status": "verified", "code": "gateway_ok", "at": at},
        "meta": {"status": "action_required", "code": "meta_token_expired", "at": at},
    }
    facts = {
        "gateway": {"name": "hotmart", "account_id": None},
        "meta": {"dataset_id": DATASET, "dataset_name": "Loja da Ana"},
        "url": {"url": "https://loja.example/curso"},
        "preferences": {"consent_mode": "opt_in", "browser_events": ["pageview"]},
    }
    await case.changes(stages=stages, facts=facts)
    package = await _opened(case)
    working = {one.stage: one.is_working for one in package.progress.stages}
    assert working == {"gateway": True, "meta": False, "url": False, "configuration": False, "proof": False}
    assert [one.at for one in package.progress.stages][:2] == [NOW, NOW]
    assert "Hotmart" in package.progress.goal
    assert DATASET in package.progress.goal
    answers = {one.question: one.answer for one in package.next_step.answered}
    assert answers["Qual gateway?"] == "hotmart"
    assert answers["Qual conjunto de dados da Meta?"] == f"Loja da Ana {DATASET}"
    assert answers["Qual página de vendas?"] == "https://loja.example/curso"
    assert "Funciona: credenciais do gateway" in "\n".join(package.conversation.summary)


async def test_attempts_are_counted_whatever_the_credential_s_reference(case: Case) -> None:
    for reference in (REFERENCE, OTHER_REFERENCE, REFERENCE):
        await case.logs(input={"dataset_id": DATASET, "access_token": reference})
    await case.logs(input={"dataset_id": "999", "access_token": REFERENCE})
    await case.logs("probe_landing_url", input={"url": "https://loja.example/"}, state="success", code="url_ok")
    package = await _opened(case)
    counted = [(one.action, one.input.get("dataset_id"), one.code, one.count) for one in package.attempts]
    assert counted == [
        ("probe_landing_url", None, "url_ok", 1),
        ("validate_meta_token", "999", "meta_token_expired", 1),
        ("validate_meta_token", DATASET, "meta_token_expired", 3),
    ]
    many = package.attempts[-1]
    assert many.input["access_token"] == "secret"
    assert many.first_at < many.last_at
    assert "Tentativas: 5, das quais 4 falharam" in "\n".join(package.conversation.summary)


async def test_an_effect_tried_again_counts_its_earlier_tries(case: Case) -> None:
    earlier = [{"state": "failed"}, {"state": "failed"}]
    await case.logs("register_webhook", output={"earlier": earlier}, state="success", code="config_ok")
    assert [one.count for one in (await _opened(case)).attempts] == [3]


async def test_evidence_holds_the_technical_side(case: Case) -> None:
    await case.logs(
        "probe_landing_url",
        code="url_timeout",
        reason="no answer",
        return_code=504,
        provider_request_id="A1b2",
        output={"facts": {"final_url": "https://loja.example/", "status": 504}},
    )
    async with transaction() as session:
        session.add(
            SetupScreenshot(
                session_id=case.session_id,
                tenant_id=case.tenant_id,
                state="read",
                digest="d",
                width=1,
                height=1,
                bytes=1,
                extraction={"screen": "meta_events_manager", "error_code": "190"},
                created_by="seller",
                created_at=NOW,
                expires_at=NOW + timedelta(days=30),
            )
        )
    seen = (await _opened(case)).evidence
    assert [(one.return_code, one.provider_request_id, one.reason) for one in seen.outcomes] == [
        (504, "A1b2", "no answer")
    ]
    assert seen.page == {"final_url": "https://loja.example/", "status": 504}
    assert [one.extraction["error_code"] for one in seen.screenshots] == ["190"]


async def test_what_stands_outside_and_what_to_undo_by_hand(case: Case) -> None:
    given = {"gateway": "hotmart", "url": WEBHOOK, "endpoint_key": "abc", "account_id": None}
    await case.logs(
        "webhook_instructions",
        state=ActionState.SUCCESS,
        code="config_follow_steps",
        undo_kind=UndoKind.MANUAL,
        input=given,
    )
    await case.logs(
        "set_consent_mode",
        state=ActionState.UNDO_FAILED,
        code=ConfigCode.OK,
        undo_kind=UndoKind.RESTORE_SNAPSHOT,
        input={"consent_mode": "opt_in"},
        after={LEFT: ConfigCode.UNDO_FAILED.value},
        undone_at=NOW,
    )
    async with transaction() as session:
        session.add(
            TrackingConfiguration(tenant_id=case.tenant_id, version=3, plan_hash="h", created_at=NOW, activated_at=NOW)
        )
    outside = (await _opened(case, Reason.ROLLBACK_INCOMPLETE, step="configuration")).external_state
    assert outside.configuration_version == 3
    assert outside.plan_waiting is None
    assert [one.action for one in outside.applied] == ["set_consent_mode", "webhook_instructions"]
    by_person = [one.text for one in outside.undo_checklist if one.needs_person]
    assert "consentimento" in by_person[0]
    assert any(WEBHOOK in one.text for one in outside.undo_checklist if not one.needs_person)


@contextmanager
def _statements() -> Iterator[list[str]]:
    ran: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        ran.append(statement)

    event.listen(engine().sync_engine, "before_cursor_execute", note)
    try:
        yield ran
    finally:
        event.remove(engine().sync_engine, "before_cursor_execute", note)


async def _many_messages(case: Case, text: str, count: int = 2_000) -> None:
    rows = [
        {
            "id": new_id(),
            "session_id": case.session_id,
            "tenant_id": case.tenant_id,
            "client_id": f"many{number}",
            "role": "seller",
            "text": f"{number}: {text}",
            "created_at": NOW + timedelta(seconds=number),
        }
        for number in range(count)
    ]
    async with transaction() as session:
        await bulk.insert(session, SetupMessage, rows)


async def test_two_thousand_long_messages_are_the_newest_fifty_and_cost_no_more_questions(
    case: Case, other: Case
) -> None:
    with _statements() as few:
        await _opened(other)
    await _many_messages(case, "é uma história longa " * 100)
    with _statements() as many:
        package = await _opened(case)
    assert len(many) == len(few)
    talk = package.conversation
    assert len(talk.messages) == 50
    assert talk.omitted == 1_950
    assert talk.messages[-1].text.startswith("1999:")
    assert max(len(one.text) for one in talk.messages) <= 500
    assert len(orjson.dumps(package.to_json())) <= MAX_BYTES
    assert package.last_said is not None
    assert package.last_said.text.startswith("1999:")


async def test_the_widest_characters_everywhere_still_fit(case: Case) -> None:
    wide = "😀" * 2_000
    await _many_messages(case, wide, 60)
    for number in range(40):
        facts = {"facts": {f"{wide}{key}": [wide] * 40 for key in range(40)}}
        await case.logs(
            "probe_landing_url",
            input={"url": f"{number}{wide}", **{f"k{key}": wide for key in range(40)}},
            reason=wide,
            provider_request_id=wide,
            output=facts,
        )
    await case.changes(facts={"meta": {"dataset_name": wide, "dataset_id": wide}, "gateway": {"name": wide}})
    handoff, _ = await case.open(note=wide)
    package = HandoffPackage.from_json(handoff.package)
    assert len(orjson.dumps(package.to_json())) <= MAX_BYTES
    assert package.conversation.omitted + len(package.conversation.messages) == 60
    assert len(package.conversation.summary) == 5


@given(st.integers(0, 50), st.integers(0, 20), st.integers(0, 300))
@settings(max_examples=25)
def test_cutting_keeps_the_newest(messages: int, tries: int, length: int) -> None:
    package = _filled(messages, tries, "😀" * length)
    cut = bounded(package)
    assert len(orjson.dumps(cut.to_json())) <= MAX_BYTES
    kept = cut.conversation.messages
    assert kept == package.conversation.messages[messages - len(kept) :]
    assert cut.conversation.omitted == messages - len(kept)
    assert cut.attempts == package.attempts[: len(cut.attempts)]


def _filled(messages: int, tries: int, text: str) -> HandoffPackage:
    at = NOW.isoformat()
    line = {"role": "seller", "text": text, "code": None, "at": at}
    tried = {"action": "a", "input": {str(key): text for key in range(20)}, "state": "failed", "code": None}
    return HandoffPackage.from_json(
        {
            "version": 1,
            "case": {
                "id": "01234567-89ab-7def-8123-456789abcdef",
                "created_at": at,
                "priority": "P2",
                "due_at": at,
                "locale": "pt_BR",
                "link": "http://hub.example/",
            },
            "reason": {"code": "other", "sentence": "", "failure": None, "failure_message": None},
            "customer": {"tenant_id": "01234567-89ab-7def-8123-456789abcdef", "name": "", "has_contact": False},
            "progress": {"goal": "", "step": "", "stages": []},
            "last_said": None,
            "attempts": [
                {**tried, "message": str(number), "count": 1, "first_at": at, "last_at": at} for number in range(tries)
            ],
            "evidence": {"outcomes": [], "page": {}, "screenshots": []},
            "external_state": {
                "configuration_version": None,
                "plan_waiting": None,
                "applied": [],
                "undo_checklist": [],
            },
            "next_step": {"text": "", "playbook": None, "answered": []},
            "conversation": {
                "summary": [],
                "messages": [{**line, "text": f"{number}{text}"} for number in range(messages)],
                "omitted": 0,
                "link": "",
            },
            "give_back": [],
        }
    )


async def test_a_planted_secret_is_nowhere(case: Case) -> None:
    control = "HPCONTROL4711PLANTED"
    await case.hears(f"meu token é {TOKEN} {control}")
    await case.hears("EAA" + "x" * 490 + " " + TOKEN, role="assistant")
    await case.logs(
        input={"dataset_id": DATASET, "note": f"Bearer {TOKEN}", control: TOKEN},
        reason=f"refused {TOKEN}",
        provider_request_id=TOKEN,
        output={"facts": {"token": TOKEN}, "params": {"name": TOKEN}},
    )
    await case.logs("probe_landing_url", output={"facts": {TOKEN: TOKEN, "url": f"https://x.example/?t={TOKEN}"}})
    async with transaction() as session:
        session.add(
            SetupScreenshot(
                session_id=case.session_id,
                tenant_id=case.tenant_id,
                state="read",
                digest="d",
                width=1,
                height=1,
                bytes=1,
                extraction={"quote": TOKEN, "tags": [TOKEN]},
                created_by="seller",
                created_at=NOW,
                expires_at=NOW,
            )
        )
    await case.changes(facts={"gateway": {"name": "hotmart", "account_id": TOKEN}, "url": {"url": TOKEN}})
    handoff, _ = await case.open(note=f"olha: {TOKEN}")
    held = orjson.dumps(handoff.package).decode() + str(handoff.notes)
    assert control in held
    for length in (40, 60, len(TOKEN)):
        assert TOKEN[:length] not in held
    assert TOKEN[-40:] not in held
    assert "secret:0" not in held


async def test_the_contact_is_not_in_the_file(case: Case) -> None:
    contact = Contact(name="Zuleide Quebracoco", email="zuleide@planted.example", phone="+55 11 97123-6548")
    async with transaction() as session:
        row = await session.get_one(SetupSession, case.session_id)
        keep_contact(row, contact, tenants.cipher_of(await tenants.get(session, case.tenant_id)))
    package = await _opened(case)
    assert package.customer.has_contact
    held = orjson.dumps(package.to_json()).decode().lower()
    assert not any(part in held for part in ("zuleide", "quebracoco", "planted.example", "971236548"))


def test_a_cut_never_leaves_half_a_credential() -> None:
    for padding in range(440, 500):
        assert TOKEN[:20] not in said("x" * padding + " " + TOKEN, 500)


def test_what_is_invisible_is_gone_and_lines_stay() -> None:
    assert said("um\u202e dois\u200b\n\n três\x00") == "um dois\ntrês"


@pytest.mark.parametrize("value", [{"a": {"b": {"c": {"d": 1}}}}, [[[[[1]]]]], {"n": [1] * 100}])
def test_deep_and_long_values_end(value: Any) -> None:
    assert len(orjson.dumps(small(value))) < 100
