"""Which forms are believed to be ours."""

from tests.ui_sign_in.conftest import ORIGIN, Browser, Change, Invite

_LANGUAGE = "/app/account/language"


async def _speak(browser: Browser, **headers: str) -> int:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = browser.build_request("POST", "/preferences", data={"theme": "dark"})
    del request.headers["Origin"]
    request.headers.update(sent)
    return (await browser.send(request)).status_code


_SENDERS: list[tuple[dict[str, str], int]] = [
    ({"Origin": ORIGIN}, 303),
    ({"Origin": "null"}, 403),
    ({"Origin": ""}, 403),
    ({}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "http://127.0.0.1:8000.evil.example"}, 403),
    ({"Origin": "http://127.0.0.1:9000"}, 403),
    ({"Origin": "http://evil.example/http://127.0.0.1:8000"}, 403),
    ({"Sec_Fetch_Site": "same-origin", "Origin": "null"}, 303),
    ({"Sec_Fetch_Site": "none"}, 303),
    ({"Sec_Fetch_Site": "same-site", "Origin": ORIGIN}, 403),
    ({"Sec_Fetch_Site": "cross-site", "Origin": ORIGIN}, 403),
    ({"Sec_Fetch_Site": "", "Origin": "https://evil.example"}, 403),
    ({"Origin": "http://evil.example", "Host": "evil.example:1"}, 403),
    ({"Origin": "null", "Host": ""}, 403),
]


async def test_who_sends_it_is_told_by_the_browser(browser: Browser) -> None:
    assert [(sender, await _speak(browser, **sender)) for sender, _ in _SENDERS] == _SENDERS


async def test_behind_a_proxy_the_address_of_the_settings_counts(browser: Browser, change: Change) -> None:
    change(public_url="https://hub.example")
    assert await _speak(browser, Origin="https://hub.example", Host="internal:8000") == 303
    assert await _speak(browser, Origin="http://hub.example", Host="hub.example") == 403
    assert await _speak(browser, Origin="https://alias.example", Host="alias.example") == 303


async def test_each_kind_of_body_needs_the_token(browser: Browser, another: Browser, invite: Invite) -> None:
    user = await invite()
    await another.come_by_link(user)
    await browser.come_by_link(user)
    right = browser.csrf
    for token in ("", right[:-1] + ("0" if right[-1] != "0" else "1"), another.csrf, "é", right.upper()):
        parts = {"locale": (None, "en"), "csrf": (None, token)}
        assert (await browser.post(_LANGUAGE, data={"locale": "en", "csrf": token})).status_code == 403
        assert (await browser.post(_LANGUAGE, files=parts)).status_code == 403
    assert (await browser.post(_LANGUAGE, json={"locale": "en", "csrf": right})).status_code == 403
    text = {"Content-Type": "text/plain"}
    assert (await browser.post(_LANGUAGE, content=f"locale=en&csrf={right}", headers=text)).status_code == 403
    form = await browser.post(_LANGUAGE, files={"locale": (None, "en"), "csrf": (None, right)})
    assert form.status_code == 303
    header = await browser.post(_LANGUAGE, data={"locale": "pt_BR"}, headers={"X-CSRF-Token": right})
    assert header.status_code == 303
    assert 'lang="pt-BR"' in (await browser.see("/app/account")).text


async def test_before_signing_in_a_form_of_another_site_is_refused_too(browser: Browser, invite: Invite) -> None:
    evil = {"Origin": "https://evil.example"}
    for path in ("/sign-in", "/sign-in/team", "/sign-in/link/x", "/sign-out"):
        assert (await browser.post(path, data={}, headers=evil)).status_code == 403


async def test_other_methods_do_nothing(browser: Browser, invite: Invite) -> None:
    await browser.come_by_link(await invite())
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "GET"):
        for path in ("/sign-out", _LANGUAGE, "/app/account/browsers/end"):
            assert (await browser.request(method, path)).status_code in (404, 405, 403)
    assert (await browser.see("/app/account")).status_code == 200


async def test_a_torn_form_is_an_error_page(browser: Browser, invite: Invite) -> None:
    await browser.come_by_link(await invite())
    parts = {"Content-Type": "multipart/form-data; boundary=y"}
    assert (await browser.post(_LANGUAGE, content=b"--x\r\nnothing", headers=parts)).status_code in (400, 403)
    large = await browser.post("/sign-in", data={"email": "a" * 2_000_000})
    assert large.status_code == 413
    assert large.headers["content-type"].startswith("text/html")
