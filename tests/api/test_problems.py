"""Errors say what is wrong in the caller's language, never repeat what was sent, and a browser may read them."""

from typing import get_args

import httpx
import pytest
from pydantic_core.core_schema import ErrorType

from api.app import create_app
from api.field_errors import FALLBACK, MESSAGES, field_error, localised
from tests.api.conftest import Tenant
from tracking_core.errors import RateLimited, ServiceUnavailable
from tracking_core.i18n import negotiate, translate
from tracking_core.settings import Settings

URL = "https://loja.example/"
REQUIRED = {"pt": "Este campo é obrigatório.", "en": "This field is required."}


@pytest.mark.parametrize("message", [FALLBACK, *MESSAGES.values()])
def test_every_message_about_a_field_is_translated_with_its_placeholders(message: str) -> None:
    portuguese = translate(message)
    assert portuguese != message
    assert portuguese.count("{") == message.count("{")


@pytest.mark.parametrize("locale", ["pt_BR", "en"])
@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_every_kind_of_pydantic_error_has_words_of_ours(kind: str, locale: str) -> None:
    limits = dict.fromkeys(("min_length", "max_length", "gt", "ge", "lt", "le", "decimal_places"), 7)
    context = {**limits, "expected": "'a', 'b' or 'c'", "error": "what was sent", "pattern": "{x}"}
    error = localised(field_error({"type": kind, "loc": ("body", "x", 0), "msg": "theirs", "ctx": context}), locale)
    assert {key: error[key] for key in ("field", "code")} == {"field": "body.x.0", "code": kind}
    assert set(error) == {"field", "code", "message"}
    assert not any(text in error["message"] for text in ("theirs", "what was sent", "{", "}", " or '"))


@pytest.mark.parametrize(
    ("accept_language", "language"),
    [
        (None, "pt"),
        ("", "pt"),
        ("fr, de;q=0.5", "pt"),
        ("*", "pt"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("en-US,en;q=0.9,pt-BR;q=0.8", "en"),
        ("fr,en;q=0.3", "en"),
        ("en;q=0.2, pt;q=0.9", "pt"),
        ("pt;q=0.2, en;q=0.9", "en"),
        ("en;q=0", "pt"),
        ("EN", "en"),
        ("en;q=x, english, ente", "pt"),
    ],
)
async def test_the_message_of_a_field_comes_in_the_callers_language(
    client: httpx.AsyncClient, accept_language: str | None, language: str
) -> None:
    headers = {} if accept_language is None else {"Accept-Language": accept_language}
    answer = await client.post("/track/click", json={}, headers=headers)
    assert answer.json()["errors"] == [{"field": "url", "code": "missing", "message": REQUIRED[language]}]
    assert negotiate(accept_language)[:2] == language


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (5, "Este campo deve ser um texto."),
        ("ftp://segredo", "Este campo deve ser um endereço que comece com http:// ou https://."),
        ("https://" + "segredo" * 1_000, "Este texto é longo demais: pode ter no máximo 4096 caracteres."),
    ],
)
async def test_what_is_wrong_with_the_url_is_said_without_repeating_it(
    client: httpx.AsyncClient, url: object, message: str
) -> None:
    answer = await client.post("/track/click", json={"url": url})
    assert [error["message"] for error in answer.json()["errors"]] == [message]
    assert "segredo" not in answer.text


async def test_the_api_of_tenants_speaks_portuguese_too(client: httpx.AsyncClient, tenant: Tenant) -> None:
    wrong = {"ids": ["x"], "since": "ontem", "reason": "a" * 101}
    answer = await client.post("/api/v1/dead-letters/replay", json=wrong, headers=tenant.bearer)
    assert {error["field"]: error["message"] for error in answer.json()["errors"]} == {
        "body.ids.0": "Este campo deve ser um UUID.",
        "body.since": "Este campo deve ser data e hora, como 2026-01-31T12:00:00Z.",
        "body.reason": "Este texto é longo demais: pode ter no máximo 100 caracteres.",
    }
    answer = await client.get("/api/v1/deliveries", params={"limit": "x"}, headers=tenant.bearer)
    assert answer.json()["errors"][0]["message"] == "Este campo deve ser um número inteiro."


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/track/click", b"{", 400),
        ("POST", "/track/click", b'{"url":"https://a.example/","key":"wk_hub_nobody"}', 401),
        ("POST", "/track/click", b'{"url":"https://a.example/"}', 401),
        ("POST", "/track/click", b'{"url":"https://a.example/","key":7}', 401),
        ("POST", "/track/nothing", b"{}", 404),
        ("OPTIONS", "/track/nothing", b"", 404),
        ("GET", "/track/click", b"", 405),
        ("HEAD", "/track/click", b"", 405),
        ("POST", "/track/click", b"x" * 20_000, 413),
        ("POST", "/track/click", b"{}", 422),
    ],
)
async def test_a_page_may_read_why_it_was_refused(
    client: httpx.AsyncClient, method: str, path: str, content: bytes, status: int
) -> None:
    answer = await client.request(method, path, content=content, headers={"Origin": "https://loja.example"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(("fault", "status"), [(ServiceUnavailable(), 503), (RuntimeError("secret detail"), 500)])
async def test_a_page_may_read_that_the_hub_failed(
    database: Settings, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    async def fail(_: object) -> None:
        raise fault

    app = create_app(database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        monkeypatch.setattr(app.state.collector.writer, "write", fail)
        answer = await client.post("/track/click", json={"url": URL, "key": tenant.write_key})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, "*")
    assert "secret detail" not in answer.text


async def test_only_what_browsers_talk_to_is_open_to_other_sites(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/conversions", "/nothing", "/webhooks/hotmart/x"):
        answer = await client.get(path, headers={"Origin": "https://loja.example"})
        assert answer.status_code >= 400
        assert "access-control-allow-origin" not in answer.headers


async def test_too_many_requests_say_when_to_come_back_in_whole_seconds(database: Settings, tenant: Tenant) -> None:
    app = create_app(database.model_copy(update={"track_rate_per_second": 1}))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        answers = [await client.post("/track/click", json={"url": URL, "key": tenant.write_key}) for _ in range(6)]
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, RateLimited.code)
    assert refused.headers["retry-after"] == "1"
    assert "1 s" in refused.json()["detail"]
    assert "Retry-After" in refused.headers["access-control-expose-headers"]


async def test_a_preflight_allows_what_the_script_and_a_hand_written_page_send(client: httpx.AsyncClient) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-hub-key"}
    answer = await client.options("/track/click", headers={"Origin": "https://loja.example", **asked})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert {"content-type", "x-hub-key"} <= set(answer.headers["access-control-allow-headers"].lower().split(", "))


async def test_what_the_http_layer_refuses_is_said_in_portuguese_too(client: httpx.AsyncClient) -> None:
    missing, wrong = await client.get("/nothing"), await client.delete("/track/click")
    assert missing.json()["detail"] == "Não há nada neste endereço."
    assert (wrong.json()["detail"], wrong.json()["code"]) == (
        "Este endereço não aceita este método.",
        "method_not_allowed",
    )
    assert "POST" in wrong.headers["allow"]
