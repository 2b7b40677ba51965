"""What a closed tenant's callers meet."""

from tracking_core.errors import ConfigurationError, Conflict


class TenantClosed(ConfigurationError):
    """410: for its keys, its webhooks, its pages; trying again is of no use. Whoever can do without what does not open
    (ConfigurationError) can do without what never will."""

    status = 410
    code = "tenant_closed"
    message = "This shop was closed here. Nothing more is collected, received or sent for it."


class ClosingNotConfirmed(Conflict):
    code = "closing_not_confirmed"
    message = "To close a shop, repeat its name exactly. Nothing was changed."
