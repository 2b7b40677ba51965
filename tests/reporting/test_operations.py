"""The console over HTTP: who may, what they are told, what is refused and how."""

from typing import Any

import pytest
from sqlmodel import select

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import verdict
from tests.reporting.conftest import Console, sell
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit.ids import new_id
from tracking_core.models import AuditEntry

TABLES = ("sales", "deliveries", "dead-letters", "connections", "audit")
NOBODYS = "00000000-0000-7000-8000-000000000000"
PATHS = (*TABLES, *(f"{table}.csv" for table in TABLES), "series", f"sales/{NOBODYS}")


@pytest.mark.parametrize("path", PATHS)
async def test_only_an_operator_may(console: Console, path: str) -> None:
    for person, status, code in ((console.bia, 403, "forbidden"), (console.nobody, 401, "unauthorized")):
        answer = await person.get(path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await console.olga.get(path)).status_code == (404 if "/" in path else 200)


async def test_a_tenant_is_chosen_or_all_are(console: Console, ana: Shop, beto: Shop) -> None:
    await sell(ana, "HP1")
    await sell(beto, "HP2")
    for path in ("sales", "deliveries", "connections", "audit"):
        everyone = {item["tenant_id"] for item in (await console.olga.get(path)).json()["items"]}
        assert {str(ana.tenant_id), str(beto.tenant_id)} <= everyone
        one = (await console.olga.get(path, tenant_id=str(ana.tenant_id))).json()["items"]
        assert {item["tenant_id"] for item in one} == {str(ana.tenant_id)}
        file = await console.olga.get(f"{path}.csv", tenant_id=str(ana.tenant_id))
        assert str(ana.tenant_id) in file.text
        assert str(beto.tenant_id) not in file.text
    [theirs] = (await console.olga.get("sales", tenant_id=str(beto.tenant_id))).json()["items"]
    path = f"sales/{theirs['id']}"
    assert (await console.olga.get(path)).json()["standing"]["state"] == "delivered"
    assert (await console.olga.get(path, tenant_id=str(ana.tenant_id))).status_code == 404
    assert (await console.olga.get("sales", tenant_id=str(new_id()))).status_code == 404


async def test_pages_follow_each_other_and_a_summary_is_told_when_asked_for(console: Console, ana: Shop) -> None:
    await sell(ana, "HP1", "HP2", "HP3")
    first = (await console.olga.get("sales", limit=2, summary=True)).json()
    assert (len(first["items"]), first["totals"]["delivered"]) == (2, 3)
    last = (await console.olga.get("sales", limit=2, cursor=first["next"])).json()
    assert (len(last["items"]), last["next"], "totals" in last) == (1, None, False)
    refused = await console.olga.get("deliveries", cursor=first["next"])
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cursor")


async def test_sentences_are_in_the_callers_language(console: Console, ana: Shop) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100, subcode=2804050)
    await sell(ana, "HP1")
    for language, beginning in (("en", "There is too little"), ("pt-BR", "Há poucos dados")):
        said = (await console.olga.get("dead-letters", language=language, summary=True)).json()
        assert said["items"][0]["explanation"].startswith(beginning)
        assert said["reasons"][0]["explanation"] == said["items"][0]["explanation"]


async def test_a_buyer_is_searched_for_and_found(console: Console, ana: Shop) -> None:
    await sell(ana, "HP1", email="maria@example.com", phone="")
    await sell(ana, "HP2", email="joana@example.com", phone="")
    found = (await console.olga.get("sales", email=" Maria@Example.COM")).json()["items"]
    assert [item["sale_id"] for item in found] == ["HP1"]
    file = await console.olga.get("sales.csv", email="maria@example.com")
    assert ("HP1" in file.text, "HP2" in file.text, "maria" in file.text) == (True, False, False)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("sales", {"email": "maria"}),
        ("sales.csv", {"email": "maria"}),
        ("sales", {"state": "lost"}),
        ("sales", {"tenant_id": "1"}),
        ("sales", {"order": "HP\x00"}),
        ("sales", {"click_id": "\ttab\x01"}),
        ("sales", {"since": "yesterday"}),
        ("sales", {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
        ("sales.csv", {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
        ("sales", {"since": "0001-01-01T00:00:00+14:00"}),
        ("sales", {"limit": "0"}),
        ("sales", {"limit": "501"}),
        ("sales", {"cursor": "x" * 150}),
        ("sales", {"order_id": "HP1"}),
        ("deliveries", {"state": "lost"}),
        ("deliveries", {"connection_id": "1"}),
        ("dead-letters", {"state": "dead"}),
        ("connections", {"only_troubled": "perhaps"}),
        ("series", {"since": "2020-01-01T00:00:00Z"}),
        ("series", {"since": "0001-01-01T00:00:00Z", "until": "0001-01-02T00:00:00Z"}),
        ("series", {"until": "0001-01-01T00:00:00Z"}),
        ("series", {"until": "9999-12-31T23:59:59Z"}),
        ("series", {"metric": "happiness"}),
        ("series", {"group_by": "moon"}),
        ("audit", {"cursor": "%00"}),
        ("sales/1", {}),
    ],
)
async def test_what_cannot_be_asked_is_told_in_words(console: Console, path: str, asked: dict[str, Any]) -> None:
    answer = await console.olga.get(path, **asked)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request")
    assert all(error["message"].endswith(".") for error in problem["errors"])
    for value in asked.values():
        assert len(value) < 5 or value not in answer.text


async def test_a_field_left_empty_is_not_asked_for(console: Console, ana: Shop) -> None:
    await sell(ana, "HP1")
    empty = dict.fromkeys(("order", "email", "state", "tenant_id", "since", "cursor"), "")
    for blank in (empty, dict.fromkeys(empty, "  ")):
        assert len((await console.olga.get("sales", **blank)).json()["items"]) == 1


async def test_a_file_is_an_attachment_and_taking_it_is_on_record(console: Console, ana: Shop) -> None:
    file = await console.olga.get("dead-letters.csv", tenant_id=str(ana.tenant_id))
    assert file.headers["content-type"].startswith("text/csv")
    assert file.headers["content-disposition"] == 'attachment; filename="dead_letters.csv"'
    assert (file.headers["hub-rows-max"], file.headers["cache-control"]) == ("50000", "no-store")
    async with transaction() as session:
        query = select(AuditEntry).where(AuditEntry.action == "operations.exported")
        [entry] = (await session.scalars(query)).all()
    assert (entry.actor, entry.subject, entry.tenant_id) == ("staff:Olga", "dead_letters", ana.tenant_id)


async def test_charts_are_told_with_their_starts(console: Console, ana: Shop) -> None:
    await sell(ana, "HP1")
    said = (await console.olga.get("series", metric=["sent_sales", "match_rate"], group_by="tenant")).json()
    assert said["bucket_seconds"] == 300
    assert [line["metric"] for line in said["lines"]] == ["match_rate", "sent_sales"]
    assert said["lines"][1]["group"] == {"id": str(ana.tenant_id), "label": "Loja da Ana"}
    assert {len(line["values"]) for line in said["lines"]} == {len(said["starts"])}
    assert sum(said["lines"][1]["values"]) == 1
