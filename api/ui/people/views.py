"""What the pages of people show."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.ui import paths
from api.ui.rendering import Lenient, page
from api.ui.setup.times import told
from api.ui.visitor import Visitor
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.mail import smtp
from tracking_core.models import Role, Tenant, User
from tracking_core.staff import service as staff
from tracking_core.users import directory, service, web_sessions
from tracking_core.users.oidc.provider import is_configured as has_provider

PEOPLE = f"{paths.OPERATIONS}/people"
_UNPROCESSABLE = 422
# What was done, as the page that follows says it.
DONE = {
    "invited": "Invited. The e-mail with the link is on its way.",
    "known": "Invited. Make a link below and pass it on.",
    "sent": "The e-mail with the link is on its way.",
    "role": "The role was changed. They sign in anew.",
    "shop": "The shops were changed.",
    "out": "Shut out. No link, password or open browser of theirs opens anything any more.",
    "key": "Revoked. The key opens nothing any more.",
    "in": "Let in again. They need a link, or their password.",
}


async def list_page(
    session: AsyncSession, who: Visitor, *, said: str, role: Role | None, before: Any = None
) -> Response:
    rows = await directory.people(session, said=said, role=role, before=before)
    shown = rows[: directory.PAGE]
    return page(
        "people/list.html",
        who,
        rows=shown,
        said=said,
        role=role.value if role else "",
        older=shown[-1].user.id if len(rows) > len(shown) else None,
        **_shared(who),
    )


async def invitation_page(
    session: AsyncSession,
    request: Request,
    who: Visitor,
    fields: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
) -> Response:
    """``said`` of the fields is what the shop to choose is looked for by."""
    said = searched(fields.get("said", ""))
    return page(
        "people/invite.html",
        who,
        http_status=_UNPROCESSABLE if errors else 200,
        fields=Lenient(fields),
        errors=Lenient(errors or {}),
        **_choice(await directory.shops(session, said=said), said),
        has_mail=smtp.is_configured(request.app.state.settings),
        **_shared(who),
    )


async def person_page(
    session: AsyncSession,
    request: Request,
    who: Visitor,
    user: User,
    *,
    done: str = "",
    said: str = "",
    link: str = "",
    error: str = "",
) -> Response:
    """``said`` is what one more shop is looked for by. ``link`` is shown this once, to be passed on by the operator."""
    settings = request.app.state.settings
    is_seller = user.role == Role.SELLER
    return page(
        "people/person.html",
        who,
        http_status=409 if error else 200,
        user=user,
        is_me=who.signed_in is not None and who.signed_in.user.id == user.id,
        own=await service.tenants_of(session, user) if is_seller else [],
        **_choice(await directory.shops(session, said=said, not_of=user) if is_seller else (), said),
        keys=await staff.in_use(session, user.name),
        browsers=await web_sessions.of_user(session, user, now=clock.now()),
        has_mail=smtp.is_configured(settings),
        by_provider=has_provider(settings) and not is_seller,
        done=translate(DONE[done], who.locale) if done in DONE else "",
        link=link,
        error=error,
        **_shared(who),
    )


def searched(said: str) -> str:
    return said.replace("\0", "").strip()


def _choice(found: Sequence[Tenant], said: str) -> dict[str, Any]:
    """As many as fit a list to choose from; where there are more, they are looked for."""
    has_more = len(found) > directory.SHOPS
    return {
        "shops": found[: directory.SHOPS],
        "said": said,
        "has_more": has_more,
        "is_searched": has_more or bool(said),
    }


def _shared(who: Visitor) -> dict[str, Any]:
    return {"people": PEOPLE, "at": partial(told, locale=who.locale), "roles": [one.value for one in Role]}
