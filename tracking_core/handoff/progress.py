"""Where the setup is to lead, where it stopped, what to do next, and what nobody has to ask again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tracking_core.handoff.codes import Reason
from tracking_core.handoff.package import Answered, NextStep, Progress, StageReport
from tracking_core.handoff.summary import label_of
from tracking_core.handoff.texts import said
from tracking_core.i18n import translate
from tracking_core.models import SetupSession
from tracking_core.setup.meanings import all_meanings, describe
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus
from tracking_core.setup.status import DUE

GOAL = "Send the sales of {gateway} to the Meta dataset {dataset}, proved by a test sale."
GOAL_OPEN = "Send the seller's sales to Meta, proved by a test sale; the gateway or the dataset is not known yet."
# Where the failure's own advice, which speaks to the seller, is not what our people have to do.
NEXT_STEPS: dict[Reason, str] = {
    Reason.USER_REQUESTED: "Answer the seller in the chat; what they wrote last says what they want.",
    Reason.PROVIDER_OUTAGE: (
        "Look at the provider's status page, tell the seller, and give the case back once it is over."
    ),
    Reason.KNOWLEDGE_GAP: "Answer the seller, and add the answer to the playbooks.",
    Reason.ROLLBACK_INCOMPLETE: "Work through the undo checklist with the seller, and tell them what is done.",
    Reason.MONEY_AT_RISK: "Get a working Meta token from the seller first: what waits is sent once it is verified.",
    Reason.LLM_UNAVAILABLE: "Go on with the seller in the chat; the operator has to look at the writing assistant.",
    Reason.ABUSE: "Read the conversation and decide whether to go on.",
    Reason.POLICY_RISK: "Decide whether the setup may go on, and tell the seller why.",
}
QUESTIONS: dict[str, str] = {
    "gateway": "Which gateway?",
    "account_id": "Which account there?",
    "dataset": "Which Meta dataset?",
    "url": "Which sales page?",
    "consent_mode": "What counts as a visitor's consent?",
    "browser_events": "Which visits go to Meta?",
    "test_event_code": "Which test event code?",
}


def progress(owner: SetupSession, step: str | None, locale: str) -> Progress:
    """``step`` is where the escalation came from; without one, the first stage that does not work."""
    stages = tuple(_report(owner, stage, locale) for stage in Stage)
    missing = [one.stage for one in stages if not one.is_working]
    stopped = step or (missing or [Stage.PROOF.value])[0]
    return Progress(goal=_goal(owner.facts, locale), step=stopped, stages=stages)


def next_step(owner: SetupSession, reason: Reason, step: str, code: str | None, locale: str) -> NextStep:
    text = _next(owner, reason, step, code, locale)
    return NextStep(text=text, playbook=code, answered=_answered(owner.facts, locale))


def params_of(owner: SetupSession, code: str | None) -> dict[str, Any]:
    """What fills the code's sentence, from the stage that met it."""
    met = (stage.get("params", {}) for stage in owner.stages.values() if code and stage.get("code") == code)
    return dict(next(met, {}))


def _report(owner: SetupSession, stage: Stage, locale: str) -> StageReport:
    entry = owner.stages.get(stage.value, {})
    status, code, at = entry.get("status", StageStatus.NOT_STARTED), entry.get("code"), entry.get("at")
    known = code if code in all_meanings() else None
    message = describe(known, entry.get("params", {}), locale)["message"] if known else None
    return StageReport(
        stage=stage.value,
        label=label_of(stage, locale),
        is_working=status == StageStatus.VERIFIED,
        status=str(status),
        code=code,
        message=said(message) if message else None,
        at=datetime.fromisoformat(at) if at else None,
    )


def _goal(facts: Mapping[str, Any], locale: str) -> str:
    gateway, dataset = facts.get("gateway", {}).get("name"), facts.get("meta", {}).get("dataset_id")
    if not (gateway and dataset):
        return translate(GOAL_OPEN, locale)
    return said(translate(GOAL, locale).format(gateway=gateway.title(), dataset=dataset))


def _next(owner: SetupSession, reason: Reason, step: str, code: str | None, locale: str) -> str:
    if reason in NEXT_STEPS:
        return translate(NEXT_STEPS[reason], locale)
    if code in all_meanings():
        recommended = describe(str(code), params_of(owner, code), locale).get("recommendation")
        if recommended:
            return said(recommended)
    return translate(DUE[Stage(step)] if step in DUE else DUE[Stage.GATEWAY], locale)


def _answered(facts: Mapping[str, Any], locale: str) -> tuple[Answered, ...]:
    """From what was checked or chosen; a credential is no answer."""
    gateway, meta, page = (facts.get(name) or {} for name in ("gateway", "meta", "url"))
    chosen = facts.get("preferences") or {}
    dataset = " ".join(filter(None, (meta.get("dataset_name"), meta.get("dataset_id"))))
    known = {
        "gateway": gateway.get("name"),
        "account_id": gateway.get("account_id"),
        "dataset": dataset,
        "url": page.get("url"),
        "consent_mode": chosen.get("consent_mode"),
        "browser_events": ", ".join(chosen.get("browser_events") or ()),
        "test_event_code": chosen.get("test_event_code"),
    }
    return tuple(
        Answered(question=translate(QUESTIONS[name], locale), answer=said(str(value)))
        for name, value in known.items()
        if value
    )
