"""Alerts, the reading of the platforms' lists, how long what is kept stays, and what people ask about their data."""

from evals.pages.registry.shown import Shown

_LISTS, _SELLERS_LISTS = "/ops/reconciliation", "/app/sales/reconciliation"
_RUN, _ASKED = "/{run_id:uuid}", "/{request_id:uuid}"
_OF_SHOP = "/ops/tenants/{tenant_id:uuid}/alerts"
PAGES = (
    Shown("alerts", "/app/alerts", "ana", "/app/alerts", "What a seller wants to be told of, and where.", sample=True),
    Shown("seller-lists", _SELLERS_LISTS, "ana", _SELLERS_LISTS, "The platform's own list against the ledger."),
    Shown("seller-list", _SELLERS_LISTS + _RUN, "ana", f"{_SELLERS_LISTS}/{{run}}", "One reading of the list."),
    Shown("ops-objectives", "/ops/objectives", "olga", "/ops/objectives", "What was promised, and open alerts."),
    Shown("ops-alerts", "/ops/objectives/settings", "olga", "/ops/objectives/settings", "Alerts of the whole hub."),
    Shown("ops-shop-alerts", _OF_SHOP, "olga", "/ops/tenants/{tenant}/alerts", "Alerts of a shop."),
    Shown("ops-silences", "/ops/silences", "olga", "/ops/silences", "Alerts that are kept quiet for a while."),
    Shown("ops-retention", "/ops/retention", "olga", "/ops/retention", "How long everything is kept."),
    Shown("privacy", "/app/privacy", "ana", "/app/privacy", "Somebody asked the seller to erase their data."),
    Shown(
        "privacy-plan",
        f"/app/privacy{_ASKED}",
        "ana",
        "/app/privacy/{request}",
        "All there is of a person.",
        sample=True,
    ),
    Shown("ops-privacy", "/ops/privacy", "olga", "/ops/privacy", "Requests of every shop."),
    Shown(
        "ops-privacy-plan", f"/ops/privacy{_ASKED}", "olga", "/ops/privacy/{request}", "One request, to be approved."
    ),
    Shown("ops-lists", _LISTS, "olga", _LISTS, "Every platform's list against the ledger."),
    Shown("ops-list", _LISTS + _RUN, "olga", f"{_LISTS}/{{run}}", "One reading of a list."),
)
