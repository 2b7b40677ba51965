"""Random histories of sales: whatever happens in whatever order, every sale is in exactly one state."""

import asyncio
import os
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.ledger.checks import World
from tests.ledger.meta import Mood
from tests.ledger.world import DATASETS, GATEWAYS, SaleKey
from tracking_core.db.engine import dispose
from tracking_core.pipeline.conversions import PURCHASE, event_id_of
from tracking_core.settings import Settings

# HUB_TEST_HISTORIES=400 looks longer, with new histories every time.
_ASKED = os.environ.get("HUB_TEST_HISTORIES", "")
_PROFILE = settings(
    max_examples=int(_ASKED or 25),
    stateful_step_count=30,
    deadline=None,
    derandomize=not _ASKED,
    database=None,
    suppress_health_check=list(HealthCheck),
)
KEYS = st.builds(SaleKey, st.sampled_from(GATEWAYS), st.integers(0, 5), st.sampled_from((0, 0, 0, 1)))
KINDS = st.sampled_from(("approved", "approved", "pending", "refused", "refunded", "chargeback"))
AGES = st.sampled_from((1, 0, 1, 90, 2 * 24 * 60, 8 * 24 * 60))
EMAILS = st.sampled_from(("buyer0@example.com", "buyer1@example.com"))


class Histories(RuleBasedStateMachine):
    """``runner`` and ``hub_settings`` are given by the test."""

    runner: asyncio.Runner
    hub_settings: Settings

    @initialize()
    def open(self) -> None:
        self.world = World(self.hub_settings)
        self._run(self.world.open())

    @rule(key=KEYS, kind=KINDS, minutes_ago=AGES)
    def webhook(self, key: SaleKey, kind: str, minutes_ago: int) -> None:
        self._run(self.world.webhook(key, kind, minutes_ago))

    @rule(n=st.integers(0, 50))
    def repeated_webhook(self, n: int) -> None:
        self._run(self.world.repeat(n))

    @rule(number=st.integers(0, 3), email=EMAILS, consent=st.sampled_from((None, True, False)))
    def visit(self, number: int, email: str, consent: bool | None) -> None:
        self._run(self.world.visit(number, email=email if consent is not None else None, consent=consent))

    @rule()
    def process(self) -> None:
        self._run(self.world.process())

    @rule()
    def process_and_deliver(self) -> None:
        self._run(self.world.process())
        self._run(self.world.deliver())

    @rule(key=KEYS, mood=st.sampled_from(Mood))
    def sale_paid_while_meta_is_in_a_mood(self, key: SaleKey, mood: Mood) -> None:
        self._run(self.world.webhook(key, "approved", 1))
        self._run(self.world.process())
        self.deliver_in_a_mood(mood, key)

    @rule(mood=st.sampled_from(Mood), key=KEYS)
    def deliver_in_a_mood(self, mood: Mood, key: SaleKey) -> None:
        self.world.meta.mood = mood
        self.world.meta.poison = str(event_id_of(self.world.tenant_id, key.gateway, key.sale_id, PURCHASE))
        self._run(self.world.deliver())
        self.world.meta.mood = Mood.ACCEPTS

    @rule(dataset_id=st.sampled_from(DATASETS))
    def connect(self, dataset_id: str) -> None:
        self._run(self.world.connect(dataset_id))

    @rule(dataset_id=st.sampled_from(DATASETS))
    def switch(self, dataset_id: str) -> None:
        self._run(self.world.switch(dataset_id))

    @rule(number=st.integers(0, 2), gateway=st.sampled_from(GATEWAYS))
    def synthetic_sale(self, number: int, gateway: str) -> None:
        self._run(self.world.synthetic_sale(number, gateway))

    @rule(passed=st.sampled_from((timedelta(seconds=5), timedelta(minutes=3), timedelta(hours=5), timedelta(days=2))))
    def time_passes(self, passed: timedelta) -> None:
        self._run(self.world.pass_time(passed))

    @rule()
    def replay_dead_letters(self) -> None:
        self._run(self.world.replay_dead())

    @precondition(lambda self: hasattr(self, "world"))
    @invariant()
    def holds(self) -> None:
        self._run(self.world.check())

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self._run(self.world.to_rest())
            self._run(self.world.repeat_everything())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self.runner.run(work)


@pytest.mark.timeout(0 if _ASKED else 300)
def test_every_sale_is_in_exactly_one_state_whatever_happens(settings: Settings) -> None:
    with asyncio.Runner() as runner:
        machine = type("Histories", (Histories,), {"runner": runner, "hub_settings": settings})
        try:
            run_state_machine_as_test(machine, settings=_PROFILE)
        finally:
            runner.run(dispose())
