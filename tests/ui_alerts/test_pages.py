"""The pages of the alerts without a script: what is open, what is promised, silences, thresholds, channels."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from selectolax.lexbor import LexborNode
from sqlmodel import select

from tests.alert_channels import world
from tests.alert_channels.conftest import trusting
from tests.alert_channels.receiver import Receiver
from tests.pipeline.conftest import Shop
from tests.reporting.conftest import BETO
from tests.ui_operations.people import Page, Person
from tracking_core.alerts import service
from tracking_core.alerts.registry import Code
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import AlertChannel, Severity, SloHour
from tracking_core.reporting.scope import EVERYONE, Scope


@pytest.fixture
def trusted(app: FastAPI, receiver: Receiver) -> Receiver:
    """The receiver, which this hub may send to."""
    app.state.settings = trusting(app.state.settings, receiver)
    return receiver


async def test_an_operator_sees_what_is_open_first_takes_it_and_silences_it(
    ana: Shop, beto: Shop, olga: Person
) -> None:
    held = await world.open_alert(
        ana.tenant_id, scope=str(ana.connection_id), facts={"held_minutes": 40, "waiting": 17}
    )
    ticket = await world.open_alert(beto.tenant_id, Code.DEAD_LETTERS, severity=Severity.TICKET.value)
    page = await olga.get("/ops/objectives")
    first, second = page.all(".alerts > li")
    assert "Sales wait" in first
    assert ("1000000001" in first, "17" in first, "Urgent" in first, BETO in second) == (True, True, True, True)
    page = await olga.send(page, f"{held}/acknowledge")
    assert "Somebody is on it" in page.all(f"#alert-{held}")[0]
    [entry] = await world.audited("alert.acknowledged")
    assert entry.actor.startswith("user:")
    page = await olga.send(page, f"{ticket}/silence", hours="24", reason="We know")
    silences = await olga.get("/ops/silences")
    assert "We know" in silences.all(".past-one")[0]
    assert BETO in silences.all(".past-one")[0]
    async with transaction() as session:
        [silence] = await service.silences(session, EVERYONE, clock.now())
    assert (silence.tenant_id, silence.objective) == (beto.tenant_id, Code.DEAD_LETTERS)
    narrowed = await olga.get("/ops/objectives", tenant_id=str(ana.tenant_id))
    assert len(narrowed.all(".alerts > li")) == 1
    assert BETO in narrowed.all("#f-tenant option")[2]


async def test_a_budget_is_a_meter_and_a_sentence_and_an_empty_hub_says_so(olga: Person) -> None:
    page = await olga.get("/ops/objectives")
    assert "Nothing is broken right now." in page.text
    assert page.tree.css(".budget") == []
    at = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    async with transaction() as session:
        for code, good in ((Code.SALES_AT_META, 9_995), (Code.CAPI_ERRORS, 9_700)):
            session.add(SloHour(objective=code.value, tenant_id=None, at=at, good=good, total=10_000))
    page = await olga.get("/ops/objectives")
    [half, spent] = page.tree.css(".budget")
    assert (half.attributes["role"], half.attributes["aria-valuenow"]) == ("meter", "50.0")
    assert half.css_first("rect").attributes["width"] == "50.0"  # type: ignore[union-attr]
    assert spent.attributes["aria-valuenow"] == "0.0"
    assert "50% of the error budget of 28 days is left" in page.text
    assert "used up 3 times over" in page.text
    assert "99.95% went well, 99.9% is promised: 5 of 10,000 went wrong." in page.text


async def test_a_silence_needs_an_end_and_a_reason_and_ends_at_once(ana: Shop, olga: Person) -> None:
    path = f"/ops/silences?tenant_id={ana.tenant_id}"
    page = await olga.get(path)
    wrong = await olga.send(page, path, ends_at="soon", reason=" ")
    assert wrong.status == 422
    assert wrong.all("#s-ends_at-error") == ["Enter a day and a time."]
    assert wrong.all("#s-reason-error") == ["Say in a few words why."]
    assert (await olga.send(page, path, ends_at="2020-01-01T10:00", reason="Past")).status == 422
    until = (clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    page = await olga.send(page, path, ends_at=until, reason="Maintenance", objective=Code.GATEWAY_SILENT.value)
    assert "In force" in page.all(".past-one")[0]
    page = await olga.send(page, "/end")
    assert "Nothing is silenced." in page.text


async def test_thresholds_are_saved_in_percent_and_refused_at_their_field(ana: Shop, olga: Person) -> None:
    path = f"/ops/tenants/{ana.tenant_id}/alerts"
    page = await olga.get(f"/ops/tenants/{ana.tenant_id}")
    page = await olga.get(page.link("Thresholds and channels"))
    form = f"{path}/thresholds/sales_at_meta"
    assert page.form(form)["target"] == "99.9"
    wrong = await olga.send(page, form, target="100")
    assert wrong.status == 422
    assert wrong.all("#sales_at_meta-target-said") == ["This must be a number from 90 to 99.99."]
    page = await olga.send(page, form, target="99,5")
    assert "Saved." in page.all("#objective-sales_at_meta")[0]
    page = await olga.send(page, f"{path}/thresholds/dead_letters", an_hour="9", enabled=None)
    assert await _numbers(ana) == {
        Code.SALES_AT_META: ({"target": 0.995}, True),
        Code.DEAD_LETTERS: ({"an_hour": 9}, False),
    }
    await olga.send(page, form, target="")
    assert (await _numbers(ana))[Code.SALES_AT_META] == ({"target": 0.999}, True)
    assert (await olga.get("/ops/objectives/settings")).form("thresholds/sales_at_meta")["target"] == "99.9"


async def _numbers(shop: Shop) -> dict[Code, tuple[dict[str, float], bool]]:
    wanted = (Code.SALES_AT_META, Code.DEAD_LETTERS)
    async with transaction() as session:
        found = await service.objectives(session, Scope(shop.tenant_id), clock.now())
    return {
        one.code: ({name: number.value for name, number in one.numbers.items()}, one.is_enabled)
        for one in found
        if one.code in wanted
    }


async def test_a_seller_reads_what_to_do_and_keeps_channels_of_their_own(
    ana: Shop, beto: Shop, seller: Person, olga: Person, trusted: Receiver
) -> None:
    page = await seller.get("/app/alerts")
    assert "Everything works in your shop." in page.text
    await world.open_alert(ana.tenant_id)
    theirs = await world.open_alert(beto.tenant_id, Code.GATEWAY_SILENT)
    page = await seller.get("/app/alerts")
    [card] = page.all(".alerts > li")
    assert "enter it in the setup of your shop" in card
    assert str(theirs) not in page.answer.text
    page = await seller.send(page, "/app/alerts/channels", kind="slack", target=trusted.url())
    assert "Not tested yet" in page.all(".channel")[0]
    trusted.answers = [(404, {})]
    page = await seller.send(page, "/test")
    assert "The receiver says that this address no longer exists." in page.all(".channel .notice.bad")[0]
    page = await seller.send(page, "/test")
    assert page.all(".channel .badge") == ["Works"]
    page = await seller.send(page, "/change", min_severity="page", enabled="false")
    assert page.all(".channel .badge") == ["Off"]
    assert trusted.url() not in page.answer.text
    assert "planted-path" not in page.answer.text
    [channel] = await _channels()
    for path in (f"/app/alerts?tenant_id={beto.tenant_id}", "/ops/objectives", f"/ops/tenants/{ana.tenant_id}/alerts"):
        assert (await seller.get(path)).status in (403, 404)
    foreign = await olga.get(f"/ops/tenants/{beto.tenant_id}/alerts")
    assert "No channel of this shop yet." in foreign.text
    csrf = foreign.form("/channels")["csrf"]
    address = f"/ops/tenants/{beto.tenant_id}/alerts/channels/{channel.id}/remove"
    assert (await olga.client.post(address, data={"csrf": csrf})).status_code == 404
    page = await seller.send(page, "/remove")
    assert "The channel was removed." in page.text
    assert await _channels() == []


async def test_the_secret_of_a_webhook_is_shown_once_and_a_bad_address_not_again(
    olga: Person, trusted: Receiver
) -> None:
    page = await olga.get("/ops/objectives/settings")
    assert "No channel yet" in page.text
    page = await olga.send(page, "/channels", kind="webhook", target=trusted.url())
    [secret] = page.all("#webhook-secret")
    assert secret.startswith("whsec_")
    again = await olga.get("/ops/objectives/settings")
    assert secret not in again.answer.text
    for kind, target, said in (
        ("webhook", trusted.url(), "Alerts are sent to this address already."),
        ("slack", "https://10.0.0.7/planted-path", "It must begin with https:// and lead to a public server."),
    ):
        refused = await _add(olga, again, kind=kind, target=target)
        assert refused.status in (409, 422)
        assert said in refused.all(".add-channel .notice")[0]
        assert target not in refused.answer.text
        assert _checked(refused.tree.css("input[name=kind]")) == [kind]
    mail = await _add(olga, again, kind="email", target="nobody@")
    assert mail.tree.css_first("#channel-target").attributes["value"] == "nobody@"  # type: ignore[union-attr]


async def _add(person: Person, page: Page, **fields: str) -> Page:
    """By the form under the channels that there are."""
    form = page.tree.css_first(".add-channel")
    assert form is not None
    data = {"csrf": page.form("/channels")["csrf"], **fields}
    return Page(await person.client.post(str(form.attributes["action"]), data=data))


def _checked(nodes: list[LexborNode]) -> list[str]:
    return [str(node.attributes["value"]) for node in nodes if "checked" in node.attributes]


async def _channels() -> list[AlertChannel]:
    async with transaction() as session:
        return list((await session.scalars(select(AlertChannel))).all())
