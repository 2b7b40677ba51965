"""The APIs the hub finds in the gateways' folders, and the words for what they can say."""

import re
from types import ModuleType

import pytest

from tracking_core.errors import ConfigurationError
from tracking_core.gateways import api as apis_module
from tracking_core.gateways import registry
from tracking_core.gateways.api import GatewayCredentials, api_of, apis
from tracking_core.gateways.check_codes import MEANINGS, GatewayCode
from tracking_core.i18n import translate
from tracking_core.settings import Settings
from tracking_core.setup.outcome import Fault

SETTINGS = Settings(_env_file=None)
PLACEHOLDERS = {"gateway", "where", "webhooks", "field", "permission"}
PROVIDERS_OWN = {GatewayCode.RATE_LIMITED, GatewayCode.UNAVAILABLE, GatewayCode.UNEXPECTED_ANSWER}


def test_the_apis_are_those_of_known_gateways_and_bear_their_names() -> None:
    found = apis(SETTINGS)
    assert set(found) >= {"hotmart", "kiwify"}
    assert set(found) <= set(registry.names())
    for name, api in found.items():
        assert api.name == name
        assert set(api.required_fields) <= set(GatewayCredentials.__dataclass_fields__)


@pytest.mark.parametrize("name", ["", "nosuch", "base", "api", "../kiwify"])
def test_a_gateway_without_an_api_gives_none(name: str) -> None:
    assert api_of(name, SETTINGS) is None


def test_an_api_module_without_its_builder_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.import_module", ModuleType)
    with pytest.raises(ConfigurationError, match=r"gateways\.kiwify\.api"):
        apis_module._builder("tracking_core.gateways.kiwify.api")


def test_credentials_are_not_shown() -> None:
    given = GatewayCredentials(client_id="planted-id", client_secret="planted-secret", basic="planted", account_id="A1")
    assert repr(given) == "GatewayCredentials(account_id='A1')"


def test_every_code_has_a_meaning_and_blames_who_can_mend_it() -> None:
    assert set(MEANINGS) == set(GatewayCode)
    assert {code for code in GatewayCode if MEANINGS[code].fault is Fault.PROVIDER} == PROVIDERS_OWN
    assert all(code.value.startswith("gateway_") for code in GatewayCode)


@pytest.mark.parametrize("code", GatewayCode)
def test_every_sentence_exists_in_portuguese_with_the_same_placeholders(code: GatewayCode) -> None:
    meaning = MEANINGS[code]
    assert meaning.recommendation or code is GatewayCode.OK
    for sentence in filter(None, (meaning.message, meaning.recommendation)):
        translated = translate(sentence)
        assert translated != sentence
        named = set(re.findall(r"\{(\w*)\}", sentence))
        assert named == set(re.findall(r"\{(\w*)\}", translated)) <= PLACEHOLDERS
