"""The operator's console."""

from playwright.sync_api import Page

from evals.pages.registry.shown import Shown, press, unfold

_SALES = "/ops/sales"


def _wrong(page: Page) -> None:
    page.locator("#match_threshold, [name=match_threshold]").first.fill("muito")
    press(".settings button.primary")(page)


PAGES = (
    Shown("overview", "/ops", "olga", "/ops", "The health of every sale.", sample=True),
    Shown("ops-live", "/ops/live", "olga", "/ops/live", "What happens now."),
    Shown("ops-sales", _SALES, "olga", _SALES, "The ledger of everybody."),
    Shown("ops-sale", f"{_SALES}/{{conversion_id:uuid}}", "olga", f"{_SALES}/{{sale0}}", "A sale, with Meta's answer."),
    Shown("ops-deliveries", "/ops/deliveries", "olga", "/ops/deliveries", "Deliveries of everybody."),
    Shown("ops-dead-letters", "/ops/dead-letters", "olga", "/ops/dead-letters", "Dead letters of everybody."),
    Shown("ops-replays", "/ops/replays", "olga", "/ops/replays", "Replays of everybody."),
    Shown("ops-replay", "/ops/replays/{replay_id:uuid}", "olga", "/ops/replays/{replay}", "One replay."),
    Shown("ops-connections", "/ops/connections", "olga", "/ops/connections", "Holds and breakers.", sample=True),
    Shown("ops-charts", "/ops/charts", "olga", "/ops/charts?range=hour", "Charts of the last hour.", sample=True),
    Shown(
        "ops-charts-table",
        "/ops/charts",
        "olga",
        "/ops/charts?range=hour",
        "A chart as a table.",
        unfold("figure details"),
    ),
    Shown("ops-tenant", "/ops/tenants/{tenant_id:uuid}", "olga", "/ops/tenants/{tenant}", "Settings of a shop."),
    Shown(
        "ops-tenant-wrong",
        "/ops/tenants/{tenant_id:uuid}",
        "olga",
        "/ops/tenants/{tenant}",
        "A value that cannot be.",
        _wrong,
        errors=("422",),
    ),
    Shown("ops-secrets", "/ops/secrets", "olga", "/ops/secrets", "The vault's rows: fingerprints, never values."),
    Shown("ops-audit", "/ops/audit", "olga", "/ops/audit", "Who did what."),
    Shown("ops-components", "/ops/components", "olga", "/ops/components", "Every part that pages share.", sample=True),
)
