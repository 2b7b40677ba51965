"""Look at the pictures of a turn: together, within the model's time, and not at all while its endpoint is down."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from agent.chat.breaker import Breaker, Phase
from agent.screenshots.extract import Reading, ReadingStatus, read
from tracking_core.chat.codes import ChatCode
from tracking_core.settings import Settings

_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Looked:
    """``questions`` ask in the place of pictures nobody could read; ``warned`` are those in which a credential could
    be seen; ``calls`` is how often a model was asked."""

    questions: tuple[str, ...] = ()
    warned: tuple[tuple[UUID, ChatCode], ...] = ()
    calls: int = 0


async def look_at(pictures: Sequence[UUID], breaker: Breaker, settings: Settings) -> Looked:
    """Of more than five, the newest. Never raises for what the model does."""
    has_model = settings.llm_vision and breaker.standing.phase is Phase.CLOSED
    chosen = pictures[-_AT_ONCE:]
    asked = settings.model_copy(update={"llm_vision": has_model})
    readings = await asyncio.gather(*[read(one, settings=asked) for one in chosen])
    return Looked(
        questions=tuple(dict.fromkeys(question for one in readings for question in _questions(one))),
        warned=tuple((picture, one.code) for picture, one in zip(chosen, readings, strict=True) if one.code),
        calls=len(chosen) if has_model else 0,
    )


def _questions(reading: Reading) -> tuple[str, ...]:
    return reading.questions if reading.status is ReadingStatus.UNREAD else ()
