"""What the operator's pages of people, vault, shops and the live stream show, as JSON for an operator's key alone."""

from typing import Any
from urllib.parse import urlsplit

from tests.people_api.conftest import Staff
from tests.pipeline.conftest import Shop
from tests.reporting.conftest import ana, beto, sell
from tests.ui_operations.scene import TOKEN, play
from tracking_core.kit.ids import new_id
from tracking_core.settings import Settings

__all__ = ["ana", "beto"]
SOMEBODY = str(new_id())
ROUTES = (
    ("GET", "people"),
    ("POST", "people"),
    ("GET", f"people/{SOMEBODY}"),
    ("PUT", f"people/{SOMEBODY}/role"),
    ("PUT", f"people/{SOMEBODY}/shops/{SOMEBODY}"),
    ("DELETE", f"people/{SOMEBODY}/shops/{SOMEBODY}"),
    ("POST", f"people/{SOMEBODY}/link"),
    ("POST", f"people/{SOMEBODY}/shut-out"),
    ("POST", f"people/{SOMEBODY}/restore"),
    ("GET", "secrets"),
    ("GET", "secrets/keys"),
    ("GET", "tenants"),
    ("GET", "live"),
)
BODIES: dict[str, Any] = {"people": {"email": "a@example.com", "name": "A"}, "role": {"role": "support"}}


async def test_only_an_operator_may_and_all_of_it_is_described(people: Staff) -> None:
    document = (await people.olga.client.get("/openapi.json")).json()["paths"]
    for method, path in ROUTES:
        body = BODIES.get(path.rsplit("/", 1)[-1]) if method != "GET" else None
        for who, status, code in ((people.bia, 403, "forbidden"), (people.nobody, 401, "unauthorized")):
            answer = await who.ask(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), path
            assert answer.headers["content-type"] == "application/problem+json"
        if SOMEBODY in path:
            answer = await people.olga.ask(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        described = path.replace(f"shops/{SOMEBODY}", "shops/{tenant_id}").replace(SOMEBODY, "{user_id}")
        assert document[f"/api/v1/operations/{described}"][method.lower()]["description"]


async def test_somebody_is_invited_let_in_made_another_and_shut_out(people: Staff, ana: Shop) -> None:
    olga, shop = people.olga, str(ana.tenant_id)
    wanted = {"email": "Maria@Example.com", "name": "Maria", "role": "seller", "tenant_ids": [shop], "locale": "en"}
    made = await olga.ask("POST", "people", json=wanted)
    assert made.status_code == 201, made.text
    maria = made.json()
    told = {"email": "maria@example.com", "role": "seller", "is_mailed": False, "locale": "en", "disabled_at": None}
    assert {name: maria[name] for name in told} == told
    assert [one["id"] for one in maria["tenants"]] == [shop]
    assert "password_hash" not in maria
    at = f"people/{maria['id']}"
    assert (await olga.ask("DELETE", f"{at}/shops/{shop}")).json()["tenants"] == []
    assert [one["name"] for one in (await olga.ask("PUT", f"{at}/shops/{shop}")).json()["tenants"]] == ["Loja da Ana"]

    link = await olga.ask("POST", f"{at}/link")
    assert (link.status_code, link.headers["cache-control"]) == (201, "no-store")
    path = urlsplit(link.json()["link"]).path
    signed_in = await olga.client.post(path, headers={"Origin": "http://127.0.0.1"})
    assert (signed_in.status_code, len((await olga.get(at))["browsers"])) == (303, 1)

    assert (await olga.ask("PUT", f"{at}/role", json={"role": "support"})).json()["role"] == "support"
    assert (await olga.get(at))["browsers"] == []  # they sign in anew
    [listed] = (await olga.get("people", said="maria@", role="support"))["items"]
    assert (listed["name"], listed["shops"]) == ("Maria", 1)
    assert (await olga.get("people", role="seller"))["items"] == []

    assert (await olga.ask("POST", f"{at}/shut-out")).json()["disabled_at"] is not None
    refused = await olga.ask("POST", f"{at}/link")
    assert (refused.status_code, refused.json()["code"]) == (409, "user_shut_out")
    assert (await olga.ask("POST", f"{at}/restore")).json()["disabled_at"] is None


async def test_what_cannot_be_is_a_problem_with_its_code(people: Staff) -> None:
    olga = people.olga
    first = {"email": "rui@example.com", "name": "Rui", "role": "operator"}
    rui = (await olga.ask("POST", "people", json=first)).json()
    for wanted, status, code in (
        ({**first, "name": "Ana"}, 409, "email_taken"),
        ({**first, "email": "other@example.com"}, 409, "user_name_taken"),
        ({**first, "email": "no address"}, 422, "email_malformed"),
        ({**first, "email": "x@example.com", "role": "seller", "tenant_ids": [SOMEBODY]}, 404, "not_found"),
        ({**first, "role": "owner"}, 422, "invalid_request"),
        ({**first, "password": "x"}, 422, "invalid_request"),
    ):
        answer = await olga.ask("POST", "people", json=wanted)
        assert (answer.status_code, answer.json()["code"]) == (status, code), wanted
    for method, path, body in (
        ("PUT", f"people/{rui['id']}/role", {"role": "seller"}),
        ("POST", f"people/{rui['id']}/shut-out", None),
    ):
        answer = await olga.ask(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_operator")
    assert (await olga.get(f"people/{rui['id']}"))["disabled_at"] is None


async def test_the_vault_is_told_by_fingerprints_and_no_value(people: Staff, database: Settings) -> None:
    scene = await play(database)
    answer = await people.olga.ask("GET", "secrets", params={"tenant_id": str(scene.ana.tenant_id)})
    [row] = answer.json()["items"]
    assert TOKEN not in answer.text
    assert (row["kind"], row["last4"], row["uses"][0]["purpose"]) == ("meta_access_token", TOKEN[-4:], "delivery")
    assert len(row["fingerprint"]) >= 8
    assert (await people.olga.get("secrets", tenant_id=str(scene.beto.tenant_id)))["items"] == []
    assert (await people.olga.get("secrets", state="revoked"))["items"] == []
    [key] = (await people.olga.get("secrets/keys"))["items"]
    assert (key["is_newest"], key["tenants"]) == (True, 2)

    listed = await people.olga.get("tenants", limit=1)
    assert [one["name"] for one in listed["items"]] == ["Loja da Ana"]
    [last] = (await people.olga.get("tenants", limit=1, after=listed["next"]))["items"]
    assert (last["name"], last["held"], last["sales"]) == ("Loja do Beto", 1, 3)
    assert [one["name"] for one in (await people.olga.get("tenants", named="DA ANA"))["items"]] == ["Loja da Ana"]


async def test_what_happens_is_told_from_where_it_was_read_last(people: Staff, ana: Shop, beto: Shop) -> None:
    await sell(ana, "HP1")
    first = await people.olga.get("live")
    assert [one["kind"] for one in first["items"]] == ["sent", "unmatched", "received"]
    await sell(beto, "HP2")
    news = await people.olga.get("live", after=first["next"])
    known = {one["key"] for one in first["items"]}
    assert [one["sale_id"] for one in news["items"] if one["key"] not in known] == ["HP2"] * 3
    theirs = await people.olga.get("live", tenant_id=str(ana.tenant_id), limit=2)
    assert ([one["sale_id"] for one in theirs["items"]], theirs["has_more"]) == (["HP1", "HP1"], True)
    refused = await people.olga.ask("GET", "live", params={"after": "yesterday"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "query.after")
