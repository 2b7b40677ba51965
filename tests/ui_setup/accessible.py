"""What who listens hears of a page, and whether it fits."""

from playwright.sync_api import Page

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


def is_wider_than_its_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
