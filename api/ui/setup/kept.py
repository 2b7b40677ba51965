"""Which credentials an empty field of a form stands for."""

from collections.abc import Mapping, Sequence

from api.ui.setup.forms import GATEWAY_FIELDS, SECRET_FIELDS, Kept
from tracking_core.models import SecretKind, SetupActionLog
from tracking_core.secrets.rows import reference_of
from tracking_core.setup.inbox import IntentKind

_OF_GATEWAYS = frozenset(
    SECRET_FIELDS[name] for fields in GATEWAY_FIELDS.values() for name in fields if name in SECRET_FIELDS
)

_CHECKS: Mapping[str, tuple[str, ...]] = {
    IntentKind.VALIDATE_GATEWAY: ("gateway", "account_id"),
    IntentKind.VALIDATE_META: ("dataset_id",),
    IntentKind.PROBE_LANDING: ("url",),
}


def kept_for(gateway: str, kept: Kept, entries: Sequence[SetupActionLog]) -> Kept:
    """Without those that were checked at another gateway: what opens one is never sent to another."""
    used = {
        reference: entry.input.get("gateway", "")
        for entry in entries
        if entry.action == IntentKind.VALIDATE_GATEWAY
        for reference in _references(entry)
    }
    return {
        kind: row
        for kind, row in kept.items()
        if kind not in _OF_GATEWAYS or used.get(reference_of(row), gateway) == gateway
    }


def checked_last(entries: Sequence[SetupActionLog]) -> dict[str, str]:
    """What was given to the newest check of each kind, whatever came of it: the gateway, the account, the dataset, the
    address. No credential is among it."""
    found: dict[str, str] = {}
    for entry in entries:
        given = {**entry.input, **entry.input.get("credentials", {})}
        if entry.action in _CHECKS:
            found |= {name: value for name in _CHECKS[entry.action] if isinstance(value := given.get(name), str)}
    return found


def field_names(kept: Kept) -> dict[str, object]:
    """The rows by their fields' names."""
    kinds: dict[str, SecretKind] = dict(SECRET_FIELDS)
    return {name: kept[kind] for name, kind in kinds.items() if kind in kept}


def _references(entry: SetupActionLog) -> list[str]:
    given = [*entry.input.get("credentials", {}).values(), entry.input.get("webhook_secret")]
    return [one for one in given if one]
