"""Kiwify's HMAC-SHA1, over the raw body or, second, over the inner order of a wrapped one."""

import hashlib
import hmac
from typing import Any

import orjson
import pytest

from tests.gateways.kiwify_payloads import APPROVED
from tracking_core.gateways.base import InboundRequest
from tracking_core.gateways.kiwify import GATEWAY
from tracking_core.gateways.sale_event import SaleEvent

TOKEN = "segredo-de-teste"
VECTOR_BODY = '{"order_id":"abc","nome":"João"}'.encode()
VECTOR_SIGNATURE = "5b5c6846987148e5377415edc64adbab9bbd72c7"


def signed(message: bytes, token: str = TOKEN) -> str:
    return hmac.new(token.encode(), message, hashlib.sha1).hexdigest()


def is_genuine(body: bytes, signature: str | None = None, token: str = TOKEN) -> bool:
    query = {} if signature is None else {"signature": signature}
    return GATEWAY.verify(InboundRequest(body, {}, query), token)


def wrapped(order: Any, signature: object) -> bytes:
    return orjson.dumps({"url": "https://example.com/w", "signature": signature, "order": order})


def test_the_vector_of_the_documented_algorithm_verifies() -> None:
    assert is_genuine(VECTOR_BODY, VECTOR_SIGNATURE)


@pytest.mark.parametrize("at", range(0, len(VECTOR_BODY), 5))
def test_one_changed_byte_of_the_body_is_a_forgery(at: int) -> None:
    changed = bytearray(VECTOR_BODY)
    changed[at] ^= 1
    assert not is_genuine(bytes(changed), VECTOR_SIGNATURE)


def test_the_raw_bytes_are_signed_not_what_they_parse_to() -> None:
    assert not is_genuine(VECTOR_BODY.replace(b",", b", "), VECTOR_SIGNATURE)
    assert is_genuine(b"\xff\x00 no json", signed(b"\xff\x00 no json"))


def test_an_empty_token_proves_nothing_although_kiwify_signs_with_it() -> None:
    assert not is_genuine(VECTOR_BODY, signed(VECTOR_BODY, ""), "")
    assert not is_genuine(wrapped(APPROVED, signed(orjson.dumps(APPROVED), "")), None, "")


@pytest.mark.parametrize("signature", [None, "", "ç", "\ud800", VECTOR_SIGNATURE[:-1], VECTOR_SIGNATURE + "0"])
def test_another_signature_is_refused(signature: str | None) -> None:
    assert not is_genuine(VECTOR_BODY, signature)


def test_a_wrapped_body_verifies_by_the_query_or_by_its_own_signature_over_the_compact_order() -> None:
    inner = signed(orjson.dumps(APPROVED))
    body = wrapped(APPROVED, "")
    assert is_genuine(body, signed(body))
    assert is_genuine(wrapped(APPROVED, inner))
    assert is_genuine(wrapped(APPROVED, inner), "0" * 40)


@pytest.mark.parametrize("signature", [None, 1, [], {}, "", "0" * 40])
def test_a_wrapped_body_with_another_signature_is_refused(signature: object) -> None:
    assert not is_genuine(wrapped(APPROVED, signature))


def test_a_changed_inner_order_is_a_forgery() -> None:
    inner = signed(orjson.dumps(APPROVED))
    assert not is_genuine(wrapped({**APPROVED, "order_id": "outra"}, inner))
    assert not is_genuine(wrapped([APPROVED], inner))


def test_a_genuine_inner_order_lends_its_proof_to_nothing_beside_it() -> None:
    """Somebody who saw one delivery writes a sale of their own around it: what is read is still only what is proved."""
    forged = {**APPROVED, "order_id": "forged", "order": APPROVED, "signature": signed(orjson.dumps(APPROVED))}
    body = orjson.dumps(forged)
    assert is_genuine(body)
    said = GATEWAY.normalize(orjson.loads(body))
    assert isinstance(said, SaleEvent)
    assert said.sale_id == APPROVED["order_id"]


def test_a_signature_inside_an_unwrapped_body_is_no_proof() -> None:
    assert not is_genuine(orjson.dumps({**APPROVED, "signature": signed(orjson.dumps(APPROVED))}))


def test_bodies_too_deep_to_write_again_are_refused_without_raising() -> None:
    deep = b'{"signature":"0","order":' + b'{"a":' * 600 + b"1" + b"}" * 600 + b"}"
    assert not is_genuine(deep)
