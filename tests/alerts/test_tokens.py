"""A token is told before it expires, by what Meta says of the one in use, whichever way that came in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from evals.simulators.meta.app import create_app
from evals.simulators.meta.faults import Fault, FaultKind
from evals.simulators.meta.state import Dataset, State
from tests.alerts.day import rows
from tests.alerts.traffic import Merchant, merchant
from tests.simulators.serving import serving
from tracking_core.alerts import limits
from tracking_core.alerts.thresholds import load
from tracking_core.connections.token_ends import ask_due
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.token_facts import Graph, TokenEnd
from tracking_core.kit import clock
from tracking_core.models import SetupActionLog, SetupSession
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants

DATASET, TOKEN, ANOTHER = "1234567890", "EAAtesttoken", "EAAanothertesttoken"
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[State, str]]:
    state = State()
    with serving(create_app(state)) as url:
        yield state, url


class Shop:
    """Its connection, Meta, and a clock that is put where the test wants it."""

    def __init__(self, one: Merchant, meta: State, settings: Settings) -> None:
        self._one, self.meta, self._settings = one, meta, settings
        self.start = self.now = clock.now()

    def ends(self, token: str, at: datetime | None) -> None:
        """What Meta says of the token from now on; None is never."""
        seconds = int(at.timestamp()) if at else 0
        known = {"dataset_id": DATASET, "access_token": token, "expires_at": seconds}
        self.meta.registered[token] = Dataset.model_validate(known)

    async def told(self, *, after: timedelta = timedelta(), asks: bool = True) -> list[float]:
        """The days left of what is found when the scheduler has asked, so long after the beginning."""
        self.now = self.start + after
        if asks:
            await ask_due(self._settings)
        async with transaction() as session:
            found = await limits.token_expiring(session, await load(session), self.now)
        assert all(one.key.scope == str(self._one.connection_id) for one in found)
        return [one.facts["days_left"] for one in found]

    async def enters(self, token: str) -> None:
        """As ``hub connect meta`` does."""
        async with transaction() as session:
            await tenants.connect_meta(session, self._one.tenant_id, DATASET, token, actor="cli")

    async def checks(self, expires_at: datetime) -> None:
        """A setup looked at some other token for the same dataset, and did not apply it."""
        async with transaction() as session:
            owner = SetupSession(tenant_id=self._one.tenant_id, created_by="test")
            session.add(owner)
            await session.flush()
            facts = {"dataset_id": DATASET, "expires_at": expires_at.isoformat()}
            known: dict[str, Any] = {"action": "validate_meta_token", "idem": "1", "actor": "test", "fence": 1}
            known |= {"state": "success", "output": {"facts": facts}, "started_at": self.now}
            session.add(SetupActionLog(session_id=owner.id, tenant_id=self._one.tenant_id, **known))


@pytest.fixture
async def shop(database: Settings, running: tuple[State, str]) -> Shop:
    state, url = running
    state.reset()
    state.faults.clear(None)
    state.registered.clear()
    one = await merchant("Loja", busiest=1)
    made = Shop(one, state, database.model_copy(update={"meta_graph_url": url}))
    clock.set_source(lambda: made.now)
    return made


async def test_a_token_that_was_entered_by_command_is_told_until_another_takes_its_place(shop: Shop) -> None:
    shop.ends(TOKEN, shop.start + 9 * _DAY)
    assert await shop.told() == []
    assert await shop.told(after=3 * _DAY, asks=False) == [6.0]
    shop.ends(ANOTHER, None)
    await shop.enters(ANOTHER)
    assert await shop.told(after=3 * _DAY, asks=False) == []  # nothing is known of it yet
    assert await shop.told(after=3 * _DAY + _MINUTE) == []
    shop.ends(ANOTHER, shop.start + 6 * _DAY)
    assert await shop.told(after=4 * _DAY) == []  # asked less than a day ago
    assert await shop.told(after=4 * _DAY + _MINUTE) == [2.0]
    assert await shop.told(after=7 * _DAY) == []  # expired: the hold tells of that


async def test_the_check_of_a_token_that_is_not_in_use_says_nothing_of_it(shop: Shop) -> None:
    shop.ends(TOKEN, None)
    await shop.told()
    await shop.checks(shop.start + 2 * _DAY)
    assert await shop.told() == []
    shop.ends(TOKEN, shop.start + 3 * _DAY)
    await shop.checks(shop.start + 60 * _DAY)
    assert await shop.told(after=_DAY) == [2.0]


async def test_what_meta_does_not_tell_leaves_what_was_known(shop: Shop) -> None:
    shop.ends(TOKEN, shop.start + 4 * _DAY)
    assert await shop.told() == [4.0]
    shop.meta.faults.add(Fault.model_validate({"kind": FaultKind.HTTP_500, "call": "debug_token"}))
    assert await shop.told(after=_DAY) == [3.0]
    await rows("UPDATE meta_connections SET token_asked_at = NULL, access_token = 'no key opens this'")
    assert await shop.told(after=_DAY) == [3.0]


async def test_a_token_that_was_replaced_while_meta_was_asked_keeps_nothing_of_the_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def end(graph: Graph) -> TokenEnd:
        await shop.enters(ANOTHER)
        return TokenEnd(shop.start + _DAY)

    monkeypatch.setattr(Graph, "end", end)
    assert await shop.told() == []
