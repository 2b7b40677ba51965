"""Settings of a shop: saved, refused with a sentence, and never over somebody else's change."""

from tests.pipeline.conftest import Shop
from tests.tenant_settings.changing import audited, change, read
from tests.ui_operations.people import Page, Person
from tracking_core.models import ConsentMode


def address(shop: Shop) -> str:
    return f"/ops/tenants/{shop.tenant_id}"


async def save(person: Person, page: Page, shop: Shop, **fields: str) -> Page:
    return await person.send(page, address(shop), **fields)


async def test_settings_are_saved_and_it_is_on_record_by_whom(ana: Shop, olga: Person) -> None:
    page = await olga.get(address(ana))
    assert page.form(address(ana))["match_threshold"] == "0.60"
    page = await save(olga, page, ana, match_threshold="0,755", attribution_window_days="7", consent_mode="opt_in")
    assert page.all(".notice.good") == ["Saved."]
    known = await read(ana.tenant_id)
    assert (str(known.match_threshold), known.attribution_window_days) == ("0.755", 7)
    assert known.consent_mode is ConsentMode.OPT_IN
    [entry] = await audited(ana.tenant_id)
    assert entry["actor"].startswith("user:")
    assert "tenant.settings_changed" in (await olga.get("/ops/audit", action="tenant.")).text


async def test_what_is_out_of_bounds_is_told_at_its_field_and_nothing_is_saved(ana: Shop, olga: Person) -> None:
    before = await read(ana.tenant_id)
    wrong = {"match_threshold": "2", "attribution_window_days": "a week", "escalate_after": "4"}
    page = await save(olga, await olga.get(address(ana)), ana, **wrong)
    assert page.status == 422
    assert page.all("#f-match_threshold-said") == ["This must be 1 or less."]
    assert page.all("#f-attribution_window_days-said") == ["This must be a whole number."]
    assert page.form(address(ana))["escalate_after"] == "4"
    assert await read(ana.tenant_id) == before


async def test_two_people_at_once_do_not_overwrite_each_other(ana: Shop, olga: Person) -> None:
    opened = await olga.get(address(ana))
    await change(ana.tenant_id, attribution_window_days=10)
    page = await save(olga, opened, ana, escalate_after="5")
    assert page.status == 409
    assert "Somebody changed these settings after you opened them." in page.text
    assert "Attribution window in days: 10 yours is different" in page.text
    assert (await read(ana.tenant_id)).escalate_after == 3
    kept = page.form(address(ana))
    assert (kept["attribution_window_days"], kept["escalate_after"]) == ("28", "5")
    again = await save(olga, page, ana, attribution_window_days="10")
    assert again.all(".notice.good") == ["Saved."]
    known = await read(ana.tenant_id)
    assert (known.attribution_window_days, known.escalate_after) == (10, 5)


async def test_no_tenant_no_settings(olga: Person) -> None:
    assert (await olga.get("/ops/tenants/0198f0c2-7b3a-7c11-9d55-2f6a1b3c4d5e")).status == 404
    assert (await olga.get("/ops/tenants/nobody")).status == 404
