"""What every gateway's ``verify`` must keep. A new folder is under test by existing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateways.contract import GATEWAYS, SECRET, every_gateway, every_supported_kind, quick, sale_of
from tracking_core.gateways.base import Gateway, InboundRequest
from tracking_core.gateways.sale_event import SaleEventKind


@every_supported_kind
def test_its_own_webhook_verifies_with_the_secret_and_with_no_other(gateway: Gateway, kind: SaleEventKind) -> None:
    request = gateway.synthesize(sale_of(kind), SECRET)
    assert gateway.verify(request, SECRET)
    for wrong in ("", "segredo-de-test", "segredo-de-teste ", "SEGREDO-DE-TESTE", "ção", "\ud800", "x" * 10_000):
        assert not gateway.verify(request, wrong)


@every_gateway
def test_an_empty_secret_proves_nothing_even_when_the_webhook_was_made_with_it(gateway: Gateway) -> None:
    assert not gateway.verify(gateway.synthesize(sale_of("approved"), ""), "")


def with_body_secret(body: bytes, other: str) -> bytes:
    """The body with another secret, for gateways that carry theirs in it."""
    return body.replace(SECRET.encode(), other.encode())


@every_gateway
def test_a_webhook_without_its_proof_is_refused(gateway: Gateway) -> None:
    body = with_body_secret(gateway.synthesize(sale_of("approved"), SECRET).body, "")
    assert not gateway.verify(InboundRequest(body, {"content-type": "application/json"}, {}), SECRET)


@every_gateway
def test_a_tampered_byte_of_the_proof_is_refused(gateway: Gateway) -> None:
    request = gateway.synthesize(sale_of("approved"), SECRET)
    tampered = {name: value[:-1] + ("0" if value[-1] != "0" else "1") for name, value in request.query.items()}
    headers = {name: value[:-1] + "x" for name, value in request.headers.items()}
    body = with_body_secret(request.body, SECRET[:-1] + "x")
    assert not gateway.verify(InboundRequest(body, headers, tampered), SECRET)


@every_gateway
@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"null", b"[]", b'"x"', b"{", b"[" * 5_000, b'{"order":{}}'])
def test_any_body_without_proof_is_refused_without_raising(gateway: Gateway, body: bytes) -> None:
    for proof in ("", "é" * 40, "\ud800", "\x00", "0" * 40):
        given_headers = {"x-hotmart-hottok": proof, "authorization": proof, "x-signature": proof}
        assert not gateway.verify(InboundRequest(body, given_headers, {"signature": proof}), SECRET)


@quick
@given(
    body=st.binary(max_size=200),
    headers=st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=3),
    query=st.dictionaries(st.sampled_from(["signature", "token"]), st.text(max_size=50)),
)
def test_random_requests_never_verify_and_never_raise(
    body: bytes, headers: dict[str, str], query: dict[str, str]
) -> None:
    for gateway in GATEWAYS:
        assert gateway.verify(InboundRequest(body, headers, query), SECRET) is False
