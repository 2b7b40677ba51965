"""People in the real database, and a clock that is moved by hand."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from evals.simulators.oidc.app import create_app
from evals.simulators.oidc.state import State
from tests.simulators.serving import serving
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Role, User
from tracking_core.settings import Settings
from tracking_core.users import service

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PASSWORD = "girafa lampada cadeira"
Invite = Callable[..., Awaitable[User]]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def move(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def time() -> Clock:
    made = Clock()
    clock.set_source(lambda: made.now)
    return made


@pytest.fixture
def invite(database: Settings) -> Invite:
    async def made(email: str = "ana@loja.example", role: Role = Role.SELLER, name: str = "") -> User:
        async with transaction() as session:
            return await service.invite(session, email, name or email.partition("@")[0], role, actor="test")

    return made


@pytest.fixture(scope="package")
def running_provider() -> Iterator[tuple[State, str]]:
    state = State()
    with serving(create_app(state)) as url:
        yield state, url


@pytest.fixture
def company(running_provider: tuple[State, str]) -> State:
    running_provider[0].reset()
    return running_provider[0]
