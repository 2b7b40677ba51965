"""What every outcome must be, whatever it came from."""

import json

from tracking_core.gateways.check_codes import MEANINGS, GatewayCode
from tracking_core.i18n import translate
from tracking_core.setup.outcome import REASON_LIMIT, Outcome


def check_told(outcome: Outcome, *secrets: str) -> Outcome:
    """The outcome, known to be sayable in both languages, storable, and free of the secrets."""
    meaning = MEANINGS[GatewayCode(outcome.code)]
    for sentence in (meaning.message, meaning.recommendation):
        for locale in ("en", "pt_BR"):
            assert "{" not in translate(sentence, locale).format_map(outcome.params)
    stored = json.dumps([outcome.reason, dict(outcome.facts), dict(outcome.params)])
    assert "\\u0000" not in stored
    assert len(outcome.reason) <= REASON_LIMIT
    for secret in secrets:
        assert secret not in stored
        assert secret not in repr(outcome)
    return outcome
