"""The simulated endpoint of a process of its own is told by HTTP what to say."""

import httpx
import pytest

from evals.simulators.llm.app import create_app

ASKED = {"model": "m", "messages": [{"role": "user", "content": "oi"}]}


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app()), base_url="http://simulated.example")


async def test_it_says_what_it_was_told_and_shows_what_it_was_asked(client: httpx.AsyncClient) -> None:
    ordered = {"answers": [{"text": "um"}, {"calls": [{"name": "undo", "arguments": {"scope": "all"}}]}]}
    assert (await client.put("/_control", json=ordered)).status_code == 204
    first, second, usual = [(await client.post("/v1/chat/completions", json=ASKED)).json() for _ in range(3)]
    assert first["choices"][0]["message"]["content"] == "um"
    assert second["choices"][0]["finish_reason"] == "tool_calls"
    assert second["choices"][0]["message"]["tool_calls"][0]["function"] == {
        "name": "undo",
        "arguments": '{"scope":"all"}',
    }
    assert usual["choices"][0]["message"]["content"]
    assert len((await client.get("/_control/bodies")).json()) == 3


async def test_a_fault_plays_as_often_as_it_was_ordered(client: httpx.AsyncClient) -> None:
    await client.put("/_control", json={"faults": [{"kind": "status", "status": 503, "times": 2}]})
    answers = [(await client.post("/v1/chat/completions", json=ASKED)).status_code for _ in range(3)]
    assert answers == [503, 503, 200]


async def test_an_order_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    refused = await client.put("/_control", json={"faults": [{"kind": "nonsense"}]})
    assert refused.status_code == 422
    assert "faults.0.kind" in refused.text
