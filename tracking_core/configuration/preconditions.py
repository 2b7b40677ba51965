"""What an action saw of the current configuration when it was planned, and must find again when it is applied."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.current import Current, VersionNow

# A connection goes on hold and off it by itself; that makes no plan old.
_OF_DELIVERY = {"state"}
_OF_MAPPING = {"browser_events"}


def observed(current: Current, name: ActionName, params: Mapping[str, Any]) -> dict[str, Any]:
    """Small JSON without secrets; empty for actions that depend on nothing of it."""
    match name:
        case ActionName.CONNECT_DATASET | ActionName.DISCONNECT_DATASET:
            now = current.connection(params["dataset_id"])
            seen = now.model_dump(mode="json", exclude=_OF_DELIVERY | _OF_MAPPING) if now else None
            return {"connection": seen}
        case ActionName.MAP_EVENTS:
            now = current.connection(params["dataset_id"])
            return {"browser_events": list(now.browser_events) if now else []}
        case ActionName.CREATE_ENDPOINT | ActionName.DISABLE_ENDPOINT:
            endpoint = current.endpoint(params["endpoint_key"])
            return {"endpoint": endpoint.to_json() if endpoint else None}
        case ActionName.SET_CONSENT_MODE:
            return {"consent_mode": current.consent_mode.value}
        case ActionName.ACTIVATE_VERSION:
            return {**_activation(current.active), "newest": current.newest_version}
        case _:
            return {}


def _activation(active: VersionNow | None) -> dict[str, Any]:
    """When, too: going back and forth between versions leads to what was there before, and each way is another plan."""
    since = active.activated_at.astimezone(UTC).isoformat() if active and active.activated_at else None
    return {"active": active.version if active else None, "since": since}
