from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_core.destinations.meta_capi.event import build_event
from tracking_core.kit.money import Money

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def purchase(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "event_name": "Purchase",
        "event_id": "e-1",
        "event_time": NOW,
        "user_data": {"em": "0" * 64},
        "value": Money(Decimal("197.90"), "brl"),
    }
    return build_event(**(given | changes))


def test_a_purchase_with_everything_has_metas_shape() -> None:
    event = purchase(
        order_id="HP1",
        content_ids=("1", "2"),
        content_name="Curso",
        num_items=2,
        customer_segmentation="new_customer_to_business",
        custom_properties={"offer": "x1"},
        event_source_url="https://example.com/p",
        referrer_url="https://example.com/",
        opt_out=False,
    )
    assert event == {
        "event_name": "Purchase",
        "event_id": "e-1",
        "event_time": 1_795_176_000,
        "action_source": "website",
        "event_source_url": "https://example.com/p",
        "referrer_url": "https://example.com/",
        "opt_out": False,
        "user_data": {"em": "0" * 64},
        "custom_data": {
            "offer": "x1",
            "value": 197.9,
            "currency": "BRL",
            "order_id": "HP1",
            "content_ids": ["1", "2"],
            "content_type": "product",
            "content_name": "Curso",
            "num_items": 2,
            "customer_segmentation": "new_customer_to_business",
        },
    }


def test_what_is_not_known_is_left_out() -> None:
    event = build_event(event_name="PageView", event_id="e", event_time=NOW, user_data={"em": "x"})
    assert set(event) == {"event_name", "event_id", "event_time", "action_source", "user_data"}


@given(st.decimals(0, 9_999_999_999, places=2))
def test_the_value_is_a_json_number_with_exact_cents(amount: Decimal) -> None:
    text = orjson.dumps(purchase(value=Money(amount, "BRL"))["custom_data"]["value"]).decode()
    assert Decimal(text) == amount


def test_fractions_of_a_cent_are_rounded_half_up() -> None:
    assert purchase(value=Money(Decimal("10.005"), "BRL"))["custom_data"]["value"] == 10.01


@pytest.mark.parametrize(
    "changes",
    [
        {"value": None},
        {"value": Money(Decimal("1"), "")},
        {"value": Money(Decimal("1"), "R$")},
        {"value": Money(Decimal("-1"), "BRL")},
        {"value": Money(Decimal("NaN"), "BRL")},
        {"value": Money(Decimal("Infinity"), "BRL")},
        {"value": Money(Decimal("1e30"), "BRL")},
        {"action_source": "web"},
        {"customer_segmentation": "vip"},
        {"event_id": ""},
        {"event_id": "a\x00"},
        {"event_name": ""},
        {"event_time": datetime(2026, 11, 20)},  # noqa: DTZ001 - the point of the case
    ],
)
def test_what_meta_would_refuse_the_batch_for_is_a_value_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        purchase(**changes)


def test_text_from_outside_cannot_break_the_json() -> None:
    event = purchase(content_name="Curso\x00 \ud800" + "x" * 900, event_source_url="https://e.com/" + "a" * 3_000)
    assert orjson.loads(orjson.dumps(event)) == event
    assert len(event["custom_data"]["content_name"]) == 500
    assert "event_source_url" not in event
