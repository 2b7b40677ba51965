"""Read a run's list page by page, each page in a transaction of its own, then compare.

Between two pages nothing is remembered but the row: a worker that dies loses the page it was reading, and whoever takes
the run next reads that page again, which puts nothing twice. Each step makes one call, outside of any transaction. The
vendor's limit is kept by a pause between pages; when it refuses all the same, the run waits as long as it says.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import AWAY, transaction
from tracking_core.errors import StaleFence
from tracking_core.gateways.api import ProviderRefused
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.sales_api import SalesApi, SalesPage, SalesReader, sales_api_of
from tracking_core.kit import clock
from tracking_core.logging import lines_about
from tracking_core.models import ReconciliationRun, RunState
from tracking_core.reconciliation.codes import ReconciliationCode
from tracking_core.reconciliation.conclude import conclude
from tracking_core.reconciliation.credentials import CannotOpen, open_credentials
from tracking_core.reconciliation.holding import OPEN, Held, take
from tracking_core.reconciliation.ingest import take_in
from tracking_core.reconciliation.retry_policy import next_attempt
from tracking_core.settings import Settings

# A month of a very large seller, twice over.
PAGES_MAX = 20_000
ITEMS_PER_PAGE_MAX = 500
# Shorter than a worker is given to end what it is at.
ROUND_SECONDS = 12.0
log = structlog.get_logger()


async def drain_run(run_id: UUID, *, settings: Settings, on_news: Callable[[], None]) -> bool:
    """One round of the run; whether there is more to do at once. ``on_news`` is called after each commit that has put
    something before the pipeline."""
    held = await take(run_id)
    if held is None:
        return False
    lines_about(held.run.tenant_id)
    try:
        if held.run.state == RunState.READING:
            return await _read(held, settings, on_news)
        await conclude(held)
    except StaleFence:
        log.warning("reconciliation_taken_over", run_id=str(run_id))
    except AWAY:
        raise  # without the database nobody is asked anything, either
    except Exception as error:
        # Left due as it is, it would be tried at once, and the vendor asked each time.
        log.exception("reconciliation_broke", run_id=str(run_id), error=type(error).__name__)
        await _failed(held, ReconciliationCode.BROKE, type(error).__name__)
    finally:
        await held.release()
    return False


async def _read(held: Held, settings: Settings, on_news: Callable[[], None]) -> bool:
    try:
        api = sales_api_of(held.run.gateway, settings)
        if api is None:
            raise CannotOpen(ReconciliationCode.NO_CREDENTIALS, "This gateway lists no sales.")
        credentials = await open_credentials(held.run)
        async with api.signed_in(credentials) as reader:
            return await _pages(held, api, reader, settings, on_news)
    except CannotOpen as closed:
        await _failed(held, closed.code, closed.reason)
    except ProviderRefused as refused:
        outcome = refused.outcome
        await _failed(held, outcome.code, outcome.reason, retry_after_seconds=outcome.retry_after_seconds)
    return False


async def _pages(
    held: Held, api: SalesApi, reader: SalesReader, settings: Settings, on_news: Callable[[], None]
) -> bool:
    """Pages for as long as a round is; whether there is more to do."""
    run, grace = held.run, timedelta(minutes=settings.reconciliation_grace_minutes)
    ends_at = time.monotonic() + ROUND_SECONDS
    while True:
        page = await reader.page(run.part, run.since, run.until, run.page)
        _require_sane(page, run)
        async with transaction() as session:
            now = clock.now()
            run = await held.row(session, now)
            has_news = await take_in(session, run, api, page.items, now, grace)
            _move_on(run, page, api.parts)
        if has_news:
            on_news()
        if run.state != RunState.READING or time.monotonic() >= ends_at:
            return run.state in OPEN
        await asyncio.sleep(60 / settings.reconciliation_calls_per_minute)


def _require_sane(page: SalesPage, run: ReconciliationRun) -> None:
    """A list that goes round in circles or in one piece is not what the vendor promises."""
    if len(page.items) > ITEMS_PER_PAGE_MAX or (page.next_page is not None and page.next_page == run.page):
        raise CannotOpen(GatewayCode.UNEXPECTED_ANSWER, "The list of sales has no sound pages.")


def _move_on(run: ReconciliationRun, page: SalesPage, parts: int) -> None:
    run.pages, run.attempts, run.code, run.reason = run.pages + 1, 0, None, None
    run.page = page.next_page
    if page.next_page is None:
        run.part += 1
    if run.part >= parts:
        run.state = RunState.COMPARING
    elif run.pages >= PAGES_MAX:
        _end(run, ReconciliationCode.TOO_MANY_PAGES, f"{run.pages} pages", clock.now())


async def _failed(held: Held, code: str, reason: str, *, retry_after_seconds: int | None = None) -> None:
    """Wait and try again, or end."""
    async with transaction() as session:
        now = clock.now()
        run = await _still_open(held, session, now)
        if run is None:
            return
        run.attempts += code != GatewayCode.RATE_LIMITED
        following = next_attempt(code, run.attempts, run.created_at, now, retry_after_seconds)
        if isinstance(following, str):
            _end(run, following, reason, now)
        else:
            run.code, run.reason, run.due_at = code, reason, following
        log.warning(
            "reconciliation_stopped", run_id=str(run.id), gateway=run.gateway, code=str(code), state=str(run.state)
        )


async def _still_open(held: Held, session: AsyncSession, now: datetime) -> ReconciliationRun | None:
    run = await held.row(session, now)
    return run if run.state in OPEN else None


def _end(run: ReconciliationRun, code: str, reason: str, now: datetime) -> None:
    run.state, run.code, run.reason, run.finished_at = RunState.FAILED, str(code), reason, now
