"""Visits a seller's page and says what is right and wrong with it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.kit.guarded.results import Failed, Fetched
from tracking_core.landing.codes import UrlCode
from tracking_core.landing.page import Page, read_page
from tracking_core.landing.verdict import (
    FAILURES,
    facts_of_page,
    facts_of_visit,
    host_to_name,
    refusal_of,
    warnings_of,
)
from tracking_core.setup.outcome import Outcome

IsOurKey = Callable[[str], Awaitable[bool]]


async def probe(
    url: str, *, is_our_key: IsOurKey, hub_base_url: str, dataset_id: str | None, client: GuardedClient
) -> Outcome:
    """One visit. A page that opens is a success, with warnings for what is missing on it; an unexpected redirect, a
    bad status or certificate and the like are failures.

    ``is_our_key``: whether a write key is of the tenant asked for; ``hub_base_url``: where browsers load the script.
    The facts are addresses, numbers and words of ours: no text of the page is among them.
    """
    result = await client.get(url)
    if isinstance(result, Failed):
        code = FAILURES[result.kind]
        return _outcome(result, code, f"The visit ended without a page: {code.value.removeprefix('url_')}.", {})
    if refusal := refusal_of(result):
        return _outcome(result, refusal, _reason(result), {})
    page = await asyncio.to_thread(read_page, result.body, url=result.target.url, hub_base_url=hub_base_url)
    are_keys_ours = await _are_ours(page, is_our_key)
    warnings = warnings_of(result, page, are_keys_ours=are_keys_ours, dataset_id=dataset_id)
    facts = facts_of_page(result, page, are_keys_ours=are_keys_ours)
    return _outcome(result, UrlCode.OK, _reason(result), facts, warnings)


async def _are_ours(page: Page, is_our_key: IsOurKey) -> bool:
    """All keys of the hub's tags: which of several the browser runs first is chance."""
    keys = dict.fromkeys(tag.key for tag in page.tags if tag.is_ours)
    return bool(keys) and all([bool(key) and await is_our_key(key) for key in keys])


def _reason(fetched: Fetched) -> str:
    return f"GET answered {fetched.status} after {len(fetched.redirects)} redirects in {fetched.elapsed_ms} ms."


def _outcome(
    result: Fetched | Failed, code: UrlCode, reason: str, facts: dict[str, Any], warnings: tuple[UrlCode, ...] = ()
) -> Outcome:
    visit = facts_of_visit(result)
    return Outcome(
        is_success=code is UrlCode.OK,
        code=code.value,
        reason=reason,
        return_code=result.status,
        latency_ms=result.elapsed_ms,
        facts=visit | facts,
        warnings=tuple(warning.value for warning in warnings),
        params={
            "host": host_to_name(result),
            "status": str(result.status or ""),
            "seconds": f"{visit['response_ms'] / 1_000:.1f}",
        },
    )
