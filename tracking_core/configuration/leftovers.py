"""What an undo could not put back, as an exact list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.configuration import instructions
from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import MEANINGS, ConfigCode
from tracking_core.configuration.lines import in_full
from tracking_core.configuration.using import is_used
from tracking_core.i18n import translate
from tracking_core.models import ActionState, MetaConnection, SetupActionLog, WebhookEndpoint

LEFT = "left"
_HARMLESS = (ConfigCode.KEPT_DISABLED, ConfigCode.KEPT_PROVED)
_SWITCHED_OFF = {
    ActionName.CONNECT_DATASET: (
        "The connection to the Meta dataset {dataset_name} ({dataset_id}) stays, switched off: sales refer to it."
    ),
    ActionName.CREATE_ENDPOINT: "The address {url} stays, switched off: sales came in through it.",
}
_NOT_PUT_BACK = {
    ActionName.CONNECT_DATASET: "The connection to the Meta dataset {dataset_name} ({dataset_id}) is not as it was.",
    ActionName.DISCONNECT_DATASET: "The connection to the Meta dataset {dataset_name} ({dataset_id}) is not as it was.",
    ActionName.MAP_EVENTS: "The visits sent to the Meta dataset {dataset_name} ({dataset_id}) are not as they were.",
    ActionName.CREATE_ENDPOINT: "The address {url} is not as it was.",
    ActionName.DISABLE_ENDPOINT: "The address {url} is not as it was.",
    ActionName.SET_CONSENT_MODE: "What counts as a visitor's consent is not as it was.",
    ActionName.ACTIVATE_VERSION: "The version of the configuration in use is not the one before the setup.",
}
_PROVED = (
    "The new webhook token stays in use at the address {url}: {gateway} signs with it already, and with the one before"
    " every webhook would be refused."
)
_IN_USE = {
    ActionName.CONNECT_DATASET: (
        "The connection to the Meta dataset {dataset_name} ({dataset_id}) stays: a later setup uses it."
    ),
    ActionName.DISCONNECT_DATASET: (
        "The connection to the Meta dataset {dataset_name} ({dataset_id}) stays switched off: a later setup does"
        " without it."
    ),
    ActionName.MAP_EVENTS: (
        "The visits sent to the Meta dataset {dataset_name} ({dataset_id}) stay as they are: a later setup counts on"
        " it."
    ),
    ActionName.CREATE_ENDPOINT: "The address {url} stays: a later setup uses it.",
    ActionName.DISABLE_ENDPOINT: "The address {url} stays closed: a later setup does without it.",
    ActionName.REGISTER_WEBHOOK: ("The webhook {url} in the {gateway} account {account} stays: a later setup uses it."),
    ActionName.UNREGISTER_WEBHOOK: (
        "The webhook {url} stays out of the {gateway} account {account}: a later setup does without it."
    ),
    ActionName.WEBHOOK_INSTRUCTIONS: "The webhook {url} in {gateway}'s panel stays: a later setup uses it.",
    ActionName.SET_CONSENT_MODE: "What counts as a visitor's consent stays as it is: a later setup counts on it.",
}
_LATER_FIRST = "To take this back as well, undo the later setup first, and then this one."

# What counts as the same thing set up again.
_THINGS = {
    ActionName.CONNECT_DATASET: "connection",
    ActionName.DISCONNECT_DATASET: "connection",
    ActionName.MAP_EVENTS: "visits",
    ActionName.CREATE_ENDPOINT: "address",
    ActionName.DISABLE_ENDPOINT: "address",
    ActionName.REGISTER_WEBHOOK: "webhook",
    ActionName.UNREGISTER_WEBHOOK: "webhook",
    ActionName.WEBHOOK_INSTRUCTIONS: "webhook by hand",
    ActionName.SET_CONSENT_MODE: "consent",
    ActionName.ACTIVATE_VERSION: "version",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing that is not as it was. ``needs_person`` False: it is harmless and nobody has to do anything, as with a
    webhook in a gateway's panel that posts to an address that is switched off. ``is_in_use``: by a later setup."""

    action_id: UUID
    action: ActionName
    code: ConfigCode
    params: dict[str, Any]
    needs_person: bool
    is_in_use: bool = False

    def told(self, locale: str) -> list[str]:
        """What is left and what to do about it, a sentence an entry; every account, dataset and address in full."""
        params = self.params
        shown = params | (in_full(params) if "url" in params else {})
        if self.is_in_use:
            return [translate(one, locale).format_map(shown) for one in (_IN_USE[self.action], _LATER_FIRST)]
        if self.code is ConfigCode.KEPT_PROVED:
            return [translate(_PROVED, locale).format_map(shown)]
        if self.action is ActionName.WEBHOOK_INSTRUCTIONS:
            return instructions.removing(params["gateway"], params["url"], locale)
        if self.action in (ActionName.REGISTER_WEBHOOK, ActionName.UNREGISTER_WEBHOOK):
            should_be_there = self.action is ActionName.UNREGISTER_WEBHOOK
            account = params["account_id"] or ""
            return instructions.checking(
                params["gateway"], account, params["url"], locale, should_be_there=should_be_there
            )
        table = _NOT_PUT_BACK if self.needs_person else _SWITCHED_OFF
        recommendation = MEANINGS[self.code].recommendation
        sentences = [translate(table[self.action], locale).format_map(params)]
        return sentences + ([translate(recommendation, locale)] if recommendation else [])


async def leftovers(session: AsyncSession, session_id: UUID, among: Collection[UUID] | None = None) -> list[Leftover]:
    """Everything of the setup session that an undo was asked for and that is still not as it was, newest first; with
    ``among``, of those rows only. What is in use again, or was set up once more, is nothing left over."""
    query = select(SetupActionLog).where(
        SetupActionLog.session_id == session_id,
        col(SetupActionLog.state).in_([ActionState.UNDO_FAILED, ActionState.UNDONE]),
    )
    if among is not None:
        query = query.where(col(SetupActionLog.id).in_(among))
    newest_first = query.order_by(col(SetupActionLog.started_at).desc(), col(SetupActionLog.position).desc())
    rows = (await session.scalars(newest_first, execution_options={"populate_existing": True})).all()
    left = [row for row in rows if LEFT in row.after]
    standing = await _standing(session, left[0].tenant_id) if left else []
    return [await _leftover(session, row) for row in left if not await _is_over(session, row, standing)]


async def _standing(session: AsyncSession, tenant_id: UUID) -> Sequence[SetupActionLog]:
    """What the tenant's setups did and nobody undid."""
    query = select(SetupActionLog).where(
        SetupActionLog.tenant_id == tenant_id,
        SetupActionLog.state == ActionState.SUCCESS,
        col(SetupActionLog.action).in_(_THINGS),
    )
    return (await session.scalars(query, execution_options={"populate_existing": True})).all()


async def _is_over(session: AsyncSession, row: SetupActionLog, standing: Sequence[SetupActionLog]) -> bool:
    is_anew = any(_is_same(row, one) and row.undone_at and one.started_at > row.undone_at for one in standing)
    if row.state == ActionState.UNDO_FAILED:
        return is_anew
    if row.after[LEFT] == ConfigCode.KEPT_PROVED:
        return is_anew or await _secret_ref(session, row) != row.input["secret_ref"]
    is_on = await _is_on(session, row)
    if row.action != ActionName.WEBHOOK_INSTRUCTIONS:
        return is_on is not False
    # At an address that was in use before this setup, and is again, the webhook in the panel is not ours to remove.
    is_ours = any(one.action == ActionName.CREATE_ENDPOINT and _subject(one) == _subject(row) for one in standing)
    return is_anew or (is_on is True and not is_ours)


def _is_same(row: SetupActionLog, other: SetupActionLog) -> bool:
    things = (_THINGS[ActionName(one.action)] for one in (row, other))
    return len(set(things)) == 1 and _subject(row) == _subject(other)


def _subject(row: SetupActionLog) -> str | None:
    return row.input.get("dataset_id") or row.input.get("endpoint_key")


async def _is_on(session: AsyncSession, row: SetupActionLog) -> bool | None:
    """Whether the connection or address is in use; None when it is gone."""
    if row.action == ActionName.CONNECT_DATASET:
        is_it = (MetaConnection.tenant_id == row.tenant_id, MetaConnection.dataset_id == _subject(row))
        query = select(col(MetaConnection.disabled_at).is_(None)).where(*is_it)
    else:
        is_it = (WebhookEndpoint.tenant_id == row.tenant_id, WebhookEndpoint.endpoint_key == _subject(row))
        query = select(col(WebhookEndpoint.disabled_at).is_(None)).where(*is_it)
    return (await session.scalars(query)).first()


async def _secret_ref(session: AsyncSession, row: SetupActionLog) -> str | None:
    """Of the secret in use at the address now."""
    is_it = (WebhookEndpoint.tenant_id == row.tenant_id, WebhookEndpoint.endpoint_key == _subject(row))
    return (await session.scalars(select(WebhookEndpoint.secret_ref).where(*is_it))).first()


async def _leftover(session: AsyncSession, row: SetupActionLog) -> Leftover:
    name, code = ActionName(row.action), ConfigCode(row.after[LEFT])
    is_harmless = code in _HARMLESS or name is ActionName.WEBHOOK_INSTRUCTIONS
    return Leftover(
        action_id=row.id,
        action=name,
        code=code,
        params=row.input,
        needs_person=not is_harmless,
        is_in_use=code is ConfigCode.CONFLICT and await is_used(session, row),
    )
