"""Kiwify."""

from tracking_core.gateways.base import Gateway
from tracking_core.gateways.kiwify.normalize import normalize
from tracking_core.gateways.kiwify.synthesize import synthesize
from tracking_core.gateways.kiwify.verify import verify


class _Kiwify:
    name = "kiwify"
    verify = staticmethod(verify)
    normalize = staticmethod(normalize)
    synthesize = staticmethod(synthesize)


GATEWAY: Gateway = _Kiwify()
