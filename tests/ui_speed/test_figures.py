"""What is over a limit is named, and the figures stand in the document where they belong. That every page keeps its
weight is shown in tests/ui_journeys, where every page is opened once."""

from dataclasses import replace
from pathlib import Path

import pytest

from evals.pages.clicks import LIMITS as CLICKS
from evals.pages.clicks import over
from evals.pages.documents import put
from evals.pages.registry import PAGES
from evals.pages.speed import LIMITS, SLOWDOWN, Figures, one_of_each
from evals.pages.weight import BYTES_MAX, REQUESTS_MAX, Weight

PAGES_MD = Path(__file__).parents[2] / "docs/pages.md"


def test_only_what_is_over_its_limit_is_named() -> None:
    light = Weight(REQUESTS_MAX, BYTES_MAX)
    quick = {1: LIMITS, SLOWDOWN: LIMITS}
    assert Figures("sales", "/app/sales", light, quick).over == []
    heavy = Weight(REQUESTS_MAX + 1, BYTES_MAX + 1)
    shifting = {1: LIMITS, SLOWDOWN: replace(LIMITS, layout_shift=0.2)}
    found = Figures("sales", "/app/sales", heavy, shifting).over
    assert found == ["150001 bytes", f"{REQUESTS_MAX + 1} requests", "layout_shift"]
    assert over("kiwify", CLICKS["kiwify"]) == []
    assert over("kiwify", replace(CLICKS["kiwify"], clicks=99, seconds=999)) == ["clicks"]


def test_a_table_replaces_the_one_before_between_its_own_marks(tmp_path: Path) -> None:
    document = tmp_path / "pages.md"
    document.write_text("before\n<!-- speed -->\nold\n<!-- /speed -->\nafter\n")
    put(document, "speed", ("page", "kB"), [["sales", "42"]])
    assert document.read_text().splitlines() == [
        "before",
        "<!-- speed -->",
        "| page | kB |",
        "| --- | --- |",
        "| sales | 42 |",
        "<!-- /speed -->",
        "after",
    ]
    with pytest.raises(ValueError, match="clicks"):
        put(document, "clicks", ("page",), [])


def test_every_page_is_measured_and_its_figures_are_in_the_document() -> None:
    measured = one_of_each()
    reached = {one.route for one in PAGES if one.prepare is None and not one.errors}
    assert {one.route for one in measured} == reached
    told = PAGES_MD.read_text()
    assert [one.name for one in measured if f"| {one.name} |" not in told] == []
