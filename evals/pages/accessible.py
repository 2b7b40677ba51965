"""What axe finds on a page, and what lies beyond its window's edge."""

from pathlib import Path

from playwright.sync_api import Page

from api.ui import static_files

_AXE = Path(static_files.__file__).parent / "node_modules/axe-core/axe.min.js"
_RUN = """async only => {
  const {violations} = await axe.run(document, {resultTypes: ["violations"], ...(only && {runOnly: only})});
  const told = (found, node) => `${found.id}: ${node.target.join(" ")}: ${node.failureSummary}`;
  return violations.flatMap(found => found.nodes.map(node => told(found, node)));
}"""
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The one rule that a theme can break by itself.
_OF_A_THEME = ["color-contrast"]


def violations(page: Page) -> list[str]:
    """In both themes: every rule in the light one, contrast in the dark one too."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    page.emulate_media(color_scheme="light")
    found = [f"light: {one}" for one in page.evaluate(_RUN, None)]
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in page.evaluate(_RUN, _OF_A_THEME)]
    page.emulate_media(color_scheme="light")
    return found


def beyond(page: Page) -> list[str]:
    """Nothing of a page is to be looked for sideways."""
    wider = int(page.evaluate(_WIDER))
    return [f"{wider} px wider than its window"] if wider > 0 else []
