"""Signing in and out in a real browser, by each way, also without scripts; and whether everybody can use the pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pydantic import SecretStr

from evals.simulators.oidc.state import State
from tests.browser.chromium import ensure_chromium
from tests.notifications.mailbox import Mailbox, serving_mail
from tests.ui_operations.running import Running, running
from tracking_core.db.engine import transaction
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.kit import clock
from tracking_core.models import Role, User
from tracking_core.tenants import service as tenants
from tracking_core.users import links, passwords, service

_FLAGS = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
PASSWORD = "girafa lampada cadeira"
ACCOUNT = "/app/account"


class Site:
    """The hub with a mail server and a company's identity provider."""

    def __init__(self, hub: Running, mailbox: Mailbox, provider: str) -> None:
        self.hub, self.mailbox = hub, mailbox
        app: Any = hub._server.config.app
        app.state.settings = hub.settings.model_copy(
            update={
                "public_url": hub.origin,
                "smtp_host": "127.0.0.1",
                "smtp_port": mailbox.port,
                "smtp_security": "none",
                "mail_from": "Hub <entrar@hub.example>",
                "oidc_issuer": provider,
                "oidc_client_id": "hub",
                "oidc_client_secret": SecretStr("the-hubs-secret"),
                "oidc_name": "Exemplo S.A.",
            }
        )

    def invite(self, email: str, role: Role, *, password: str = "", shop: str = "") -> User:
        return self.hub.run(_invited(email, role, password, shop))

    def link(self, user: User, next_path: str = ACCOUNT) -> str:
        return f"{self.hub.origin}/sign-in/link/{self.hub.run(_issued(user, next_path))}"

    def mailed_link(self) -> str:
        body = self.mailbox.mails[-1].get_body(("plain",))
        assert body is not None
        return next(line for line in str(body.get_content()).splitlines() if line.startswith("http"))


async def _invited(email: str, role: Role, password: str, shop: str) -> User:
    async with transaction() as session:
        user = await service.invite(session, email, email.partition("@")[0], role, actor="test")
        user.password_hash = await passwords.hashed(password) if password else None
        if shop:
            made = await tenants.create(session, shop, actor="test")
            await service.let_in(session, user, made.tenant_id, actor="test")
    return user


async def _issued(user: User, next_path: str) -> str:
    async with transaction() as session:
        return await links.issue(session, user, now=clock.now(), next_path=next_path)


@pytest.fixture(scope="module")
def site(servers: tuple[EmbeddedPostgres, EmbeddedRedis], running_provider: tuple[State, str]) -> Iterator[Site]:
    running_provider[0].reset()
    with running(*servers) as hub:
        serving = serving_mail(Mailbox())
        mailbox = hub.run(_entered(serving))
        yield Site(hub, mailbox, running_provider[1])
        hub.run(_left(serving))


async def _entered(serving: Any) -> Mailbox:
    mailbox: Mailbox = await serving.__aenter__()
    return mailbox


async def _left(serving: Any) -> None:
    await serving.__aexit__(None, None, None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = ensure_chromium()
    with sync_playwright() as playwright:
        flags = [f"--{flag}" for flag in _FLAGS.split()]
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Whatever it complains of fails the test."""
    context, noise = _context(browser), list[str]()
    page = context.new_page()
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("console", lambda said: noise.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert noise == []


def _context(browser: Browser, **options: Any) -> BrowserContext:
    context = browser.new_context(locale="pt-BR", viewport={"width": 360, "height": 740}, **options)
    context.set_default_timeout(20_000)
    return context


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def _by_mail(site: Site, page: Page, email: str) -> None:
    page.goto(f"{site.hub.origin}/sign-in?next={ACCOUNT}")
    page.get_by_label("Endereço de e-mail").fill(email)
    before = len(site.mailbox.mails)
    _press(page, "Enviar o link")
    expect(page.get_by_role("heading", name="Veja o seu e-mail")).to_be_visible()
    page.wait_for_timeout(0)
    for _ in range(200):
        if len(site.mailbox.mails) > before:
            break
        page.wait_for_timeout(50)
    page.goto(site.mailed_link())
    _press(page, "Continuar")
    page.wait_for_url(f"**{ACCOUNT}")


def test_by_a_mailed_link_and_out_again(site: Site, page: Page) -> None:
    site.invite("ana@loja.example", Role.SELLER)
    _by_mail(site, page, "ana@loja.example")
    expect(page.get_by_text("ana@loja.example")).to_be_visible()
    page.get_by_role("banner").get_by_role("button", name="Sair").click()
    page.wait_for_url("**/sign-in")
    page.goto(f"{site.hub.origin}{ACCOUNT}")
    expect(page).to_have_url(f"{site.hub.origin}/sign-in?next=%2Fapp%2Faccount")


def test_without_scripts_all_the_same(site: Site, browser: Browser) -> None:
    site.invite("bea@loja.example", Role.SELLER)
    context = _context(browser, java_script_enabled=False)
    page = context.new_page()
    _by_mail(site, page, "bea@loja.example")
    _press(page, "Sair de todos os navegadores")
    page.wait_for_url("**/sign-in")
    context.close()


def test_a_password_is_set_by_a_link_and_signs_in(site: Site, page: Page) -> None:
    user = site.invite("caio@hub.example", Role.OPERATOR)
    page.goto(site.link(user, f"{ACCOUNT}/password"))
    _press(page, "Continuar")
    page.get_by_label("Nova senha", exact=True).fill(PASSWORD)
    page.get_by_label("A nova senha mais uma vez").fill(PASSWORD)
    _press(page, "Salvar a senha")
    page.wait_for_url("**/ops**")
    page.goto(f"{site.hub.origin}{ACCOUNT}")
    page.get_by_role("banner").get_by_role("button", name="Sair").click()
    page.wait_for_url("**/sign-in")
    page.get_by_role("link", name="Entre por aqui").click()
    page.get_by_label("Endereço de e-mail").fill("caio@hub.example")
    page.get_by_label("Senha").fill(PASSWORD)
    _press(page, "Entrar")
    page.wait_for_url("**/ops**")


def test_through_the_company_and_back(site: Site, page: Page) -> None:
    site.invite("bia@hub.example", Role.SUPPORT)
    page.goto(f"{site.hub.origin}/sign-in/team?next={ACCOUNT}")
    page.get_by_role("link", name="Continuar com Exemplo S.A.").click()
    page.get_by_label("E-mail").fill("bia@hub.example")
    _press(page, "Sign in")
    page.wait_for_url(f"**{ACCOUNT}")
    expect(page.get_by_text("bia@hub.example")).to_be_visible()
    expect(page.get_by_text("pela conta da empresa")).to_be_visible()
    page.get_by_role("banner").get_by_role("button", name="Sair").click()
    page.wait_for_url("**/sign-in")
