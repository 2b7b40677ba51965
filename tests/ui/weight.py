"""How much a page is, with all that it loads: as it comes over the wire, whatever of it was in the cache already."""

from playwright.sync_api import Page

LIGHT_BYTES = 150_000
_ENCODED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""


def weight(page: Page) -> int:
    """Bodies alone: headers are some hundred bytes each."""
    size: int = page.evaluate(_ENCODED)
    return size
