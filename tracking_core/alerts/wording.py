"""An alert in the words of whoever reads it: what happened, since when, the numbers, what to do, and where to look."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from tracking_core.alerts.channels.notice import Event, Notice
from tracking_core.alerts.fact_words import length_of, numbers_of
from tracking_core.alerts.listing import AlertView
from tracking_core.alerts.seller_words import advice_to
from tracking_core.i18n import translate
from tracking_core.kit.ids import new_id
from tracking_core.models import AlertChannel, AlertMessage, Severity
from tracking_core.notifications.sections import one_line
from tracking_core.reporting.sentences import Sentence

OPERATOR_PATH, SELLER_PATH = "/ops/objectives", "/app/alerts"
_TITLE = 150
WHOLE_HUB = "The whole hub"
OVER = "Over"
STILL = "Still so"
SINCE = "Since {since}."
LASTED = "It is over. It lasted from {since} to {until}, that is {length}."
GOES_ON = "This has been so since {since}, that is for {length}."
ENDED_ALREADY = "It was so from {since} to {until}. By now it is over."
AGAIN = "It came back {count} times within a short while."
TODO = "What to do"
NOTHING_TO_DO = "There is nothing to do."
LOOK = "Look at it in the Hub"
TEST_TITLE = "Test message of the Hub"
TEST_SAID = "This is a test. Alerts of the Hub arrive here from now on."
TEST_TODO = "There is nothing to do: somebody pressed the button that sends this."
SENTENCES = (
    WHOLE_HUB,
    OVER,
    STILL,
    SINCE,
    LASTED,
    GOES_ON,
    ENDED_ALREADY,
    AGAIN,
    TODO,
    NOTHING_TO_DO,
    LOOK,
    TEST_TITLE,
    TEST_SAID,
    TEST_TODO,
)


class Told(Protocol):
    """What a notice is made from."""

    @property
    def message(self) -> AlertMessage: ...

    @property
    def alert(self) -> AlertView: ...

    @property
    def channel(self) -> AlertChannel: ...


def notice_of(told: Told, locale: str, base_url: str, now: datetime) -> Notice:
    """``base_url`` is where the pages are. A seller is told what they can do; our own people what we can."""
    alert, event = told.alert, Event(told.message.kind)
    is_sellers = told.channel.tenant_id is not None
    return Notice(
        id=told.message.id,
        thread=alert.id,
        event=event,
        is_urgent=alert.severity is Severity.PAGE,
        locale=locale,
        title=_title(alert, event, locale),
        said=tuple(_said(alert, event, locale, now)),
        numbers=numbers_of(alert, locale, is_sellers=is_sellers),
        todo=() if event is Event.RECOVERED else (advice_to(alert, locale, is_sellers=is_sellers),),
        todo_title=translate(TODO, locale),
        link=_link(base_url, alert.id, is_sellers=is_sellers),
        link_title=translate(LOOK, locale),
        at=told.message.created_at,
        data=_data(alert),
    )


def trial_notice(channel: AlertChannel, locale: str, base_url: str, now: datetime) -> Notice:
    """Of no alert; each has an id of its own."""
    made = new_id()
    return Notice(
        id=made,
        thread=made,
        event=Event.TEST,
        is_urgent=False,
        locale=locale,
        title=translate(TEST_TITLE, locale),
        said=(translate(TEST_SAID, locale),),
        numbers=(),
        todo=(translate(TEST_TODO, locale),),
        todo_title=translate(TODO, locale),
        link=base_url + (OPERATOR_PATH if channel.tenant_id is None else SELLER_PATH),
        link_title=translate(LOOK, locale),
        at=now,
        data={"channel_id": str(channel.id)},
    )


def _title(alert: AlertView, event: Event, locale: str) -> str:
    whose = alert.tenant_name or translate(WHOLE_HUB, locale)
    said = f"{whose}: {alert.sentence.told(locale).rstrip('.')}"
    before = {Event.RECOVERED: OVER, Event.REMINDER: STILL}.get(event)
    return one_line(f"{translate(before, locale)}: {said}" if before else said, _TITLE)


def _said(alert: AlertView, event: Event, locale: str, now: datetime) -> Iterator[str]:
    yield alert.sentence.told(locale)
    until = alert.recovered_at
    values = {"since": alert.opened_at, "until": until, "length": length_of((until or now) - alert.opened_at, locale)}
    if until is None:
        yield Sentence(GOES_ON if event is Event.REMINDER else SINCE, values).told(locale)
    else:
        yield Sentence(LASTED if event is Event.RECOVERED else ENDED_ALREADY, values).told(locale)
    if alert.openings > 1:
        yield Sentence(AGAIN, {"count": alert.openings}).told(locale)
    if event is Event.RECOVERED:
        yield translate(NOTHING_TO_DO, locale)


def _link(base_url: str, alert_id: UUID, *, is_sellers: bool) -> str:
    return f"{base_url}{SELLER_PATH if is_sellers else OPERATOR_PATH}#alert-{alert_id}"


def _data(alert: AlertView) -> dict[str, Any]:
    """For machines."""
    return {
        "alert_id": str(alert.id),
        "tenant_id": str(alert.tenant_id) if alert.tenant_id else None,
        "objective": alert.objective.value,
        "scope": alert.scope,
        "scope_name": alert.scope_name,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "openings": alert.openings,
        "opened_at": alert.opened_at.isoformat(),
        "recovered_at": alert.recovered_at.isoformat() if alert.recovered_at else None,
        "facts": dict(alert.facts),
    }
