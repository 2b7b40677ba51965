"""Through the company's identity provider and back, in one browser."""

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from evals.simulators.oidc.state import Fault, State
from evals.simulators.oidc.state import Settings as Wanted
from tests.ui_sign_in.conftest import Browser, Invite
from tests.users.audit import entries
from tests.users.conftest import Clock
from tracking_core.kit import clock
from tracking_core.models import Role

BIA = "bia@hub.example"


async def _back(browser: Browser, email: str = BIA, **form: str) -> str:
    """The path that the provider sends the browser back to."""
    start = await browser.get("/sign-in/oidc?next=/desk")
    assert start.status_code == 303, start.text
    asked = urlsplit(start.headers["location"])
    carried = {name: values[0] for name, values in parse_qs(asked.query).items()}
    assert carried["code_challenge_method"] == "S256"
    async with httpx.AsyncClient(trust_env=False) as client:
        address = f"{asked.scheme}://{asked.netloc}{asked.path}"
        answer = await client.post(address, data={**carried, "email": email, **form})
    there = urlsplit(answer.headers["location"])
    assert f"{there.scheme}://{there.netloc}" == "http://127.0.0.1:8000"
    return f"{there.path}?{there.query}"


async def test_an_invited_person_gets_in_and_to_where_they_wanted(
    browser: Browser, invite: Invite, company: State
) -> None:
    await invite(Role.SUPPORT, BIA)
    assert "/sign-in/oidc?next=/desk" in (await browser.see("/sign-in/team?next=/desk")).text
    answer = await browser.get(await _back(browser))
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert BIA in (await browser.see("/app/account")).text
    assert "hub_flow" not in browser.cookies
    assert [entry.details["how"] for entry in await entries("user.signed_in")] == ["oidc"]


async def test_only_the_browser_that_began_it_ends_it(
    browser: Browser, another: Browser, invite: Invite, company: State
) -> None:
    await invite(Role.SUPPORT, BIA)
    stolen = await _back(browser)
    assert (await another.get(stolen)).status_code == 401
    await another.get("/sign-in/oidc")
    assert (await another.get(stolen)).status_code == 401
    assert (await another.see("/app/account")).status_code == 303


async def test_who_is_not_on_the_team_is_told_so(browser: Browser, invite: Invite, company: State) -> None:
    await invite(Role.SELLER, "ana@loja.example")
    for email in ("ana@loja.example", "nobody@hub.example"):
        answer = await browser.get(await _back(browser, email))
        assert (answer.status_code, "Peça um convite" in answer.text) == (403, True)
        assert "hub_session" not in browser.cookies


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (Fault.WRONG_NONCE, 401, "não confirmou quem você é"),
        (Fault.EXPIRED, 401, "não confirmou quem você é"),
        (Fault.OTHER_AUDIENCE, 401, "não confirmou quem você é"),
        (Fault.OTHER_ISS, 401, "não confirmou quem você é"),
        (Fault.UNVERIFIED, 401, "não verificou"),
        (Fault.OTHER_STATE, 401, "outro navegador"),
        (Fault.GARBAGE, 503, "não respondeu"),
    ],
)
async def test_what_goes_wrong_is_a_page_with_a_sentence(
    browser: Browser, invite: Invite, company: State, fault: Fault, status: int, said: str
) -> None:
    await invite(Role.SUPPORT, BIA)
    company.settings = Wanted(fault=fault)
    answer = await browser.get(await _back(browser))
    assert (answer.status_code, said in answer.text) == (status, True)
    assert answer.headers["content-type"].startswith("text/html")
    assert "hub_session" not in browser.cookies


async def test_who_refuses_there_or_comes_with_a_made_up_error_sees_our_words(browser: Browser, company: State) -> None:
    answer = await browser.get(await _back(browser, refused="1"))
    assert (answer.status_code, "não confirmou quem você é" in answer.text) == (401, True)
    made_up = urlencode({"error": "call +55 11 90000-0000", "error_description": "call us", "state": "x"})
    answer = await browser.get(f"/sign-in/oidc/callback?{made_up}")
    assert (answer.status_code, "90000" in answer.text) == (401, False)


async def test_who_takes_too_long_begins_again(browser: Browser, invite: Invite, company: State) -> None:
    await invite(Role.SUPPORT, BIA)
    back = await _back(browser)
    later = Clock()
    later.now = clock.now()
    later.move(minutes=11)
    clock.set_source(lambda: later.now)
    answer = await browser.get(back)
    assert (answer.status_code, "demorou demais" in answer.text) == (401, True)


async def test_a_cookie_of_the_way_that_was_changed_is_none(browser: Browser, invite: Invite, company: State) -> None:
    await invite(Role.SUPPORT, BIA)
    back = await _back(browser)
    kept = browser.cookies["hub_flow"]
    browser.cookies.clear()
    browser.cookies.set("hub_flow", ("A" if kept[0] != "A" else "B") + kept[1:], domain="127.0.0.1", path="/")
    assert (await browser.get(back)).status_code == 401


async def test_without_a_provider_there_is_no_such_way(browser: Browser) -> None:
    for path in ("/sign-in/oidc", "/sign-in/oidc/callback"):
        assert (await browser.get(path)).status_code == 404
    assert "/sign-in/oidc" not in (await browser.see("/sign-in/team")).text
