"""Plans: what will be done, in order, with a hash that a person approves. Pure: made of facts and current state."""

from tracking_core.configuration.actions import (
    Action,
    ActionName,
    Line,
    Plan,
    PlanIncomplete,
    Requirement,
    Risk,
    UndoKind,
    render,
)
from tracking_core.configuration.current import Current
from tracking_core.configuration.facts import Facts, GatewayFact, MetaFact, UrlFact
from tracking_core.configuration.spec import DatasetSpec, EndpointSpec, Spec
from tracking_core.configuration.steps import to_configure
from tracking_core.models import SecretKind

__all__ = [
    "Action",
    "ActionName",
    "Line",
    "Plan",
    "PlanIncomplete",
    "Requirement",
    "Risk",
    "UndoKind",
    "make_plan",
    "render",
]


def make_plan(facts: Facts, current: Current) -> Plan:
    """The plan that takes the tenant from ``current`` to what the facts say. Raises PlanIncomplete."""
    gateway, meta, url = _complete(facts, current)
    actions, diff = to_configure(_target(facts, gateway, meta, url, current), facts, current)
    return Plan(
        kind="configure", tenant_id=current.tenant_id, generation=current.generation, actions=actions, diff=diff
    )


def _complete(facts: Facts, current: Current) -> tuple[GatewayFact, MetaFact, UrlFact]:
    missing = _missing(facts, current)
    if missing or facts.gateway is None or facts.meta is None or facts.url is None:
        raise PlanIncomplete(missing)
    return facts.gateway, facts.meta, facts.url


def _missing(facts: Facts, current: Current) -> list[Requirement]:
    wanted = [
        ("gateway", facts.gateway, "Enter your gateway's credentials and have them checked."),
        ("meta", facts.meta, "Enter your dataset's ID and access token and have them checked."),
        ("url", facts.url, "Enter the address of your sales page and have it looked at."),
    ]
    missing = [Requirement(field=field, message=message) for field, fact, message in wanted if fact is None]
    return missing + (_missing_of_gateway(facts.gateway, current) if facts.gateway else [])


def _missing_of_gateway(gateway: GatewayFact, current: Current) -> list[Requirement]:
    if gateway.name not in current.reserved_keys:
        return [Requirement(field="gateway.name", message="The hub does not know this gateway yet.")]
    if gateway.name not in current.registering:
        if gateway.webhook_secret_ref or current.endpoint_of(gateway.name):
            return []
        message = "Enter the token with which your gateway marks its webhooks (at Hotmart, the hottok)."
        return [Requirement(field="gateway.webhook_secret_ref", message=message)]
    keys = {SecretKind.GATEWAY_CLIENT_ID, SecretKind.GATEWAY_CLIENT_SECRET}
    missing = [] if keys <= set(gateway.credentials) else ["gateway.credentials"]
    missing += [] if gateway.account_id else ["gateway.account_id"]
    message = "Enter the account ID and the API keys of your gateway account and have them checked."
    return [Requirement(field=field, message=message) for field in missing]


def _target(facts: Facts, gateway: GatewayFact, meta: MetaFact, url: UrlFact, current: Current) -> Spec:
    """The configuration the facts ask for. What the active one says of other gateways stays."""
    others = current.active.spec.endpoints if current.active else ()
    endpoints = [one for one in others if one.gateway != gateway.name] + [_endpoint(gateway, current)]
    return Spec(
        dataset=_dataset(facts, meta, current),
        endpoints=tuple(sorted(endpoints, key=lambda one: one.gateway)),
        consent_mode=facts.preferences.consent_mode or current.consent_mode,
        landing_url=url.final_url,
    )


def _dataset(facts: Facts, meta: MetaFact, current: Current) -> DatasetSpec:
    chosen = facts.preferences.browser_events
    now = current.connection(meta.dataset_id)
    kept = now.browser_events if now and not now.is_disabled else ()
    return DatasetSpec.model_validate(
        {
            "dataset_id": meta.dataset_id,
            "dataset_name": meta.dataset_name,
            "token_ref": meta.token_ref,
            "app_secret_ref": meta.app_secret_ref,
            "test_event_code": facts.preferences.test_event_code,
            "browser_events": sorted(set(kept if chosen is None else chosen)),
        }
    )


def _endpoint(gateway: GatewayFact, current: Current) -> EndpointSpec:
    known = current.endpoint_of(gateway.name)
    return EndpointSpec(
        gateway=gateway.name,
        account_id=gateway.account_id,
        endpoint_key=known.endpoint_key if known else current.reserved_keys[gateway.name],
        secret_ref=gateway.webhook_secret_ref or (known.secret_ref if known else None),
        credentials=gateway.credentials,
        is_registered=gateway.name in current.registering,
    )
