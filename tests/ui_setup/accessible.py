"""What axe finds on a page."""

from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "api/ui/node_modules/axe-core/axe.min.js"
_RUN = """async () => (await axe.run()).violations.flatMap(found => found.nodes.map(
  node => `${found.id}: ${node.target.join(' ')}: ${node.failureSummary}`))"""
# Notes what live regions read out.
LISTENING = r"""
window.heard = [];
new MutationObserver(records => {
  for (const node of records.flatMap(record => [...record.addedNodes])) {
    const around = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
    const region = around?.closest("[aria-live], [role=status], [role=alert], [role=log]");
    const isLive = region && region.getAttribute("aria-live") !== "off" && around.checkVisibility();
    if (isLive && node.textContent.trim()) window.heard.push(node.textContent.replaceAll(/\s+/g, " ").trim());
  }
}).observe(document, { subtree: true, childList: true });
"""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def violations(page: Page) -> list[str]:
    """In both themes."""
    found: list[str] = []
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [f"{theme}: {one}" for one in page.evaluate(_RUN)]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found


def is_wider_than_its_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
