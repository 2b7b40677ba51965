"""Through the company's identity provider: everything about its answer is proved, and only invited people get in."""

import time as wall
from collections.abc import Awaitable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from evals.simulators.oidc.state import Fault, State
from evals.simulators.oidc.state import Settings as Wanted
from tests.users.audit import entries
from tests.users.conftest import NOW, Invite
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Role
from tracking_core.settings import Settings
from tracking_core.users import service
from tracking_core.users.errors import EmailUnverified, NotInvited, ProviderRefused, ProviderUnavailable
from tracking_core.users.oidc import provider as providers
from tracking_core.users.oidc import sign_in as oidc
from tracking_core.users.oidc.flow import Flow, new_flow
from tracking_core.users.oidc.id_token import Identity, identity_of
from tracking_core.users.oidc.provider import Provider

BACK = "http://hub.example/sign-in/oidc/callback"
BIA = "bia@hub.example"


@pytest.fixture
def settings_of(running_provider: tuple[State, str], company: State) -> Settings:
    return Settings(
        _env_file=None,
        environment="testing",
        oidc_issuer=running_provider[1],
        oidc_client_id="hub",
        oidc_client_secret=SecretStr("the-hubs-secret"),
    )


async def _code(settings: Settings, flow: Flow, email: str = BIA) -> dict[str, str]:
    """What the browser brings back after its person signed in at the provider."""
    found = await providers.discover(settings)
    asked = urlsplit(providers.address_to_go(found, settings, flow, BACK))
    form = {name: values[0] for name, values in parse_qs(asked.query).items()}
    async with httpx.AsyncClient(trust_env=False) as browser:
        address = f"{asked.scheme}://{asked.netloc}{asked.path}"
        assert (await browser.get(address, params=form)).status_code == 200
        answer = await browser.post(address, data={**form, "email": email})
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def _proved(found: Provider, settings: Settings, flow: Flow, code: str) -> object:
    return await identity_of(found, settings, flow, code, back=BACK, now=clock.now())


async def _identity(settings: Settings, email: str = BIA) -> Identity:
    flow = new_flow("/")
    said = await _code(settings, flow, email)
    found = await providers.discover(settings)
    return await identity_of(found, settings, flow, said["code"], back=BACK, now=clock.now())


@pytest.mark.parametrize("takes_basic", [True, False])
async def test_who_signed_in_there_is_known_here(settings_of: Settings, company: State, takes_basic: bool) -> None:
    company.settings.takes_basic = takes_basic
    identity = await _identity(settings_of)
    assert identity.subject == f"{settings_of.oidc_issuer} sub-{BIA}"
    assert (identity.email, identity.is_verified) == (BIA, True)
    assert BIA not in repr(identity)


async def test_an_address_that_the_token_lacks_is_asked_for(settings_of: Settings, company: State) -> None:
    company.settings.fault = Fault.THIN
    assert (await _identity(settings_of)).email == BIA
    company.settings.fault = Fault.THIN_OTHER
    identity = await _identity(settings_of)
    assert (identity.email, identity.is_verified) == ("", False)


_FALSE = (
    Fault.WRONG_NONCE, Fault.NO_NONCE, Fault.EXPIRED, Fault.OTHER_AUDIENCE, Fault.MANY_AUDIENCES, Fault.OTHER_ISSUER,
    Fault.OTHER_KEY, Fault.UNSIGNED, Fault.SECRET_SIGNED, Fault.NO_SUBJECT, Fault.REFUSED, Fault.NO_KEYS,
)  # fmt: skip


@pytest.mark.parametrize("fault", _FALSE)
async def test_a_token_that_proves_nothing_lets_nobody_in(settings_of: Settings, company: State, fault: Fault) -> None:
    company.settings.fault = fault
    with capture_logs() as logs, pytest.raises(ProviderRefused):
        await _identity(settings_of)
    assert [entry["event"] for entry in logs] == ["identity_provider_refused"]
    assert BIA not in str(logs)


@pytest.mark.parametrize("at", ["discovery", "token", "keys"])
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.GARBAGE, Fault.HUGE, Fault.REDIRECT, Fault.SLOW])
async def test_a_provider_that_fails_is_waited_for_so_long_and_no_longer(
    settings_of: Settings, company: State, monkeypatch: pytest.MonkeyPatch, fault: Fault, at: str
) -> None:
    flow = new_flow("/")
    said, found = await _code(settings_of, flow), await providers.discover(settings_of)
    company.settings = Wanted(fault=fault, at=at)
    monkeypatch.setattr(providers, "TIMEOUT_SECONDS", 0.5 if fault is Fault.SLOW else 10.0)
    is_first = at == "discovery"
    asked: Awaitable[object] = (
        providers.discover(settings_of) if is_first else _proved(found, settings_of, flow, said["code"])
    )
    with pytest.raises(ProviderUnavailable):
        await asked


async def test_a_code_is_of_one_flow_and_taken_once(settings_of: Settings) -> None:
    flow, other = new_flow("/"), new_flow("/")
    found = await providers.discover(settings_of)
    stolen = (await _code(settings_of, flow))["code"]
    with pytest.raises(ProviderRefused):
        await identity_of(found, settings_of, other, stolen, back=BACK, now=clock.now())
    code = (await _code(settings_of, flow))["code"]
    await identity_of(found, settings_of, flow, code, back=BACK, now=clock.now())
    with pytest.raises(ProviderRefused):
        await identity_of(found, settings_of, flow, code, back=BACK, now=clock.now())


async def test_the_secret_is_neither_guessed_nor_shown(settings_of: Settings) -> None:
    wrong = settings_of.model_copy(update={"oidc_client_secret": SecretStr("planted-secret")})
    with capture_logs() as logs, pytest.raises(ProviderRefused) as refusal:
        await _identity(wrong)
    assert "planted" not in str(logs) + repr(refusal.value) + repr(wrong)


async def test_in_production_nothing_is_said_in_the_clear(settings_of: Settings) -> None:
    with pytest.raises(ProviderUnavailable):
        await providers.discover(settings_of.model_copy(update={"environment": "production"}))


async def test_nobody_listens_there(settings_of: Settings) -> None:
    started = wall.monotonic()
    with pytest.raises(ProviderUnavailable):
        await providers.discover(settings_of.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"}))
    assert wall.monotonic() - started < providers.TIMEOUT_SECONDS


def _who(subject: str = "https://issuer.example sub-1", email: str = BIA, is_verified: bool = True) -> Identity:
    return Identity(subject, email, is_verified)


async def test_the_address_binds_once_and_the_subject_counts_from_then_on(invite: Invite) -> None:
    user = await invite(BIA, Role.SUPPORT)
    assert (await oidc.sign_in(_who(email=BIA.upper()), now=NOW)).user.id == user.id
    assert (await oidc.sign_in(_who(email="renamed@hub.example", is_verified=False), now=NOW)).user.id == user.id
    with pytest.raises(NotInvited):
        await oidc.sign_in(_who("https://issuer.example sub-2"), now=NOW)
    with pytest.raises(NotInvited):
        await oidc.sign_in(_who("https://other.example sub-1"), now=NOW)
    assert [entry.subject for entry in await entries("user.provider_bound")] == [str(user.id)]
    assert [entry.details["how"] for entry in await entries("user.signed_in")] == ["oidc", "oidc"]


async def test_who_is_not_on_the_team_stays_out_and_it_is_noted(invite: Invite) -> None:
    seller = await invite("ana@loja.example")
    gone = await invite("caio@hub.example", Role.OPERATOR)
    async with transaction() as session:
        await service.shut_out(session, gone.id, actor="test", now=NOW)
    for email in ("ana@loja.example", "caio@hub.example", "nobody@hub.example", "", "no address\0"):
        with pytest.raises(NotInvited):
            await oidc.sign_in(_who(email=email), now=NOW)
    failed = await entries("user.sign_in_failed")
    assert [entry.subject for entry in failed] == [str(seller.id), str(gone.id), "unknown", "unknown", "unknown"]
    assert "@" not in str([(entry.subject, entry.details) for entry in failed])


async def test_an_unverified_address_binds_nobody(invite: Invite) -> None:
    user = await invite(BIA, Role.SUPPORT)
    with pytest.raises(EmailUnverified):
        await oidc.sign_in(_who(is_verified=False), now=NOW)
    async with transaction() as session:
        assert (await service.get(session, user.id)).oidc_subject is None


async def test_who_was_shut_out_after_binding_stays_out(invite: Invite) -> None:
    user = await invite(BIA, Role.SUPPORT)
    await oidc.sign_in(_who(), now=NOW)
    async with transaction() as session:
        await service.shut_out(session, user.id, actor="test", now=NOW)
    with pytest.raises(NotInvited):
        await oidc.sign_in(_who(), now=NOW)
