"""The sentences of a diff, made by code from the plan: each names its account, dataset and address in full."""

from collections.abc import Mapping, Sequence
from typing import Any

from tracking_core.configuration.actions import Line
from tracking_core.configuration.current import ConnectionNow, EndpointNow
from tracking_core.configuration.spec import DatasetSpec, Spec
from tracking_core.models import ConsentMode

SCRIPT_MISSING = "Our script was not seen on {url}. Without it no click is recorded and sales arrive without their ad."
_CONSENT = {
    ConsentMode.OPT_OUT: "silence means yes, a refusal means no",
    ConsentMode.OPT_IN: "only a recorded yes means yes",
}


_KINDS = {
    frozenset[str](): "none",
    frozenset({"pageview"}): "page views",
    frozenset({"initiate_checkout"}): "checkouts begun",
    frozenset({"pageview", "initiate_checkout"}): "page views and checkouts begun",
}


def context(target: Spec, *, is_script_missing: bool = False) -> list[Line]:
    """Whose sales, which dataset and which page the plan is about."""
    about = [_from_account(one.gateway, one.account_id) for one in target.endpoints]
    about += [
        Line(msgid="Sales go to the Meta dataset {dataset_name} ({dataset_id}).", params=_dataset(target.dataset)),
        Line(msgid="Visits are recorded on the page {url}.", params={"url": target.landing_url}),
    ]
    if is_script_missing:
        about.append(Line(msgid=SCRIPT_MISSING, params={"url": target.landing_url}))
    return about


def _from_account(gateway: str, account_id: str | None) -> Line:
    if account_id:
        params = {"gateway": gateway.title(), "account": account_id}
        return Line(msgid="Sales come from the {gateway} account {account}.", params=params)
    msgid = "Sales come from the {gateway} account that the credentials you entered belong to."
    return Line(msgid=msgid, params={"gateway": gateway.title()})


def connect(dataset: DatasetSpec, now: ConnectionNow | None) -> Line:
    msgid = "Connect the Meta dataset {dataset_name} ({dataset_id}): paid sales are sent to it."
    if now is not None:
        msgid = "Connect the Meta dataset {dataset_name} ({dataset_id}) again, with the token that was checked."
    if now is not None and now.test_event_code:
        msgid = "Connect the Meta dataset {dataset_name} ({dataset_id}) for real: until now its sales were only tests."
    return Line(msgid=msgid, params=_dataset(dataset))


def endpoint(params: Mapping[str, Any], now: EndpointNow | None) -> Line:
    msgid = "Open the address {url} for webhooks of {gateway}."
    if now is not None and not now.is_disabled:
        msgid = "Accept the new webhook token of {gateway} at {url}, beside the one in use until it is proved."
    return Line(msgid=msgid, params=in_full(params))


def register(params: Mapping[str, Any]) -> Line:
    msgid = "Register the webhook {url} in the {gateway} account {account}, through its API."
    return Line(msgid=msgid, params=in_full(params))


def instructions(params: Mapping[str, Any]) -> Line:
    msgid = "Show you the steps to add the webhook {url} in {gateway}'s panel yourself: it has no API for that."
    return Line(msgid=msgid, params=in_full(params))


def browser_events(dataset: DatasetSpec, before: Sequence[str]) -> Line:
    msgid = "Change which visits are sent to the Meta dataset {dataset_name} ({dataset_id}) besides sales."
    was, becomes = (_KINDS[frozenset(kinds)] for kinds in (before, dataset.browser_events))
    return Line(msgid=msgid, params=_dataset(dataset), before=was, after=becomes)


def consent(before: ConsentMode, after: ConsentMode) -> Line:
    return Line(msgid="Change what counts as a visitor's consent.", before=_CONSENT[before], after=_CONSENT[after])


def disconnect(dataset: DatasetSpec) -> Line:
    msgid = "Stop sending to the Meta dataset {dataset_name} ({dataset_id})."
    return Line(msgid=msgid, params=_dataset(dataset))


def unregister(params: Mapping[str, Any]) -> Line:
    msgid = "Delete the webhook {url} from the {gateway} account {account}, through its API."
    return Line(msgid=msgid, params=in_full(params))


def disable(params: Mapping[str, Any]) -> Line:
    return Line(msgid="Close the address {url} for webhooks of {gateway}.", params=in_full(params))


def version(number: int, before: int | None) -> Line:
    was = str(before) if before is not None else "none"
    return Line(msgid="Change the version of the configuration in use.", before=was, after=str(number))


def proof(dataset: DatasetSpec) -> Line:
    # Meta shows what bears a test code in Test Events, and counts it all the same.
    msgid = (
        "To prove it, one test purchase of 1.00 BRL goes to the Meta dataset {dataset_name} ({dataset_id}), which"
        " counts it too."
    )
    return Line(msgid=msgid, params=_dataset(dataset))


def unchanged(target: Spec) -> Line:
    msgid = (
        "Nothing changes: sales already go to the Meta dataset {dataset_name} ({dataset_id}), and everything else is as"
        " you asked."
    )
    return Line(msgid=msgid, params=_dataset(target.dataset))


def _dataset(dataset: DatasetSpec) -> dict[str, str]:
    return {"dataset_id": dataset.dataset_id, "dataset_name": dataset.dataset_name}


def in_full(params: Mapping[str, Any]) -> dict[str, str]:
    """The gateway, its account and the webhook's address, as they are shown."""
    gateway, account = str(params["gateway"]).title(), params.get("account_id") or ""
    return {"gateway": gateway, "account": str(account), "url": str(params["url"])}
