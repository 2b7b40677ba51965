from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_core.destinations.meta_capi.click_ids import build_fbc, keep_fbc, valid_fbc, valid_fbp

NOW = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)
CLICK = "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk"


def test_fbc_holds_the_first_seen_milliseconds_and_the_click_id_letter_for_letter() -> None:
    assert build_fbc(CLICK, NOW) == f"fb.1.1795176000123.{CLICK}"
    assert build_fbc(CLICK, NOW, 2).startswith("fb.2.")


@given(st.from_regex(r"[A-Za-z0-9_-]{1,200}", fullmatch=True))
def test_every_click_id_survives_unchanged_and_its_fbc_is_valid(fbclid: str) -> None:
    fbc = keep_fbc(None, fbclid, NOW)
    assert fbc is not None
    assert valid_fbc(fbc)
    assert fbc.split(".")[3] == fbclid


@pytest.mark.parametrize("fbclid", ["", "with space", "a.b", "ção", "a" * 1_025, "a\x00b", "a\n"])
def test_a_malformed_click_id_is_refused_by_build_and_ignored_by_keep(fbclid: str) -> None:
    with pytest.raises(ValueError, match="fbclid"):
        build_fbc(fbclid, NOW)
    assert keep_fbc(None, fbclid, NOW) is None
    kept = build_fbc(CLICK, NOW - timedelta(days=1))
    assert keep_fbc(kept, fbclid, NOW) == kept


def test_the_same_click_id_keeps_the_time_it_was_first_seen_and_its_appendix() -> None:
    first = build_fbc(CLICK, NOW - timedelta(days=30))
    assert keep_fbc(first, CLICK, NOW) == first
    assert keep_fbc(f"{first}.AQYBAgMB", CLICK, NOW) == f"{first}.AQYBAgMB"
    assert keep_fbc(first, None, NOW) == first


def test_another_click_id_makes_a_new_fbc_and_case_makes_another_click_id() -> None:
    first = build_fbc(CLICK, NOW - timedelta(days=30))
    assert keep_fbc(first, "Other", NOW) == build_fbc("Other", NOW)
    assert keep_fbc(first, CLICK.lower(), NOW) == build_fbc(CLICK.lower(), NOW)


def test_a_click_older_than_ninety_days_is_dropped_and_never_gets_a_new_date() -> None:
    old = build_fbc(CLICK, NOW - timedelta(days=90, seconds=1))
    assert keep_fbc(old, None, NOW) is None
    assert keep_fbc(old, CLICK, NOW) is None
    assert keep_fbc(old, "Fresh", NOW) == build_fbc("Fresh", NOW)
    edge = build_fbc(CLICK, NOW - timedelta(days=90) + timedelta(seconds=1))
    assert keep_fbc(edge, None, NOW) == edge


def test_a_click_from_the_future_is_dropped_beyond_a_small_drift() -> None:
    near, far = build_fbc(CLICK, NOW + timedelta(minutes=4)), build_fbc(CLICK, NOW + timedelta(minutes=6))
    assert keep_fbc(near, None, NOW) == near
    assert keep_fbc(far, None, NOW) is None
    assert keep_fbc(far, CLICK, NOW) == build_fbc(CLICK, NOW)


@pytest.mark.parametrize(
    ("fbc", "expected"),
    [
        (f"fb.1.1795176000123.{CLICK}", True),
        (f"fb.0.1795176000123.{CLICK}.AQ", True),
        (f"fb.2.1795176000123.{CLICK}.AQYBAgMB", True),
        (f"fb.1.1795176000123.{CLICK}.toolongappendix", False),
        (f"fb.1.1795176000.{CLICK}", False),
        (f"FB.1.1795176000123.{CLICK}", False),
        ("fb.1.1795176000123.", False),
        ("fb.1.1795176000123", False),
        (f"fb.1.1795176000123.{CLICK}\n", False),
        (f"fb.1.١٧٩٥١٧٦٠٠٠١٢٣.{CLICK}", False),
        ("", False),
        (None, False),
    ],
)
def test_valid_fbc_takes_four_segments_and_the_five_of_the_parameter_builder(fbc: str | None, expected: bool) -> None:
    assert valid_fbc(fbc) is expected
    assert (keep_fbc(fbc, None, NOW) is not None) is expected


@pytest.mark.parametrize(
    ("fbp", "expected"),
    [
        ("fb.1.1795176000123.1098115397", True),
        ("fb.1.1795176000123.1098115397.Bg", True),
        ("fb.1.1795176000123.1098115397.AQYBAgMB", True),
        ("fb.1.1795176000123.abc", False),
        ("fb.1.1795176000123.1098115397.", False),
        ("fb.1.1795176000123." + "1" * 500, False),
        ("1098115397", False),
        (None, False),
    ],
)
def test_valid_fbp_wants_a_number_as_payload(fbp: str | None, expected: bool) -> None:
    assert valid_fbp(fbp) is expected


@given(st.text(st.characters(exclude_categories=()), max_size=80) | st.none(), st.text(max_size=80) | st.none())
def test_keep_fbc_takes_any_text_and_gives_nothing_or_a_valid_fbc(fbc: str | None, fbclid: str | None) -> None:
    kept = keep_fbc(fbc, fbclid, NOW)
    assert kept is None or valid_fbc(kept)
