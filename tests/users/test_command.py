"""``hub user``, as somebody at a terminal uses it."""

import asyncio
import json
from typing import Any

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from api.cli import app
from tracking_core.db.engine import dispose, transaction
from tracking_core.errors import ConfigurationError
from tracking_core.models import Role, SignInLink, User
from tracking_core.settings import Settings, get_settings
from tracking_core.users.tokens import hash_of


def _hub(*arguments: str) -> Any:
    done = CliRunner().invoke(app, ["user", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def _kept(link: str) -> tuple[User, SignInLink]:
    async def read() -> tuple[User, SignInLink]:
        token = link.rpartition("/")[2]
        async with transaction() as session:
            query = select(User, SignInLink).join(SignInLink).where(SignInLink.token_hash == hash_of(token))
            user, row = (await session.execute(query)).one()
        await dispose()
        return user, row

    return asyncio.run(read())


def test_people_are_invited_given_a_role_and_shut_out(settings: Settings) -> None:
    made = _hub("invite", "--email", "Bia@hub.example", "--name", "Bia", "--role", "support", "--json")
    user, row = _kept(made["link"])
    assert (user.email, row.next_path) == ("bia@hub.example", "/app/account/password")
    assert made["link"].startswith(f"{settings.base_url}/sign-in/link/")
    again = _hub("link", "--email", "bia@hub.example", "--json")["link"]
    assert _kept(again)[1].next_path is None
    assert _hub("role", "--email", "bia@hub.example", "--to", "seller", "--json")["role"] == "seller"
    assert _kept(again)[1].expires_at < row.expires_at
    assert _hub("shut-out", "--email", "bia@hub.example", "--json")["disabled_at"]


def test_the_demonstrations_links_are_for_development_only(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError):
        _hub("demonstrate")
    monkeypatch.setenv("HUB_ENVIRONMENT", "development")
    get_settings.cache_clear()
    made = _hub("demonstrate")
    assert list(made) == list(Role)
    assert [_kept(link)[0].role for link in made.values()] == list(Role)
