"""Hotmart's API as its documentation has it: what it wants, what it refuses and in which words, pages and limits."""

from typing import Any

import httpx
import pytest

from evals.simulators.providers.state import Account
from tests.simulators.vendors import CLIENT, HISTORY, SECRET, TOKEN_URL, Vendors, basic, hotmart_sale

GRANT = {"grant_type": "client_credentials"}
QUERY = {**GRANT, "client_id": CLIENT, "client_secret": SECRET}
FORM = {"content-type": "application/x-www-form-urlencoded"}
RIGHT = {"authorization": basic()}


def said(answer: httpx.Response) -> tuple[int, str]:
    """The status and the error's word; the body has no more than the documented two fields."""
    body = answer.json()
    assert body.keys() == {"error", "error_description"}
    return answer.status_code, body["error"]


def exchange(vendors: Vendors, query: dict[str, str], headers: dict[str, str], form: Any = None) -> httpx.Response:
    return vendors.http.post(TOKEN_URL["hotmart"], params=query, headers=headers, content=form)


@pytest.mark.parametrize(
    ("query", "headers", "form"),
    [
        (QUERY, RIGHT, None),
        (QUERY, {**RIGHT, "content-type": "application/json"}, None),
        (QUERY, {**RIGHT, **FORM}, None),
        ({}, {**RIGHT, **FORM}, "grant_type=client_credentials"),
    ],
    ids=["bare", "json", "form", "basic alone"],
)
def test_a_token_is_granted_in_the_documented_ways(
    vendors: Vendors, query: dict[str, str], headers: dict[str, str], form: str | None
) -> None:
    vendors.allow("hotmart")
    answer = exchange(vendors, query, headers, form)
    granted = answer.json()
    assert answer.status_code == 200
    assert granted.keys() == {"access_token", "token_type", "expires_in", "scope", "jti"}
    assert (granted["token_type"], granted["expires_in"], granted["scope"]) == ("bearer", 172_799, "read write")


@pytest.mark.parametrize(
    ("query", "headers", "form", "expected"),
    [
        (QUERY, {}, None, (401, "unauthorized")),
        (QUERY, {"authorization": "Basic *"}, None, (401, "unauthorized")),
        (QUERY, {"authorization": f"Bearer {SECRET}"}, None, (401, "unauthorized")),
        (QUERY, {"authorization": basic(secret="another")}, None, (401, "invalid_client")),
        ({**QUERY, "client_secret": "another"}, RIGHT, None, (401, "invalid_client")),
        ({**QUERY, "client_id": "another"}, RIGHT, None, (401, "invalid_client")),
        ({**QUERY, "client_secret": "x"}, {"authorization": basic(secret="x")}, None, (401, "invalid_client")),
        (GRANT, RIGHT, None, (401, "invalid_client")),
        ({**QUERY, "grant_type": "password"}, RIGHT, None, (400, "unsupported_grant_type")),
        ({}, RIGHT, "grant_type=client_credentials", (400, "unsupported_grant_type")),
        ({}, {**RIGHT, **FORM}, b"grant_type=\xff", (400, "invalid_parameter")),
    ],
)
def test_a_token_is_refused_for_anything_else(
    vendors: Vendors, query: dict[str, str], headers: dict[str, str], form: Any, expected: tuple[int, str]
) -> None:
    vendors.allow("hotmart")
    assert said(exchange(vendors, query, headers, form)) == expected


def test_a_token_of_the_wrong_kind_opens_nothing(vendors: Vendors) -> None:
    vendors.allow("hotmart", token_seconds=60)
    vendors.allow("kiwify")
    token = vendors.hotmart()
    assert vendors.http.get(HISTORY, headers=token).status_code == 200
    assert said(vendors.http.get(HISTORY)) == (401, "unauthorized")
    assert said(vendors.http.get(HISTORY, headers={"authorization": basic()})) == (401, "unauthorized")
    for other in ("Bearer nothing", vendors.kiwify()["authorization"]):
        assert said(vendors.http.get(HISTORY, headers={"authorization": other})) == (401, "invalid_token")
    before = vendors.state.clock
    vendors.state.clock = lambda: before() + 61
    assert said(vendors.http.get(HISTORY, headers=token)) == (401, "token_expired")


def test_each_part_of_the_api_is_a_permission_of_its_own(vendors: Vendors) -> None:
    paths = {"sales": HISTORY, "account": "/hotmart/user/api/v1/me", "products": "/hotmart/products/api/v1/products"}
    for allowed in paths:
        vendors.allow("hotmart", permissions=[allowed])
        token = vendors.hotmart()
        for part, path in paths.items():
            answer = vendors.http.get(path, headers=token)
            assert answer.status_code == (200 if part == allowed else 403)
            assert part == allowed or said(answer) == (403, "unauthorized_client")


def history(vendors: Vendors, **query: str) -> httpx.Response:
    return vendors.http.get(HISTORY, params=query, headers=vendors.hotmart())


def found(answer: httpx.Response) -> list[str]:
    return [sale["purchase"]["transaction"] for sale in answer.json()["items"]]


def test_only_paid_sales_are_listed_unless_a_status_or_a_sale_is_asked_for(vendors: Vendors) -> None:
    statuses = ["APPROVED", "COMPLETE", "REFUNDED", "WAITING_PAYMENT"]
    vendors.allow("hotmart", sales=[hotmart_sale(number, status) for number, status in enumerate(statuses)])
    assert found(history(vendors)) == ["HP0", "HP1"]
    assert found(history(vendors, transaction_status="REFUNDED")) == ["HP2"]
    assert found(history(vendors, transaction="HP3")) == ["HP3"]
    assert found(history(vendors, transaction="HP3", transaction_status="REFUNDED")) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"buyer_email": "buyer1@example.com"}, ["HP1"]),
        ({"product_id": "1"}, ["HP0", "HP1", "HP2"]),
        ({"product_id": "2"}, []),
        ({"sales_source": "ad"}, ["HP2"]),
        ({"payment_type": "PIX"}, ["HP2"]),
        ({"start_date": "1700000000001"}, ["HP1", "HP2"]),
        ({"end_date": "1700000000001"}, ["HP0", "HP1"]),
    ],
)
def test_a_filter_leaves_what_it_names(vendors: Vendors, query: dict[str, str], expected: list[str]) -> None:
    last = hotmart_sale(2, tracking={"source": "ad"}, payment={"type": "PIX"})
    vendors.allow("hotmart", sales=[hotmart_sale(0), hotmart_sale(1), last])
    assert found(history(vendors, **query)) == expected


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"max_results": "0"}, "invalid_parameter"),
        ({"max_results": "many"}, "invalid_parameter"),
        ({"max_results": "²"}, "invalid_parameter"),
        ({"start_date": "2026-11-26"}, "invalid_parameter"),
        ({"end_date": "-1"}, "invalid_parameter"),
        ({"transaction_status": "PAID"}, "invalid_value_parameter"),
        ({"payment_type": "pix"}, "invalid_value_parameter"),
        ({"page_token": "2"}, "invalid_token"),
        ({"page_token": "eyJyb3dzIjowLCJwYWdlIjoxfQ=="}, "invalid_token"),
        ({"page_token": "WzFd"}, "invalid_token"),
    ],
)
@pytest.mark.parametrize("sales", [[], [hotmart_sale(0)]], ids=["new account", "with a sale"])
def test_a_query_that_means_nothing_is_refused(
    vendors: Vendors, sales: list[Any], query: dict[str, str], error: str
) -> None:
    vendors.allow("hotmart", sales=sales)
    assert said(history(vendors, **query)) == (400, error)


def test_pages_are_walked_by_cursor_there_and_back(vendors: Vendors) -> None:
    vendors.allow("hotmart", sales=[hotmart_sale(number) for number in range(5)])
    pages = [history(vendors, max_results="2")]
    while token := pages[-1].json()["page_info"].get("next_page_token"):
        pages.append(history(vendors, page_token=token))
    assert [found(page) for page in pages] == [["HP0", "HP1"], ["HP2", "HP3"], ["HP4"]]
    assert {page.json()["page_info"]["total_results"] for page in pages} == {5}
    assert "prev_page_token" not in pages[0].json()["page_info"]
    assert found(history(vendors, page_token=pages[2].json()["page_info"]["prev_page_token"])) == ["HP2", "HP3"]


def test_an_account_without_sales_has_an_empty_list(vendors: Vendors) -> None:
    vendors.allow("hotmart")
    assert history(vendors).json() == {"items": [], "page_info": {"total_results": 0, "results_per_page": 50}}
    assert history(vendors, max_results="500").json()["page_info"]["results_per_page"] == 50


def test_products_are_paged_as_sales_are(vendors: Vendors) -> None:
    vendors.allow("hotmart")
    token, path = vendors.hotmart(), "/hotmart/products/api/v1/products"
    listed = vendors.http.get(path, params={"max_results": "1"}, headers=token).json()
    assert [item.keys() for item in listed["items"]] == [{"id", "ucode", "name", "status"}]
    assert listed["page_info"] == {"total_results": 1, "results_per_page": 1}
    for query, error in (({"max_results": "0"}, "invalid_parameter"), ({"page_token": "2"}, "invalid_token")):
        assert said(vendors.http.get(path, params=query, headers=token)) == (400, error)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("path", ["", "payments/api/v2/sales/history", "docs/en"])
def test_what_the_api_does_not_know_is_a_page_with_status_200(vendors: Vendors, method: str, path: str) -> None:
    answer = vendors.http.request(method, f"/hotmart/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<!doctype html>" in answer.content


def test_the_host_of_the_tokens_has_no_pages(vendors: Vendors) -> None:
    assert said(vendors.http.get(TOKEN_URL["hotmart"])) == (404, "not_found")


def test_calls_are_counted_by_the_minute_and_every_answer_tells_how_many_are_left(vendors: Vendors) -> None:
    vendors.allow("hotmart")
    started = vendors.state.clock()
    vendors.state.clock = lambda: started
    token = vendors.hotmart()
    assert vendors.http.get(HISTORY, headers=token).headers["ratelimit-remaining"] == "498"
    for _ in range(498):
        vendors.state.use("hotmart")
    answer = vendors.http.get(HISTORY, headers=token)
    told = {name: value for name, value in answer.headers.items() if "ratelimit" in name}
    assert (said(answer), told) == (
        (429, "too_many_requests"),
        {
            "ratelimit-limit": "500",
            "ratelimit-remaining": "0",
            "ratelimit-reset": "60",
            "x-ratelimit-limit-minute": "500",
            "x-ratelimit-remaining-minute": "0",
        },
    )
    vendors.state.clock = lambda: started + 60
    assert vendors.http.get(HISTORY, headers=token).headers["ratelimit-remaining"] == "499"


def test_a_body_larger_than_any_call_needs_is_not_kept(vendors: Vendors) -> None:
    vendors.allow("hotmart")
    answer = exchange(vendors, QUERY, {**RIGHT, **FORM}, b"x=" + b"y" * 300_000)
    assert answer.status_code == 413


@pytest.mark.parametrize("sale", [{}, {"purchase": []}, {"purchase": {"transaction": "HP1", "status": "APPROVED"}}])
def test_a_sale_the_api_could_not_list_cannot_be_registered(sale: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a sale lacks"):
        Account(vendor="hotmart", client_id=CLIENT, client_secret=SECRET, sales=[sale])
