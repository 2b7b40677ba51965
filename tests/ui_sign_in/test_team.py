"""Our own people by password, and the page on which they set one."""

from tests.notifications.mailbox import Mailbox
from tests.ui_sign_in.conftest import PASSWORD, Browser, Invite, link_in
from tests.users.audit import entries
from tracking_core.models import Role
from tracking_core.users.throttle import LIMITS, Attempt


async def test_the_right_one_leads_to_their_work(browser: Browser, invite: Invite) -> None:
    await invite(Role.SUPPORT, "bia@hub.example", password=PASSWORD)
    page = await browser.see("/sign-in/team?next=/desk")
    assert 'autocomplete="current-password"' in page.text
    answer = await browser.submit("/sign-in/team", email="bia@hub.example", password=PASSWORD, next="/desk")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert "bia@hub.example" in (await browser.see("/app/account")).text


async def test_every_refusal_looks_the_same(browser: Browser, invite: Invite) -> None:
    await invite(Role.SUPPORT, "bia@hub.example", password=PASSWORD)
    await invite(Role.SELLER, "ana@hub.example")
    seen = set()
    for email, password in (
        ("bia@hub.example", "wrong"),
        ("ana@hub.example", PASSWORD),
        ("xxx@hub.example", PASSWORD),
    ):
        answer = await browser.submit("/sign-in/team", email=email, password=password)
        assert "set-cookie" not in answer.headers
        assert password not in answer.text
        seen.add((answer.status_code, answer.text.replace(email, "")))
    [(status, text)] = seen
    assert status == 401
    assert 'role="alert"' in text


async def test_guessing_ends_with_how_long_to_wait(browser: Browser, invite: Invite) -> None:
    await invite(Role.SUPPORT, "bia@hub.example", password=PASSWORD)
    for _ in range(LIMITS[Attempt.PASSWORD].both):
        await browser.submit("/sign-in/team", email="bia@hub.example", password="wrong")
    refused = await browser.submit("/sign-in/team", email="bia@hub.example", password=PASSWORD)
    assert (refused.status_code, "retry-after" in refused.headers) == (429, True)


async def test_an_invited_person_sets_a_password_and_signs_in_by_it(browser: Browser, invite: Invite) -> None:
    user = await invite(Role.OPERATOR, "caio@hub.example")
    await browser.come_by_link(user)
    page = await browser.see("/app/account/password")
    assert 'name="current"' not in page.text
    assert 'autocomplete="new-password"' in page.text
    for password, again, said in (
        ("girafa lamp", "girafa lamp", "12 caracteres"),
        ("caio@hub.example", "caio@hub.example", "não serve como senha"),
        ("senhasegura123", "senhasegura123", "fácil de adivinhar"),
        (PASSWORD, "another one", "duas vezes"),
    ):
        refused = await browser.submit("/app/account/password", password=password, again=again)
        assert (refused.status_code, said in refused.text) == (422, True)
        assert f'value="{password}"' not in refused.text or "@" in password
    answer = await browser.submit("/app/account/password", password=PASSWORD, again=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    await browser.see("/app/account")
    await browser.submit("/sign-out")
    assert (await browser.see("/app/account")).status_code == 303
    await browser.see("/sign-in/team")
    assert (await browser.submit("/sign-in/team", email="caio@hub.example", password=PASSWORD)).status_code == 303
    assert len(await entries("user.password_changed")) == 1


async def test_later_it_is_changed_by_who_knows_it_and_they_are_told(
    browser: Browser, another: Browser, invite: Invite, mailbox: Mailbox
) -> None:
    await invite(Role.SUPPORT, "bia@hub.example", password=PASSWORD)
    for one in (browser, another):
        await one.submit("/sign-in/team", email="bia@hub.example", password=PASSWORD)
        await one.see("/app/account")
    page = await browser.see("/app/account/password")
    assert 'name="current"' in page.text
    new = "outra chave de papel"
    refused = await browser.submit("/app/account/password", current="wrong", password=new, again=new)
    assert (refused.status_code, "Esta não é a sua senha" in refused.text) == (422, True)
    answer = await browser.submit("/app/account/password", current=PASSWORD, password=new, again=new)
    assert answer.status_code == 303
    assert (await browser.see("/app/account")).status_code == 200
    assert (await another.see("/app/account")).status_code == 303
    [mail] = mailbox.mails
    assert (mail["To"], mail["Subject"]) == ("bia@hub.example", "Sua senha foi alterada")
    assert link_in(mailbox) == "/sign-in/team"
    assert new not in mail.as_string()


async def test_a_seller_has_no_password_page(browser: Browser, invite: Invite) -> None:
    await browser.come_by_link(await invite())
    assert (await browser.see("/app/account/password")).status_code == 403
    assert "/app/account/password" not in (await browser.see("/app/account")).text
