"""Settings that must not be combined."""

import pytest
from pydantic import ValidationError

from tracking_core.secrets.keyring import Keyring, new_key
from tracking_core.settings import Settings

ORIGINS = ["http://127.0.0.1:8090"]


def test_the_probe_trusts_private_origins_anywhere_but_in_production() -> None:
    assert Settings(environment="testing", probe_trusted_origins=ORIGINS).probe_trusted_origins == ORIGINS
    public = "https://hub.example"
    assert Settings(environment="production", public_url=public, probe_trusted_origins=[]).probe_trusted_origins == []
    with pytest.raises(ValidationError, match="HUB_PROBE_TRUSTED_ORIGINS"):
        Settings(environment="production", public_url=public, probe_trusted_origins=ORIGINS)


def test_a_new_key_is_taken_and_is_another_each_time() -> None:
    assert Keyring(new_key("k1")).primary == "k1"
    assert new_key("k1") != new_key("k1")
