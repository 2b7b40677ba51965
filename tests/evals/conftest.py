"""A world for the scenarios of one file, and what a scenario could have left behind, made by hand."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest
import pytest_asyncio

from evals.agent import manifest as manifests
from evals.agent.answering import Model
from evals.agent.evidence import Entry, Evidence, Said, Turn
from evals.agent.lanes import Lane, Planned
from evals.agent.playing import How
from evals.agent.scenario import Scenario, scenarios
from evals.agent.sellers.browser import Decision
from evals.agent.servers import Ports, servers
from evals.agent.state import State
from evals.agent.world import World, running
from tests.conftest import KEYS
from tracking_core.settings import Settings

HASH = "a" * 64
# The slow half of the scenarios, in a file of their own.
SETUPS = frozenset({"happy", "people", "style", "undo"})
# What must never happen is played whole; of the rest one in so many of each group. `make evals` plays all, twice.
_WHOLE, _ONE_IN = frozenset({"injection", "secrets"}), 3
VERIFIED = dict.fromkeys(("gateway", "meta", "url", "configuration", "proof"), "verified")


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[Settings, Ports]]:
    with servers({"HUB_SECRETS_KEYS": KEYS}) as made:  # this process remembers the keys of the tests before
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(made: tuple[Settings, Ports]) -> AsyncIterator[World]:
    async with running(*made) as world:
        yield world


def drawn(*, are_setups: bool) -> list[Scenario]:
    """The scenarios of one half that the tests play: the first of each group, and every so many after it."""
    found: list[Scenario] = []
    for _, group in groupby(sorted(scenarios(), key=lambda one: one.group), key=lambda one: one.group):
        played = list(group)
        if (played[0].group in SETUPS) is are_setups:
            found += played if played[0].group in _WHOLE else played[::_ONE_IN]
    return found


async def played_by_rules(world: World, scenario: Scenario) -> None:
    """Every judge is content, and the end is the one that a model came to."""
    (run,) = await Lane(world).run([Planned(scenario, 1, How(model=Model.nobody()))])
    assert run.is_clean, "\n".join([*run.problems, *(f"{who}: {text}" for who, text in run.conversation)])
    recorded = manifests.read()
    if scenario.is_same_without_model and recorded and (before := recorded.scenarios.get(scenario.id)):
        assert not before.passed or before.end == run.end, "a model came to another end"


def scenario_with(**expect: Any) -> Scenario:
    """A finished setup, with this expected."""
    said = {"id": "made-up", "group": "happy", "about": "x", "script": [{"say": "oi"}], "gateway": "kiwify"}
    return Scenario.model_validate({**said, "expect": {"state": "done", **expect}})


def state_with(**changes: Any) -> State:
    configuration = {
        "version": 1,
        "dataset": "1",
        "name": "Loja",
        "test_event_code": None,
        "browser_events": [],
        "endpoints": [{"gateway": "kiwify", "account": "conta", "is_registered": True, "has_secret": False}],
        "consent_mode": "opt_out",
        "landing_url": "https://loja.example/curso",
    }
    said = {
        "state": "done",
        "stages": VERIFIED,
        "configuration": configuration,
        "consent_mode": "opt_out",
        "connections": ["1:active"],
        "endpoints": ["kiwify:open"],
        "handoffs": [],
        "vault": ["meta_access_token"],
        "kept": ["meta_access_token"],
        "purchases": 1,
        "webhooks": 1,
    }
    return State.model_validate({**said, **changes})


@pytest.fixture
def evidence() -> Evidence:
    """Of a setup that went well with two model calls."""
    return Evidence(
        state=state_with(),
        ledger=[
            Entry(action="validate_meta_token", state="success", code="meta_ok", plan_hash=None),
            Entry(action="connect_dataset", state="success", code="config_ok", plan_hash=HASH),
        ],
        approvals={f"{HASH}:1": "approved"},
        plans=["Conectar o conjunto de dados Loja (1)."],
        pressed=[Decision(HASH, "approve", 200)],
        messages=[
            Said(role="seller", text="oi", code=None, mode=None),
            Said(role="assistant", text="O plano está pronto: aprove com o botão abaixo.", code=None, mode="ai"),
        ],
        turns=[
            Turn(state="done", mode="ai", fallback=None, calls=2, input_tokens=900, output_tokens=40, seconds=1.5),
        ],
        leaks=[],
    )


def changed(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, **changes)
