"""The link that an operator has sent to somebody, or passes on."""

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTask

from api.ui.sign_in.addresses import TEAM, address_of_link, first_page
from tracking_core.kit import clock
from tracking_core.models import Role, User
from tracking_core.users import links, mail
from tracking_core.users.mail import LinkMail, Purpose
from tracking_core.users.oidc.provider import is_configured as has_provider


async def new_link(session: AsyncSession, request: Request, user: User, *, actor: str) -> str:
    """The whole address, seen in clear this once; those made before open nothing any more. People of the team set their
    password first."""
    now = clock.now()
    await links.withdraw(session, user.id, now=now)
    life, first = links.INVITATION_LIFE, first_page(user)
    token = await links.issue(session, user, now=now, life=life, next_path=first, actor=actor)
    return address_of_link(request.app.state.settings.base_url, token)


async def send_invitation(session: AsyncSession, request: Request, user: User, *, actor: str) -> BackgroundTask:
    """What is to be done once the answer has left. Who comes through the company's provider needs no link."""
    settings = request.app.state.settings
    if user.role != Role.SELLER and has_provider(settings):
        wanted = LinkMail(user, Purpose.PROVIDER, f"{settings.base_url}{TEAM}", None)
    else:
        link = await new_link(session, request, user, actor=actor)
        purpose = Purpose.INVITATION if user.role == Role.SELLER else Purpose.TEAM
        wanted = LinkMail(user, purpose, link, links.INVITATION_LIFE)
    return BackgroundTask(mail.send, wanted, settings)
