"""Pages of who is not signed in."""

from evals.pages.registry.shown import Shown, press

PAGES = (
    Shown("sign-in", "/sign-in", "", "/sign-in", "A seller asks for a link by mail.", sample=True),
    Shown(
        "sign-in-wrong",
        "/sign-in",
        "",
        "/sign-in",
        "No address.",
        press("main button.primary"),
        errors=("422",),
    ),
    Shown("sign-in-sent", "/sign-in/sent", "", "/sign-in/sent", "The link is on its way."),
    Shown("sign-in-link", "/sign-in/link/{token}", "", "/sign-in/link/{link}", "The mailed link, opened."),
    Shown("sign-in-over", "/sign-in/link/{token}", "", "/sign-in/link/over", "A link that is over.", errors=("401",)),
    Shown("sign-in-team", "/sign-in/team", "", "/sign-in/team", "The team signs in by password."),
    Shown(
        "sign-in-provider",
        "/sign-in/oidc/callback",
        "",
        "/sign-in/oidc/callback",
        "The company's identity provider sent somebody back with nothing.",
        errors=("4",),
    ),
    Shown("embed", "/embed/status/{token}", "", "/embed/status/{token}", "The status inside somebody else's page."),
    Shown(
        "embed-over",
        "/embed/status/{token}",
        "",
        "/embed/status/over",
        "An embedded status whose month is over.",
        errors=("404",),
    ),
)
