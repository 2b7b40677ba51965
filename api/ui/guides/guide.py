"""What a guide is. Its picture is the template ``guides/pictures/<place>.html``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent.chat.basic.guides import Place as ToldPlace
from agent.chat.basic.slots import Gateway


class Place(StrEnum):
    """Where something is found or put. What the chat tells of too has the chat's name for it."""

    KEYS = ToldPlace.KEYS.value
    ACCOUNT = ToldPlace.ACCOUNT.value
    WEBHOOK_SECRET = ToldPlace.WEBHOOK_SECRET.value
    DATASET = ToldPlace.DATASET.value
    TOKEN = ToldPlace.TOKEN.value
    TEST_CODE = ToldPlace.TEST_CODE.value
    PAGE = ToldPlace.PAGE.value
    SNIPPET = "snippet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """``title``, ``steps`` and ``labels`` are msgids.

    ``labels`` are the words on the screen that is told of: the picture shows them, and the steps name them by their
    ``{names}``. ``words`` are the other ``{names}``, as they are shown.
    """

    place: Place
    title: str
    steps: tuple[str, ...]
    gateway: Gateway | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
