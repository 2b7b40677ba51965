"""What a page gets: steps and a picture that belong together, within the rules of the pages."""

import re
from xml.etree import ElementTree as ET

import pytest

from api.ui.guides import GUIDES, Guide, Place, guide_for
from tests.ui_guides.rendering import UI, environment, rendered

SVG = "{http://www.w3.org/2000/svg}"
LOCALES = ("pt_BR", "en")
CSS = (UI / "static" / "guides.css").read_text()
each = pytest.mark.parametrize("guide", GUIDES, ids=lambda one: f"{one.place}-{one.gateway}")
in_both = pytest.mark.parametrize("locale", LOCALES)


def _picture(html: str) -> ET.Element:
    found = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(found) == 1
    return ET.fromstring(found[0])


def _badges(picture: ET.Element) -> list[int]:
    badges = [one for one in picture.iter(f"{SVG}g") if one.get("class") == "guide-badge"]
    return sorted(int(one.findtext(f"{SVG}text") or 0) for one in badges)


def _steps(html: str) -> list[str]:
    return re.findall(r"<li>(.*?)</li>", html, re.DOTALL)


@each
@in_both
def test_every_step_has_its_number_in_the_picture_once(guide: Guide, locale: str) -> None:
    html = rendered(guide, locale)
    numbers = list(range(1, len(guide.steps) + 1))
    assert len(_steps(html)) == len(numbers)
    assert _badges(_picture(html)) == numbers


@each
@in_both
def test_the_picture_says_in_words_what_it_shows(guide: Guide, locale: str) -> None:
    html = rendered(guide, locale, "chosen")
    picture = _picture(html)
    assert picture.get("role") == "img"
    name, marks = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert name is not None
    assert marks is not None
    assert name.text
    assert marks.text
    assert (name.get("id"), marks.get("id")) == ("chosen-drawing-name", "chosen-drawing-marks")
    assert picture.get("aria-labelledby") == f"{name.get('id')} {marks.get('id')}"
    assert re.findall(r"(\d): [^;]+", marks.text) == [str(number) for number in range(1, len(guide.steps) + 1)]


@each
@in_both
def test_what_the_steps_name_stands_in_the_picture(guide: Guide, locale: str) -> None:
    html = rendered(guide, locale)
    shown = [one.text for one in _picture(html).iter(f"{SVG}text")]
    named = re.findall(r"<strong>(.*?)</strong>", "".join(_steps(html)))
    assert set(named) <= set(shown)


@each
@in_both
def test_only_style_sheets_style_it_and_nothing_runs(guide: Guide, locale: str) -> None:
    html = rendered(guide, locale)
    assert not re.search(r"\s(style|fill|stroke|on[a-z]+)=", html)
    assert not re.search(r"<(script|style|img|image|use|foreignObject)\b", html)
    assert not re.search(r"[{}]|%\(", html)


@each
def test_nothing_is_drawn_beyond_the_edge(guide: Guide) -> None:
    picture = _picture(rendered(guide, "pt_BR"))
    left, top, width, height = (float(number) for number in picture.attrib["viewBox"].split())
    for box in picture.iter(f"{SVG}rect"):
        x, y, wide, high = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert left < x < x + wide < left + width
        assert top < y < y + high < top + height


def test_ids_are_unique_on_a_page_with_every_guide() -> None:
    page = "".join(rendered(one, "pt_BR", f"guide-{number}") for number, one in enumerate(GUIDES))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 3 * len(GUIDES)
    assert set(" ".join(re.findall(r'aria-labelledby="([^"]+)"', page)).split()) <= set(ids)


def test_every_class_is_in_the_style_sheet_with_colours_to_fall_back_on() -> None:
    page = "".join(rendered(one, "pt_BR") for one in GUIDES)
    used = set(" ".join(re.findall(r'class="([^"]+)"', page)).split())
    assert used <= set(re.findall(r"\.(guide[a-z-]*)", CSS))
    assert not re.search(r"var\(--[a-z-]+\)", CSS)
    assert not re.search(r"#[0-9a-f]{3,6}", re.sub(r"var\(--[a-z-]+, #[0-9a-f]+\)", "", CSS))


def test_it_opens_by_itself_where_the_page_asks_for_it() -> None:
    call = '{% from "guides/guide.html" import guide with context %}{{ guide(g, "one", open=true) }}'
    page = environment("en").from_string(call).render(g=guide_for(Place.PAGE))
    assert '<details class="guide" id="one" open>' in page
    assert '<details class="guide" id="one">' in rendered(guide_for(Place.PAGE), "en")
