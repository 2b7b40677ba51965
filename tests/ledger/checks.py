"""What must be true of the shop after every step of its history, and when it has come to rest."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.ledger.meta import Mood
from tests.ledger.world import CODE, DATASETS, Shop
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.event import DEDUPE_WINDOW
from tracking_core.ledger import read as ledger
from tracking_core.models import ConversionStatus
from tracking_core.pipeline.conversions import PURCHASE, event_id_of
from tracking_core.proof.announce import PREFIX

_STATES = {state.value for state in ledger.LedgerState}
_SWITCHED_OFF = {"no_dataset_enabled", ledger.CONNECTION_DISABLED}
_AT_REST = {"delivered", "dead", "withheld", "duplicate"}


class World(Shop):
    async def check(self) -> None:
        conversions = await self.rows("SELECT * FROM conversions")
        deliveries = await self.rows("SELECT * FROM deliveries")
        await self._every_sale_is_in_one_state(conversions)
        await self._nothing_reaches_what_is_disabled(deliveries)
        self._only_what_is_made_up_has_the_code(conversions, deliveries)
        self._sales_only_move_forward(conversions)
        self._ids_are_reproducible(conversions)
        self._what_is_withheld_has_no_delivery(conversions, deliveries)
        self._what_was_delivered_stays_delivered(deliveries)
        self._nobody_who_refused_was_sent()
        self._resends_are_safe(await self._ambiguous())
        self.asked_before = len(self.meta.asked)

    async def to_rest(self) -> None:
        """A healthy Meta, good tokens and enough time: whatever can still be sent is sent, the rest ends."""
        self.meta.mood = Mood.ACCEPTS
        for dataset_id in list(self.connections):
            await self.connect(dataset_id)
            if dataset_id in self.off:
                await self.switch(dataset_id)
        await self.process()
        for _ in range(100):
            due = await self.rows("SELECT min(due_at) AS at FROM deliveries WHERE state IN ('waiting', 'retrying')")
            if due[0]["at"] is None:
                break
            self.now = max(self.now, due[0]["at"]) + timedelta(minutes=6)
            await self.process()
            await self.deliver()
            await self.check()
        await self._is_at_rest()

    async def _is_at_rest(self) -> None:
        async with transaction() as session:
            sales = await ledger.sales(session, self.tenant_id, state=None, before=None, limit=500)
        for sale in sales:
            is_open = sale["status"] == ConversionStatus.PENDING
            assert sale["state"] in ({"waiting"} if is_open else _AT_REST), sale
            assert sale["reason"] or sale["state"] == "delivered", sale
        for row in await self.rows("SELECT * FROM deliveries d WHERE state = 'delivered'"):
            assert any(event_id == str(row["event_id"]) for _, event_id in self.meta.taken)
        await self._the_trail_is_complete()

    async def _the_trail_is_complete(self) -> None:
        """An attempt for every request. What is made up goes after the sales it was leased with, so a worker that dies
        with those leaves a lost attempt at it too: it cannot be told whether its request had left."""
        trail = await self.rows(
            "SELECT d.event_id, d.test_event_code IS NOT NULL AS is_made_up, count(*) AS n,"
            " count(*) FILTER (WHERE a.outcome = 'worker_lost') AS lost FROM dispatch_attempts a JOIN deliveries d"
            " ON d.id = a.delivery_id GROUP BY 1, 2"
        )
        asked = Counter(event_id for _, _, event_id in self.meta.asked)
        assert asked.keys() <= {row["event_id"] for row in trail}
        for row in trail:
            unsent = row["n"] - asked[row["event_id"]]
            assert 0 <= unsent <= (row["lost"] if row["is_made_up"] else 0), row

    async def repeat_everything(self) -> None:
        """Once more, byte for byte: nothing new is asked of Meta, and no sale moves."""
        before, asked = await self.totals(), len(self.meta.asked)
        for key, inbound in list(self.sent):
            await self.receive(key, inbound, remember=False)
        await self.process()
        await self.deliver()
        assert (await self.totals(), len(self.meta.asked)) == (before, asked)

    async def _every_sale_is_in_one_state(self, conversions: list[dict[str, Any]]) -> None:
        """The real sales add up without the made-up ones, and all of them together add up too."""
        real = [row for row in conversions if not row["is_synthetic"]]
        await self._they_add_up(real, include_synthetic=False)
        await self._they_add_up(conversions, include_synthetic=True)

    async def _they_add_up(self, conversions: list[dict[str, Any]], *, include_synthetic: bool) -> None:
        async with transaction() as session:
            sales = await ledger.sales(
                session, self.tenant_id, state=None, before=None, limit=500, include_synthetic=include_synthetic
            )
            totals = await ledger.totals(session, self.tenant_id, include_synthetic=include_synthetic)
        assert sorted(sale["id"] for sale in sales) == sorted(row["id"] for row in conversions)
        assert {state: n for state, n in totals.items() if n} == Counter(sale["state"] for sale in sales)
        assert {sale["state"] for sale in sales} <= _STATES
        assert sum(totals.values()) == len(conversions)
        for sale in sales:
            is_hold = str(sale["reason"]).startswith(("credential", "permission"))
            assert is_hold == (sale["state"] == "on_hold"), sale
            assert (sale["reason"] in _SWITCHED_OFF) <= (sale["state"] == "withheld"), sale

    async def _nothing_reaches_what_is_disabled(self, deliveries: list[dict[str, Any]]) -> None:
        """No request, no new delivery; and a sale is shown as switched off when that alone is what it waits for."""
        assert not {dataset for _, dataset, _ in self.meta.asked[self.asked_before :]} & self.off.keys()
        off = {self.connections[dataset] for dataset in self.off}
        for dataset, before in self.off.items():
            assert await self.planned_for(dataset) == before
        open_at: dict[UUID, set[bool]] = {}
        for row in deliveries:
            is_open = row["state"] in ("waiting", "retrying")
            is_silent = row["state"] == "withheld" or (is_open and row["connection_id"] in off)
            open_at.setdefault(row["conversion_id"], set()).add(is_silent)
        async with transaction() as session:
            sales = await ledger.sales(
                session, self.tenant_id, state=None, before=None, limit=500, include_synthetic=True
            )
        for sale in sales:
            if sale["id"] in open_at:
                assert (sale["state"] == "withheld") == (open_at[sale["id"]] == {True}), sale
            is_waiting = sale["reason"] == ledger.CONNECTION_DISABLED
            assert not is_waiting or off, sale

    def _only_what_is_made_up_has_the_code(
        self, conversions: list[dict[str, Any]], deliveries: list[dict[str, Any]]
    ) -> None:
        """In the rows and in what Meta was sent; and what is made up goes nowhere but to the announced dataset."""
        made_up = {row["id"] for row in conversions if row["is_synthetic"]}
        assert made_up == {row["id"] for row in conversions if row["sale_id"].startswith(PREFIX)}
        for row in deliveries:
            is_made_up = row["conversion_id"] in made_up
            assert row["test_event_code"] == (CODE if is_made_up else None)
            assert not is_made_up or row["connection_id"] == self.connections[DATASETS[0]]
            assert self.meta.codes.get(row["event_id"], {row["test_event_code"]}) == {row["test_event_code"]}

    def _sales_only_move_forward(self, conversions: list[dict[str, Any]]) -> None:
        for row in conversions:
            rank = ConversionStatus(row["status"]).rank
            assert rank >= self.ranks.get(row["id"], 0)
            self.ranks[row["id"]] = rank

    def _ids_are_reproducible(self, conversions: list[dict[str, Any]]) -> None:
        for row in conversions:
            assert row["event_id"] == event_id_of(self.tenant_id, row["gateway"], row["sale_id"], PURCHASE)

    @staticmethod
    def _what_is_withheld_has_no_delivery(conversions: list[dict[str, Any]], deliveries: list[dict[str, Any]]) -> None:
        planned = {row["conversion_id"] for row in deliveries}
        assert planned == {row["id"] for row in conversions if row["decision"] == "planned"}

    def _what_was_delivered_stays_delivered(self, deliveries: list[dict[str, Any]]) -> None:
        done = {row["id"] for row in deliveries if row["state"] == "delivered"}
        assert self.delivered <= done
        datasets = {connection: dataset for dataset, connection in self.connections.items()}
        known = [row for row in deliveries if row["id"] in self.delivered]
        asked = {(dataset, event_id) for _, dataset, event_id in self.meta.asked[self.asked_before :]}
        assert not asked & {(datasets[row["connection_id"]], row["event_id"]) for row in known}
        self.delivered = done

    def _nobody_who_refused_was_sent(self) -> None:
        keys = {str(event_id_of(self.tenant_id, key.gateway, key.sale_id, PURCHASE)): key.email for key in self.known}
        for at, _, event_id in self.meta.asked[self.asked_before :]:
            since = self.refused.get(keys[event_id])
            assert since is None or at < since, f"{keys[event_id]} refused at {since} and was sent at {at}"

    def _resends_are_safe(self, ambiguous: dict[tuple[str, str], datetime]) -> None:
        for key, times in self.meta.taken.items():
            if len(times) > 1:
                assert key in ambiguous, f"{key} was taken twice without an ambiguous attempt"
                assert max(times) - ambiguous[key] <= DEDUPE_WINDOW

    async def _ambiguous(self) -> dict[tuple[str, str], datetime]:
        """When each event may first have been received without our knowing; a lost lease counts from its start."""
        found = await self.rows(
            "SELECT k.dataset_id, d.event_id, coalesce(d.first_ambiguous_at, d.leased_at) AS at FROM deliveries d"
            " JOIN meta_connections k ON k.id = d.connection_id"
            " WHERE coalesce(d.first_ambiguous_at, d.leased_at) IS NOT NULL"
        )
        return {(row["dataset_id"], row["event_id"]): row["at"] for row in found}
