"""The gateways the hub knows: every package in this folder that exports ``GATEWAY``."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from tracking_core import gateways
from tracking_core.errors import ConfigurationError, NotFound
from tracking_core.gateways.base import Gateway


def get(name: str) -> Gateway:
    """The gateway called ``name``; raises NotFound(what="gateway")."""
    found = _discovered().get(name)
    if found is None:
        raise NotFound(what="gateway")
    return found


def names() -> tuple[str, ...]:
    """Every gateway's name, in alphabetical order."""
    return tuple(_discovered())


@cache
def _discovered() -> Mapping[str, Gateway]:
    folders = sorted(module.name for module in pkgutil.iter_modules(gateways.__path__) if module.ispkg)
    return MappingProxyType({folder: _loaded(folder) for folder in folders})


def _loaded(folder: str) -> Gateway:
    package = importlib.import_module(f"{gateways.__name__}.{folder}")
    gateway: Gateway | None = getattr(package, "GATEWAY", None)
    if gateway is None or gateway.name != folder:
        raise ConfigurationError(problem=f"The gateway folder {folder} must export GATEWAY with that same name.")
    return gateway
