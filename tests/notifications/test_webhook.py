"""The signed webhook, received over the loopback."""

import base64
import hashlib
import hmac
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from tests.notifications.conftest import WEBHOOK_SECRET
from tests.notifications.receiver import Receiver
from tests.notifications.world import SELLER, message
from tracking_core.handoff.package import HandoffPackage
from tracking_core.kit import clock
from tracking_core.notifications.channels import webhook
from tracking_core.notifications.kinds import Failed, FailureKind, Sent
from tracking_core.notifications.signatures import is_genuine
from tracking_core.settings import Settings


async def test_the_body_is_signed_as_standard_webhooks_say(by_webhook: Settings, receiver: Receiver) -> None:
    told = message()
    assert await webhook.send(told, by_webhook) == Sent()
    [one] = receiver.delivered
    key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
    signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert one.headers["webhook-signature"] == f"v1,{expected}"
    assert one.headers["webhook-id"] == str(told.id)
    assert one.headers["content-type"] == "application/json"
    assert abs(int(one.headers["webhook-timestamp"]) - clock.now().timestamp()) < 30


async def test_the_body_is_the_whole_case_without_the_sellers_contact(by_webhook: Settings, receiver: Receiver) -> None:
    told = message()
    await webhook.send(told, by_webhook)
    body = receiver.delivered[0].body
    said = orjson.loads(body)
    assert said["type"] == "handoff.created"
    assert said["data"]["handoff_id"] == str(told.handoff_id)
    assert HandoffPackage.from_json(said["data"]["package"]).customer.name == "Loja da Maria"
    assert all(private.encode() not in body for private in (SELLER["email"], SELLER["phone"], WEBHOOK_SECRET))


async def test_long_notes_leave_the_oldest_out_and_are_delivered(by_webhook: Settings, receiver: Receiver) -> None:
    notes = [{"id": str(number), "kind": "seller_said", "text": "ção🙂" * 500} for number in range(300)]
    assert await webhook.send(message(notes=notes), by_webhook) == Sent()
    body = receiver.delivered[0].body
    data = orjson.loads(body)["data"]
    assert len(body) < webhook.BODY_LIMIT_BYTES / 2
    assert data["notes"] == notes[data["notes_omitted"] :]
    assert 0 < data["notes_omitted"] < 300


async def test_the_receivers_check_refuses_what_was_changed_old_or_signed_by_another(
    by_webhook: Settings, receiver: Receiver
) -> None:
    await webhook.send(message(), by_webhook)
    [one] = receiver.delivered
    now = clock.now()
    assert is_genuine(WEBHOOK_SECRET, one.headers, one.body, now)
    several = {**one.headers, "webhook-signature": f"v1a,x v1,AAAA {one.headers['webhook-signature']}"}
    assert is_genuine(WEBHOOK_SECRET, several, one.body, now)
    assert not is_genuine("another secret", one.headers, one.body, now)
    assert not is_genuine(WEBHOOK_SECRET, one.headers, one.body + b" ", now)
    assert not is_genuine(WEBHOOK_SECRET, {**one.headers, "webhook-id": "other"}, one.body, now)
    assert not is_genuine(WEBHOOK_SECRET, one.headers, one.body, now + timedelta(minutes=6))
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert not is_genuine(WEBHOOK_SECRET, {**one.headers, name: ""}, one.body, now)
        assert not is_genuine(WEBHOOK_SECRET, {**one.headers, name: "١٢٣"}, one.body, now)


async def test_the_documents_few_lines_for_receivers_verify_it(by_webhook: Settings, receiver: Receiver) -> None:
    document = (Path(__file__).parents[2] / "docs" / "handoffs.md").read_text()
    found = re.search(r"```python\n(.*?)```", document, re.DOTALL)
    assert found
    told: dict[str, Any] = {}
    exec(found[1], told)
    await webhook.send(message(), by_webhook)
    [one] = receiver.delivered
    assert told["is_genuine"](WEBHOOK_SECRET, one.headers, one.body)
    assert not told["is_genuine"](WEBHOOK_SECRET, one.headers, one.body + b" ")


async def test_a_secret_without_the_prefix_is_its_own_bytes(by_webhook: Settings, receiver: Receiver) -> None:
    plain = by_webhook.model_copy(update={"support_webhook_secret": SecretStr("plain words")})
    await webhook.send(message(), plain)
    [one] = receiver.delivered
    assert is_genuine("plain words", one.headers, one.body, clock.now())


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (500, {}, Failed(FailureKind.TRANSIENT, "http_500")),
        (429, {"retry_after": "17"}, Failed(FailureKind.TRANSIENT, "http_429", 17)),
        (503, {"retry_after": "5"}, Failed(FailureKind.TRANSIENT, "http_503", 5)),
        (401, {}, Failed(FailureKind.MISCONFIGURED, "http_401")),
        (404, {}, Failed(FailureKind.MISCONFIGURED, "http_404")),
        (422, {}, Failed(FailureKind.PERMANENT, "http_422")),
    ],
)
async def test_an_answer_is_classified(
    by_webhook: Settings, receiver: Receiver, status: int, headers: dict[str, str], expected: Failed
) -> None:
    receiver.answers_with(status, **headers)
    assert await webhook.send(message(), by_webhook) == expected


async def test_a_redirect_is_not_followed(by_webhook: Settings, receiver: Receiver) -> None:
    receiver.answers_with(307, location=receiver.url.replace("/hook", "/elsewhere"))
    assert await webhook.send(message(), by_webhook) == Failed(FailureKind.MISCONFIGURED, "http_307")
    assert receiver.elsewhere == 0


async def test_nobody_there_is_transient_and_a_malformed_address_or_secret_is_not(by_webhook: Settings) -> None:
    gone = by_webhook.model_copy(update={"support_webhook_url": "http://127.0.0.1:9/hook"})
    assert await webhook.send(message(), gone) == Failed(FailureKind.TRANSIENT, "unreachable")
    malformed = by_webhook.model_copy(update={"support_webhook_url": "hooks.example"})
    assert await webhook.send(message(), malformed) == Failed(FailureKind.MISCONFIGURED, "unreachable")
    bad = by_webhook.model_copy(update={"support_webhook_secret": SecretStr("whsec_ä")})
    assert await webhook.send(message(), bad) == Failed(FailureKind.MISCONFIGURED, "secret_malformed")
