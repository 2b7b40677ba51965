"""One odd field never costs the event; a refusal is never lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tracking_core.collector.schema import AGE_LIMIT_MS, TrackRequest

URL = "https://loja.example/"
OPTIONAL = sorted(set(TrackRequest.model_fields) - {"url", "consent_ads"})


def parsed(**fields: Any) -> TrackRequest:
    return TrackRequest.model_validate_json(json.dumps({"url": URL, **fields}))


@pytest.mark.parametrize("name", OPTIONAL)
@pytest.mark.parametrize("odd", [{}, [], [1], {"a": 1}, 1.5, True, -1, "", " ", "\x00", "x y" * 2_000, "não", None])
def test_an_optional_field_that_is_odd_is_absent_or_still_text(name: str, odd: Any) -> None:
    value = getattr(parsed(**{name: odd}), name)
    assert value is None or (value == odd and isinstance(odd, str)) or (name == "age_ms" and value == odd)


@pytest.mark.parametrize(
    ("name", "longest"), [("email", 320), ("fbclid", 1_024), ("utm_source", 512), ("event_id", 128), ("key", 128)]
)
def test_a_text_is_kept_up_to_its_limit_and_then_dropped_not_cut(name: str, longest: int) -> None:
    assert getattr(parsed(**{name: "a" * longest}), name) == "a" * longest
    assert getattr(parsed(**{name: "a" * (longest + 1)}), name) is None


@pytest.mark.parametrize("name", ["referrer", "checkout_url"])
@pytest.mark.parametrize("odd", ["maria@example.com", "about:client", "/so/o/caminho", "https://", "https://@/x"])
def test_what_is_no_address_is_not_kept_as_one(name: str, odd: str) -> None:
    assert getattr(parsed(**{name: odd}), name) is None


def test_an_app_may_be_the_referrer() -> None:
    assert parsed(referrer="android-app://com.google.android.gm/").referrer == "android-app://com.google.android.gm/"


@pytest.mark.parametrize("granted", [True, 1, 1.0, "true", "TRUE", "1", "yes", "on"])
def test_a_clear_yes_is_a_grant(granted: Any) -> None:
    assert parsed(consent_ads=granted).consent_ads is True


@pytest.mark.parametrize(
    "refused",
    [False, 0, 0.0, 0.5, 2, -1, "false", "False", "0", "no", "off", "", " ", "maybe", "denied", "null", {}, [], [True]],
)
def test_anything_else_that_is_there_is_a_refusal(refused: Any) -> None:
    assert parsed(consent_ads=refused).consent_ads is False


def test_only_null_and_absence_mean_that_nobody_was_asked() -> None:
    assert parsed(consent_ads=None).consent_ads is None
    assert parsed().consent_ads is None


@pytest.mark.parametrize(("age", "kept"), [(0, 0), (AGE_LIMIT_MS, AGE_LIMIT_MS), (AGE_LIMIT_MS + 1, None), (-1, None)])
def test_an_age_is_at_most_a_day(age: int, kept: int | None) -> None:
    assert parsed(age_ms=age).age_ms == kept


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (None, "string_type"),
        (5, "string_type"),
        ("", "url_parsing"),
        ("ftp://a.example/", "url_parsing"),
        ("https://", "url_parsing"),
        ("https:///x", "url_parsing"),
        ("https://@/x", "url_parsing"),
        ("https://a b/", "url_parsing"),
        ("javascript:https://a.example/", "url_parsing"),
        ("https://" + "a" * 5_000, "string_too_long"),
    ],
)
def test_a_wrong_url_is_an_error(url: Any, kind: str) -> None:
    with pytest.raises(ValidationError) as raised:
        parsed(url=url)
    assert [error["type"] for error in raised.value.errors()] == [kind]


@pytest.mark.parametrize("url", ["HTTPS://A.example", " https://a.example/\x00x ", URL + "x" * 9_000, URL + "?q=a b#c"])
def test_an_unusual_url_is_taken(url: str) -> None:
    assert parsed(url=url).url == url.replace("\x00", "").strip()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(set(TrackRequest.model_fields) - {"url"})), _json))
def test_whatever_else_is_sent_a_good_url_is_enough(fields: dict[str, Any]) -> None:
    event = parsed(**fields)
    assert event.url == URL
    if fields.get("consent_ads") is False:
        assert event.consent_ads is False
