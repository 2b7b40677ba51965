"""What the cookies are like, and which are believed."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from itsdangerous import Signer
from starlette.responses import Response

from api.ui.cookies import SessionCookie
from api.ui.rendering import TEMPLATES
from api.ui.visitor import ASKING
from tests.ui_sign_in.conftest import ORIGIN, Browser, Change, Invite
from tests.users.conftest import Clock
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import Role
from tracking_core.users import service, web_sessions
from tracking_core.users.web_sessions import IDLE, How


def _set(app: FastAPI, token: str) -> dict[str, str]:
    """The attributes of the session's cookie, its own name and value first."""
    response = Response()
    SessionCookie(app.state.settings).set(response, token)
    first, *others = response.headers["set-cookie"].split("; ")
    return {"cookie": first, **{name.lower(): value for name, _, value in (one.partition("=") for one in others)}}


async def test_with_tls_it_is_bound_to_this_host(app: FastAPI, change: Change) -> None:
    change(public_url="https://hub.example")
    found = _set(app, "token")
    assert found["cookie"].startswith("__Host-hub_session=")
    assert {"secure", "httponly"} <= found.keys()
    assert (found["path"], found["samesite"], "domain" in found) == ("/", "lax", False)


async def test_in_the_clear_it_is_hidden_from_scripts_all_the_same(app: FastAPI) -> None:
    found = _set(app, "token")
    assert found["cookie"].startswith("hub_session=token.")
    assert "httponly" in found
    assert "secure" not in found


async def test_it_lives_as_long_as_the_session_can(browser: Browser, invite: Invite) -> None:
    for role, days in ((Role.SELLER, 30), (Role.SUPPORT, 14 / 24)):
        answer = await browser.come_by_link(await invite(role))
        [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith("hub_session=")]
        assert f"Max-Age={round(timedelta(days=days).total_seconds())}" in cookie
        await browser.submit("/sign-out")
        browser.csrf = ""


async def test_only_what_we_signed_is_believed(app: FastAPI, browser: Browser, invite: Invite) -> None:
    user = await invite()
    async with transaction() as session:
        token = (
            await web_sessions.begin(session, await service.get(session, user.id), How.LINK, now=clock.now())
        ).token
    right = _set(app, token)["cookie"].partition("=")[2]
    value, _, signature = right.rpartition(".")
    other_key = Signer(b"k" * 32, salt="session").sign(token).decode()
    wrong = [token, f"{token}.", value[:-1] + "x." + signature, f"{value}.{signature[:-2]}xx", other_key, "", "."]
    for cookie in [*wrong, "é.é", "\x00"]:
        sent = {b"Cookie": f"hub_session={cookie}".encode()}
        assert (await browser.get("/app/account", headers=sent)).status_code == 303
    assert (await browser.get("/app/account", headers={"Cookie": f"hub_session={right}"})).status_code == 200


async def test_a_key_that_went_takes_its_cookies_along(
    app: FastAPI, browser: Browser, invite: Invite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.come_by_link(await invite())
    derived = ([b"n" * 32], [b"n" * 32, b"o" * 32])
    signed = Signer([b"o" * 32], salt="session", digest_method=SessionCookie(app.state.settings)._signer.digest_method)
    cookie = signed.sign("token").decode()
    for keys, is_taken in zip(derived, (False, True), strict=True):
        monkeypatch.setattr("api.ui.cookies._keys", lambda keys=keys: list(reversed(keys)))
        unsigned = SessionCookie(app.state.settings)._signer.validate(cookie)
        assert unsigned is is_taken
        assert _set(app, "token")["cookie"] != f"hub_session={cookie}"


async def test_an_idle_session_and_one_that_was_ended_are_over(
    browser: Browser, another: Browser, invite: Invite
) -> None:
    time = Clock()
    clock.set_source(lambda: time.now)
    user = await invite(Role.SUPPORT)
    for one in (browser, another):
        await one.come_by_link(user)
    kept = browser.cookies["hub_session"]
    await browser.submit("/sign-out")
    assert "hub_session" not in browser.cookies
    browser.cookies.set("hub_session", kept, domain="127.0.0.1", path="/")
    assert (await browser.see("/app/account")).status_code == 303
    assert (await another.see("/app/account")).status_code == 200
    time.move(seconds=IDLE[Role.SUPPORT].total_seconds())
    assert (await another.see("/app/account")).status_code == 303


async def test_a_page_left_open_keeps_nobody_signed_in(browser: Browser, invite: Invite) -> None:
    """Its polls and the parts that it fetches are answered, until the time of who went away is over."""
    time = Clock()
    clock.set_source(lambda: time.now)
    await browser.come_by_link(await invite(Role.SUPPORT))
    time.move(seconds=IDLE[Role.SUPPORT].total_seconds() / 2)
    assert (await browser.get("/desk", headers={"HX-Request": "true", "HX-Trigger": "queue"})).status_code == 200
    assert (await browser.get(f"/app/setups/{new_id()}/status/live")).status_code == 404
    time.move(seconds=IDLE[Role.SUPPORT].total_seconds() / 2)
    assert (await browser.see("/desk")).status_code == 303


def test_whatever_asks_by_itself_is_known_as_that() -> None:
    said = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    asking = re.findall(r"<\w[^>]*hx-trigger=[^>]*", said)
    assert {re.findall(r'\bid="([\w-]+)"', element)[0] for element in asking} == ASKING


async def test_a_role_or_a_shut_door_counts_at_the_next_request(
    browser: Browser, another: Browser, invite: Invite
) -> None:
    operator, support = await invite(Role.OPERATOR), await invite(Role.SUPPORT)
    await browser.come_by_link(operator)
    await another.come_by_link(support)
    assert (await browser.see("/ops/people")).status_code == 200
    assert (await another.see("/ops/people")).status_code == 403
    async with transaction() as session:
        await service.shut_out(session, operator.id, actor="test", now=clock.now())
        (await service.get(session, support.id)).role = Role.OPERATOR
    assert (await browser.see("/ops/people")).status_code == 303
    assert (await another.see("/ops/people")).status_code == 200


async def test_a_language_and_a_theme_are_kept_like_the_rest(browser: Browser) -> None:
    answer = await browser.post("/preferences", data={"theme": "dark"}, headers={"Origin": ORIGIN})
    assert "HttpOnly" in answer.headers["set-cookie"]
