"""Every code a setup can meet, in words. Each domain defines its own; here they are one table."""

from collections.abc import Mapping
from functools import cache

from tracking_core.chat.codes import MEANINGS as CHAT
from tracking_core.configuration.codes import MEANINGS as CONFIGURATION
from tracking_core.destinations.meta_capi.check_codes import MEANINGS as META
from tracking_core.doctor.codes import MEANINGS as DOCTOR
from tracking_core.gateways.check_codes import MEANINGS as GATEWAY
from tracking_core.handoff.codes import MEANINGS as HANDOFF
from tracking_core.i18n import translate
from tracking_core.landing.codes import MEANINGS as LANDING
from tracking_core.proof.codes import MEANINGS as PROOF
from tracking_core.secrets.codes import MEANINGS as SECRET
from tracking_core.setup.codes import MEANINGS as SETUP
from tracking_core.setup.outcome import Fault, Meaning


@cache
def all_meanings() -> Mapping[str, Meaning]:
    """By code. The domains' codes do not overlap."""
    tables = (GATEWAY, META, LANDING, CONFIGURATION, PROOF, SECRET, SETUP, DOCTOR, CHAT, HANDOFF)
    merged = {str(code): meaning for table in tables for code, meaning in table.items()}
    assert len(merged) == sum(len(table) for table in tables), "two domains define the same code"
    return merged


def fault_of(code: str) -> Fault:
    return all_meanings()[code].fault


def describe(code: str, params: Mapping[str, str], locale: str) -> dict[str, str]:
    """``{code, message, recommendation}`` in the language; no recommendation where there is nothing to do."""
    meaning = all_meanings()[code]
    said = {"code": code, "message": _filled(meaning.message, params, locale)}
    if meaning.recommendation:
        said["recommendation"] = _filled(meaning.recommendation, params, locale)
    return said


class _Params(dict[str, str]):
    """A sentence with a gap is better than no answer."""

    def __missing__(self, name: str) -> str:
        return "…"


def _filled(message: str, params: Mapping[str, str], locale: str) -> str:
    return translate(message, locale).format_map(_Params(params))
