"""Hotmart, webhook version 2.0.0."""

from tracking_core.gateways.base import Gateway
from tracking_core.gateways.hotmart.normalize import normalize
from tracking_core.gateways.hotmart.synthesize import synthesize
from tracking_core.gateways.hotmart.verify import verify


class _Hotmart:
    name = "hotmart"
    verify = staticmethod(verify)
    normalize = staticmethod(normalize)
    synthesize = staticmethod(synthesize)


GATEWAY: Gateway = _Hotmart()
