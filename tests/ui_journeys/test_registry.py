"""No page without an entry, no entry without a page, and a picture of each in the documents."""

from pathlib import Path

from evals.pages import shots
from evals.pages.registry import NO_PAGES, PAGES
from evals.pages.routes import page_routes
from tests.ui_journeys.building import application

FOLDER = Path(__file__).parents[2] / shots.FOLDER


def test_every_page_is_in_the_registry_and_nothing_else_is() -> None:
    routes = page_routes(application())
    assert routes - {one.route for one in PAGES} - set(NO_PAGES) == set()
    assert ({one.route for one in PAGES} | set(NO_PAGES)) - routes == set()


def test_each_has_its_pictures_and_there_are_no_others() -> None:
    names = [name for one in PAGES for name in one.files]
    assert len(names) == len(set(names))
    assert {path.name for path in FOLDER.glob("*.webp")} == set(names)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= shots.BYTES_MAX


def test_the_index_is_of_the_registry() -> None:
    assert (FOLDER / "README.md").read_text() == shots.index()
