"""``hub user``: people who sign in to the pages, invited, given a link or a role, shut out."""

import json
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from api.cli.run import in_transaction
from api.ui.sign_in.addresses import address_of_link, first_page
from tracking_core.errors import NotFound
from tracking_core.kit import clock
from tracking_core.models import Role, User
from tracking_core.settings import get_settings
from tracking_core.users import demonstration, links
from tracking_core.users import service as users

_ACTOR = "cli"
_users = typer.Typer(no_args_is_help=True, help="People who sign in to the pages.")
Email = Annotated[str, typer.Option(help="Their e-mail address.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_users, name="user")


@_users.callback()
def _group() -> None:
    """People who sign in to the pages."""


@_users.command()
def invite(
    email: Email,
    name: Annotated[str, typer.Option(help="How they are called; on a case the seller reads it.")],
    role: Annotated[Role, typer.Option(help="What they may see.")] = Role.SELLER,
    tenant: Annotated[list[UUID] | None, typer.Option(help="A seller's tenant; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make somebody known, and a link that signs them in once; people of the team set a password then."""

    async def work(session: AsyncSession) -> tuple[User, str]:
        user = await users.invite(session, email, name, role, actor=_ACTOR, tenants=tenant or ())
        life, first = links.INVITATION_LIFE, first_page(user)
        return user, await links.issue(session, user, now=clock.now(), life=life, next_path=first, actor=_ACTOR)

    user, token = in_transaction(work)
    _print({"id": str(user.id), "email": user.email, "role": user.role, "link": address_of(token)}, as_json)


@_users.command()
def link(email: Email, as_json: AsJson = False) -> None:
    """A new link that signs them in once."""

    async def work(session: AsyncSession) -> str:
        user = await users.by_email(session, email)
        if user is None:
            raise NotFound(what="user")
        return await links.issue(session, user, now=clock.now(), actor=_ACTOR)

    _print({"link": address_of(in_transaction(work))}, as_json)


@_users.command()
def role(
    email: Email,
    to: Annotated[Role, typer.Option(help="What they may see from now on.")],
    as_json: AsJson = False,
) -> None:
    """Another role; they sign in anew."""

    async def work(session: AsyncSession) -> User:
        user = await users.by_email(session, email)
        if user is None:
            raise NotFound(what="user")
        return await users.change_role(session, user.id, to, actor=_ACTOR, now=clock.now())

    user = in_transaction(work)
    _print({"id": str(user.id), "role": user.role}, as_json)


@_users.command(hidden=True)
def demonstrate() -> None:
    """Links of the demonstration's people, for `hub up` to print. Only in development."""
    settings = get_settings()
    made = in_transaction(lambda session: demonstration.new_links(session, settings))
    typer.echo(json.dumps({role.value: address_of(token) for role, token in made.items()}))


@_users.command()
def shut_out(email: Email, as_json: AsJson = False) -> None:
    """End everything that lets them in, at once."""

    async def work(session: AsyncSession) -> User:
        user = await users.by_email(session, email, with_disabled=True)
        if user is None:
            raise NotFound(what="user")
        return await users.shut_out(session, user.id, actor=_ACTOR, now=clock.now())

    user = in_transaction(work)
    _print({"id": str(user.id), "disabled_at": str(user.disabled_at)}, as_json)


def address_of(token: str) -> str:
    return address_of_link(get_settings().base_url, token)


def _print(said: dict[str, str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(said))
        return
    for key, value in said.items():
        Console().print(f"{key:>12}  [bold]{value}[/bold]", highlight=False, soft_wrap=True)
