import pytest

from tracking_core.errors import ConfigurationError, NotFound
from tracking_core.gateways import registry


def test_every_folder_is_known_by_its_name_in_order() -> None:
    assert set(registry.names()) >= {"hotmart", "kiwify"}
    assert list(registry.names()) == sorted(registry.names())
    for name in registry.names():
        assert registry.get(name).name == name


@pytest.mark.parametrize("name", ["", "base", "sale_event", "registry", "Hotmart", "../hotmart", "nosuch"])
def test_an_unknown_gateway_is_not_found_and_the_name_is_not_repeated(name: str) -> None:
    with pytest.raises(NotFound) as refused:
        registry.get(name)
    assert refused.value.params == {"what": "gateway"}


def test_a_folder_whose_gateway_has_another_name_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from tracking_core.gateways import hotmart, kiwify

    monkeypatch.setattr(hotmart, "GATEWAY", kiwify.GATEWAY)
    with pytest.raises(ConfigurationError, match="hotmart"):
        registry._loaded("hotmart")
