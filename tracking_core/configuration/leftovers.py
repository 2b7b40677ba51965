"""What an undo could not put back, as an exact list."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.configuration import instructions
from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import MEANINGS, ConfigCode
from tracking_core.i18n import translate
from tracking_core.models import ActionState, SetupActionLog

LEFT = "left"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing that is not as it was. ``needs_person`` False: it is harmless and nobody has to do anything."""

    action_id: UUID
    action: ActionName
    code: ConfigCode
    params: dict[str, Any]
    needs_person: bool

    def told(self, locale: str) -> list[str]:
        """What is left and what to do about it, a sentence an entry; every account, dataset and address in full."""
        params = self.params
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


async def leftovers(session: AsyncSession, session_id: UUID) -> list[Leftover]:
    """Everything of the setup session that an undo was asked for and that is not as it was, newest first."""
    query = select(SetupActionLog).where(
        SetupActionLog.session_id == session_id,
        col(SetupActionLog.state).in_([ActionState.UNDO_FAILED, ActionState.UNDONE]),
    )
    newest_first = query.order_by(col(SetupActionLog.started_at).desc(), col(SetupActionLog.position).desc())
    rows = (await session.scalars(newest_first, execution_options={"populate_existing": True})).all()
    return [_leftover(row) for row in rows if LEFT in row.after]


def _leftover(row: SetupActionLog) -> Leftover:
    return Leftover(
        action_id=row.id,
        action=ActionName(row.action),
        code=ConfigCode(row.after[LEFT]),
        params=row.input,
        needs_person=row.after[LEFT] != ConfigCode.KEPT_DISABLED,
    )
