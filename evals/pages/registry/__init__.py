"""Every page of the hub in the states worth seeing. A page without an entry here fails a test; to add one is a line."""

from typing import Final

from evals.pages.registry import anyone, console, seller, team, watching
from evals.pages.registry.shown import SIZES, Shown, Version

PAGES: Final[tuple[Shown, ...]] = (
    *anyone.PAGES,
    *seller.PAGES,
    *team.PAGES,
    *console.PAGES,
    *watching.PAGES,
)
# Routes under the pages' paths that are none: what a page loads by itself, files, streams, and ways to elsewhere.
NO_PAGES: Final[dict[str, str]] = {
    "/": "leads to everybody's first page",
    "/sign-in/oidc": "leads to the company's identity provider",
    "/app/setups/{session_id}/chat/messages": "a part of the chat",
    "/app/setups/{session_id}/chat/screenshots/{screenshot_id}": "a picture of the chat",
    "/app/setups/{session_id}/events": "a stream",
    "/app/setups/{session_id}/fragments/{step}": "a part of the wizard",
    "/app/setups/{session_id}/status/live": "a part of the status page",
    "/embed/status/{token}/events": "a stream",
    "/embed/status/{token}/live": "a part of the embedded status",
    "/ops/live/events": "a stream",
    "/ops/replays/{replay_id:uuid}/progress": "a part of a replay",
    "/app/sales/replays/{replay_id:uuid}/progress": "a part of a replay",
    "/app/privacy/{request_id:uuid}/progress": "a part of a request",
    "/ops/privacy/{request_id:uuid}/progress": "a part of a request",
    "/app/privacy/{request_id:uuid}/receipt.json": "a file",
    "/ops/privacy/{request_id:uuid}/receipt.json": "a file",
    "/ops/audit.csv": "a file",
    "/ops/connections.csv": "a file",
    "/ops/dead-letters.csv": "a file",
    "/ops/deliveries.csv": "a file",
    "/ops/sales.csv": "a file",
    "/app/sales/dead-letters.csv": "a file",
    "/app/sales/deliveries.csv": "a file",
    "/app/sales/sales.csv": "a file",
    "/app/sales/reconciliation.csv": "a file",
    "/ops/reconciliation.csv": "a file",
}

__all__ = ["NO_PAGES", "PAGES", "SIZES", "Shown", "Version"]
