"""A seller asks for a link, opens it, presses the button, and is where they wanted to be."""

import httpx
import pytest
from structlog.testing import capture_logs

from tests.notifications.mailbox import Mailbox
from tests.ui_sign_in.conftest import Browser, Change, Invite, link_in
from tests.users.audit import entries
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Role
from tracking_core.users import links
from tracking_core.users.throttle import LIMITS, Attempt


async def test_the_whole_way_by_mail(browser: Browser, invite: Invite, mailbox: Mailbox) -> None:
    user = await invite(Role.SELLER, "ana@loja.example", shop="Loja da Ana")
    await browser.see("/sign-in?next=/app/account")
    sent = await browser.submit("/sign-in", email=" Ana@Loja.Example ", next="/app/account")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in/sent")
    assert "30 minutos" in (await browser.see("/sign-in/sent")).text
    address = link_in(mailbox)
    for _ in range(3):
        looked = await browser.see(address)
        assert "Continuar" in looked.text
    used = await browser.submit(address)
    assert (used.status_code, used.headers["location"]) == (303, "/app/account")
    assert "ana@loja.example" in (await browser.see("/app/account")).text
    over = await browser.submit(address)
    assert (over.status_code, "não vale mais" in over.text) == (401, True)
    assert "não vale mais" in (await browser.see(address)).text
    assert [entry.subject for entry in await entries("user.link_used")] == [str(user.id)]


async def test_a_link_says_whose_it_is_and_who_is_signed_in_instead(
    browser: Browser, another: Browser, invite: Invite
) -> None:
    """Whoever sends their own link to somebody must not get them into their account unseen."""
    mallory = await invite(Role.SELLER, "mallory@loja.example")
    async with transaction() as session:
        token = await links.issue(session, mallory, now=clock.now())
    await browser.come_by_link(await invite(Role.SELLER, "ana@loja.example"))
    warned = (await browser.see(f"/sign-in/link/{token}")).text
    assert "ana (ana@loja.example); isto conecta você como mallory (mallory@loja.example)" in warned
    unknown = (await another.see(f"/sign-in/link/{token}")).text
    assert "mallory@loja.example" in unknown
    assert "isto conecta você" not in unknown


async def test_known_or_not_the_answer_is_the_same(browser: Browser, invite: Invite, mailbox: Mailbox) -> None:
    await invite(Role.SELLER, "ana@loja.example")
    answers = [await browser.submit("/sign-in", email=email) for email in ("ana@loja.example", "nobody@loja.example")]
    seen = [(one.status_code, one.headers["location"], one.content, one.headers.get("set-cookie")) for one in answers]
    assert seen[0] == seen[1]
    assert mailbox.recipients == [["ana@loja.example"]]


async def test_an_address_that_is_none_is_said_so(browser: Browser, mailbox: Mailbox) -> None:
    answer = await browser.submit("/sign-in", email="ana@", next="/app")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'value="ana@"' in answer.text
    assert 'name="next" value="/app"' in answer.text


async def test_a_mail_that_does_not_leave_changes_nothing_for_who_asked(
    browser: Browser, invite: Invite, mailbox: Mailbox
) -> None:
    await invite(Role.SELLER, "ana@loja.example")
    mailbox.faults.append("data 554 ana@loja.example")
    with capture_logs() as logs:
        answer = await browser.submit("/sign-in", email="ana@loja.example")
    assert answer.status_code == 303
    assert [one["event"] for one in logs] == ["sign_in_mail_failed"]
    assert "ana@" not in str(logs)


async def test_asking_again_and_again_ends_with_how_long_to_wait(
    browser: Browser, another: Browser, mailbox: Mailbox
) -> None:
    for _ in range(LIMITS[Attempt.LINK].both):
        assert (await browser.submit("/sign-in", email="ana@loja.example")).status_code == 303
    refused = await browser.submit("/sign-in", email="ana@loja.example")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 901
    assert refused.headers["retry-after"] in refused.text
    assert refused.headers["content-type"].startswith("text/html")


async def test_without_a_mail_server_the_page_says_who_makes_links(browser: Browser) -> None:
    page = await browser.see("/sign-in")
    assert "hub user link" in page.text
    assert 'name="email"' not in page.text
    assert (await browser.submit("/sign-in", email="ana@loja.example")).status_code == 200


async def test_staff_are_sent_where_a_password_is_set_and_with_a_provider_nothing(
    browser: Browser, invite: Invite, mailbox: Mailbox, change: Change
) -> None:
    await invite(Role.SUPPORT, "bia@hub.example")
    await browser.submit("/sign-in", email="bia@hub.example", next="/desk")
    used = await browser.post(link_in(mailbox))
    assert used.headers["location"] == "/app/account/password"
    change(oidc_issuer="https://issuer.example", oidc_client_id="hub")
    await browser.see("/app/account")
    await browser.submit("/sign-in", email="bia@hub.example")
    assert len(mailbox.mails) == 1


async def test_who_is_signed_in_goes_on(browser: Browser, invite: Invite) -> None:
    await browser.come_by_link(await invite())
    for path in ("/sign-in", "/sign-in/team"):
        answer = await browser.get(f"{path}?next=/app/account")
        assert (answer.status_code, answer.headers["location"]) == (303, "/app/account")


_AWAY = [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "evil.example", "/\n//evil.example", "javascript:alert(1)", "///evil.example", "https:evil.example",
    " //evil.example",
    "/\u2028/evil.example", "/\r\nSet-Cookie: a=b", "",
]  # fmt: skip


@pytest.mark.parametrize("way", ["link", "password"])
async def test_nobody_is_led_away(browser: Browser, another: Browser, invite: Invite, way: str) -> None:
    user = await invite(Role.SUPPORT, "bia@hub.example", password="girafa lampada cadeira")
    targets = [*_AWAY, "/%2f/evil.example", "/%5cevil.example", "/.//evil.example"]
    for target in targets if way == "link" else targets[:4]:  # a password takes its time
        browser.cookies.clear()
        browser.csrf = ""
        if way == "link":
            answer = await browser.come_by_link(user, next_path=target)
        else:
            fields = {"email": user.email, "password": "girafa lampada cadeira", "next": target}
            answer = await browser.submit("/sign-in/team", **fields)
        location = httpx.URL("http://127.0.0.1:8000/").join(answer.headers["location"])
        assert answer.status_code == 303
        assert (location.scheme, location.host, location.port) == ("http", "127.0.0.1", 8000)
        assert target not in _AWAY or answer.headers["location"] == "/"


async def test_a_link_is_told_to_nobody_by_its_page(browser: Browser, invite: Invite, mailbox: Mailbox) -> None:
    await invite(Role.SELLER, "ana@loja.example")
    await browser.submit("/sign-in", email="ana@loja.example")
    page = await browser.see(link_in(mailbox))
    assert page.headers["referrer-policy"] == "strict-origin"
    assert page.headers["cache-control"] == "no-store"
