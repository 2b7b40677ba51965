"""schemathesis over the OpenAPI document with a key: whatever it sends, no crash, problem JSON, no word of a secret.

In process, seeded, a few examples of each operation: what a longer hunt finds gets a test of its own.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from schemathesis import Case

from api import throttle
from api.app import create_app
from api.limits import Allowance, Limits
from tests.isolation.conftest import MANY
from tests.isolation.world import staff_key
from tests.replays.letters import bearer
from tests.reporting.conftest import ANA, open_shop, sell
from tracking_core.db.engine import dispose, transaction
from tracking_core.kit import clock
from tracking_core.models import SecretKind, StaffRole, Tenant
from tracking_core.secrets import vault
from tracking_core.settings import Settings

EXAMPLES, SEED = 8, 20_261_126
PLANTED = "EAAPlantedToken0123456789abcdefghijkl"
_KEYS = ("sk_hub_", "sk_staff_", "EAAtesttoken", "webhook-secret-of-the-test", PLANTED)
# A stream has no end to wait for; what takes a person's word for it is asked by name in tests/isolation.
_SKIPPED = ("/events",)
_STAFF = ("/api/v1/operations", "/api/v1/handoffs")
_document = create_app(Settings(_env_file=None, database_url="", redis_url="redis://127.0.0.1:1")).openapi()
_schema = schemathesis.openapi.from_dict(_document)
_HOW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
    derandomize=False,
)


class Asking:
    """The application, its one event loop, and two keys."""

    def __init__(self, app: FastAPI, keys: dict[str, dict[str, str]]) -> None:
        self._app, self.keys, self._loop = app, keys, asyncio.new_event_loop()
        self._life = app.router.lifespan_context(app)
        self.run(self._life.__aenter__())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    def run(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        self.run(self._client.aclose())
        self.run(self._life.__aexit__(None, None, None))
        self._loop.close()

    def ask(self, case: Case[Any], whose: str) -> httpx.Response:
        sent = case.as_transport_kwargs(base_url="http://127.0.0.1", headers=self.keys[whose])
        sent = {name: value for name, value in sent.items() if name in _SENT}
        answer: httpx.Response = self.run(self._client.request(**_plain(sent)))
        return answer


_SENT = {"method", "url", "params", "headers", "json", "data", "content", "files"}


def _plain(sent: dict[str, Any]) -> dict[str, Any]:
    """As httpx takes it: bytes are content."""
    if isinstance(sent.get("data"), bytes | str):
        sent["content"] = sent.pop("data")
    return sent


@pytest.fixture
def asking(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    for name in ("FAILED_KEYS_PER_MINUTE", "FORGED_PER_MINUTE", "EXPORTS_PER_MINUTE"):
        monkeypatch.setattr(throttle, name, MANY)
    keys = asyncio.run(_planted(settings))
    app = create_app(settings.model_copy(update={"setup_action_wait_seconds": 0.0, "api_rate_per_second": MANY}))
    app.state.allowance = Allowance(Limits(waiting=MANY, actions_per_minute=MANY, queued=MANY, sessions_per_day=MANY))
    made = Asking(app, keys)
    yield made
    made.close()


async def _planted(settings: Settings) -> dict[str, dict[str, str]]:
    shop = await open_shop(settings, ANA, "1000000001")
    await sell(shop, "HP1")
    async with transaction() as session:
        tenant = await session.get_one(Tenant, shop.tenant_id)
        await vault.put(
            session, tenant=tenant, kind=SecretKind.META_ACCESS_TOKEN, value=PLANTED, actor="test",
            session_id=None, now=clock.now(),
        )  # fmt: skip
    keys = {"tenant": await bearer(shop), "operator": await staff_key(StaffRole.OPERATOR)}
    await dispose()
    return keys


def test_whatever_is_sent_with_a_key_is_answered_in_order(asking: Asking) -> None:
    wrong: list[str] = []
    asked = 0
    for found in _schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if operation.path.endswith(_SKIPPED):
            continue
        whose = "operator" if operation.path.startswith(_STAFF) else "tenant"
        for case in _cases(operation):
            asked += 1
            wrong += _wrong_with(case, whose, asking.ask(case, whose), asking)
    assert asked > EXAMPLES * 60
    assert wrong == [], "\n".join(wrong[:20])


def _cases(operation: Any) -> list[Case[Any]]:
    """The same each time."""
    made: list[Case[Any]] = []

    @seed(SEED)
    @_HOW
    @given(case=operation.as_strategy())
    def one(case: Case[Any]) -> None:
        made.append(case)

    one()
    return made


def _wrong_with(case: Case[Any], whose: str, answer: httpx.Response, asking: Asking) -> Iterator[str]:
    where = f"{case.method} {case.formatted_path} as {whose}: {answer.status_code}"
    if answer.status_code >= 500:
        yield f"{where} {answer.text[:300]}"
    if answer.status_code >= 400:
        told = answer.json() if answer.headers["content-type"] == "application/problem+json" else {}
        if not ({"type", "title", "status", "code", "detail"} <= set(told) and told["status"] == answer.status_code):
            yield f"{where} is no problem JSON: {answer.headers['content-type']} {answer.text[:200]}"
    sent = f"{case.body!r} {case.query!r} {case.path_parameters!r}"
    leaked = [secret for secret in (*_KEYS, *_bearers(asking)) if secret in answer.text and secret not in sent]
    if (leaked and answer.status_code >= 400) or PLANTED in leaked:
        yield f"{where} told a secret"


def _bearers(asking: Asking) -> list[str]:
    return [headers["Authorization"].removeprefix("Bearer ") for headers in asking.keys.values()]
