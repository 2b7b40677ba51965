"""What a seller can do about an alert of their shop, in plain words; what is ours to do says so."""

from collections.abc import Mapping
from types import MappingProxyType

from tracking_core.alerts.listing import AlertView
from tracking_core.alerts.registry import Code
from tracking_core.i18n import translate

ADVICE: Mapping[Code, str] = MappingProxyType(
    {
        Code.SALES_AT_META: "Our team is looking at it. What Meta could not take yet is tried again for up to 7 days."
        " What it refuses for good stays among your sales with the reason, and can be sent again once that is mended."
        " If your access token was changed at Meta, enter the new one in the setup of your shop.",
        Code.CAPI_ERRORS: "Nothing is lost: what Meta did not take is sent again by itself. You need to do nothing.",
        Code.MATCH_RATE_DROP: "Open your sales page and check that the script of the Hub is still in it, and that the"
        " buttons to the checkout were not changed.",
        Code.GATEWAY_SILENT: "Open the webhooks in the panel of your checkout and check that the address of the Hub"
        " is there and switched on. If you simply sold nothing, there is nothing to do.",
        Code.BROWSER_SILENT: "Open your sales page and check that it loads and that the script of the Hub is in it."
        " If no ad is running, there is nothing to do.",
        Code.CONNECTION_ON_HOLD: "Generate a new access token in Meta's Events Manager and enter it in the setup of"
        " your shop soon. The sales that wait are sent by themselves then, but Meta takes none that is older than"
        " 7 days: those are lost to your ads.",
        Code.TOKEN_EXPIRING: "Generate a new access token in Meta's Events Manager, best one of a system user that"
        " does not expire, and enter it in the setup of your shop.",
        Code.DEAD_LETTERS: "Our team looks at why Meta did not take them. You find each of them among your sales.",
        Code.NOT_RECONCILED: "Open the comparison with your checkout among your sales: it names each sale that differs."
        " If the list of sales could not be read, enter the credentials of your checkout again in the setup of your"
        " shop.",
        Code.SALES_WITHHELD: "Connect your Meta dataset in the setup of your shop, or switch it on again. The sales"
        " that came meanwhile are not sent later; those that come from then on are.",
        Code.ERASURE_UNFINISHED: "Our team looks at what remains, and has it erased. Until this is over, do not tell"
        " the person that everything is gone.",
    }
)
NEVER_HEARD = (
    "Open the webhooks in the panel of your checkout and see that the address of the Hub is there and switched on."
    " Where it has to be added by hand, the last step of your shop's setup says how. Until then your sales come in"
    " late, from the list that your checkout keeps."
)
SENTENCES = (*ADVICE.values(), NEVER_HEARD)


def advice_to(alert: AlertView, locale: str, *, is_sellers: bool) -> str:
    if is_sellers and alert.objective is Code.GATEWAY_SILENT and "listed" in alert.facts:
        return translate(NEVER_HEARD, locale)
    if is_sellers and alert.objective in ADVICE:
        return translate(ADVICE[alert.objective], locale)
    return alert.advice.told(locale)
