"""What stands in the world outside because of this setup, and what a person must undo by hand."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration import instructions, undo_lines
from tracking_core.configuration.actions import ActionName, UndoKind, render_line
from tracking_core.configuration.ledger import UNDO_PREFIX, applied
from tracking_core.configuration.leftovers import leftovers
from tracking_core.configuration.versions import active_version
from tracking_core.handoff.package import AppliedAction, ChecklistItem, ExternalState
from tracking_core.handoff.texts import said
from tracking_core.models import SetupActionLog, SetupSession
from tracking_core.setup import approvals

_APPLIED, _ITEMS = 20, 30


async def external_state(session: AsyncSession, owner: SetupSession, locale: str) -> ExternalState:
    active, _ = await active_version(session, owner.tenant_id)
    waiting = await approvals.pending(session, owner.id)
    standing = [row for row in await applied(session, owner.id) if not row.action.startswith(UNDO_PREFIX)]
    return ExternalState(
        configuration_version=active.version if active else None,
        plan_waiting=waiting.plan_hash if waiting else None,
        applied=tuple(_applied(row, locale) for row in standing[:_APPLIED]),
        undo_checklist=(await _left(session, owner, locale) + _by_hand(standing, locale))[:_ITEMS],
    )


def _applied(row: SetupActionLog, locale: str) -> AppliedAction:
    return AppliedAction(
        action_id=row.id,
        action=row.action,
        state=row.state,
        undo_kind=row.undo_kind or UndoKind.NONE,
        undo=said(render_line(undo_lines.of(row), locale)),
        at=row.finished_at or row.started_at,
    )


async def _left(session: AsyncSession, owner: SetupSession, locale: str) -> tuple[ChecklistItem, ...]:
    """What an undo could not put back."""
    return tuple(
        ChecklistItem(text=said(sentence), needs_person=one.needs_person)
        for one in await leftovers(session, owner.id)
        for sentence in one.told(locale)
    )


def _by_hand(standing: Sequence[SetupActionLog], locale: str) -> tuple[ChecklistItem, ...]:
    """What the seller did in a panel: only a person takes that back, should all of it be taken back."""
    return tuple(
        ChecklistItem(text=said(step), needs_person=False)
        for row in standing
        if row.action == ActionName.WEBHOOK_INSTRUCTIONS
        for step in instructions.removing(row.input["gateway"], row.input["url"], locale)
    )
