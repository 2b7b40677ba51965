"""An operator's page of people."""

import re

import pytest
from sqlmodel import select

from tests.notifications.mailbox import Mailbox
from tests.ui_sign_in.conftest import PASSWORD, Browser, Change, Invite, link_in
from tests.users.audit import entries
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Role, StaffRole, Tenant, User
from tracking_core.staff import service as staff
from tracking_core.tenants import service as tenants
from tracking_core.users import service


@pytest.fixture
async def operator(browser: Browser, invite: Invite) -> Browser:
    await browser.come_by_link(await invite(Role.OPERATOR, "caio@hub.example"))
    return browser


async def _person(email: str) -> User:
    async with transaction() as session:
        return (await session.scalars(select(User).where(User.email == email))).one()


async def test_a_seller_is_invited_by_mail_and_signs_in(
    operator: Browser, another: Browser, invite: Invite, mailbox: Mailbox
) -> None:
    await invite(Role.SELLER, "old@loja.example", shop="Loja da Ana")
    async with transaction() as session:
        shop = (await session.scalars(select(Tenant))).one()
    assert "Loja da Ana" in (await operator.see("/ops/people/invite")).text
    fields = {"email": "ana@loja.example", "name": "Ana", "role": "seller", "locale": "en", "shop": str(shop.id)}
    made = await operator.submit("/ops/people/invite", **fields)
    assert made.status_code == 303
    assert "a caminho" in (await operator.see(made.headers["location"])).text
    assert mailbox.mails[-1]["Subject"] == "You are invited to the Hub"
    used = await another.post(link_in(mailbox))
    assert used.headers["location"] == "/"
    assert "ana@loja.example" in (await another.see("/app/account")).text
    async with transaction() as session:
        assert [one.id for one in await service.tenants_of(session, await _person("ana@loja.example"))] == [shop.id]


async def test_what_is_wrong_is_said_at_its_field(operator: Browser) -> None:
    for fields, said in (
        ({"email": "ana@", "name": "Ana"}, "email-error"),
        ({"email": "ana@loja.example", "name": " "}, "name-error"),
        ({"email": "caio@hub.example", "name": "Ana"}, "email-error"),
        ({"email": "x@hub.example", "name": "caio", "role": "support"}, "name-error"),
    ):
        answer = await operator.submit("/ops/people/invite", **fields)
        assert (answer.status_code, said in answer.text) == (422, True)
    assert len(await entries("user.invited")) == 1


async def test_without_mail_the_link_is_shown_once_and_the_last_one_counts(operator: Browser, another: Browser) -> None:
    made = await operator.submit("/ops/people/invite", email="bia@hub.example", name="Bia", role="support")
    page = made.headers["location"].partition("?")[0]
    await operator.see(page)
    shown = [await operator.submit(f"{page}/link") for _ in range(2)]
    found = [re.search(r"http://127\.0\.0\.1:8000(/sign-in/link/[\w-]+)", one.text) for one in shown]
    assert all(one.headers["cache-control"] == "no-store" for one in shown)
    assert "/sign-in/link/" not in (await operator.see(page)).text
    first, second = (one[1] for one in found if one)
    assert (await another.post(first)).status_code == 401
    assert (await another.post(second)).headers["location"] == "/app/account/password"
    assert [entry.actor.startswith("user:") for entry in await entries("user.link_made")] == [True, True]


async def test_the_team_comes_through_the_provider_without_a_link(
    operator: Browser, mailbox: Mailbox, change: Change
) -> None:
    change(oidc_issuer="https://issuer.example", oidc_client_id="hub")
    await operator.submit("/ops/people/invite", email="bia@hub.example", name="Bia", role="support")
    assert link_in(mailbox) == "/sign-in/team"


async def test_a_role_shops_and_access_are_changed(operator: Browser, another: Browser, invite: Invite) -> None:
    user = await invite(Role.SELLER, "ana@loja.example", shop="Loja da Ana")
    await another.come_by_link(user)
    page = f"/ops/people/{user.id}"
    text = (await operator.see(page)).text
    assert "Loja da Ana" in text
    async with transaction() as session:
        shop = (await session.scalars(select(Tenant))).one()
    await operator.submit(f"{page}/shops/{shop.id}/remove")
    assert "Retirar Loja" not in (await operator.see(page)).text
    await operator.submit(f"{page}/shops", shop=str(shop.id))
    assert "Retirar Loja" in (await operator.see(page)).text
    await operator.submit(f"{page}/role", role="support")
    assert (await another.see("/app/account")).status_code == 303
    assert (await _person("ana@loja.example")).role == Role.SUPPORT
    await operator.submit(f"{page}/shut-out")
    assert "Liberar o acesso de novo" in (await operator.see(page)).text
    assert (await operator.submit(f"{page}/link")).status_code == 409
    await operator.submit(f"{page}/restore")
    assert (await _person("ana@loja.example")).disabled_at is None


async def test_of_more_shops_than_fit_a_list_one_is_found_by_its_name_and_none_that_is_closed(
    operator: Browser, invite: Invite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking_core.users.directory.SHOPS", 1)
    seller = await invite(Role.SELLER, "old@loja.example")
    async with transaction() as session:
        made = {name: await tenants.create(session, name, actor="test") for name in ("Aurora", "Bela", "Zeta")}
        aurora = await session.get_one(Tenant, made["Aurora"].tenant_id)
        aurora.closed_at = clock.now()
    page = f"/ops/people/{seller.id}"
    for shown in (await operator.see(page), await operator.see("/ops/people/invite")):
        assert [name in shown.text for name in made] == [False, True, False]
    assert "Zeta" in (await operator.see(f"{page}?said=zet")).text
    typed = {"email": "ana@loja.example", "name": "Ana", "role": "seller"}
    found = (await operator.submit("/ops/people/invite", **typed, said="zet", find="1")).text
    assert (">Zeta<" in found, 'value="ana@loja.example"' in found) == (True, True)
    closed = str(made["Aurora"].tenant_id)  # since the page was opened
    refused = await operator.submit("/ops/people/invite", **typed, shop=closed)
    assert (refused.status_code, "shop-error" in refused.text, 'value="Ana"' in refused.text) == (422, True, True)
    assert (await operator.submit(f"{page}/shops", shop=closed)).status_code == 409
    assert len(await entries("user.invited")) == 2
    await operator.submit("/ops/people/invite", **typed, shop=str(made["Zeta"].tenant_id))
    assert len(await entries("user.let_in")) == 1


async def test_a_staff_key_outlives_a_shut_door_and_is_revoked_beside_it(operator: Browser, invite: Invite) -> None:
    async with transaction() as session:
        keys = {name: await staff.create(session, name, StaffRole.SUPPORT, actor="test") for name in ("bia", "olga")}
    page = f"/ops/people/{(await invite(Role.SUPPORT, 'bia@hub.example')).id}"
    shut = await operator.submit(f"{page}/shut-out")
    shown = (await operator.see(shut.headers["location"])).text
    assert "Nenhum link, senha ou navegador" in shown
    assert f"termina em {keys['bia'].row.hint}" in shown
    assert (await operator.submit(f"{page}/keys/{keys['olga'].row.id}/revoke")).status_code == 404
    await operator.submit(f"{page}/keys/{keys['bia'].row.id}/revoke")
    assert "Chaves da equipe" not in (await operator.see(page)).text
    [entry] = await entries("staff_key.revoked")
    assert (entry.subject, entry.actor[:5]) == (str(keys["bia"].row.id), "user:")


async def test_operators_leave_themselves_alone_and_names_stay_apart(operator: Browser, invite: Invite) -> None:
    me = await _person("caio@hub.example")
    for path, fields in (("role", {"role": "seller"}), ("shut-out", {})):
        assert (await operator.submit(f"/ops/people/{me.id}/{path}", **fields)).status_code == 403
    seller = await invite(Role.SELLER, "caio@loja.example")
    refused = await operator.submit(f"/ops/people/{seller.id}/role", role="support")
    assert (refused.status_code, 'role="alert"' in refused.text) == (409, True)
    assert (await _person("caio@loja.example")).role == Role.SELLER


async def test_people_are_found(operator: Browser, invite: Invite) -> None:
    await invite(Role.SELLER, "ana@loja.example")
    text = (await operator.see("/ops/people")).text
    assert "ana@loja.example" in text
    assert "caio@hub.example" in text
    text = (await operator.see("/ops/people?said=LOJA&role=seller")).text
    assert "ana@loja.example" in text
    assert "caio@hub.example" not in text
    assert "Ninguém" in (await operator.see("/ops/people?said=%25%00&role=none")).text


@pytest.mark.parametrize("role", [Role.SELLER, Role.SUPPORT])
async def test_nobody_else_sees_or_does_anything_here(browser: Browser, invite: Invite, role: Role) -> None:
    user = await invite(role, "x@hub.example", password=PASSWORD)
    await browser.come_by_link(user)
    for path in ("/ops/people", "/ops/people/invite", f"/ops/people/{user.id}"):
        assert (await browser.see(path)).status_code == 403
    await browser.see("/app/account")
    for path in ("invite", *(f"{user.id}/{what}" for what in ("role", "link", "send", "shut-out", "restore", "shops"))):
        fields = {"role": "operator", "shop": str(user.id), "email": "y@hub.example", "name": "y"}
        assert (await browser.submit(f"/ops/people/{path}", **fields)).status_code == 403
    assert (await _person("x@hub.example")).role == role
