"""The row an event becomes: clean addresses, and a click dated when it happened."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tracking_core.collector.accept import Accepted, Visitor, accept
from tracking_core.collector.schema import TrackRequest
from tracking_core.collector.writer import COLUMNS
from tracking_core.models import TrackingKind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TENANT = UUID("01900000-0000-7000-8000-000000000001")
HOUR_MS = 3_600_000


def accepted(kind: TrackingKind = TrackingKind.CLICK, **fields: Any) -> Accepted:
    event = TrackRequest.model_validate({"url": "https://loja.example/", **fields})
    visitor = Visitor("200.147.3.199", "Mozilla/5.0")
    return accept(kind, event, tenant_id=TENANT, country="BR", visitor=visitor, now=NOW)


def row(**fields: Any) -> dict[str, Any]:
    return dict(zip(COLUMNS.replace(" ", "").split(","), accepted(**fields).row, strict=True))


def details(**fields: Any) -> dict[str, str]:
    said = row(**fields)["details"]
    return json.loads(said) if said else {}


def test_no_address_is_stored_with_personal_data() -> None:
    dirty, clean = "https://a:b@loja.example/x?email=m@x.co&utm_id=7&cpf=1#tel", "https://loja.example/x?utm_id=7"
    stored = row(url=dirty, referrer=dirty, checkout_url=dirty)
    assert (stored["url"], stored["referrer"]) == (clean, clean)
    assert json.loads(stored["details"]) == {"checkout_url": clean}


def test_a_campaign_field_with_an_email_address_is_not_stored() -> None:
    assert details(utm_source="meta", utm_term="maria%40example.com", utm_content="maria@example.com") == {
        "utm_source": "meta"
    }


def test_a_late_event_dates_its_click_when_it_happened_and_its_arrival_now() -> None:
    late = row(fbclid="AbC", age_ms=2 * HOUR_MS)
    clicked = NOW - timedelta(hours=2)
    assert late["fbc"] == f"fb.1.{int(clicked.timestamp() * 1000)}.AbC"
    assert late["received_at"] == NOW.isoformat()
    assert json.loads(late["details"]) == {"age_ms": str(2 * HOUR_MS)}


def test_an_event_without_age_happened_now() -> None:
    for fields in ({}, {"age_ms": 0}, {"age_ms": "soon"}):
        assert row(fbclid="AbC", **fields)["fbc"] == f"fb.1.{int(NOW.timestamp() * 1000)}.AbC"
        assert details(**fields) == {}


@pytest.mark.parametrize(
    ("kind", "consent", "told"),
    [
        (TrackingKind.CLICK, True, None),
        (TrackingKind.CONSENT, True, (True, NOW - timedelta(hours=1))),
        (TrackingKind.CLICK, False, (False, NOW)),
        (TrackingKind.CLICK, "denied", (False, NOW)),
        (TrackingKind.CONSENT, None, None),
    ],
)
def test_a_refusal_counts_from_now_and_a_grant_of_the_visitor_s_own_from_when_it_was_given(
    kind: TrackingKind, consent: object, told: tuple[bool, datetime] | None
) -> None:
    said = accepted(kind, click_id="c1", consent_ads=consent, age_ms=HOUR_MS).consent
    assert (said and (said[0], said[2])) == told
