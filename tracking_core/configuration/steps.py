"""The actions between the current configuration and a target, each with its line of the diff."""

from collections.abc import Iterable
from typing import Any

from tracking_core.configuration import lines
from tracking_core.configuration.actions import Action, ActionName, Line, Risk, UndoKind
from tracking_core.configuration.current import Current
from tracking_core.configuration.facts import Facts
from tracking_core.configuration.preconditions import observed
from tracking_core.configuration.spec import DatasetSpec, EndpointSpec, Spec
from tracking_core.models import ConnectionState, ConsentMode

Step = tuple[Action, Line]
_Made = tuple[tuple[Action, ...], tuple[Line, ...]]
_EXTERNAL = {ActionName.REGISTER_WEBHOOK, ActionName.UNREGISTER_WEBHOOK}


def to_configure(target: Spec, facts: Facts, current: Current) -> _Made:
    """From what is there to what the facts ask for; what they are silent about stays, but the dataset is replaced."""
    was = current.active.spec if current.active else None
    steps = _toward(target, was, current)
    if was and was.dataset.dataset_id != target.dataset.dataset_id:
        steps += _disconnect(was.dataset, current)
    if steps or target != was:
        version = current.newest_version + 1
        steps.append(_activate({"version": version, "spec": target.to_json(), "is_new": True}, current))
    is_script_missing = facts.url is not None and not facts.url.script_present
    about = lines.context(target, is_script_missing=is_script_missing)
    return _with_context(steps, target, about, [lines.proof(target.dataset)])


def to_version(version: int, target: Spec, current: Current) -> _Made:
    """From what is there to exactly that version: what later versions added is switched off. Tokens are not versioned:
    a connection or address that is still there keeps the one it has."""
    was = current.active.spec if current.active else None
    steps = _toward(_with_secrets_in_use(target, current), was, current)
    for gone in _gone(target, was):
        steps += _remove_endpoint(gone, current)
    if was and was.dataset.dataset_id != target.dataset.dataset_id:
        steps += _disconnect(was.dataset, current)
    if steps or current.active is None or current.active.version != version:
        steps.append(_activate({"version": version, "is_new": False}, current))
    return _with_context(steps, target, lines.context(target))


def _toward(target: Spec, was: Spec | None, current: Current) -> list[Step]:
    steps = _connect(target.dataset, was, current)
    for endpoint in target.endpoints:
        steps += _endpoint(endpoint, current) + _announce(endpoint, was, current)
    return steps + _map_events(target.dataset, current) + _consent(target.consent_mode, current)


def _step(name: ActionName, params: dict[str, Any], current: Current, undo: UndoKind, risk: Risk, line: Line) -> Step:
    subject = params.get("dataset_id") or params.get("endpoint_key")
    action = Action(
        key=f"{name}:{subject}" if subject else name.value,
        name=name,
        params=params,
        is_external=name in _EXTERNAL,
        undo_kind=undo,
        risk=risk,
        preconditions=observed(current, name, params),
    )
    return action, line


def _connect(dataset: DatasetSpec, was: Spec | None, current: Current) -> list[Step]:
    now = current.connection(dataset.dataset_id)
    if now and _is_connected(dataset, was, current):
        return []
    params = dataset.model_dump(mode="json", exclude={"browser_events", "test_event_code"})
    undo = UndoKind.RESTORE_SNAPSHOT if now else UndoKind.DELETE_CREATED
    line = lines.connect(dataset, now)
    return [_step(ActionName.CONNECT_DATASET, params, current, undo, Risk.MEDIUM, line)]


def _is_connected(dataset: DatasetSpec, was: Spec | None, current: Current) -> bool:
    now = current.connection(dataset.dataset_id)
    if now is None or now.is_disabled or now.state != ConnectionState.ACTIVE or now.test_event_code:
        return False
    known = was.dataset.app_secret_ref if was and was.dataset.dataset_id == dataset.dataset_id else None
    return now.token_ref == dataset.token_ref and dataset.app_secret_ref in (None, known)


def _endpoint(endpoint: EndpointSpec, current: Current) -> list[Step]:
    now = current.endpoint(endpoint.endpoint_key)
    if now and not now.is_disabled and endpoint.secret_ref in (None, now.secret_ref, now.next_secret_ref):
        return []
    params = {**_told(endpoint, current), "secret_ref": endpoint.secret_ref}
    undo = UndoKind.RESTORE_SNAPSHOT if now else UndoKind.DELETE_CREATED
    line = lines.endpoint(params, now)
    return [_step(ActionName.CREATE_ENDPOINT, params, current, undo, Risk.LOW, line)]


def _announce(endpoint: EndpointSpec, was: Spec | None, current: Current) -> list[Step]:
    """Have the gateway post to the endpoint: through its API, or by the seller's hand."""
    before = was.endpoint_of(endpoint.gateway) if was else None
    told = {"endpoint_key", "account_id", "is_registered"}
    if before and before.model_dump(include=told) == endpoint.model_dump(include=told):
        return []
    params = _told(endpoint, current)
    if not endpoint.is_registered:
        line = lines.instructions(params)
        return [_step(ActionName.WEBHOOK_INSTRUCTIONS, params, current, UndoKind.MANUAL, Risk.LOW, line)]
    params |= {"credentials": _references(endpoint)}
    line, undo = lines.register(params), UndoKind.DELETE_CREATED
    return [_step(ActionName.REGISTER_WEBHOOK, params, current, undo, Risk.MEDIUM, line)]


def _map_events(dataset: DatasetSpec, current: Current) -> list[Step]:
    now = current.connection(dataset.dataset_id)
    before, after = list(now.browser_events) if now else [], list(dataset.browser_events)
    if before == after:
        return []
    params = {**_named(dataset), "browser_events": after}
    line, undo = lines.browser_events(dataset, before), UndoKind.RESTORE_SNAPSHOT
    return [_step(ActionName.MAP_EVENTS, params, current, undo, Risk.MEDIUM, line)]


def _consent(mode: ConsentMode, current: Current) -> list[Step]:
    if mode == current.consent_mode:
        return []
    params = {"consent_mode": mode.value, "was": current.consent_mode.value}
    # To take silence for a yes sends the data of more people.
    risk = Risk.HIGH if mode == ConsentMode.OPT_OUT else Risk.MEDIUM
    line = lines.consent(current.consent_mode, mode)
    return [_step(ActionName.SET_CONSENT_MODE, params, current, UndoKind.RESTORE_SNAPSHOT, risk, line)]


def _disconnect(dataset: DatasetSpec, current: Current) -> list[Step]:
    now = current.connection(dataset.dataset_id)
    if now is None or now.is_disabled:
        return []
    line, undo = lines.disconnect(dataset), UndoKind.RESTORE_SNAPSHOT
    return [_step(ActionName.DISCONNECT_DATASET, _named(dataset), current, undo, Risk.HIGH, line)]


def _remove_endpoint(endpoint: EndpointSpec, current: Current) -> list[Step]:
    params, undo = _told(endpoint, current), UndoKind.RESTORE_SNAPSHOT
    steps = []
    if endpoint.is_registered:
        external = {**params, "credentials": _references(endpoint)}
        line = lines.unregister(params)
        steps.append(_step(ActionName.UNREGISTER_WEBHOOK, external, current, undo, Risk.MEDIUM, line))
    now = current.endpoint(endpoint.endpoint_key)
    if now and not now.is_disabled:
        steps.append(_step(ActionName.DISABLE_ENDPOINT, params, current, undo, Risk.HIGH, lines.disable(params)))
    return steps


def _activate(params: dict[str, Any], current: Current) -> Step:
    undo = UndoKind.DISABLE if params["is_new"] else UndoKind.RESTORE_SNAPSHOT
    before = current.active.version if current.active else None
    return _step(ActionName.ACTIVATE_VERSION, params, current, undo, Risk.LOW, lines.version(params["version"], before))


def _named(dataset: DatasetSpec) -> dict[str, Any]:
    return {"dataset_id": dataset.dataset_id, "dataset_name": dataset.dataset_name}


def _told(endpoint: EndpointSpec, current: Current) -> dict[str, Any]:
    return {
        "gateway": endpoint.gateway,
        "account_id": endpoint.account_id,
        "endpoint_key": endpoint.endpoint_key,
        "url": current.webhook_url(endpoint.gateway, endpoint.endpoint_key),
    }


def _references(endpoint: EndpointSpec) -> dict[str, str]:
    return {kind.value: reference for kind, reference in endpoint.credentials.items()}


def _with_secrets_in_use(target: Spec, current: Current) -> Spec:
    now = current.connection(target.dataset.dataset_id)
    dataset = target.dataset.model_copy(update={"token_ref": now.token_ref, "app_secret_ref": None}) if now else None
    endpoints = tuple(
        one.model_copy(update={"secret_ref": known.secret_ref})
        if (known := current.endpoint(one.endpoint_key))
        else one
        for one in target.endpoints
    )
    return target.model_copy(update={"dataset": dataset or target.dataset, "endpoints": endpoints})


def _gone(target: Spec, was: Spec | None) -> list[EndpointSpec]:
    kept = {one.endpoint_key for one in target.endpoints}
    return [one for one in (was.endpoints if was else ()) if one.endpoint_key not in kept]


def _with_context(steps: list[Step], target: Spec, about: list[Line], after: Iterable[Line] = ()) -> _Made:
    actions, diff = _split(steps)
    if not actions:
        return (), (lines.unchanged(target),)
    return actions, (*about, *diff, *after)


def _split(steps: Iterable[Step]) -> _Made:
    made = tuple(steps)
    return tuple(action for action, _ in made), tuple(line for _, line in made)
