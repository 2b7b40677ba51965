"""The case file in each language. It is written, and sent to the channels, in the desk's; beside it the case keeps its
own sentences in the others, and no quotation a second time."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.handoff.build import Trouble, build
from tracking_core.handoff.package import HandoffPackage
from tracking_core.i18n import DEFAULT_LOCALE, LOCALES
from tracking_core.models import SetupHandoff, SetupSession
from tracking_core.settings import Settings

# Nobody's words stand in these.
_OURS = ("reason", "progress", "attempts", "external_state", "next_step", "give_back")
_SUMMARY = "summary"


async def write_package(
    session: AsyncSession, handoff: SetupHandoff, owner: SetupSession, trouble: Trouble, settings: Settings
) -> None:
    """The file as the session is now, into the case."""
    handoff.package = (await build(session, handoff, owner, trouble, settings)).to_json()
    handoff.sentences = {
        locale: _sentences((await build(session, handoff, owner, trouble, settings, locale=locale)).to_json())
        for locale in LOCALES
        if locale != DEFAULT_LOCALE
    }


def package_in(handoff: SetupHandoff, locale: str) -> tuple[HandoffPackage, str]:
    """The file as it was written, and the language that its sentences are in: that of the desk, where the case was
    closed before there were others."""
    said = handoff.sentences.get(locale)
    if said is None:
        return HandoffPackage.from_json(handoff.package), DEFAULT_LOCALE
    conversation = {**handoff.package["conversation"], _SUMMARY: said[_SUMMARY]}
    ours = {name: said[name] for name in _OURS}
    return HandoffPackage.from_json({**handoff.package, **ours, "conversation": conversation}), locale


def _sentences(package: dict[str, Any]) -> dict[str, Any]:
    return {_SUMMARY: package["conversation"][_SUMMARY], **{name: package[name] for name in _OURS}}
