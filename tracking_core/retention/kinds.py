"""What a kind of data is, and the steps by which it goes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracking_core.retention.sweeps import Sweep
from tracking_core.settings import Settings

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Kind(StrEnum):
    TRACKING_EVENTS = "tracking_events"
    BROWSER_DELIVERIES = "browser_deliveries"
    SALE_DELIVERIES = "sale_deliveries"
    DEAD_LETTERS = "dead_letters"
    ATTEMPT_RESPONSES = "attempt_responses"
    RAW_WEBHOOKS = "raw_webhooks"
    BUYERS = "buyers"
    CHATS = "chats"
    SCREENSHOTS = "screenshots"
    CHECKPOINTS = "checkpoints"
    HANDOFFS = "handoffs"
    NOTIFICATIONS = "notifications"
    SIGN_INS = "sign_ins"
    SECRET_ACCESSES = "secret_accesses"  # noqa: S105 - a kind of data
    AUDIT_LOG = "audit_log"
    CONSENT_RECORDS = "consent_records"
    ALERTS = "alerts"
    GATEWAY_LISTS = "gateway_lists"
    CLOSED_SHOPS = "closed_shops"
    EVENT_CLAIMS = "event_claims"
    RETENTION_RUNS = "retention_runs"


class Effect(StrEnum):
    DROPPED = "dropped"  # whole weeks
    DELETED = "deleted"
    EMPTIED = "emptied"  # the row stays, without what is personal in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Rows of one table. All texts are SQL of ours: ``is_due`` is about ``t`` and ``:cutoff``, ``change`` the SET list
    of what is emptied (nothing: the row is deleted), ``also`` statements about the rows ``due`` (``id``) that go with
    it. A table of another room may not be there yet (``is_optional``)."""

    table: str
    is_due: str
    change: str = ""
    also: tuple[str, ...] = ()
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``days`` reads the setting; ``sweep`` stands for steps where the noun deletes its own."""

    kind: Kind
    effect: Effect
    days: Callable[[Settings], int]
    every: timedelta = DAY
    steps: tuple[Step, ...] = ()
    sweep: Sweep | None = None

    def cutoff(self, now: datetime, settings: Settings) -> datetime:
        return now - timedelta(days=self.days(settings))
