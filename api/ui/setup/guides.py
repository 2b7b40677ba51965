"""The guides that each step shows, by what they are about."""

from api.ui.guides import Guide, Place, guide_for

_IN_META = (Place.DATASET, Place.TOKEN, Place.TEST_CODE)
_ON_PAGE = (Place.SNIPPET, Place.PAGE)
_AT_KIWIFY = (Place.KEYS, Place.ACCOUNT)
_AT_HOTMART = (Place.KEYS, Place.WEBHOOK_SECRET)


def guides_of(subject: str) -> dict[str, Guide]:
    """``subject`` is a gateway, ``meta`` or ``page``."""
    if subject == "meta":
        return {place.value: guide_for(place) for place in _IN_META}
    if subject == "page":
        return {place.value: guide_for(place) for place in _ON_PAGE}
    if subject == "kiwify":
        return {place.value: guide_for(place, "kiwify") for place in _AT_KIWIFY}
    return {place.value: guide_for(place, "hotmart") for place in _AT_HOTMART}
