"""What may be asked to be taken back, and what is refused before it stands in the inbox."""

from typing import Any

import pytest

from tests.api.setups import Setup
from tracking_core.db.engine import transaction
from tracking_core.models import TrackingConfiguration


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"scope": "version"}, "body.version", "missing"),
        ({"scope": "version", "version": None}, "body.version", "missing"),
        ({"scope": "version", "version": 2**31}, "body.version", "less_than_equal"),
        ({"scope": "all", "version": 1}, "body.version", "extra_forbidden"),
        ({"scope": "everything", "version": 1}, "body.scope", "literal_error"),
    ],
)
async def test_a_version_is_said_with_the_scope_of_that_name_and_with_no_other(
    setup: Setup, body: dict[str, Any], field: str, code: str
) -> None:
    answer = await setup.send("POST", "rollback", body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert await setup.intents() == []


async def test_only_a_version_that_is_there_is_gone_back_to(setup: Setup) -> None:
    async with transaction() as session:
        session.add(TrackingConfiguration(tenant_id=setup.tenant.id, version=1, plan_hash="0" * 64))
    answer = await setup.send("POST", "rollback", {"scope": "version", "version": 99}, language="pt-BR")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "versão" in answer.json()["detail"]
    assert await setup.intents() == []
    known = await setup.send("POST", "rollback", {"scope": "version", "version": 1})
    assert known.status_code == 202
    assert [one.payload for one in await setup.intents()] == [{"scope": "version", "version": 1}]
