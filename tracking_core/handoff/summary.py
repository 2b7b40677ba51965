"""Five lines in the desk's language, made from the parts of the case file and from nothing else."""

from collections.abc import Sequence

from tracking_core.handoff.evidence import Tally
from tracking_core.handoff.package import Attempt, Customer, ExternalState, NextStep, Progress, ReasonGiven
from tracking_core.handoff.texts import said
from tracking_core.i18n import DEFAULT_LOCALE, translate
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
) -> tuple[str, ...]:
    lines = (
        f"{customer.name}: {reason.sentence}",
        _filled(STOPPED, step=label_of(progress.step), failure=reason.failure_message or next_step.text),
        _progress(progress),
        _tries(*tried),
        _in_use(external),
    )
    return tuple(said(line) for line in lines)


def label_of(stage: str) -> str:
    """The stage as people call it; what is no stage stands as it is."""
    return translate(LABELS[Stage(stage)]) if stage in LABELS else said(stage)


def _progress(progress: Progress) -> str:
    working = [one.label for one in progress.stages if one.is_working]
    missing = [one.label for one in progress.stages if not one.is_working]
    return _filled(WORKS, working=_listed(working), missing=_listed(missing))


def _tries(newest_first: Sequence[Attempt], tally: Tally) -> str:
    if not newest_first:
        return translate(NOT_TRIED, DEFAULT_LOCALE)
    last = newest_first[0]
    return _filled(TRIED, tries=tally.tries, failed=tally.failed, action=last.action, code=last.code or last.state)


def _in_use(external: ExternalState) -> str:
    version = external.configuration_version or translate(_NOTHING, DEFAULT_LOCALE)
    manual = sum(1 for one in external.undo_checklist if one.needs_person)
    return _filled(IN_USE, version=version, applied=len(external.applied), manual=manual)


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels) or translate(_NOTHING, DEFAULT_LOCALE)


def _filled(msgid: str, **params: object) -> str:
    return translate(msgid, DEFAULT_LOCALE).format_map(params)
