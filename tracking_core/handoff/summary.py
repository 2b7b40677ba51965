"""Five lines in the reader's language, made from the parts of the case file and from nothing else."""

from collections.abc import Sequence

from tracking_core.handoff.action_words import action_word, state_word
from tracking_core.handoff.evidence import Tally
from tracking_core.handoff.package import Attempt, Customer, ExternalState, NextStep, Progress, ReasonGiven
from tracking_core.handoff.texts import said
from tracking_core.i18n import translate
from tracking_core.setup.outcome import Stage

LABELS: dict[Stage, str] = {
    Stage.GATEWAY: "gateway credentials",
    Stage.META: "Meta token",
    Stage.URL: "sales page",
    Stage.CONFIGURATION: "configuration",
    Stage.PROOF: "test sale",
}
STOPPED = "Stopped at: {step}. {failure}"
WORKS = "Works: {working}. Does not work yet: {missing}."
TRIED = "Tried {tries} times, {failed} of them failed; last: {action} ({code})."
NOT_TRIED = "Nothing was tried yet."
IN_USE = "Configuration in use: {version}; {applied} changes of this setup stand, {manual} things to undo by hand."
_NOTHING = "nothing"
SENTENCES = (STOPPED, WORKS, TRIED, NOT_TRIED, IN_USE, _NOTHING, *LABELS.values())


def summary(
    customer: Customer,
    reason: ReasonGiven,
    progress: Progress,
    tried: tuple[Sequence[Attempt], Tally],
    external: ExternalState,
    next_step: NextStep,
    locale: str,
) -> tuple[str, ...]:
    lines = (
        f"{customer.name}: {reason.sentence}",
        _filled(
            STOPPED,
            locale,
            step=label_of(progress.step, locale),
            failure=reason.failure_message or next_step.text,
        ),
        _progress(progress, locale),
        _tries(*tried, locale),
        _in_use(external, locale),
    )
    return tuple(said(line) for line in lines)


def label_of(stage: str, locale: str) -> str:
    """The stage as people call it; what is no stage stands as it is."""
    return translate(LABELS[Stage(stage)], locale) if stage in LABELS else said(stage)


def _progress(progress: Progress, locale: str) -> str:
    working = [one.label for one in progress.stages if one.is_working]
    missing = [one.label for one in progress.stages if not one.is_working]
    return _filled(WORKS, locale, working=_listed(working, locale), missing=_listed(missing, locale))


def _tries(newest_first: Sequence[Attempt], tally: Tally, locale: str) -> str:
    if not newest_first:
        return translate(NOT_TRIED, locale)
    last = newest_first[0]
    how = last.code or state_word(last.state, locale)
    known = {"tries": tally.tries, "failed": tally.failed, "action": action_word(last.action, locale), "code": how}
    return _filled(TRIED, locale, **known)


def _in_use(external: ExternalState, locale: str) -> str:
    version = external.configuration_version or translate(_NOTHING, locale)
    manual = sum(1 for one in external.undo_checklist if one.needs_person)
    return _filled(IN_USE, locale, version=version, applied=len(external.applied), manual=manual)


def _listed(labels: Sequence[str], locale: str) -> str:
    return ", ".join(labels) or translate(_NOTHING, locale)


def _filled(msgid: str, locale: str, **params: object) -> str:
    return translate(msgid, locale).format_map(params)
