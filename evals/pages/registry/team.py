"""The pages of support and of whoever looks after people."""

from playwright.sync_api import Page

from evals.pages.registry.shown import Shown, press


def _contact(page: Page) -> None:
    press('form[action$="/contact"] button')(page)
    # Of whatever stands there by then: the page looks for news and puts it in place.
    page.evaluate("document.getElementById('contact').scrollIntoView()")


_PEOPLE = "/ops/people"
PAGES = (
    Shown("desk", "/desk", "bia", "/desk", "Cases, the most pressing first.", sample=True),
    Shown("desk-empty", "/desk", "bia", "/desk?show=closed", "A queue with nothing in it."),
    Shown("case-open", "/desk/{handoff_id}", "bia", "/desk/{case_clara}", "A case nobody has taken.", sample=True),
    Shown("case-taken", "/desk/{handoff_id}", "bia", "/desk/{case_dora}", "A case in Bia's hands."),
    Shown(
        "case-contact",
        "/desk/{handoff_id}",
        "bia",
        "/desk/{case_dora}",
        "How to reach the seller, on record.",
        _contact,
        is_whole=False,
    ),
    Shown(
        "setup-as-support",
        "/app/setups/{session_id}",
        "bia",
        "/app/setups/{setup_clara}?step=gateway",
        "A seller's setup, read by the team.",
    ),
    Shown("password", "/app/account/password", "bia", "/app/account/password", "The team sets a password."),
    Shown("people", _PEOPLE, "olga", _PEOPLE, "Who signs in."),
    Shown("people-invite", f"{_PEOPLE}/invite", "olga", f"{_PEOPLE}/invite", "Somebody is invited."),
    Shown("person", f"{_PEOPLE}/{{user_id}}", "olga", f"{_PEOPLE}/{{user}}", "One person: role, shops, links."),
    Shown(
        "person-link",
        f"{_PEOPLE}/{{user_id}}",
        "olga",
        f"{_PEOPLE}/{{user}}",
        "A link to pass on, shown once.",
        press('form[action$="/link"] button'),
    ),
)
