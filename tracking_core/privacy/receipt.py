"""What a request came to: counts and hashes only, so that it may be kept, printed and shown to the person."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from tracking_core.models import PrivacyRequest
from tracking_core.privacy.step import Step
from tracking_core.privacy.verify import Searched
from tracking_core.privacy.words import DOES, WHAT

VERSION = 1


def receipt_of(row: PrivacyRequest, steps: Sequence[Step], searched: Searched) -> dict[str, Any]:
    """``digest`` is the SHA-256 of all the rest as JSON with sorted keys."""
    known = {step.name: step for step in steps}
    named = [*known, *(name for name in row.progress if name not in known)]
    erased = [_line(name, rows, known.get(name)) for name in named if (rows := row.progress.get(name, 0))]
    said: dict[str, Any] = {
        "version": VERSION,
        "request_id": str(row.id),
        "tenant_id": str(row.tenant_id),
        "kind": row.kind,
        "fingerprint": row.fingerprint,
        "plan_hash": row.plan_hash,
        "requested_by": row.requested_by,
        "approved_by": row.approved_by,
        "approved_at": row.approved_at.isoformat() if row.approved_at else None,
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        "state": row.state,
        "erased": erased,
        "rows": sum(row.progress.values()),
        "shared": row.plan.get("shared", 0),
        "kept_accounts": row.plan.get("kept_accounts", 0),
        "searched": searched.told(),
    }
    return {**said, "digest": digest_of(said)}


def digest_of(said: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _line(name: str, rows: int, step: Step | None) -> dict[str, Any]:
    table = step.table.replace('"', "") if step else "agent"
    what, does = (step.what, step.does) if step else (WHAT, DOES)
    return {"step": name, "table": table, "what": what, "does": does, "rows": rows}
