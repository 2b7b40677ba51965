"""The one table of what the hub keeps how long. ``docs/retention.md`` says it for people.

What goes is either deleted or, where a ledger or a proof stands on the row, emptied of what is personal: a sale's money
stays, and every total with it. Nothing that is still due to be done is ever past due here.
"""

from dataclasses import replace

from tracking_core.models import SAYS_WHO
from tracking_core.retention.closed import ClosedShops
from tracking_core.retention.kinds import HOUR, Effect, Kind, Policy, Step
from tracking_core.retention.sweeps import SCREENSHOTS, SIGN_INS

_ENDED = "t.state IN ('delivered', 'withheld', 'dead') AND octet_length(t.payload) > 0 AND t.event_time < :cutoff"
_WITH_ATTEMPTS = ("DELETE FROM dispatch_attempts WHERE delivery_id = ANY(ARRAY(SELECT id FROM due))",)
_VISITS = Step(table="deliveries", is_due=f"t.conversion_id IS NULL AND {_ENDED}", also=_WITH_ATTEMPTS)
_SALES = Step(table="deliveries", is_due=f"t.conversion_id IS NOT NULL AND {_ENDED}", change="payload = ''")
_TOLD = "t.response IS NOT NULL AND t.started_at < :cutoff"
_OPEN_CASE = "SELECT FROM setup_handoffs h WHERE h.session_id = {session} AND h.state IN ('open', 'taken')"
_UNHEARD = f"NOT EXISTS ({_OPEN_CASE})"
_NO_CASE = _UNHEARD.format(session="t.session_id")
_CASE_CLOSED = "EXISTS (SELECT FROM setup_handoffs h WHERE h.id = t.handoff_id AND h.closed_at < :cutoff)"
_MATCH_EMPTIED = (
    "UPDATE matches SET candidates = '[]', missing = '[]', click_id = NULL, tracking_event_id = NULL"
    " WHERE conversion_id = ANY(ARRAY(SELECT id FROM due))"
)
# A sale's webhooks are found by their buyer (``privacy.webhook_keys``) as long as the sale says who that was.
_KEYS_OF_SALES = (
    "UPDATE privacy_webhook_keys SET keys = '{}' WHERE webhook_id IN"
    " (SELECT webhook_id FROM sale_events WHERE conversion_id = ANY(ARRAY(SELECT id FROM due)))"
)
_KEYS_OF_NO_SALE = (
    "UPDATE privacy_webhook_keys k SET keys = '{}' WHERE k.webhook_id = ANY(ARRAY(SELECT id FROM due)) AND NOT EXISTS"
    " (SELECT FROM sale_events s WHERE s.webhook_id = k.webhook_id AND s.conversion_id IS NOT NULL)"
)
# A thread is named after its setup (``setup:<id>``, ``chat:<id>``). One that waits for a decision keeps its own.
_THREAD = "CASE WHEN t.thread_id ~ '^(setup|chat):[0-9a-f-]{36}$' THEN split_part(t.thread_id, ':', 2)::uuid END"
_IDLE_THREAD = """EXISTS (
    SELECT FROM setup_sessions s WHERE s.id = {thread}
      AND s.updated_at < :cutoff AND s.state NOT IN ('working', 'awaiting_approval')
      AND NOT EXISTS (SELECT FROM setup_intents i WHERE i.session_id = s.id AND i.state = 'queued')
      AND NOT EXISTS (SELECT FROM setup_messages m WHERE m.session_id = s.id AND m.created_at >= :cutoff)
      AND {unheard})""".format(thread=_THREAD, unheard=_UNHEARD.format(session="s.id"))  # noqa: S608 - constants


# An event lives until the week it came in is over, and Meta takes none that is older than that: what is sent again once
# its claim is gone repeats nothing that is still there. A sale's claim stays as long as the sale, which is for ever.
_LIVES_ON_DAYS = 7

# A run that brought something is the origin of a sale, and stays with it.
_READ = "t.finished_at < :cutoff AND NOT EXISTS (SELECT FROM backfilled_items b WHERE b.run_id = t.id)"


_ANSWERS = Step(table="dispatch_attempts", is_due=_TOLD, change="response = NULL")
_WEBHOOKS = Step(
    table="received_webhooks",
    is_due="t.state <> 'received' AND octet_length(t.body) > 0 AND t.received_at < :cutoff",
    change="body = ''",
    also=(_KEYS_OF_NO_SALE,),
)
_BUYERS = Step(
    table="conversions",
    is_due=f"({SAYS_WHO}) AND t.rematch_at IS NULL AND t.occurred_at < :cutoff",
    change="user_data = '{}', facts = '{}', consent_subjects = '{}'",
    also=(_MATCH_EMPTIED, _KEYS_OF_SALES),
)
_CHATS = (
    Step(table="setup_messages", is_due=f"t.created_at < :cutoff AND {_NO_CASE}"),
    Step(table="session_events", is_due=f"t.created_at < :cutoff AND {_NO_CASE}"),
    Step(
        table="setup_sessions",
        is_due=f"t.contact IS NOT NULL AND t.updated_at < :cutoff AND {_UNHEARD.format(session='t.id')}",
        change="contact = NULL",
    ),
)
_CASES = Step(
    table="setup_handoffs",
    is_due="t.state IN ('returned', 'resolved') AND t.closed_at < :cutoff",
    also=("DELETE FROM notifications WHERE handoff_id = ANY(ARRAY(SELECT id FROM due))",),
)


def _threads(is_due: str) -> tuple[Step, ...]:
    tables = ("checkpoints", "checkpoint_writes", "checkpoint_blobs")
    return tuple(Step(table=f"agent.{table}", is_due=is_due, is_optional=True) for table in tables)


_SETUPS = "IN (SELECT id FROM setup_sessions WHERE tenant_id = :tenant)"


def _of_shop(step: Step) -> Step:
    mine = f"t.session_id {_SETUPS}" if step.table == "session_events" else "t.tenant_id = :tenant"
    return replace(step, is_due=f"{mine} AND {step.is_due}")


# A sale of it that waited for a click waits for nothing any more.
_OF_CLOSED_SHOP = (
    *map(_of_shop, (_VISITS, _SALES, _ANSWERS, _WEBHOOKS, replace(_BUYERS, is_due=f"({SAYS_WHO})"), *_CHATS, _CASES)),
    *_threads(f"{_THREAD} {_SETUPS}"),
)


def _whole(table: str, column: str) -> tuple[Step, ...]:
    return (Step(table=table, is_due=f"t.{column} < :cutoff"),)


_ALL = (
    Policy(kind=Kind.TRACKING_EVENTS, effect=Effect.DROPPED, days=lambda s: s.tracking_retention_days),
    Policy(
        kind=Kind.BROWSER_DELIVERIES,
        effect=Effect.DELETED,
        days=lambda s: s.delivery_retention_days,
        steps=(_VISITS,),
    ),
    Policy(
        kind=Kind.SALE_DELIVERIES,
        effect=Effect.EMPTIED,
        days=lambda s: s.delivery_retention_days,
        steps=(_SALES,),
    ),
    Policy(
        kind=Kind.DEAD_LETTERS,
        effect=Effect.EMPTIED,
        days=lambda s: s.dead_letter_retention_days,
        steps=tuple(replace(one, is_due=f"t.state = 'dead' AND {one.is_due}") for one in (_VISITS, _SALES)),
    ),
    Policy(
        kind=Kind.ATTEMPT_RESPONSES,
        effect=Effect.EMPTIED,
        days=lambda s: s.attempt_retention_days,
        steps=(_ANSWERS,),
    ),
    Policy(
        kind=Kind.RAW_WEBHOOKS,
        effect=Effect.EMPTIED,
        days=lambda s: s.webhook_retention_days,
        steps=(_WEBHOOKS,),
    ),
    Policy(
        kind=Kind.BUYERS,
        effect=Effect.EMPTIED,
        days=lambda s: s.buyer_retention_days,
        steps=(_BUYERS,),
    ),
    Policy(
        kind=Kind.CHATS,
        effect=Effect.DELETED,
        days=lambda s: s.chat_retention_days,
        steps=_CHATS,
    ),
    Policy(
        kind=Kind.SCREENSHOTS,
        effect=Effect.EMPTIED,
        days=lambda s: s.screenshot_days,
        every=HOUR,
        sweep=SCREENSHOTS,
    ),
    Policy(
        kind=Kind.CHECKPOINTS,
        effect=Effect.DELETED,
        days=lambda s: s.checkpoint_retention_days,
        # The heads first: what they name is read by nobody then.
        steps=_threads(_IDLE_THREAD),
    ),
    Policy(
        kind=Kind.HANDOFFS,
        effect=Effect.DELETED,
        days=lambda s: s.handoff_retention_days,
        steps=(_CASES,),
    ),
    Policy(
        kind=Kind.NOTIFICATIONS,
        effect=Effect.DELETED,
        days=lambda s: s.notification_retention_days,
        steps=(
            Step(
                table="notifications",
                is_due=f"t.state <> 'waiting' AND t.created_at < :cutoff AND {_CASE_CLOSED}",
            ),
        ),
    ),
    Policy(
        kind=Kind.SIGN_INS,
        effect=Effect.DELETED,
        days=lambda s: s.sign_in_retention_days,
        every=HOUR,
        sweep=SIGN_INS,
    ),
    Policy(
        kind=Kind.SECRET_ACCESSES,
        effect=Effect.DELETED,
        days=lambda s: s.secret_access_retention_days,
        steps=_whole("secret_accesses", "at"),
    ),
    Policy(
        kind=Kind.AUDIT_LOG,
        effect=Effect.DELETED,
        days=lambda s: s.audit_retention_days,
        steps=_whole("audit_log", "created_at"),
    ),
    Policy(
        kind=Kind.CONSENT_RECORDS,
        effect=Effect.DELETED,
        days=lambda s: s.consent_retention_days,
        steps=_whole("consent_records", "at"),
    ),
    Policy(
        kind=Kind.ALERTS,
        effect=Effect.DELETED,
        days=lambda s: s.alert_retention_days,
        steps=(
            Step(
                table="alerts",
                is_due="t.state = 'recovered' AND t.recovered_at < :cutoff",
                also=("DELETE FROM alert_messages WHERE alert_id = ANY(ARRAY(SELECT id FROM due))",),
            ),
            *_whole("alert_silences", "ends_at"),
        ),
    ),
    Policy(
        kind=Kind.GATEWAY_LISTS,
        effect=Effect.DELETED,
        days=lambda s: s.reconciliation_retention_days,
        steps=(*_whole("gateway_sales", "seen_at"), Step(table="reconciliation_runs", is_due=_READ)),
    ),
    Policy(
        kind=Kind.CLOSED_SHOPS,
        effect=Effect.EMPTIED,
        days=lambda _: 0,
        every=HOUR,
        sweep=ClosedShops(_OF_CLOSED_SHOP),
    ),
    Policy(
        kind=Kind.EVENT_CLAIMS,
        effect=Effect.DELETED,
        days=lambda s: s.tracking_retention_days + _LIVES_ON_DAYS,
        steps=(Step(table="dedupe_registry", is_due="t.scope = 'tracking' AND t.claimed_at < :cutoff"),),
    ),
    Policy(
        kind=Kind.RETENTION_RUNS,
        effect=Effect.DELETED,
        days=lambda s: s.audit_retention_days,
        steps=_whole("retention_runs", "finished_at"),
    ),
)
POLICIES = {one.kind: one for one in _ALL}
