"""Which passwords are taken, how they are kept, and who gets in by one."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher, Type

from tests.users.audit import entries
from tests.users.conftest import NOW, PASSWORD, Clock, Invite
from tracking_core.db.engine import transaction
from tracking_core.models import Role, User
from tracking_core.users import by_password, passwords, service, web_sessions
from tracking_core.users.errors import (
    FieldMalformed,
    PasswordGuessable,
    PasswordIsEmail,
    PasswordNotTheirs,
    PasswordTooLong,
    PasswordTooShort,
    SignInRefused,
    TooManySignIns,
)
from tracking_core.users.guessable import is_guessable
from tracking_core.users.web_sessions import Begun, How, SignedIn

BIA = User(email="bia.ramos@hub.example", name="Beatriz Ramos", role=Role.SUPPORT)
HOME = "192.0.2.7"


@pytest.mark.parametrize(
    "password",
    ["password1234", "senhasegura123", "S3nh@S3gur@2024", "P@ssw0rd2025!", "123456789012", "qwertyuiop12",
     "aaaaaaaaaaaa", "abcabcabcabc", "xk9zxk9zxk9z", "1q2w3e4r5t6y", "Corinthians1910", "147258369147",
     "beatriz12345", "Ramos.Beatriz.2026", "bia.ramos1234", "passwordpasswordpassword"],
)  # fmt: skip
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordGuessable):
        passwords.require_good(password, BIA)


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "correct horse battery staple", "Wk4#ptz!9Qmx", "483920175629", "ação—çedilha—ñandú",
     "x7x7x7kqwmzr", "é" * 6 + "bcdfgh" + "ú" * 6 + "wvxpkj"],
)  # fmt: skip
def test_no_rule_of_composition_stands_in_the_way(password: str) -> None:
    passwords.require_good(password, BIA)


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("girafa lamp", PasswordTooShort),
        ("k" + "girafa lampada " * 14, PasswordTooLong),
        ("BIA.ramos@hub.example", PasswordIsEmail),
    ],
)
def test_length_and_the_address_itself(password: str, refusal: type[FieldMalformed]) -> None:
    with pytest.raises(refusal):
        passwords.require_good(password, BIA)


def test_judging_the_longest_takes_no_time_that_grows_with_its_pieces() -> None:
    """In steps, not in seconds: each position looks back over a bounded stretch."""
    assert not is_guessable("passwordsenha!x9kz" * 11 + "qz")


@pytest.mark.usefixtures("deployed_hasher")
async def test_it_is_kept_as_argon2id_with_the_parameters_of_the_rfc() -> None:
    stored = await passwords.hashed(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert stored != await passwords.hashed(PASSWORD)
    assert await passwords.is_theirs(PASSWORD, stored)
    assert not await passwords.is_theirs(PASSWORD + "x", stored)


async def test_what_looks_the_same_is_the_same() -> None:
    assert await passwords.is_theirs("a\u0301rvore de pedra", await passwords.hashed("\u00e1rvore de pedra"))


@pytest.mark.parametrize("stored", [None, "", "no-hash", "$argon2id$v=19$m=65536,t=3,p=4$x$y"])
async def test_nothing_stored_is_nobodys_password(stored: str | None) -> None:
    assert not await passwords.is_theirs(PASSWORD, stored)


async def _with_password(invite: Invite, role: Role = Role.SUPPORT) -> User:
    user = await invite("bia@hub.example", role, "Beatriz")
    async with transaction() as session:
        kept = await service.get(session, user.id, locked=True)
        kept.password_hash = await passwords.hashed(PASSWORD)
    return kept


async def _sign_in(password: str = PASSWORD, email: str = "bia@hub.example", network: str = HOME) -> Begun:
    return await by_password.sign_in(email, password, network=network, now=NOW)


async def test_the_right_one_signs_in(invite: Invite) -> None:
    user = await _with_password(invite)
    begun = await _sign_in(email=" BIA@hub.example ")
    async with transaction() as session:
        who = await web_sessions.current(session, begun.token, now=NOW)
    assert who is not None
    assert who.user.id == user.id
    [entry] = await entries("user.signed_in")
    assert (entry.subject, entry.details["how"]) == (str(user.id), "password")
    assert begun.token not in repr(begun)


async def test_every_refusal_is_the_same_and_noted_without_the_address(invite: Invite) -> None:
    user = await _with_password(invite)
    await invite("ana@loja.example")
    for email, password in (
        ("bia@hub.example", "wrong password, long"),
        ("ana@loja.example", PASSWORD),
        ("nobody@hub.example", PASSWORD),
        ("no address\0", PASSWORD),
    ):
        with pytest.raises(SignInRefused) as refusal:
            await _sign_in(password, email)
        assert refusal.value.params == {}
    failed = await entries("user.sign_in_failed")
    subjects = [entry.subject for entry in failed]
    assert (subjects[0], subjects[2:]) == (str(user.id), ["unknown", "unknown"])
    assert "@" not in str([(entry.actor, entry.subject, entry.details) for entry in failed])


async def test_a_sellers_or_a_shut_out_persons_password_opens_nothing(invite: Invite) -> None:
    user = await _with_password(invite)
    async with transaction() as session:
        await service.shut_out(session, user.id, actor="test", now=NOW)
    with pytest.raises(SignInRefused):
        await _sign_in()
    async with transaction() as session:
        row = await service.get(session, user.id)
        row.disabled_at, row.role = None, Role.SELLER
    with pytest.raises(SignInRefused):
        await _sign_in()


@pytest.mark.usefixtures("deployed_hasher")
async def test_an_older_hash_is_made_anew_when_its_owner_comes(invite: Invite) -> None:
    user = await _with_password(invite)
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID).hash(PASSWORD)
    async with transaction() as session:
        (await service.get(session, user.id)).password_hash = weaker
    await _sign_in()
    async with transaction() as session:
        stored = (await service.get(session, user.id)).password_hash
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    await _sign_in()


async def test_guessing_ends_even_with_the_right_one_and_only_from_there(invite: Invite) -> None:
    await _with_password(invite)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await _sign_in("wrong password, long")
    with pytest.raises(TooManySignIns) as refusal:
        await _sign_in()
    assert 0 < int(str(refusal.value.params["retry_after_seconds"])) <= 901
    await _sign_in(network="198.51.100.9")


async def test_who_gets_in_has_no_failures_left(invite: Invite) -> None:
    await _with_password(invite)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                await _sign_in("wrong password, long")
        await _sign_in()


async def _by(user: User, how: How) -> SignedIn:
    async with transaction() as session:
        begun = await web_sessions.begin(session, await service.get(session, user.id), how, now=NOW)
        who = await web_sessions.current(session, begun.token, now=NOW)
    assert who is not None
    return who


async def test_who_came_by_a_link_sets_one_and_is_signed_out_elsewhere(invite: Invite, time: Clock) -> None:
    user = await invite("bia@hub.example", Role.SUPPORT, "Beatriz")
    elsewhere = await _by(user, How.LINK)
    who = await _by(user, How.LINK)
    begun = await by_password.change(who, PASSWORD, current="", network=HOME, now=NOW)
    async with transaction() as session:
        rows = await web_sessions.of_user(session, begun.user, now=NOW)
    assert len(rows) == 1
    assert elsewhere.web_session_id not in {row.id for row in rows}
    assert [entry.subject for entry in await entries("user.password_changed")] == [str(user.id)]
    await _sign_in()


async def test_a_link_is_good_for_setting_one_a_short_while(invite: Invite) -> None:
    user = await invite("bia@hub.example", Role.SUPPORT, "Beatriz")
    who, later = await _by(user, How.LINK), NOW + by_password.SETTING_TIME + timedelta(seconds=1)
    with pytest.raises(PasswordNotTheirs):
        await by_password.change(who, PASSWORD, current="", network=HOME, now=later)


async def test_later_the_one_before_is_asked_for(invite: Invite) -> None:
    user = await _with_password(invite)
    who = await _by(user, How.PASSWORD)
    with pytest.raises(SignInRefused):
        await by_password.change(who, "outra chave de papel", current="not this one", network=HOME, now=NOW)
    with pytest.raises(PasswordGuessable):
        await by_password.change(who, "senhasegura123", current=PASSWORD, network=HOME, now=NOW)
    await by_password.change(who, "outra chave de papel", current=PASSWORD, network=HOME, now=NOW)
    await _sign_in("outra chave de papel")


@pytest.mark.parametrize("how", [How.OIDC, How.LINK])
async def test_a_seller_has_none_and_who_comes_through_the_company_sets_none(invite: Invite, how: How) -> None:
    role = Role.SUPPORT if how is How.OIDC else Role.SELLER
    who = await _by(await invite("x@hub.example", role), how)
    with pytest.raises(PasswordNotTheirs):
        await by_password.change(who, PASSWORD, current="", network=HOME, now=NOW)
