"""One's own account: where one is signed in, and the language."""

import re

from sqlmodel import select

from tests.ui_sign_in.conftest import Browser, Invite
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Role, WebSession
from tracking_core.users import links, service


async def test_another_browser_is_ended_from_here(browser: Browser, another: Browser, invite: Invite) -> None:
    user = await invite()
    await another.come_by_link(user)
    await browser.come_by_link(user)
    page = (await browser.see("/app/account")).text
    assert page.count("Este navegador") == 1
    assert page.count("Outro navegador") == 1
    [other] = re.findall(r'action="(/\S+/end)">(?:(?!</form>).)*Sair do navegador visto', page, re.DOTALL)
    assert (await browser.submit(other)).headers["location"] == "/app/account"
    assert (await another.see("/app/account")).status_code == 303
    assert (await browser.see("/app/account")).text.count("Outro navegador") == 0


async def test_nobody_ends_anothers(browser: Browser, another: Browser, invite: Invite) -> None:
    await another.come_by_link(await invite(Role.SELLER, "bia@loja.example"))
    async with transaction() as session:
        theirs = (await session.scalars(select(WebSession.id))).one()
    await browser.come_by_link(await invite(Role.OPERATOR))
    assert (await browser.submit(f"/app/account/browsers/{theirs}/end")).status_code == 404
    assert (await another.see("/app/account")).status_code == 200


async def test_out_everywhere_is_out_here_too(browser: Browser, another: Browser, invite: Invite) -> None:
    user = await invite()
    await another.come_by_link(user)
    await browser.come_by_link(user)
    async with transaction() as session:
        unused = await links.issue(session, user, now=clock.now(), life=links.INVITATION_LIFE)
    answer = await browser.submit("/app/account/browsers/end")
    assert answer.headers["location"] == "/sign-in"
    for one in (browser, another):
        assert (await one.see("/app/account")).status_code == 303
    assert (await another.see(f"/sign-in/link/{unused}")).status_code == 401


async def test_the_language_is_of_the_pages_and_of_what_is_written_to_them(browser: Browser, invite: Invite) -> None:
    user = await invite()
    await browser.come_by_link(user)
    await browser.submit("/app/account/language", locale="en")
    assert 'lang="en"' in (await browser.see("/app/account")).text
    await browser.submit("/app/account/language", locale="xx")
    async with transaction() as session:
        assert (await service.get(session, user.id)).locale == "en"


async def test_a_sign_in_ends_the_one_before_in_it(browser: Browser, another: Browser, invite: Invite) -> None:
    user = await invite()
    await browser.come_by_link(user)
    first = browser.cookies["hub_session"]
    await browser.come_by_link(user)
    assert browser.cookies["hub_session"] != first
    another.cookies.set("hub_session", first, domain="127.0.0.1", path="/")
    assert (await another.see("/app/account")).status_code == 303


async def test_a_planted_cookie_signs_nobody_in(browser: Browser, another: Browser, invite: Invite) -> None:
    await another.come_by_link(await invite(Role.SELLER, "evil@loja.example"))
    planted = another.cookies["hub_session"]
    browser.cookies.set("hub_session", planted, domain="127.0.0.1", path="/")
    await browser.see("/app/account")
    await browser.come_by_link(await invite(Role.SELLER, "ana@loja.example"))
    assert browser.cookies["hub_session"] != planted
    assert "ana@loja.example" in (await browser.see("/app/account")).text
    assert (await another.see("/app/account")).status_code == 303
