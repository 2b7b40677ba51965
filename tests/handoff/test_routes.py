"""The desk over HTTP with a staff key, and the seller's side of it with their own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlmodel import select

from api.app import create_app
from api.limits import Allowance, Limits
from tests.handoff.conftest import NOW, Case, new_case
from tracking_core.db.engine import transaction
from tracking_core.handoff.codes import Reason
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import AuditEntry, StaffRole
from tracking_core.settings import Settings
from tracking_core.staff import service as staff

DESK, SESSIONS = "/api/v1/handoffs", "/api/v1/setup/sessions"
CONTACT = {"name": "Zuleide Quebracoco", "email": "zuleide@planted.example", "phone": "(11) 97123-6548"}


@dataclass(frozen=True)
class Person:
    """Somebody with a key."""

    client: httpx.AsyncClient
    key: str

    async def get(self, path: str, **asked: Any) -> httpx.Response:
        return await self.client.get(path, params=asked, headers=self._headers())

    async def post(self, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
        return await self.client.post(path, json=body, headers=self._headers(key))

    def _headers(self, key: str = "") -> dict[str, str]:
        known = {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}
        return {**known, **({"Idempotency-Key": key} if key else {})}


@dataclass(frozen=True)
class Desk:
    bia: Person
    caio: Person
    olga: Person  # the operator
    ana: Person  # the seller of ``case``
    beto: Person  # the seller of ``other``
    nobody: Person


@pytest.fixture
async def desk(database: Settings, case: Case, other: Case) -> AsyncIterator[Desk]:
    app = create_app(database)
    keys = []
    async with transaction() as session:
        for name, role in (("Bia", StaffRole.SUPPORT), ("Caio", StaffRole.SUPPORT), ("Olga", StaffRole.OPERATOR)):
            keys.append((await staff.create(session, name, role, actor="test")).key)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        keys += [case.secret_key, other.secret_key, "sk_staff_nobody"]
        yield Desk(*(Person(client, key) for key in keys))


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_queue_begins_with_the_most_pressing(desk: Desk, case: Case, other: Case) -> None:
    third = await new_case(case.settings, "Loja da Célia")
    calm, soon, urgent = [
        (await one.open(reason))[0].id
        for one, reason in ((case, Reason.OTHER), (other, Reason.USER_REQUESTED), (third, Reason.MONEY_AT_RISK))
    ]
    items = (await desk.bia.get(DESK)).json()["items"]
    assert [one["handoff_id"] for one in items] == [str(urgent), str(soon), str(calm)]
    assert [one["seconds_left"] for one in items][:2] == [1_800, 7_200]
    assert [one["tenant_name"] for one in items] == ["Loja da Célia", "Loja do Beto", "Loja da Ana"]
    page = (await desk.bia.get(DESK, limit=1, after=str(urgent))).json()["items"]
    assert [one["handoff_id"] for one in page] == [str(soon)]
    await desk.bia.post(f"{DESK}/{soon}/resolve")
    assert len((await desk.bia.get(DESK)).json()["items"]) == 2
    resolved = (await desk.bia.get(DESK, state="resolved")).json()["items"]
    assert [(one["handoff_id"], one["seconds_left"]) for one in resolved] == [(str(soon), None)]
    assert (await desk.bia.get(DESK, after=str(new_id()))).status_code == 404
    assert (await desk.bia.get(DESK, state="lost")).status_code == 422


async def test_no_other_key_opens_the_desk(desk: Desk, case: Case) -> None:
    handoff, _ = await case.open()
    for person in (desk.ana, desk.nobody):
        for path in (DESK, f"{DESK}/{handoff.id}"):
            assert _problem(await person.get(path)) == (401, "unauthorized")
        for verb in ("take", "release", "resume", "resolve"):
            assert (await person.post(f"{DESK}/{handoff.id}/{verb}")).status_code == 401
        for verb in ("reply", "ask"):
            assert (await person.post(f"{DESK}/{handoff.id}/{verb}", {"text": "oi"})).status_code == 401
    assert (await case.row(handoff.id)).state == "open"
    assert (await desk.bia.get(f"{SESSIONS}/{case.session_id}/handoff")).status_code == 401


async def test_a_case_is_read_with_the_contact_and_that_is_on_record(desk: Desk, case: Case) -> None:
    called = await desk.ana.post(f"{SESSIONS}/{case.session_id}/handoff", {"contact": CONTACT})
    assert called.status_code == 201
    assert "Quebracoco" not in called.text
    read = await desk.bia.get(f"{DESK}/{called.json()['handoff_id']}")
    assert read.headers["cache-control"] == "no-store"
    told = read.json()
    assert told["contact"] == {**CONTACT, "phone": "+5511971236548"}
    assert told["package"]["customer"]["has_contact"] is True
    assert told["status"]["session_id"] == str(case.session_id)
    assert [one["kind"] for one in told["notes"]] == ["escalated"]
    async with transaction() as session:
        query = select(AuditEntry).where(AuditEntry.action == "handoff.contact_read")
        rows = (await session.scalars(query)).all()
    assert [(row.actor, row.subject) for row in rows] == [("staff:Bia", called.json()["handoff_id"])]
    assert (await desk.bia.get(f"{DESK}/{new_id()}")).status_code == 404


async def test_a_case_from_call_to_end(desk: Desk, case: Case) -> None:
    handoff, _ = await case.open()
    path = f"{DESK}/{handoff.id}"
    taken = await desk.bia.post(f"{path}/take")
    assert (taken.status_code, taken.json()["owner"], taken.json()["seconds_left"]) == (200, "Bia", 7_200)
    refused = await desk.caio.post(f"{path}/take")
    assert _problem(refused) == (409, "handoff_owned")
    assert "Bia" in refused.json()["detail"]
    for _ in range(2):
        replied = await desk.bia.post(f"{path}/reply", {"text": "Olá!"}, key="k1")
        assert (replied.status_code, replied.json()["seconds_left"]) == (200, None)
    await desk.bia.post(f"{path}/ask", {"text": "Qual é o pixel?"})
    assert [one.text for one in await case.said("support")] == ["Olá!", "Qual é o pixel?"]
    assert (await desk.bia.post(f"{path}/reply", {"text": "  "})).status_code == 422
    assert (await desk.caio.post(f"{path}/release")).status_code == 409
    assert (await desk.olga.post(f"{path}/release")).json()["state"] == "open"
    assert (await desk.caio.post(f"{path}/take")).json()["owner"] == "Caio"
    resumed = await desk.caio.post(f"{path}/resume", {"text": "pixel certo agora"})
    assert (resumed.json()["state"], resumed.json()["closed_at"]) == ("returned", NOW.isoformat())
    assert _problem(await desk.caio.post(f"{path}/take")) == (409, "handoff_closed")


async def test_a_seller_calls_a_person_once(desk: Desk, case: Case) -> None:
    path = f"{SESSIONS}/{case.session_id}/handoff"
    assert _problem(await desk.ana.get(path)) == (404, "not_found")
    first = await desk.ana.post(path, {"note": "não entendo o token"})
    again = await desk.ana.post(path, {"note": "não entendo o token"})
    assert (first.status_code, again.status_code) == (201, 200)
    told = again.json()
    assert {**first.json(), "sent": None} == {**told, "sent": None}
    assert told["sentence"] == "The seller asked to talk to a person."
    assert told["eta"].startswith("A person answers today by")
    assert told["sent"]["reason"]["code"] == "user_requested"
    assert (await desk.ana.get(path)).json() == told
    assert (await desk.ana.post(path)).status_code == 200
    (row,) = await case.all()
    assert [one.get("text") for one in row.notes] == ["não entendo o token", None]


async def test_a_seller_sees_how_it_ended_and_no_note_of_ours(desk: Desk, case: Case) -> None:
    handoff, _ = await case.open()
    await desk.bia.post(f"{DESK}/{handoff.id}/resolve", {"text": "cliente difícil"})
    seen = await desk.ana.get(f"{SESSIONS}/{case.session_id}/handoff")
    assert (seen.json()["state"], seen.json()["is_live"], seen.json()["eta"]) == ("resolved", False, None)
    assert "difícil" not in seen.text


async def test_another_seller_s_case_is_not_theirs(desk: Desk, case: Case) -> None:
    await case.open()
    path = f"{SESSIONS}/{case.session_id}/handoff"
    assert _problem(await desk.beto.get(path)) == (403, "forbidden")
    assert _problem(await desk.beto.post(path, {"note": "oi", "contact": CONTACT})) == (403, "forbidden")
    assert _problem(await desk.beto.post(f"{SESSIONS}/{new_id()}/handoff")) == (404, "not_found")
    (row,) = await case.all()
    assert len(row.notes) == 1


@pytest.mark.parametrize(
    "contact", [{"name": "Ana"}, {"name": "Ana", "email": "segredo-da-ana"}, {"name": "Ana", "phone": "segredo-da-ana"}]
)
async def test_a_contact_that_reaches_nobody_is_refused(desk: Desk, case: Case, contact: dict[str, str]) -> None:
    refused = await desk.ana.post(f"{SESSIONS}/{case.session_id}/handoff", {"contact": contact})
    assert refused.status_code == 422
    assert "segredo-da-ana" not in refused.text
    assert await case.all() == []


async def test_a_revoked_key_is_out_at_once(desk: Desk) -> None:
    async with transaction() as session:
        row = await staff.by_key(session, desk.bia.key)
        await staff.revoke(session, row.id, actor="test", now=clock.now())
    assert _problem(await desk.bia.get(DESK)) == (401, "unauthorized")


async def test_one_seller_cannot_call_without_end(desk: Desk, case: Case) -> None:
    path = f"{SESSIONS}/{case.session_id}/handoff"
    desk.ana.client._transport.app.state.allowance = Allowance(Limits(actions_per_minute=2))  # type: ignore[attr-defined]
    assert [(await desk.ana.post(path)).status_code for _ in range(3)] == [201, 200, 429]
