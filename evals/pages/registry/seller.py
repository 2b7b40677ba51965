"""A seller's pages: the setup with its chat, the status, the ledger of their shops, their account."""

from playwright.sync_api import Page

from evals.pages.registry.shown import Shown, press, unfold

_SETUP, _SALES = "/app/setups/{session_id}", "/app/sales"
_TICK = '.t-letters input[name="ids"]'


def _wizard(name: str, who: str, query: str, shows: str, **more: object) -> Shown:
    return Shown(name, _SETUP, who, f"/app/setups/{{setup_{who}}}{query}", shows, **more)  # type: ignore[arg-type]


def _nobody(page: Page) -> None:
    for name in ("name", "email", "phone"):
        page.locator(f"#contact-{name}").fill("")
    press("#step button.primary")(page)
    page.locator("#step .error").first.wait_for()


def _hotmart(page: Page) -> None:
    page.get_by_role("radio", name="Hotmart").check()
    unfold("#step details")(page)


PAGES = (
    Shown("home-empty", "/app", "lia", "/app", "A shop with nothing set up yet."),
    Shown("home-begun", "/app", "eva", "/app", "A setup that was begun."),
    Shown("home", "/app", "ana", "/app", "A shop whose sales reach Meta."),
    _wizard("setup-business", "iara", "?step=business", "The first step.", sample=True),
    _wizard(
        "setup-business-wrong",
        "iara",
        "?step=business",
        "What is missing is said beside its field.",
        prepare=_nobody,
        errors=("422",),
    ),
    _wizard("setup-gateway", "iara", "?step=gateway", "Where they sell, with its guide."),
    _wizard(
        "setup-gateway-guide",
        "iara",
        "?step=gateway",
        "The drawn way to the credentials.",
        prepare=_hotmart,
    ),
    _wizard("setup-gateway-red", "clara", "?step=gateway", "A check that says what to mend.", sample=True),
    _wizard("setup-gateway-green", "eva", "?step=gateway", "A check that is green."),
    _wizard("setup-meta", "iara", "?step=meta", "The dataset and its token."),
    _wizard("setup-meta-green", "eva", "?step=meta", "Meta has said yes."),
    _wizard("setup-page", "iara", "?step=page", "The line for the seller's page."),
    _wizard("setup-page-green", "eva", "?step=page", "Our script was seen on the page."),
    _wizard("setup-review-lacking", "iara", "?step=review", "What is still to be done first."),
    _wizard("setup-plan", "eva", "?step=review", "The plan, to be approved or not.", sample=True),
    _wizard("setup-done", "ana", "?step=review", "Every hop of the test sale is green.", sample=True),
    _wizard("setup-undo", "ana", "?step=review", "Taking it back.", prepare=unfold("#undo")),
    _wizard(
        "chat-talk",
        "clara",
        "?step=gateway#chat",
        "The chat: a screenshot, and a pasted secret that is gone.",
        is_whole=False,
    ),
    _wizard("chat-plan", "eva", "?step=review#chat", "The plan as a card in the chat.", is_whole=False),
    _wizard(
        "chat-person", "dora", "?step=gateway#chat", "A person of the team has answered.", sample=True, is_whole=False
    ),
    Shown("status", f"{_SETUP}/status", "ana", "/app/setups/{setup_ana}/status", "How far it is.", sample=True),
    Shown(
        "status-red", f"{_SETUP}/status", "clara", "/app/setups/{setup_clara}/status", "What stops it, and the remedy."
    ),
    Shown(
        "status-embed",
        f"{_SETUP}/status",
        "ana",
        "/app/setups/{setup_ana}/status",
        "The status for another site.",
        unfold("main details"),
    ),
    Shown("device", f"{_SETUP}/device", "eva", "/app/setups/{setup_eva}/device", "Going on with another device."),
    Shown("sales-empty", _SALES, "lia", "/app/sales", "A ledger without a sale."),
    Shown("sales", _SALES, "ana", "/app/sales", "The ledger of a shop.", sample=True),
    Shown("sales-nothing", _SALES, "ana", "/app/sales?q=ninguem@example.com", "Nothing fits the search."),
    Shown("sale", f"{_SALES}/{{conversion_id:uuid}}", "ana", "/app/sales/{sale0}", "A sale, hop by hop.", sample=True),
    Shown("sale-dead", f"{_SALES}/{{conversion_id:uuid}}", "ana", "/app/sales/{sale1}", "A sale that Meta refused."),
    Shown(
        "sale-withheld", f"{_SALES}/{{conversion_id:uuid}}", "ana", "/app/sales/{sale2}", "A sale without a consent."
    ),
    Shown("sale-retrying", f"{_SALES}/{{conversion_id:uuid}}", "ana", "/app/sales/{sale3}", "A sale tried again."),
    Shown("seller-deliveries", f"{_SALES}/deliveries", "ana", "/app/sales/deliveries", "What was sent to Meta."),
    Shown("seller-dead-letters", f"{_SALES}/dead-letters", "ana", "/app/sales/dead-letters", "What Meta refused."),
    Shown(
        "seller-replay-preview",
        f"{_SALES}/dead-letters",
        "ana",
        "/app/sales/dead-letters",
        "What sending all of it again would do.",
        press('button[name="all"]'),
    ),
    Shown("seller-replays", f"{_SALES}/replays", "ana", "/app/sales/replays", "What was sent again."),
    Shown(
        "seller-replay",
        f"{_SALES}/replays/{{replay_id:uuid}}",
        "ana",
        "/app/sales/replays/{replay}",
        "One replay and how far it is.",
    ),
    Shown("account", "/app/account", "ana", "/app/account", "Language, open browsers, signing out."),
    Shown(
        "not-found",
        _SETUP,
        "lia",
        "/app/setups/00000000-0000-0000-0000-000000000000",
        "What is not there, or is another seller's.",
        errors=("404",),
    ),
    Shown("forbidden", "/ops", "lia", "/ops", "What is not for them.", errors=("403",)),
)
