"""What happens to somebody's wish for a link once they were answered."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.ui.sign_in.addresses import address_of_link, first_page
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Role
from tracking_core.settings import Settings
from tracking_core.users import links, mail, service
from tracking_core.users.mail import LinkMail, Purpose
from tracking_core.users.oidc.provider import is_configured as has_provider

log = structlog.get_logger()


async def mail_link(settings: Settings, email: str, next_path: str) -> None:
    """To whoever this is, if it is anybody. Never raises for what the database or the mail server does: nobody waits
    for it any more."""
    try:
        wanted = await _made(settings, email, next_path)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.error("sign_in_mail_failed", reason=type(error).__name__)
        return
    if wanted is not None:
        await mail.send(wanted, settings)


async def _made(settings: Settings, email: str, next_path: str) -> LinkMail | None:
    """None for somebody who is not known, and for people of the team who have a provider: a mailbox alone must not get
    around it."""
    async with transaction() as session:
        user = await service.by_email(session, email)
        if user is None or (user.role != Role.SELLER and has_provider(settings)):
            return None
        token = await links.issue(session, user, now=clock.now(), next_path=first_page(user) or next_path)
    purpose = Purpose.SIGN_IN if user.role == Role.SELLER else Purpose.PASSWORD
    return LinkMail(user, purpose, address_of_link(settings.base_url, token), links.LIFE)
