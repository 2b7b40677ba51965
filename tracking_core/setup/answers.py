"""What is told of one ledger entry: the fixed form of every action's answer."""

from typing import Any

from tracking_core.models import SetupActionLog
from tracking_core.setup.meanings import describe


def answer_of(entry: SetupActionLog, locale: str) -> dict[str, Any]:
    """``{action_id, status, code, reason, message, recommendation?, latency_ms, return_code, ...}`` in the language."""
    params = entry.output.get("params", {})
    said = describe(entry.code, params, locale) if entry.code else {}
    return {
        "action_id": str(entry.id),
        "action": entry.action,
        "status": entry.state,
        **said,
        "reason": entry.reason,
        "latency_ms": entry.latency_ms,
        "return_code": entry.return_code,
        "facts": entry.output.get("facts", {}),
        "warnings": [describe(code, params, locale) for code in entry.output.get("warnings", [])],
        **_retry(entry),
        "started_at": entry.started_at.isoformat(),
        "finished_at": entry.finished_at.isoformat() if entry.finished_at else None,
    }


def _retry(entry: SetupActionLog) -> dict[str, int]:
    seconds = entry.output.get("retry_after_seconds")
    return {"retry_after_seconds": seconds} if seconds else {}
