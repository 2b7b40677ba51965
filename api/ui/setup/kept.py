"""What an empty field of a form stands for, and what was given last."""

from collections.abc import Mapping, Sequence

from api.ui.setup.forms import SECRET_FIELDS, Kept
from tracking_core.models import SecretKind, SetupActionLog
from tracking_core.setup.inbox import IntentKind

_CHECKS: Mapping[str, tuple[str, ...]] = {
    IntentKind.VALIDATE_GATEWAY: ("gateway", "account_id"),
    IntentKind.VALIDATE_META: ("dataset_id",),
    IntentKind.PROBE_LANDING: ("url",),
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
