"""What must be true after a run. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evals.bench.load import percentile
from evals.soak.evidence import Evidence
from evals.soak.faults import Broken
from evals.soak.plan import FaultKind
from evals.soak.sampling import OpenAlert
from evals.soak.traffic import Sent, SentSale
from tracking_core.alerts.registry import Code
from tracking_core.ledger.read import LedgerState
from tracking_core.models import Severity

# MB an hour, of what does the same all the time.
GROWTH_LIMITS_MB = {"api": 30.0, "worker": 30.0, "Redis": 10.0}
# PostgreSQL fills its shared buffers (256 MB), anew after each restart, and has a process for each connection. A
# scheduler that begins to lead does, for minutes, each of its jobs for the first time.
CEILINGS_MB = {"PostgreSQL": 800.0, "scheduler": 200.0}
# What a fault leaves in the queues is worked off within this; a sale due in it says nothing of the calm.
RECOVERY_SECONDS = 20.0
_SETTLED = {LedgerState.DELIVERED.value, LedgerState.WITHHELD.value}
_META = frozenset({FaultKind.META_429, FaultKind.META_500, FaultKind.META_TIMEOUT_BEFORE, FaultKind.META_TIMEOUT_AFTER})
# By fault: what it must open, and what it may.
_MUST = {FaultKind.TOKEN_REVOKED: Code.CONNECTION_ON_HOLD}
_MAY = {
    **dict.fromkeys(_META, frozenset({Code.CAPI_ERRORS, Code.SALES_AT_META})),
    FaultKind.WORKER_KILLED: frozenset({Code.CAPI_ERRORS, Code.SALES_AT_META}),
    FaultKind.POSTGRES_RESTARTED: frozenset({Code.CAPI_ERRORS, Code.SALES_AT_META}),
    FaultKind.TOKEN_REVOKED: frozenset({Code.CONNECTION_ON_HOLD}),
}
# Their windows look back: as tickets they outlive the run, as pages the fault by their short window and their recovery.
_LASTING = frozenset({Code.CAPI_ERRORS, Code.SALES_AT_META})
_PAGE_LASTS_SECONDS = 720.0


@dataclass(frozen=True, slots=True)
class Check:
    """``holds`` None: a figure to know, or one that the run was too short to judge."""

    name: str
    measured: str
    limit: str = ""
    holds: bool | None = None


def of_ledger(sent: Sent, evidence: Evidence) -> list[Check]:
    """Every paid sale once, in exactly one state that is an end."""
    paid = {sale.event_id for sale in sent.sales}
    states = Counter(evidence.ledger.values())
    unlike = paid.symmetric_difference(evidence.ledger)
    open_ = sum(count for state, count in states.items() if state not in _SETTLED)
    return [
        Check("paid sales taken from the gateways", f"{len(sent.sales):,}"),
        Check("ledger", ", ".join(f"{state} {count:,}" for state, count in sorted(states.items()))),
        _zero("sales listed more than once", evidence.rows - len(evidence.ledger)),
        _zero("sales missing in the ledger or never sent to it", len(unlike)),
        _zero("sales neither delivered nor withheld", open_),
    ]


def of_meta(evidence: Evidence) -> list[Check]:
    """Meta knows what the ledger calls delivered, and heard of nothing again without need."""
    delivered = {event_id for event_id, state in evidence.ledger.items() if state == LedgerState.DELIVERED}
    received, ambiguous = evidence.received, evidence.ambiguous
    # Refunded between an attempt that may have arrived and the next one: withheld here, and known there.
    unasked = {one for one in received if one not in delivered and one not in ambiguous}
    repeated = {one: times - 1 for one, times in received.items() if times > 1}
    needless = sum(max(0, times - ambiguous.get(one, 0)) for one, times in repeated.items())
    return [
        Check("events resent after an attempt that may have arrived", f"{sum(repeated.values()):,}"),
        _zero("delivered sales that Meta does not know", len(delivered - received.keys())),
        _zero("events at Meta that the ledger does not call delivered", len(unasked)),
        _zero("events Meta counts beyond the different ones it was sent", evidence.accepted - len(received)),
        _zero("resent without an attempt that may have arrived", needless),
    ]


def of_visits(sent: Sent, evidence: Evidence) -> list[Check]:
    stored = evidence.visits
    return [
        Check("browser events acknowledged", f"{len(sent.visits):,}"),
        _zero("acknowledged and not stored", len(sent.visits - stored.keys())),
        _zero("stored and never acknowledged", len(stored.keys() - sent.visits)),
        _zero("stored more than once", sum(times - 1 for times in stored.values())),
    ]


def of_memory(
    growth: Mapping[str, float], peaks: Mapping[str, float], seconds: float, least_seconds: float
) -> list[Check]:
    """``growth`` in MB an hour over a second half of ``seconds``, which says nothing below ``least_seconds``; ``peaks``
    in MB over the whole run."""
    most = [
        Check(f"{process}: at most", f"{mb:.0f} MB", f"≤ {limit:.0f}", mb <= limit)
        for process, mb in sorted(peaks.items())
        if (limit := CEILINGS_MB.get(_kind(process)))
    ]
    if seconds < least_seconds:
        return [Check("memory growth", "run too short to tell", f"needs {2 * least_seconds / 60:.0f} min"), *most]
    return [*(_grown(process, mb) for process, mb in growth.items()), *most]


def _grown(process: str, mb: float) -> Check:
    limit = GROWTH_LIMITS_MB.get(_kind(process))
    told = (f"{process}: growth", f"{mb:+.1f} MB/h")
    return Check(*told) if limit is None else Check(*told, f"≤ {limit:.0f}", mb <= limit)


def _kind(process: str) -> str:
    return process.split("-")[0]


def of_alerts(
    broken: Sequence[Broken], ever: Collection[str], open_now: Sequence[OpenAlert], now: float
) -> list[Check]:
    """What was broken was told, nothing else was, and what is over is closed; ``open_now`` were open at ``now``."""
    kinds = {one.kind for one in broken}
    missing = {_MUST[kind].value for kind in kinds if kind in _MUST} - set(ever)
    unexpected = set(ever) - {code.value for kind in kinds for code in _MAY.get(kind, ())}
    left = {one.objective for one in open_now if not _may_last(one, broken, now)}
    return [
        Check("alerts that opened", _listed(ever)),
        Check("alerts that should have opened and did not", _listed(missing), "none", not missing),
        Check("alerts nobody expected", _listed(unexpected), "none", not unexpected),
        Check("alerts still open without a reason", _listed(left), "none", not left),
    ]


def _may_last(alert: OpenAlert, broken: Sequence[Broken], now: float) -> bool:
    """Whether a fault explains that it is still open."""
    ends = [one.ended for one in broken if alert.objective in _MAY.get(one.kind, ())]
    if alert.objective not in _LASTING or not ends:
        return False
    return alert.severity == Severity.TICKET or now - max(ends) < _PAGE_LASTS_SECONDS


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def of_delay(sent: Sent, evidence: Evidence, broken: Sequence[Broken], limit_ms: float) -> list[Check]:
    """From the moment a webhook was due at its sender to Meta's receipt."""
    calm, all_ = [], []
    for sale in sent.sales:
        if (seen := evidence.first_seen.get(sale.event_id)) is not None:
            all_.append((seen - sale.due) * 1_000)
            if is_calm(sale, broken):
                calm.append(all_[-1])
    p95 = percentile(calm, 95)
    return [
        Check(
            "webhook to Meta, whole run, p50 / p95 / p99",
            " / ".join(_ms(percentile(all_, one)) for one in (50, 95, 99)),
        ),
        Check("webhook to Meta, outside of faults, p50", _ms(percentile(calm, 50))),
        Check(f"the same, p95 of {len(calm):,}", _ms(p95), f"≤ {limit_ms:,.0f} ms", p95 <= limit_ms if calm else None),
    ]


def is_calm(sale: SentSale, broken: Sequence[Broken]) -> bool:
    return not any(one.began - 1 <= sale.due <= one.ended + RECOVERY_SECONDS for one in broken)


def _zero(name: str, count: int) -> Check:
    return Check(name, f"{count:,}", "0", count == 0)


def _ms(value: float) -> str:
    return f"{value:,.0f} ms"
