"""Ask exactly for what is missing, and say where it is found."""

from agent.chat import speaking
from agent.chat.basic.guides import Place, guide, label, listed
from agent.chat.basic.known import Known
from tracking_core.i18n import translate
from tracking_core.models import SecretKind
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus

_WHICH = "Which platform do you sell on: Hotmart or Kiwify?"
_NOT_KNOWN = "I cannot set up {gateway} yet: only Hotmart and Kiwify."
_STILL_KEYS = "To check {gateway} I still need: {what}."
_STILL_ACCOUNT = "To check Kiwify I still need the account ID."
_STILL_TOKEN = "To check Meta I still need the access token."  # noqa: S105
_STILL_DATASET = "To check Meta I still need the ID of your dataset (pixel)."
_STILL_META = "To check Meta I need the ID of your dataset (pixel) and its access token."
_STILL_PAGE = "Now I need the address of your sales page."
_NAMES = {
    SecretKind.GATEWAY_CLIENT_ID: "client ID",
    SecretKind.GATEWAY_CLIENT_SECRET: "client secret",
    SecretKind.META_ACCESS_TOKEN: "access token",
}


def next_step(known: Known) -> str:
    """What the setup waits for. A check that has not been begun is asked for by what it lacks."""
    if known.facts.plan or known.facts.handoff:
        return speaking.next_step(known.facts)
    asked = {Stage.GATEWAY: ask_gateway, Stage.META: ask_meta, Stage.URL: ask_page}
    for stage, ask in asked.items():
        if known.facts.status_of(stage) == StageStatus.NOT_STARTED:
            return ask(known)
    return speaking.next_step(known.facts)


def ask_gateway(known: Known) -> str:
    locale = known.facts.locale
    if other := known.slots.other_gateway:
        return translate(_NOT_KNOWN, locale).format(gateway=other.title())
    if known.is_verified(Stage.GATEWAY) and not known.is_of_other_gateway:
        return next_step(known)
    if known.gateway is None:
        return translate(_WHICH, locale)
    if known.lacking:
        return missing([kind.value for kind in known.lacking], known)
    if known.lacks_account:
        return f"{translate(_STILL_ACCOUNT, locale)} {guide(Place.ACCOUNT, known.gateway, locale)}"
    return speaking.next_step(known.facts)


def ask_meta(known: Known) -> str:
    locale = known.facts.locale
    if known.is_verified(Stage.META):
        return next_step(known)
    if known.dataset_id is None and not known.has_token:
        places = [guide(place, None, locale) for place in (Place.DATASET, Place.TOKEN)]
        return "\n".join([translate(_STILL_META, locale), *places])
    if known.dataset_id is None:
        return f"{translate(_STILL_DATASET, locale)} {guide(Place.DATASET, None, locale)}"
    if not known.has_token:
        return f"{translate(_STILL_TOKEN, locale)} {guide(Place.TOKEN, None, locale)}"
    return speaking.next_step(known.facts)


def ask_page(known: Known) -> str:
    locale = known.facts.locale
    if known.is_verified(Stage.URL):
        return next_step(known)
    return f"{translate(_STILL_PAGE, locale)} {guide(Place.PAGE, None, locale)}"


def missing(kinds: list[str], known: Known) -> str:
    """For what a tool, or the rules before it, found to be lacking."""
    locale = known.facts.locale
    if SecretKind.META_ACCESS_TOKEN in kinds:
        return f"{translate(_STILL_TOKEN, locale)} {guide(Place.TOKEN, None, locale)}"
    names = [_NAMES[SecretKind(kind)] for kind in kinds if kind in _NAMES]
    gateway = label(known.gateway) if known.gateway else translate("the gateway", locale)
    still = translate(_STILL_KEYS, locale).format(gateway=gateway, what=listed(names, locale))
    return f"{still} {guide(Place.KEYS, known.gateway, locale)}"
