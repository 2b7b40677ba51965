"""What a scenario could have left behind, made by hand."""

from dataclasses import replace
from typing import Any

import pytest

from evals.agent.evidence import Entry, Evidence, Said, Turn
from evals.agent.scenario import Scenario
from evals.agent.sellers.browser import Decision
from evals.agent.state import State

HASH = "a" * 64
VERIFIED = dict.fromkeys(("gateway", "meta", "url", "configuration", "proof"), "verified")


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
