"""What a page tells of itself: paints, shifts and long tasks, and how evenly a long table scrolls."""

from dataclasses import dataclass, fields
from statistics import median

from playwright.sync_api import Page

from evals.bench.load import percentile

_READ = """async () => {
  const seen = type => new Promise(done => {
    new PerformanceObserver(list => done(list.getEntries())).observe({ type, buffered: true });
    setTimeout(() => done([]), 100);
  });
  const paints = Object.fromEntries(performance.getEntriesByType("paint").map(one => [one.name, one.startTime]));
  const loaded = performance.getEntriesByType("navigation")[0];
  const [shifts, tasks] = [await seen("layout-shift"), await seen("longtask")];
  return {
    first_paint: paints["first-paint"] ?? 0,
    first_contentful_paint: paints["first-contentful-paint"] ?? 0,
    dom_content_loaded: loaded.domContentLoadedEventEnd,
    layout_shift: shifts.filter(one => !one.hadRecentInput).reduce((sum, one) => sum + one.value, 0),
    blocked: tasks.reduce((sum, one) => sum + one.duration - 50, 0),
  };
}"""
_SCROLL = """(region, pixels) => new Promise(done => {
  const moved = region.scrollHeight > region.clientHeight + 1 ? region : document.scrollingElement;
  const frames = [], end = moved.scrollHeight - moved.clientHeight;
  let last = 0;
  moved.scrollTop = 0;
  const step = now => {
    if (last) frames.push(now - last);
    last = now;
    if (moved.scrollTop + pixels >= end) done(frames);
    moved.scrollTop += pixels;
    if (moved.scrollTop < end) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
_PIXELS_A_FRAME = 120


@dataclass(frozen=True)
class Times:
    """Milliseconds, but for ``layout_shift``, which is CLS. ``blocked`` is what tasks took beyond 50 ms each."""

    first_paint: float
    first_contentful_paint: float
    dom_content_loaded: float
    layout_shift: float
    blocked: float


def read(page: Page) -> Times:
    """Of the page as it was loaded."""
    return Times(**page.evaluate(_READ))


def middle(found: list[Times]) -> Times:
    """The median of each."""
    return Times(**{one.name: median(getattr(times, one.name) for times in found) for one in fields(Times)})


def slow_down(page: Page, times: int) -> None:
    """The processor, from now on; 1 is as it is."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": times})


def frame_p95(page: Page, region: str) -> float:
    """Milliseconds between two frames while the region is scrolled from its top to its end."""
    frames: list[float] = page.locator(region).first.evaluate(_SCROLL, _PIXELS_A_FRAME)
    return percentile(frames, 95)
