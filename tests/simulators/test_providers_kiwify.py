"""Kiwify's API as its documentation has it: token and account id together, dates, pages, and webhooks."""

from typing import Any

import httpx
import pytest

from tests.simulators.vendors import ACCOUNT, CLIENT, SECRET, SIGNING, TOKEN_URL, WEBHOOKS, Vendors, basic, webhook

FORM = {"client_id": CLIENT, "client_secret": SECRET}
DETAILS, SALES = "/kiwify/v1/account-details", "/kiwify/v1/sales"
DAYS = {"start_date": "2026-01-01", "end_date": "2026-04-01"}


def status(answer: httpx.Response) -> int:
    """Of a refusal, which says why and nothing that was sent."""
    assert answer.json().keys() == {"message"}
    assert not any(secret in answer.text for secret in (CLIENT, SECRET, SIGNING, "another"))
    return answer.status_code


def sale(number: int, day: str, state: str = "paid") -> dict[str, str]:
    return {"id": f"sale-{number}", "status": state, "created_at": f"{day}T10:00:00Z", "payment_method": "pix"}


def test_a_token_is_granted_for_a_form(vendors: Vendors) -> None:
    vendors.allow("kiwify", permissions=["webhooks", "account"])
    for form in (FORM, {**FORM, "grant_type": "client_credentials"}):
        granted = vendors.http.post(TOKEN_URL["kiwify"], data=form).json()
        assert granted.keys() == {"access_token", "token_type", "expires_in", "scope"}
        assert (granted["token_type"], granted["scope"]) == ("Bearer", "account webhooks")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"json": FORM}, 400),
        ({"params": FORM}, 400),
        ({"data": {"client_id": CLIENT}}, 400),
        ({"data": {**FORM, "client_secret": ""}}, 400),
        ({"content": b"client_id=\xff", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": b"", "headers": {"authorization": basic()}}, 400),
        ({"data": {**FORM, "client_secret": "another"}}, 401),
        ({"data": {**FORM, "client_id": "another"}}, 401),
    ],
)
def test_a_token_is_refused_for_anything_else(vendors: Vendors, sent: dict[str, Any], expected: int) -> None:
    vendors.allow("kiwify")
    assert status(vendors.http.post(TOKEN_URL["kiwify"], **sent)) == expected


def test_a_token_opens_nothing_without_its_account_id(vendors: Vendors) -> None:
    vendors.allow("kiwify", token_seconds=60)
    headers = vendors.kiwify()
    bearer = {"authorization": headers["authorization"]}
    details = {"id": ACCOUNT, "company_name": "Loja de demonstração"}
    assert vendors.http.get(DETAILS, headers=headers).json() == details
    assert status(vendors.http.get(DETAILS, headers=bearer)) == 400
    assert status(vendors.http.get(DETAILS, headers={**bearer, "x-kiwify-account-id": "another"})) == 403
    assert status(vendors.http.get(DETAILS, headers={"x-kiwify-account-id": ACCOUNT})) == 401
    before = vendors.state.clock
    vendors.state.clock = lambda: before() + 61
    assert status(vendors.http.get(DETAILS, headers=headers)) == 401


def test_a_token_of_hotmart_opens_nothing(vendors: Vendors) -> None:
    vendors.allow("hotmart")
    assert status(vendors.http.get(DETAILS, headers=vendors.hotmart(**{"x-kiwify-account-id": ACCOUNT}))) == 401


def test_each_part_of_the_api_is_a_permission_of_its_own(vendors: Vendors) -> None:
    parts = {"account": DETAILS, "products": "/kiwify/v1/products", "webhooks": WEBHOOKS, "sales": SALES}
    for allowed in parts:
        vendors.allow("kiwify", permissions=[allowed])
        headers = vendors.kiwify()
        for part, path in parts.items():
            answer = vendors.http.get(path, params=DAYS, headers=headers)
            assert answer.status_code == (200 if part == allowed else 403)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"start_date": "2026-01-01"},
        {"end_date": "2026-01-01"},
        {**DAYS, "end_date": "2026-04-02"},
        {**DAYS, "end_date": "2025-12-31"},
        {**DAYS, "start_date": "01/01/2026"},
        {**DAYS, "start_date": "20260101"},
        {**DAYS, "start_date": "2026-02-30"},
        {**DAYS, "status": "APPROVED"},
        {**DAYS, "page_size": "0"},
        {**DAYS, "page_size": "101"},
        {**DAYS, "page_number": "first"},
        {**DAYS, "page_number": "9" * 5_000},
    ],
)
def test_sales_are_not_listed_without_a_span_of_90_days_at_most(vendors: Vendors, query: dict[str, str]) -> None:
    vendors.allow("kiwify")
    assert status(vendors.http.get(SALES, params=query, headers=vendors.kiwify())) == 400


def test_sales_are_listed_by_day_status_and_page(vendors: Vendors) -> None:
    sales = [sale(0, "2025-12-31"), sale(1, "2026-01-01"), sale(2, "2026-04-01", "refunded"), sale(3, "2026-04-02")]
    vendors.allow("kiwify", sales=sales)
    headers = vendors.kiwify()

    def listed(**query: str) -> tuple[list[str], int]:
        said = vendors.http.get(SALES, params={**DAYS, **query}, headers=headers).json()
        return [one["id"] for one in said["data"]], said["pagination"]["count"]

    assert listed() == (["sale-1", "sale-2"], 2)
    assert listed(status="refunded") == (["sale-2"], 1)
    assert listed(payment_method="boleto") == ([], 0)
    assert listed(page_size="1", page_number="2") == (["sale-2"], 2)
    assert listed(page_size="1", page_number="3") == ([], 2)
    assert vendors.http.get(f"{SALES}/sale-3", headers=headers).json() == sales[3]
    assert status(vendors.http.get(f"{SALES}/sale-9", headers=headers)) == 404


def test_a_webhook_is_made_each_time_it_is_asked_for_and_gone_once_deleted(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    headers = vendors.kiwify()
    made = [vendors.http.post(WEBHOOKS, json=webhook(), headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] != made[1].json()["id"]
    assert vendors.http.get(WEBHOOKS, headers=headers).json() == {
        "pagination": {"count": 2, "page_number": 1, "page_size": 10},
        "data": [answer.json() for answer in made],
    }
    one = f"{WEBHOOKS}/{made[0].json()['id']}"
    assert vendors.http.delete(one, headers=headers).status_code == 200
    assert status(vendors.http.delete(one, headers=headers)) == 404
    assert vendors.http.get(WEBHOOKS, headers=headers).json()["pagination"]["count"] == 1


def test_the_webhooks_of_an_account_are_no_other_account_s(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    made = vendors.http.post(WEBHOOKS, json=webhook(), headers=vendors.kiwify()).json()
    vendors.allow("kiwify", account_id="account-of-another")
    other = vendors.kiwify(**{"x-kiwify-account-id": "account-of-another"})
    assert vendors.http.get(WEBHOOKS, headers=other).json()["data"] == []
    assert status(vendors.http.delete(f"{WEBHOOKS}/{made['id']}", headers=other)) == 404


def test_a_webhook_without_a_token_gets_one(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    made = vendors.http.post(WEBHOOKS, json=webhook(token=None), headers=vendors.kiwify()).json()
    assert len(made["token"]) == 32


@pytest.mark.parametrize(
    "body",
    [
        webhook(name=None),
        webhook(name=""),
        webhook(url=None),
        webhook(url="hub.example/webhooks"),
        webhook(url="https:///webhooks"),
        webhook(products=None),
        webhook(products="some"),
        webhook(products=["all"]),
        webhook(triggers=[]),
        webhook(triggers=["order_approved"]),
        webhook(triggers="compra_aprovada"),
        webhook(token=""),
        webhook(token=1),
        webhook(planted_key=SECRET),
        [],
        "text",
    ],
)
def test_a_webhook_that_is_not_as_documented_is_refused(vendors: Vendors, body: Any) -> None:
    vendors.allow("kiwify")
    assert status(vendors.http.post(WEBHOOKS, json=body, headers=vendors.kiwify())) == 400
    assert vendors.state.webhooks.get(ACCOUNT, []) == []


@pytest.mark.parametrize(
    ("content", "kind"), [(b"{", "application/json"), (b"\xff", "application/json"), (b"name=hub", "text/plain")]
)
def test_a_webhook_that_is_no_json_is_refused(vendors: Vendors, content: bytes, kind: str) -> None:
    vendors.allow("kiwify")
    headers = vendors.kiwify(**{"content-type": kind})
    assert status(vendors.http.post(WEBHOOKS, content=content, headers=headers)) == 400


def test_a_body_larger_than_any_call_needs_is_not_kept(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    body = webhook(name="n" * 300_000)
    assert status(vendors.http.post(WEBHOOKS, json=body, headers=vendors.kiwify())) == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/kiwify/v1/nothing"), ("GET", "/kiwify/"), ("PUT", WEBHOOKS), ("GET", TOKEN_URL["kiwify"])],
)
def test_an_unknown_path_is_not_found_in_json(vendors: Vendors, method: str, path: str) -> None:
    assert status(vendors.http.request(method, path)) == 404


def test_a_hundred_calls_a_minute_are_answered_and_no_more(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    started = vendors.state.clock()
    vendors.state.clock = lambda: started
    headers = vendors.kiwify()
    vendors.state.clock = lambda: started + 20
    statuses = [vendors.http.get(DETAILS, headers=headers).status_code for _ in range(99)]
    assert set(statuses) == {200}
    over = vendors.http.get(DETAILS, headers=headers)
    assert (status(over), over.headers["retry-after"]) == (429, "40")
    vendors.state.clock = lambda: started + 60
    assert vendors.http.get(DETAILS, headers=headers).status_code == 200
