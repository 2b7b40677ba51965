"""Our own people hear of the whole hub by its alert, and of a shop for which that one does not stand."""

from tests.alerts.day import at, rows
from tests.alerts.told import found, look, messages, sent, silenced
from tests.alerts.traffic import Merchant, merchant
from tracking_core.models import Severity

_OURS = (
    "SELECT coalesce(t.name, 'hub') AS whose, m.kind FROM alert_messages m JOIN alert_channels c ON c.id = m.channel_id"
    " JOIN alerts a ON a.id = m.alert_id LEFT JOIN tenants t ON t.id = a.tenant_id"
    " WHERE c.hint = 'hub' ORDER BY m.due_at, 1"
)


async def ours() -> list[tuple[str, str]]:
    """(whose alert, kind) of what our own channel is told."""
    return [(row["whose"], row["kind"]) for row in await rows(_OURS)]


async def test_a_ticket_of_the_hub_stands_for_no_page_of_a_shop(shop: Merchant) -> None:
    ticket, page = found(None, severity=Severity.TICKET), found(shop.tenant_id)
    await look(0, ticket, found(shop.tenant_id, severity=Severity.TICKET))
    await look(1, ticket, found(shop.tenant_id, severity=Severity.TICKET))
    assert await ours() == [("hub", "opened")]
    await look(60, ticket, page)
    assert await ours() == [("hub", "opened"), ("Loja", "opened")]
    await look(61, found(None), page)  # now it does, and the shop's was not sent yet
    assert await ours() == [("hub", "opened")]


async def test_a_page_of_a_shop_that_waits_to_be_told_is_told_beside_a_later_ticket_of_the_hub(shop: Merchant) -> None:
    await look(0, found(shop.tenant_id))
    await look(1, found(shop.tenant_id), found(None, severity=Severity.TICKET))
    assert await ours() == [("Loja", "opened"), ("hub", "opened")]


async def test_what_goes_on_for_a_shop_when_the_hub_is_well_again_is_told_then(shop: Merchant) -> None:
    """Not of one that recovers with the hub or a moment later, nor of one that somebody silenced."""
    slower, moving = await merchant("Outra", busiest=1), await merchant("Terceira", busiest=1)
    hub, still, quiet = found(None), found(shop.tenant_id), found(moving.tenant_id)
    await silenced(moving.tenant_id, at(12), at(13))
    for minute in range(3):
        await look(minute, *([hub] if minute < 1 else []), still, found(slower.tenant_id), quiet)
    assert await ours() == [("hub", "opened")]
    await sent()
    for minute in range(3, 10):
        await look(minute, still, quiet)
    assert await ours() == [("hub", "opened"), ("hub", "recovered"), ("Loja", "opened")]
    assert [n for hint, kind, n in await messages() if (hint, kind) == ("shop", "opened")] == [1]
    await look(10)
    await look(15)
    assert (await ours())[3:] == [("Loja", "recovered")]
