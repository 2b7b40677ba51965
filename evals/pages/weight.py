"""What a page costs the network the first time somebody opens it: requests, and bytes as they were sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

# What any page may cost at most, its scripts and styles included, compressed.
BYTES_MAX, REQUESTS_MAX = 150_000, 20


@dataclass
class Weight:
    requests: int = 0
    bytes: int = 0

    @property
    def over(self) -> list[str]:
        """Which limits it breaks."""
        heavy = [f"{self.bytes} bytes"] if self.bytes > BYTES_MAX else []
        return heavy + ([f"{self.requests} requests"] if self.requests > REQUESTS_MAX else [])


@contextmanager
def scales(page: Page) -> Iterator[Callable[[], Weight]]:
    """Weighs what is loaded since the last call; nothing comes from the browser's cache meanwhile. A stream counts as
    a request, and its bytes not at all: it has no end."""
    network, now = page.context.new_cdp_session(page), Weight()

    def asked(_event: Any) -> None:
        now.requests += 1

    def finished(event: Any) -> None:
        now.bytes += int(event["encodedDataLength"])

    network.on("Network.requestWillBeSent", asked)
    network.on("Network.loadingFinished", finished)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def weighed() -> Weight:
        found = Weight(now.requests, now.bytes)
        now.requests = now.bytes = 0
        return found

    yield weighed
    network.detach()
