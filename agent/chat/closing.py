"""The end of a turn: its answer, or, when a person has taken the session since, the seller's words to that person."""

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.chat import turns
from tracking_core.chat.turns import Answer
from tracking_core.handoff import service as handoffs
from tracking_core.kit import clock
from tracking_core.models import HandoffState, SetupHandoff, SetupMessage, SetupSession, SetupTurn
from tracking_core.settings import Settings


async def close(session: AsyncSession, turn: SetupTurn, fence: int, answer: Answer, settings: Settings) -> None:
    """Raises StaleFence. The session is locked before its case, as everyone does."""
    owner = await _locked(session, turn)
    case = await taken(session, owner)
    if case is None:
        await turns.finish(session, turn.id, fence, answer, clock.now())
        return
    messages = await turns.messages_of(session, turn.id)
    await turns.discard(session, turn.id, fence, clock.now())
    await pass_on(session, owner, case, messages, settings)


async def taken(session: AsyncSession, owner: SetupSession) -> SetupHandoff | None:
    """The case, locked, if a person has it: then the agent is silent."""
    case = await handoffs.current(session, owner.id, lock=True)
    return case if case is not None and case.state == HandoffState.TAKEN else None


async def pass_on(
    session: AsyncSession, owner: SetupSession, case: SetupHandoff, messages: list[SetupMessage], settings: Settings
) -> None:
    """What the seller said goes to the person whose case it is."""
    for message in messages:
        await handoffs.on_seller_message(session, owner, message, now=clock.now(), settings=settings)
    await turns.assign(session, messages, case.id)


async def _locked(session: AsyncSession, turn: SetupTurn) -> SetupSession:
    return await session.get_one(SetupSession, turn.session_id, with_for_update=True, populate_existing=True)
