"""What a later setup counts on: an undo of an earlier one leaves it as it is."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed
from tracking_core.configuration.spec import Spec
from tracking_core.configuration.versions import active_version
from tracking_core.models import ActionState, ConsentMode, SetupActionLog, TrackingConfiguration

_Said = Mapping[str, Any]
_WEBHOOK = ("endpoint_key", "account_id")


def _sends_to(spec: Spec, said: _Said) -> bool:
    return spec.dataset.dataset_id == str(said["dataset_id"])


def _maps_so(spec: Spec, said: _Said) -> bool:
    return _sends_to(spec, said) and sorted(spec.dataset.browser_events) == sorted(said["browser_events"])


def _hears_at(spec: Spec, said: _Said) -> bool:
    return any(one.endpoint_key == said["endpoint_key"] for one in spec.endpoints)


def _hears_from(spec: Spec, said: _Said) -> bool:
    wanted = tuple(said[name] for name in _WEBHOOK)
    return any(one.is_registered and (one.endpoint_key, one.account_id) == wanted for one in spec.endpoints)


def _asks_so(spec: Spec, said: _Said) -> bool:
    return spec.consent_mode == ConsentMode(said["consent_mode"])


# Whether a version needs it to be as the action left it.
_COUNTS_ON: Mapping[ActionName, Callable[[Spec, _Said], bool]] = {
    ActionName.CONNECT_DATASET: _sends_to,
    ActionName.MAP_EVENTS: _maps_so,
    ActionName.CREATE_ENDPOINT: _hears_at,
    ActionName.WEBHOOK_INSTRUCTIONS: _hears_at,
    ActionName.REGISTER_WEBHOOK: _hears_from,
    ActionName.SET_CONSENT_MODE: _asks_so,
    ActionName.DISCONNECT_DATASET: lambda spec, said: not _sends_to(spec, said),
    ActionName.DISABLE_ENDPOINT: lambda spec, said: not _hears_at(spec, said),
    ActionName.UNREGISTER_WEBHOOK: lambda spec, said: not _hears_from(spec, said),
}


async def require_unused(session: AsyncSession, row: SetupActionLog) -> None:
    """Raises ActionFailed when a later setup counts on what the row's action did."""
    if await is_used(session, row):
        raise ActionFailed(ConfigCode.CONFLICT, "a later setup uses it")


async def is_used(session: AsyncSession, row: SetupActionLog) -> bool:
    """By the version in use, where another session's setup activated it after the action; or by one that has taken the
    webhook over since and is not that far yet."""
    active, _ = await active_version(session, row.tenant_id)
    counts = _COUNTS_ON.get(ActionName(row.action))
    if active and counts and _is_later(active, row) and counts(Spec.from_json(active.spec), row.input):
        return True
    return row.action == ActionName.REGISTER_WEBHOOK and await _is_taken_over(session, row, active)


def _is_later(active: TrackingConfiguration, row: SetupActionLog) -> bool:
    is_since = active.activated_at is not None and active.activated_at > row.started_at
    return is_since and active.session_id != row.session_id


async def _is_taken_over(session: AsyncSession, row: SetupActionLog, active: TrackingConfiguration | None) -> bool:
    """A registration that found our webhook there made none of its own."""
    since = max(filter(None, (row.started_at, active.activated_at if active else None)))
    query = select(SetupActionLog).where(
        SetupActionLog.tenant_id == row.tenant_id,
        SetupActionLog.session_id != row.session_id,
        SetupActionLog.action == ActionName.REGISTER_WEBHOOK,
        col(SetupActionLog.state).in_([ActionState.SUCCESS, ActionState.IN_FLIGHT]),
        SetupActionLog.started_at > since,
    )
    others = (await session.scalars(query, execution_options={"populate_existing": True})).all()
    return any(all(one.input[name] == row.input[name] for name in _WEBHOOK) for one in others)
