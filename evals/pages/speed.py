"""``speed``: paints, weight and scrolling of every page, on this machine and with its processor slowed down."""

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from playwright.sync_api import Browser
from rich.console import Console
from rich.table import Table

from evals.pages import timing, troubles
from evals.pages.browser import chromium
from evals.pages.documents import put
from evals.pages.hub import on_simulators
from evals.pages.registry import PAGES, Shown, Version
from evals.pages.story import Scene, tell
from evals.pages.timing import Times
from evals.pages.visiting import by_person, visit, window
from evals.pages.weight import BYTES_MAX, REQUESTS_MAX, Weight, scales
from tracking_core.reporting.pages import PAGE_MAX

SLOWDOWN = 4
ROWS = 1_000
# Milliseconds on the slowed machine, which stands for a cheap phone; CLS is Google's own "good".
LIMITS = Times(first_paint=1_800, first_contentful_paint=1_800, dom_content_loaded=2_500, layout_shift=0.1, blocked=600)
# By slowdown: two frames of a screen at 60 Hz, and four.
FRAME_MS_MAX = {1: 34.0, SLOWDOWN: 67.0}
_DATASET = "880000000000021"
_HEADINGS = ("page", "kB", "requests", "first paint", "first contentful paint", "DOM ready", "blocked", "CLS")
_VERSIONS = ((1, Version("wide")), (SLOWDOWN, Version("phone")))


@dataclass(frozen=True)
class Figures:
    """Of one page; ``times`` by how much the processor is slowed down."""

    name: str
    route: str
    weight: Weight
    times: dict[int, Times]

    @property
    def over(self) -> list[str]:
        slow = self.times[SLOWDOWN]
        return self.weight.over + [name for name, limit in asdict(LIMITS).items() if getattr(slow, name) > limit]


@dataclass(frozen=True)
class Scrolled:
    """A table: 95 % of the frames while it was scrolled came within ``ms``."""

    name: str
    ms: float
    limit: float


def run(executable: str | None, written: Path, docs: Path | None, *, times: int) -> bool:
    """A table, JSON, and the document where one is given. Whether everything is within its limit."""
    with on_simulators() as hub, chromium(executable) as browser:
        scene = tell(hub, browser)
        pages = [_figures(scene, browser, shown, times) for shown in one_of_each()]
        frames = _frames(scene, browser)
    _show(pages, frames, docs)
    written.parent.mkdir(parents=True, exist_ok=True)
    shown = {"pages": [asdict(one) for one in pages], "scrolling": [asdict(one) for one in frames]}
    written.write_bytes(orjson.dumps(shown, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
    return not any(one.over for one in pages) and all(one.ms <= one.limit for one in frames)


def one_of_each() -> list[Shown]:
    """Each route, and each step of the wizard, in a state that an address alone brings about: one of the sample, else
    the last of the registry."""
    found: dict[tuple[str, str], Shown] = {}
    for one in PAGES:
        if one.prepare is None and not one.errors:
            key = (one.route, one.address.partition("step=")[2].partition("#")[0])
            found[key] = found[key] if key in found and found[key].sample else one
    return [shown for _, theirs in by_person(list(found.values())) for shown in theirs]


def _figures(scene: Scene, browser: Browser, shown: Shown, times: int) -> Figures:
    """Every visit in a window of its own, so that nothing is cached."""
    measured: dict[int, list[Times]] = {slowdown: [] for slowdown, _ in _VERSIONS}
    weight = Weight()
    for slowdown, version in _VERSIONS:
        for _ in range(times):
            with window(scene, browser, shown.who, version) as person, scales(person.page) as weighed:
                timing.slow_down(person.page, slowdown)
                visit(scene, person.page, shown)
                measured[slowdown].append(timing.read(person.page))
                weight = weighed()
    return Figures(shown.name, shown.route, weight, {name: timing.middle(found) for name, found in measured.items()})


def _frames(scene: Scene, browser: Browser) -> list[Scrolled]:
    """Long tables, from their top to their end."""
    many, found = _sold(scene, ROWS), []
    for slowdown, _ in _VERSIONS:
        with window(scene, browser, "olga", Version("wide")) as person:
            timing.slow_down(person.page, slowdown)
            for name, address in (
                (f"{ROWS} rows of the shared table", f"/ops/components?rows={ROWS}"),
                (f"{PAGE_MAX} of {ROWS} sales", f"/ops/sales?limit={PAGE_MAX}&tenant_id={many}"),
            ):
                person.page.goto(address)
                shown = f"{name}, processor {'as it is' if slowdown == 1 else f'slowed {slowdown} times'}"
                frame_ms = round(timing.frame_p95(person.page, ".table-region"), 1)
                found.append(Scrolled(shown, frame_ms, FRAME_MS_MAX[slowdown]))
    return found


def _sold(scene: Scene, count: int) -> str:
    """The tenant of a shop with so many sales."""
    shop = troubles.connected(scene.hub, "Loja de mil vendas", _DATASET)
    for number in range(count):
        shop.sell(f"HP9{number:05}")
    scene.hub.until("SELECT count(*) >= %s FROM conversions WHERE tenant_id = %s", count, shop.tenant_id)
    return str(shop.tenant_id)


def _show(pages: list[Figures], frames: list[Scrolled], docs: Path | None) -> None:
    table = Table(title=f"limits: {BYTES_MAX / 1_000:.0f} kB, {REQUESTS_MAX} requests; {asdict(LIMITS)}")
    for heading in (*_HEADINGS, ""):
        table.add_column(heading, justify="left" if heading == _HEADINGS[0] else "right")
    for one in pages:
        table.add_row(*_cells(one), ", ".join(one.over))
    scrolled = [[one.name, f"{one.ms:.0f} ms (≤ {one.limit:.0f})"] for one in frames]
    Console().print(table)
    for line in scrolled:
        Console().print(": ".join(line))
    if docs is not None:
        put(docs, "speed", _HEADINGS, [_cells(one) for one in pages])
        put(docs, "scrolling", ("a table scrolled from top to end", "95 % of frames within"), scrolled)


def _cells(one: Figures) -> list[str]:
    """Weight, and times of the machine as it is and slowed down."""
    plain, slow = (one.times[slowdown] for slowdown, _ in _VERSIONS)
    names = ("first_paint", "first_contentful_paint", "dom_content_loaded", "blocked")
    pairs = [f"{getattr(plain, name):.0f} / {getattr(slow, name):.0f}" for name in names]
    return [one.name, f"{one.weight.bytes / 1_000:.0f}", str(one.weight.requests), *pairs, f"{slow.layout_shift:.2f}"]
