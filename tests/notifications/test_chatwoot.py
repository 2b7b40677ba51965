"""A case in the simulated Chatwoot: one contact, one conversation, each message once, whatever is cut in between."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from evals.simulators.chatwoot.state import Account, Contact, Fault, FaultKind, State
from tests.notifications.world import SELLER, message
from tracking_core.notifications.channels import chatwoot as channel
from tracking_core.notifications.kinds import Channel, Failed, FailureKind, Kind, Sent
from tracking_core.notifications.message import Message
from tracking_core.settings import Settings

STEPS = ["/contacts", "/conversations", "/messages", "/toggle_priority", "/labels"]


def told(**changes: Any) -> Message:
    return message(Channel.CHATWOOT, **changes)


def following(first: Message, external: dict[str, Any], kind: Kind, **changes: Any) -> Message:
    """A later notification of the same case."""
    same: dict[str, Any] = {name: getattr(first, name) for name in ("handoff_id", "session_id", "tenant_id", "package")}
    return told(kind=kind, external=external, is_first=False, **same | changes)


async def test_a_new_case_is_an_open_conversation_with_the_file_in_a_private_note(
    by_chatwoot: Settings, chatwoot: State
) -> None:
    first = told()
    sent = await channel.send(first, by_chatwoot)
    [contact], [conversation], [note] = chatwoot.contacts, chatwoot.conversations, chatwoot.messages
    assert sent == Sent({"contact_id": contact.id, "conversation_id": conversation.id, "user_id": 1})
    assert (contact.identifier, contact.name) == (f"hub-{first.tenant_id}", SELLER["name"])
    assert (contact.email, contact.phone_number) == (SELLER["email"], SELLER["phone"])
    assert conversation.status == "open"
    assert conversation.priority == "high"
    assert conversation.labels == ["hub-setup", "repeated-failure"]
    assert conversation.custom_attributes["hub_handoff_id"] == str(first.handoff_id) == conversation.source_id
    assert note.private
    assert note.message_type == 1
    assert "Linha um do resumo." in str(note.content)
    assert (
        chatwoot.counts["POST /api/v1/accounts/{account_id:int}/conversations/{conversation_id:int}/toggle_status"] == 0
    )


async def test_what_strangers_wrote_is_no_markup_in_the_note(by_chatwoot: Settings, chatwoot: State) -> None:
    await channel.send(told(), by_chatwoot)
    note = str(chatwoot.messages[0].content)
    assert "\\<img" in note
    assert "](http" not in note
    assert "\\*mesmo\\*" in note


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_cut_off_at_any_step_and_tried_again_everything_is_there_once(
    by_chatwoot: Settings, chatwoot: State, step: str, kind: FaultKind
) -> None:
    chatwoot.faults.append(Fault(kind=kind, method="POST", path=step))
    first = told()
    failed = await channel.send(first, by_chatwoot)
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.TRANSIENT
    # As after a crash: nothing of what was learnt was written down.
    assert isinstance(await channel.send(replace(first, attempts=2), by_chatwoot), Sent)
    assert (len(chatwoot.contacts), len(chatwoot.conversations), len(chatwoot.messages)) == (1, 1, 1)
    [conversation] = chatwoot.conversations
    assert (conversation.priority, conversation.labels) == ("high", ["hub-setup", "repeated-failure"])


async def test_who_the_hub_is_there_is_kept_before_the_conversation_and_that_before_anything_is_said_in_it(
    by_chatwoot: Settings, chatwoot: State
) -> None:
    kept: list[tuple[int, int, dict[str, Any]]] = []

    async def remember(external: Mapping[str, Any]) -> None:
        kept.append((len(chatwoot.conversations), len(chatwoot.messages), dict(external)))

    await channel.send(told(remember=remember), by_chatwoot)
    [conversation] = chatwoot.conversations
    known = {"contact_id": conversation.contact_id, "user_id": 1}
    assert kept == [(0, 0, known), (1, 0, known | {"conversation_id": conversation.id})]


async def test_what_follows_goes_to_the_same_conversation(by_chatwoot: Settings, chatwoot: State) -> None:
    first = told()
    sent = await channel.send(first, by_chatwoot)
    assert isinstance(sent, Sent)
    notes = [{"id": "1", "at": "", "kind": "seller_said", "by": "seller", "text": "Já troquei\no token."}]
    await channel.send(following(first, sent.external, Kind.SELLER_SAID, notes=notes), by_chatwoot)
    await channel.send(following(first, sent.external, Kind.BREACHED), by_chatwoot)
    [conversation] = chatwoot.conversations
    _note, words, late = chatwoot.messages
    assert (words.message_type, words.private, words.content) == (0, False, "Já troquei\no token.")
    assert late.private
    assert (conversation.priority, conversation.labels) == ("urgent", ["hub-setup", "repeated-failure", "hub-sla"])


@pytest.mark.parametrize(("state", "status"), [("resolved", "resolved"), ("returned", "pending")])
async def test_a_closed_case_is_closed_there_too(
    by_chatwoot: Settings, chatwoot: State, state: str, status: str
) -> None:
    first = told()
    sent = await channel.send(first, by_chatwoot)
    assert isinstance(sent, Sent)
    await channel.send(following(first, sent.external, Kind.CLOSED, state=state), by_chatwoot)
    assert chatwoot.conversations[0].status == status


async def test_labels_that_people_gave_stay(by_chatwoot: Settings, chatwoot: State) -> None:
    first = told()
    sent = await channel.send(first, by_chatwoot)
    assert isinstance(sent, Sent)
    chatwoot.conversations[0].labels.append("vip")
    await channel.send(following(first, sent.external, Kind.BREACHED), by_chatwoot)
    assert chatwoot.conversations[0].labels == ["hub-setup", "repeated-failure", "vip", "hub-sla"]


async def test_a_tenants_second_case_is_another_conversation_of_the_same_contact(
    by_chatwoot: Settings, chatwoot: State
) -> None:
    first = told()
    await channel.send(first, by_chatwoot)
    await channel.send(told(tenant_id=first.tenant_id), by_chatwoot)
    assert len(chatwoot.contacts) == 1
    assert [one.contact_id for one in chatwoot.conversations] == [chatwoot.contacts[0].id] * 2


async def test_an_address_that_is_another_contacts_does_not_stop_the_case(
    by_chatwoot: Settings, chatwoot: State
) -> None:
    chatwoot.contacts.append(Contact(id=900, name="Maria", email=SELLER["email"]))
    assert isinstance(await channel.send(told(), by_chatwoot), Sent)
    made = chatwoot.contacts[-1]
    assert made.email is None
    assert made.custom_attributes == {"email": SELLER["email"], "phone_number": SELLER["phone"]}


async def test_where_a_bot_is_at_work_the_conversation_is_opened_for_people(
    by_chatwoot: Settings, chatwoot: State
) -> None:
    chatwoot.account = Account(has_bot=True, role="agent", user_id=5)
    sent = await channel.send(told(), by_chatwoot)
    assert isinstance(sent, Sent)
    assert chatwoot.conversations[0].status == "open"
    assert sent.external["user_id"] == 5


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(kind=FaultKind.THROTTLED, wait_seconds=11), ("transient", "http_429", 11)),
        (Fault(kind=FaultKind.STATUS, status=500), ("transient", "http_500", None)),
        (Fault(kind=FaultKind.STATUS, status=403), ("misconfigured", "http_403", None)),
        (Fault(kind=FaultKind.SLOW, seconds=2), ("transient", "timed_out", None)),
    ],
)
async def test_a_refusal_is_classified(
    by_chatwoot: Settings, chatwoot: State, fault: Fault, expected: tuple[str, str, int | None]
) -> None:
    chatwoot.faults.append(fault.model_copy())
    impatient = by_chatwoot.model_copy(update={"notification_timeout_seconds": 0.5})
    failed = await channel.send(told(), impatient)
    assert isinstance(failed, Failed)
    assert (failed.kind.value, failed.error, failed.retry_after_seconds) == expected


async def test_a_wrong_token_is_the_operators_and_stands_in_no_error(by_chatwoot: Settings) -> None:
    wrong = by_chatwoot.model_copy(update={"chatwoot_token": SecretStr("planted-chatwoot-token\n")})
    malformed = await channel.send(told(), wrong)
    assert isinstance(malformed, Failed)
    assert malformed.kind is FailureKind.MISCONFIGURED
    assert "planted" not in repr(malformed)
    other = await channel.send(told(), wrong.model_copy(update={"chatwoot_token": SecretStr("planted")}))
    assert other == Failed(FailureKind.MISCONFIGURED, "http_401")
