"""What a model says, told as it says it: whole words, a few times a second, never a secret."""

import time
from uuid import UUID

from tracking_core.db.engine import transaction
from tracking_core.safety.scanner import mask
from tracking_core.streams.append import EventType, append

_SECONDS, _CHARACTERS = 0.1, 40
# A credential may stretch over several words ("client secret: ..."), so the newest words are looked at before they go.
_HELD_BACK = 24


class Telling:
    """The text of one turn on its way to whoever watches. ``discard`` takes back what was told."""

    def __init__(self, session_id: UUID, turn_id: UUID) -> None:
        self._session_id, self._turn_id = session_id, turn_id
        self._text, self._told, self._parts, self._at = "", 0, 0, 0.0

    async def add(self, text: str) -> None:
        self._text += text
        ready = self._ready()
        if ready - self._told >= _CHARACTERS or (ready > self._told and time.monotonic() - self._at >= _SECONDS):
            await self._tell(ready)

    async def discard(self) -> None:
        """Forget what came so far; whoever saw some of it is told to as well."""
        if self._parts:
            async with transaction() as session:
                told = {"turn_id": str(self._turn_id)}
                await append(session, self._session_id, EventType.MESSAGE_DISCARDED, told)
        self._text, self._told, self._parts = "", 0, 0

    def _ready(self) -> int:
        """Up to the last space that is far enough back."""
        return max(self._text.rfind(" ", 0, max(0, len(self._text) - _HELD_BACK)) + 1, self._told)

    async def _tell(self, until: int) -> None:
        masked = mask(self._text[:until])
        part, self._told, self._at = masked[len(mask(self._text[: self._told])) :], until, time.monotonic()
        told = {"turn_id": str(self._turn_id), "part": self._parts, "text": part}
        self._parts += 1
        async with transaction() as session:
            await append(session, self._session_id, EventType.MESSAGE_DELTA, told)
