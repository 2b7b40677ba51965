"""What signing in leaves behind goes, and nothing that is in use."""

from datetime import timedelta

from sqlmodel import select

from tests.users.conftest import NOW, Invite
from tracking_core.db.engine import transaction
from tracking_core.models import Role, SignInAttempt, SignInLink, WebSession
from tracking_core.users import links, service, throttle, web_sessions
from tracking_core.users.sweep import Swept, sweep
from tracking_core.users.throttle import Attempt
from tracking_core.users.web_sessions import How


async def test_it_goes_when_it_is_of_no_use(invite: Invite) -> None:
    user = await invite(role=Role.SELLER)
    async with transaction() as session:
        kept = await service.get(session, user.id)
        for _ in range(3):
            await links.issue(session, kept, now=NOW)
        first = await web_sessions.begin(session, kept, How.LINK, now=NOW)
        open_one = await web_sessions.begin(session, kept, How.LINK, now=NOW)
        who = await web_sessions.current(session, first.token, now=NOW)
        assert who is not None
        await web_sessions.end(session, who.web_session_id, actor="test", now=NOW)
    await throttle.require(Attempt.LINK, network="192.0.2.1", email="ana@loja.example", now=NOW)
    assert await sweep(NOW + timedelta(minutes=10)) == Swept(0, 0, 0)
    assert await sweep(NOW + timedelta(minutes=16)) == Swept(links=0, web_sessions=0, attempts=3)
    assert await sweep(NOW + timedelta(days=8)) == Swept(links=3, web_sessions=1, attempts=0)
    async with transaction() as session:
        assert await web_sessions.current(session, open_one.token, now=NOW + timedelta(days=8)) is not None
    assert await sweep(NOW + timedelta(days=40)) == Swept(links=0, web_sessions=1, attempts=0)
    async with transaction() as session:
        for table in (SignInLink, WebSession, SignInAttempt):
            assert (await session.scalars(select(table))).all() == []
