"""What Chatwoot's webhooks mean: a person's doing in a conversation of a case, or nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_core.kit.ids import new_id
from tracking_core.notifications.chatwoot_inbound import Command, Place, Reply, Resolve, Resume, Take, parse

HANDOFF = new_id()
PLACE = Place(account_id=1, conversation_id=9, handoff_id=HANDOFF)
ANA = {"id": 77, "name": "Ana", "type": "user"}


def conversation(**changes: Any) -> dict[str, Any]:
    told = {
        "id": 9,
        "account_id": 1,
        "status": "open",
        "custom_attributes": {"hub_handoff_id": str(HANDOFF)},
        "meta": {},
    }
    return told | changes


def said(**changes: Any) -> dict[str, Any]:
    told = {
        "event": "message_created",
        "id": 5,
        "content": " Olá! ",
        "message_type": "outgoing",
        "private": False,
        "sender": ANA,
        "account": {"id": 1},
        "conversation": conversation(),
    }
    return told | changes


def moved(event: str = "conversation_status_changed", **changes: Any) -> dict[str, Any]:
    return {"event": event, **conversation(**changes)}


def test_a_persons_public_message_is_a_reply_to_the_seller() -> None:
    assert parse(said()) == Reply(place=PLACE, message_id=5, person="Ana", text="Olá!")


@pytest.mark.parametrize(
    "changes",
    [
        {"private": True},
        {"message_type": "incoming"},
        {"message_type": "template"},
        {"message_type": "activity"},
        {"sender": None},
        {"sender": {"id": 1, "name": "Bot", "type": "agent_bot"}},
        {"content": None},
        {"content": "  \n"},
        {"id": "5"},
        {"conversation": None},
        {"conversation": conversation(custom_attributes={})},
        {"conversation": conversation(custom_attributes={"hub_handoff_id": "1 OR 1=1"})},
        {"event": "message_updated"},
        {"event": "webwidget_triggered"},
    ],
)
def test_anything_else_said_is_nothing(changes: dict[str, Any]) -> None:
    assert parse(said(**changes)) is None


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (moved(status="resolved"), Resolve(place=PLACE, person="Chatwoot")),
        (moved(status="resolved", meta={"assignee": ANA}), Resolve(place=PLACE, person="Ana")),
        (moved(status="pending"), Resume(place=PLACE, person="Chatwoot")),
        (moved(meta={"assignee": ANA}), Take(place=PLACE, person="Ana", person_id=77, is_change=False, is_move=True)),
        (
            moved("conversation_updated", meta={"assignee": ANA}, changed_attributes=[{"assignee_id": {}}]),
            Take(place=PLACE, person="Ana", person_id=77, is_change=True, is_move=False),
        ),
        (
            moved("conversation_updated", meta={"assignee": ANA}, changed_attributes=[{"priority": {}}]),
            Take(place=PLACE, person="Ana", person_id=77, is_change=False, is_move=False),
        ),
        (moved(), None),
        (moved(status="snoozed"), None),
        (moved(meta={"assignee": {"id": 1, "type": "agent_bot"}}), None),
        (moved("conversation_updated", status="pending"), None),
        (moved("conversation_updated", status="resolved"), None),
        (moved("conversation_created", meta={"assignee": ANA}), None),
    ],
)
def test_a_moved_conversation_is_a_command(event: dict[str, Any], expected: Command | None) -> None:
    assert parse(event) == expected


def test_names_and_texts_are_bounded_and_a_text_is_in_no_repr() -> None:
    command = parse(said(sender={**ANA, "name": "A\x00\u202e" + "b" * 500}, content="segredo" * 5_000))
    assert isinstance(command, Reply)
    assert len(command.person) <= 80
    assert command.person.isprintable()
    assert len(command.text) == 10_000
    assert "segredo" not in repr(command)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(str(HANDOFF)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    event=st.sampled_from(["message_created", "conversation_status_changed", "conversation_updated"]),
    key=st.sampled_from([*said(), *conversation(), "changed_attributes"]),
    value=JSON,
)
def test_no_garbage_breaks_it(event: str, key: str, value: Any) -> None:
    for whole in (said(), moved(meta={"assignee": ANA})):
        command = parse({**whole, "event": event, key: value})
        assert command is None or command.place.handoff_id == HANDOFF
