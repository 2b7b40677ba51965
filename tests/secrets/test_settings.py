"""Settings that must not be combined."""

import pytest
from pydantic import ValidationError

from tracking_core.settings import Settings

ORIGINS = ["http://127.0.0.1:8090"]


def test_the_probe_trusts_private_origins_anywhere_but_in_production() -> None:
    assert Settings(environment="testing", probe_trusted_origins=ORIGINS).probe_trusted_origins == ORIGINS
    assert Settings(environment="production", probe_trusted_origins=[]).probe_trusted_origins == []
    with pytest.raises(ValidationError, match="HUB_PROBE_TRUSTED_ORIGINS"):
        Settings(environment="production", probe_trusted_origins=ORIGINS)
