"""What a tenant may set: within bounds, written down, and never over somebody else's change."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tests.pipeline.conftest import Shop
from tests.replays.letters import another_shop
from tests.tenant_settings.changing import audited, change, read, rows
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.i18n import translate
from tracking_core.kit.ids import new_id
from tracking_core.models import ConsentMode
from tracking_core.tenants import preferences
from tracking_core.tenants.preferences import BOUNDS, ConsentInSetup, Preferences, SettingsChanged, version_of

NEW: dict[str, Any] = {
    "match_threshold": Decimal("0.755"),
    "attribution_window_days": 7,
    "consent_mode": ConsentMode.OPT_IN,
    "escalate_after": 5,
}


async def test_all_are_changed_and_the_audit_has_the_old_and_the_new_value_of_each(shop: Shop) -> None:
    changed = await change(shop.tenant_id, **NEW)
    assert changed.model_dump() == NEW
    assert await read(shop.tenant_id) == changed
    [entry] = await audited(shop.tenant_id)
    assert entry == {
        "actor": "ana",
        "details": {
            "match_threshold": {"old": "0.600", "new": "0.755"},
            "attribution_window_days": {"old": 28, "new": 7},
            "consent_mode": {"old": "opt_out", "new": "opt_in"},
            "escalate_after": {"old": 3, "new": 5},
        },
    }


async def test_only_what_changed_is_written_down_and_no_change_is_none(shop: Shop) -> None:
    await change(shop.tenant_id, escalate_after=4)
    await change(shop.tenant_id, escalate_after=4)
    assert [entry["details"] for entry in await audited(shop.tenant_id)] == [{"escalate_after": {"old": 3, "new": 4}}]


async def test_who_edits_what_somebody_changed_since_is_refused_and_changes_nothing(shop: Shop) -> None:
    seen = version_of(await read(shop.tenant_id))
    await change(shop.tenant_id, version=seen, attribution_window_days=10)
    with pytest.raises(SettingsChanged):
        await change(shop.tenant_id, version=seen, escalate_after=9)
    now = await read(shop.tenant_id)
    assert (now.attribution_window_days, now.escalate_after) == (10, 3)


async def test_of_several_who_save_at_once_exactly_one_is_first(shop: Shop) -> None:
    seen = version_of(await read(shop.tenant_id))
    asked = [change(shop.tenant_id, version=seen, escalate_after=after) for after in (5, 6, 7, 8)]
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(one).__name__ for one in ended) == ["Preferences", *["SettingsChanged"] * 3]
    assert len(await audited(shop.tenant_id)) == 1


async def test_the_same_form_sent_twice_is_saved_once(shop: Shop) -> None:
    seen = version_of(await read(shop.tenant_id))
    ended = [await change(shop.tenant_id, version=seen, escalate_after=5) for _ in range(2)]
    assert ended[0] == ended[1]
    assert len(await audited(shop.tenant_id)) == 1


async def test_another_tenant_keeps_its_own(shop: Shop) -> None:
    other = await another_shop(shop)
    await change(shop.tenant_id, **NEW)
    assert (await read(other.tenant_id)).escalate_after == 3
    with pytest.raises(NotFound):
        await read(new_id())
    with pytest.raises(NotFound):
        async with transaction() as session:
            await preferences.change(session, new_id(), Preferences.model_validate(NEW), version="x", actor="ana")


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_both_bounds_are_allowed_and_what_is_beyond_is_refused_with_the_bound(name: str) -> None:
    least, most = BOUNDS[name]
    step = Decimal("0.001") if name == "match_threshold" else 1
    for value in (least, most):
        assert getattr(Preferences.model_validate({**NEW, name: value}), name) == value
    for value, bound in ((least - step, {"ge": least}), (most + step, {"le": most})):
        [error] = refused(**{name: value})
        assert (error["loc"], error["ctx"]) == ((name,), bound)


@pytest.mark.parametrize(
    "wrong",
    [
        {"match_threshold": "0.6001"},
        {"match_threshold": "NaN"},
        {"match_threshold": "Infinity"},
        {"attribution_window_days": 2.5},
        {"consent_mode": "maybe"},
        {"escalate_after": None},
        {"name": "Loja"},
    ],
)
def test_what_is_no_setting_is_refused(wrong: dict[str, Any]) -> None:
    assert len(refused(**wrong)) == 1


def refused(**wrong: Any) -> list[Any]:
    with pytest.raises(ValidationError) as raised:
        Preferences.model_validate({**NEW, **wrong})
    return raised.value.errors()


async def test_what_was_set_beyond_the_bounds_before_there_were_any_can_be_read_and_mended(shop: Shop) -> None:
    await rows("UPDATE tenants SET attribution_window_days = 400 WHERE id = :id RETURNING 1", id=shop.tenant_id)
    assert (await read(shop.tenant_id)).attribution_window_days == 400
    assert (await change(shop.tenant_id, attribution_window_days=90)).attribution_window_days == 90


async def test_the_next_sale_is_decided_by_what_is_set(shop: Shop) -> None:
    await shop.webhook("HPBEFORE")
    await shop.process()
    await change(shop.tenant_id, consent_mode=ConsentMode.OPT_IN)
    await shop.webhook("HPAFTER", email="someone@example.com")
    await shop.process()
    decided = await rows("SELECT sale_id, decision, decision_reason AS reason FROM conversions ORDER BY sale_id DESC")
    assert decided == [
        {"sale_id": "HPBEFORE", "decision": "planned", "reason": None},
        {"sale_id": "HPAFTER", "decision": "withheld", "reason": "consent_missing"},
    ]


def test_its_refusals_are_translated() -> None:
    assert all(translate(one.message) != one.message for one in (SettingsChanged, ConsentInSetup))
