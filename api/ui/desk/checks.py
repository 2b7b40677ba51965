"""What a person at the desk can have done to the setup: checks with the credentials in the vault, the test sale, a plan
that takes back. They give no credential, and nothing is changed without the seller's approval."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.inbox import Wish
from api.ui.setup.forms import WISHES, Sent
from tools.inputs import RollbackScope
from tracking_core.configuration.current import read_current
from tracking_core.models import SetupActionLog, SetupSession
from tracking_core.secrets.kept import kept_by, kept_for
from tracking_core.setup.inbox import IntentKind


class Check(StrEnum):
    """What can be checked again."""

    GATEWAY = "gateway"
    META = "meta"
    PAGE = "page"


# All that the desk may fill in; whatever else a form sends is not read.
FIELDS: dict[Check, tuple[str, ...]] = {
    Check.GATEWAY: ("gateway", "account_id"),
    Check.META: ("dataset_id",),
    Check.PAGE: ("url",),
}
_KINDS = {
    Check.GATEWAY: IntentKind.VALIDATE_GATEWAY,
    Check.META: IntentKind.VALIDATE_META,
    Check.PAGE: IntentKind.PROBE_LANDING,
}
SCOPES = ("last", "all")


async def check_wish(
    session: AsyncSession, owner: SetupSession, check: Check, fields: Mapping[str, str], locale: str
) -> Wish:
    """As the seller's own form makes it with every credential left empty. Raises FormInvalid, also for a credential
    that is not in the vault."""
    plain = {name: fields.get(name, "") for name in (*FIELDS[check], "once")}
    if check is not Check.GATEWAY:
        return WISHES[check.value](Sent(fields=plain, kept=await kept_by(session, owner), locale=locale))
    gateway = plain["gateway"]
    theirs = await kept_for(session, owner, gateway)
    can_verify = (await read_current(session, owner.tenant_id)).endpoint_of(gateway) is not None
    named = {**plain, f"{gateway}-account_id": plain["account_id"]}
    return WISHES[check.value](Sent(fields=named, kept=theirs, locale=locale, can_verify=can_verify))


def proof_wish(key: str) -> Wish:
    return Wish(kind=IntentKind.PROVE, key=key)


def rollback_wish(scope: str, key: str) -> Wish:
    """``scope`` is one of ``SCOPES``."""
    wanted = RollbackScope.model_validate({"scope": scope})
    payload = wanted.model_dump(mode="json", exclude_none=True)
    return Wish(kind=IntentKind.ROLLBACK, payload=payload, body=wanted, key=key)


def tried_last(owner: SetupSession, entries: Sequence[SetupActionLog]) -> dict[str, str]:
    """What the forms begin with: what was tried last, else what was checked."""
    facts = {name: owner.facts.get(name) or {} for name in ("gateway", "meta", "url")}
    known = {
        "gateway": facts["gateway"].get("name"),
        "account_id": facts["gateway"].get("account_id"),
        "dataset_id": facts["meta"].get("dataset_id"),
        "url": facts["url"].get("url"),
    }
    return {name: str(value) for name, value in {**known, **_tried(entries)}.items() if value}


def _tried(entries: Sequence[SetupActionLog]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for check, kind in _KINDS.items():
        given = next((one.input for one in reversed(entries) if one.action == kind), {})
        flat = {**given, **(given.get("credentials") or {})}
        said |= {name: flat[name] for name in FIELDS[check] if flat.get(name)}
    return said
