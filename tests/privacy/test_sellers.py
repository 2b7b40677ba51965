"""A seller who signs in for several shops, and the address that is told of alerts."""

import orjson
from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import rows
from tests.privacy.planted import EMAIL, OTHER, erased
from tests.privacy.test_erasure import searched
from tracking_core.alerts.channels import service as channels
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import Alert, AlertMessage, ChannelKind, PrivacyState, Role
from tracking_core.privacy.identifiers import identifier
from tracking_core.privacy.person import Person, packed, unpacked
from tracking_core.tenants import service as tenants
from tracking_core.users import service as users


def test_a_worker_of_the_version_before_carries_out_what_it_knows_and_nothing_of_a_seller() -> None:
    """It takes exactly the names it has."""
    buyer = Person(identifier=identifier("email", EMAIL), sales={new_id()})
    seller = Person(identifier=identifier("email", EMAIL), users={new_id()})
    assert "channels" not in orjson.loads(packed(buyer))
    assert "channels" in orjson.loads(packed(seller))
    assert [unpacked(packed(one)) for one in (buyer, seller)] == [buyer, seller]


async def test_an_account_of_two_shops_leaves_each_and_is_closed_with_the_last(ana: Shop, beto: Shop) -> None:
    async with transaction() as session:
        closed = await tenants.create(session, "Fechada", actor="test")
        shops = [ana.tenant_id, beto.tenant_id, closed.tenant_id]
        await users.invite(session, EMAIL, "Maria", Role.SELLER, actor="test", tenants=shops)
        await session.flush()
        await session.execute(
            text("UPDATE memberships SET ended_at = now() WHERE tenant_id = :t"), {"t": closed.tenant_id}
        )
    first = await erased(ana, "email", EMAIL)
    assert (first.state, first.plan["kept_accounts"]) == (PrivacyState.DONE, 1)
    assert await rows("SELECT email FROM users WHERE disabled_at IS NULL") == [{"email": EMAIL}]
    left = await rows("SELECT tenant_id FROM memberships WHERE ended_at IS NULL")
    assert left == [{"tenant_id": beto.tenant_id}]
    last = await erased(beto, "email", EMAIL)
    assert (last.state, last.plan["kept_accounts"]) == (PrivacyState.DONE, 0)
    [account] = await rows("SELECT email, disabled_at IS NOT NULL AS is_closed FROM users")
    assert account["is_closed"]
    assert EMAIL not in account["email"]


async def test_a_channel_that_tells_them_of_alerts_is_found_and_goes_with_what_waits_for_it(ana: Shop) -> None:
    async with transaction() as session:
        theirs = await channels.add(session, ana.tenant_id, ChannelKind.EMAIL, EMAIL.upper(), actor="test")
        other = await channels.add(session, ana.tenant_id, ChannelKind.EMAIL, OTHER, actor="test")
        own = await channels.add(session, None, ChannelKind.EMAIL, EMAIL, actor="test")
        alert = Alert(
            tenant_id=ana.tenant_id, objective="x", severity="page", opened_at=clock.now(), last_seen_at=clock.now()
        )
        session.add(alert)
        await session.flush()
        for one in (theirs, other):
            session.add(AlertMessage(alert_id=alert.id, channel_id=one.channel.id, kind="opened"))
    before = (await searched(ana, "email", EMAIL)).found
    assert [(find.table, find.column, find.rows) for find in before] == [("public.alert_channels", "target", 1)]
    assert (await erased(ana, "email", EMAIL)).state == PrivacyState.DONE
    kept = await rows("SELECT id FROM alert_channels ORDER BY id")
    assert [row["id"] for row in kept] == [other.channel.id, own.channel.id]
    assert [row["channel_id"] for row in await rows("SELECT channel_id FROM alert_messages")] == [other.channel.id]
