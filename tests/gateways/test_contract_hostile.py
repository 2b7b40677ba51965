"""Whatever the JSON, every gateway reads it, ignores it, or says what cannot be read; nothing else."""

from collections.abc import Iterator
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateways.contract import (
    GATEWAYS,
    SUPPORTED,
    check_is_well_formed,
    every_supported_kind,
    payload_of,
    quick,
)
from tracking_core.gateways.base import Gateway, PayloadUnreadable
from tracking_core.gateways.sale_event import SaleEvent, SaleEventKind

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63, 10**15])
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(st.characters(codec=None), max_size=30)
    | st.sampled_from(
        ["\ud800", "\x00", " ", "NaN", "1e999999", "12/13/2025 99:99", "0001-01-01", "9999-12-31T23:59-14:00"]
    )
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def normalise_or_refuse(gateway: Gateway, payload: dict[str, Any]) -> None:
    try:
        said = gateway.normalize(payload)
    except PayloadUnreadable as unreadable:
        said_why = bool(unreadable.path) and bool(unreadable.problem)
    else:
        said_why = True
        check_is_well_formed(said)
    assert said_why


@quick
@given(payload=st.dictionaries(st.text(max_size=12), json_values, max_size=5))
def test_arbitrary_json_is_read_ignored_or_unreadable(payload: dict[str, Any]) -> None:
    for gateway in GATEWAYS:
        normalise_or_refuse(gateway, payload)


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and index of a JSON value, as paths."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*here, key)
        yield from places(inner, (*here, key))


def put(payload: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        payload = payload[key]
    payload[path[-1]] = value


MUTABLE = [(gateway, kind, list(places(payload_of(gateway, kind, recurrence_number=2)))) for gateway, kind in SUPPORTED]


@settings(quick, max_examples=600)
@given(data=st.data())
def test_a_real_payload_with_one_value_replaced_is_read_ignored_or_unreadable(data: st.DataObject) -> None:
    gateway, kind, paths = data.draw(st.sampled_from(MUTABLE))
    payload = payload_of(gateway, kind, recurrence_number=2)
    put(payload, data.draw(st.sampled_from(paths)), data.draw(json_values))
    normalise_or_refuse(gateway, payload)


HOSTILE: list[Any] = [
    None,
    True,
    0,
    -1,
    10**5_000,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\x00",
    "\ud800",
    "x" * 100_000,
    [],
    {},
    [{}],
]


@every_supported_kind
def test_every_field_of_a_real_payload_withstands_every_hostile_value(gateway: Gateway, kind: SaleEventKind) -> None:
    template = payload_of(gateway, kind, recurrence_number=2, parent_sale_id="HP7700000000")
    frozen = orjson.dumps(template)
    for path in places(template):
        for value in HOSTILE:
            payload = orjson.loads(frozen)
            put(payload, path, value)
            normalise_or_refuse(gateway, payload)


@every_supported_kind
def test_text_with_nul_and_lone_surrogates_becomes_storable(gateway: Gateway, kind: SaleEventKind) -> None:
    payload = payload_of(gateway, kind)
    for path in places(payload):
        if path[-1] in ("name", "full_name"):
            put(payload, path, "Ma\x00ria \ud83d Souza\x00 ")
    said = gateway.normalize(payload)
    assert isinstance(said, SaleEvent)
    assert said.buyer.full_name == "Maria ? Souza"
