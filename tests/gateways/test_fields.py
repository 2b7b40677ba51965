from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.fields import IDENTIFIER_LIMIT, LIST_LIMIT, TEXT_LIMIT, Fields, text_of
from tracking_core.kit.money import Money

BRASILIA = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Ana  ", "Ana"),
        ("\x00A\x00na", "Ana"),
        ("\x00 \x00", None),
        ("", None),
        (None, None),
        (True, None),
        ([], None),
        ({}, None),
        (1355458, "1355458"),
        (0, "0"),
        (12.0, "12"),
        (12.5, "12.5"),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (1e300, "1e+300"),
        ("Jo\u00e3o \ud83d", "João ?"),
        ("😀", "😀"),
    ],
)
def test_text_is_clean_and_numbers_become_text(value: object, text: str | None) -> None:
    assert text_of(value) == text


def test_long_text_is_cut_and_a_long_identifier_is_no_identifier() -> None:
    fields = Fields({"text": "é" * 5_000, "id": "7" * (IDENTIFIER_LIMIT + 1), "whole": "7" * IDENTIFIER_LIMIT})
    assert fields.text("text") == "é" * TEXT_LIMIT
    assert fields.identifier("id") is None
    assert fields.identifier("whole") == "7" * IDENTIFIER_LIMIT
    with pytest.raises(PayloadUnreadable, match=r"^id: must be a text or number of a sane length$"):
        fields.required_identifier("id")


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_required_identifier_that_is_absent_is_called_missing_with_its_whole_path(value: object) -> None:
    purchase = Fields({"data": {"purchase": {"transaction": value}}}).child("data").child("purchase")
    with pytest.raises(PayloadUnreadable) as unreadable:
        purchase.required_identifier("transaction")
    assert (unreadable.value.path, unreadable.value.problem) == ("data.purchase.transaction", "missing")


def test_the_error_never_repeats_the_value() -> None:
    with pytest.raises(PayloadUnreadable) as unreadable:
        Fields({"event": {"segredo": "52998224725"}}).event_name("event")
    assert "52998224725" not in str(unreadable.value)


@pytest.mark.parametrize("value", [None, 1, "x", [], True])
def test_a_child_of_another_type_is_empty_and_a_required_one_raises(value: object) -> None:
    fields = Fields({"data": value})
    assert not fields.child("data")
    assert fields.child("data").child("deeper").text("name") is None
    with pytest.raises(PayloadUnreadable, match="data: must be an object"):
        fields.required_child("data")


def test_children_are_the_objects_of_a_bounded_list() -> None:
    fields = Fields({"mixed": [{"a": 1}, None, 3, {"a": 2}], "many": [{}] * (LIST_LIMIT + 5), "text": "abc"})
    assert [child.integer("a") for child in fields.children("mixed")] == [1, 2]
    assert len(fields.children("many")) == LIST_LIMIT
    assert fields.children("text") == []


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        ("3", 3),
        (3.0, 3),
        (" 3 ", 3),
        (3.5, None),
        (True, None),
        ("três", None),
        ("٣", None),
        (10**400, None),
        (2**63, None),
        ("9" * 5_000, None),
        ("1e30", None),
        ("1e999999999999", None),
        (float("nan"), None),
        ([3], None),
    ],
)
def test_integers_are_whole_and_of_sane_size(value: object, number: int | None) -> None:
    assert Fields({"n": value}).integer("n") == number


@pytest.mark.parametrize(("value", "number"), [(1, 1), (12, 12), (0, None), (-1, None), (10_000, None), ("2", 2)])
def test_counts_are_small_and_positive(value: object, number: int | None) -> None:
    assert Fields({"n": value}).count("n") == number


@pytest.mark.parametrize(("value", "flag"), [(True, True), ("TRUE", True), (False, False), (1, False), ("no", False)])
def test_flags_are_true_only_when_said_so(value: object, flag: bool) -> None:
    assert Fields({"f": value}).flag("f") is flag


@pytest.mark.parametrize(
    ("value", "decimals", "amount"),
    [
        (1497, 0, "1497"),
        (64.9, 0, "64.9"),
        (0.1, 0, "0.1"),
        ("149.50", 0, "149.50"),
        (9149, 2, "91.49"),
        ("9149", 2, "91.49"),
        (0, 2, "0.00"),
    ],
)
def test_money_is_exact(value: object, decimals: int, amount: str) -> None:
    assert Fields({"v": value}).money("v", "BRL", decimals=decimals) == Money(Decimal(amount), "BRL")


@pytest.mark.parametrize("value", [-1, True, "abc", 10**12, 10**400, float("nan"), [], {}, "1e999999999", "R$ 10,00"])
def test_an_amount_that_is_none_raises_only_where_it_is_required(value: object) -> None:
    fields = Fields({"v": value})
    assert fields.money("v", "BRL") is None
    with pytest.raises(PayloadUnreadable, match="v: must be an amount of money"):
        fields.money("v", "BRL", required=True)


def test_a_fraction_of_a_cent_is_a_misreading_and_an_absent_amount_is_no_amount() -> None:
    with pytest.raises(PayloadUnreadable):
        Fields({"v": 91.49}).money("v", "BRL", decimals=2, required=True)
    assert Fields({"v": None}).money("v", "BRL", required=True) is None
    assert Fields({"v": 10}).money("v", None, required=True) is None


@pytest.mark.parametrize(
    ("value", "currency"), [("brl", "BRL"), ("EUR", "EUR"), ("R$", None), ("REAL", None), ("çãé", None), (986, None)]
)
def test_currencies_are_three_letters(value: object, currency: str | None) -> None:
    assert Fields({"c": value}).currency("c") == currency


@pytest.mark.parametrize(("value", "country"), [("br", "BR"), ("Brasil", None), (55, None), (None, None)])
def test_countries_are_two_letters(value: object, country: str | None) -> None:
    assert Fields({"c": value}).country("c") == country


@pytest.mark.parametrize(
    ("value", "ip"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", None),
        ("203.0.113.7:443", None),
        ("999.1.1.1", None),
        (3405803783, None),
        (None, None),
    ],
)
def test_addresses_are_what_the_database_takes(value: object, ip: str | None) -> None:
    assert Fields({"ip": value}).ip("ip") == ip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1745952631331, datetime(2025, 4, 29, 18, 50, 31, 331000, tzinfo=UTC)),
        ("1745952631331", datetime(2025, 4, 29, 18, 50, 31, 331000, tzinfo=UTC)),
        (1745952631331.7, datetime(2025, 4, 29, 18, 50, 31, 331000, tzinfo=UTC)),
        (1745952631, None),  # seconds by mistake: 1970
        (10**17, None),
        (-(10**30), None),
        (True, None),
        ("2025-04-29", None),
    ],
)
def test_epoch_milliseconds_are_plausible_utc(value: object, expected: datetime | None) -> None:
    assert Fields({"at": value}).epoch_ms("at") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-04-08 02:23", datetime(2025, 4, 8, 5, 23, tzinfo=UTC)),
        ("2025-04-08 23:30:15", datetime(2025, 4, 9, 2, 30, 15, tzinfo=UTC)),
        ("2018-12-08 12:00", datetime(2018, 12, 8, 14, 0, tzinfo=UTC)),  # Brazil still had summer time
        ("12/04/2025 02:21", datetime(2025, 4, 12, 5, 21, tzinfo=UTC)),
        ("12/04/2025", datetime(2025, 4, 12, 3, 0, tzinfo=UTC)),
        ("2025-04-05T02:17:41.852Z", datetime(2025, 4, 5, 2, 17, 41, 852000, tzinfo=UTC)),
        ("2025-04-05T02:17:41-03:00", datetime(2025, 4, 5, 5, 17, 41, tzinfo=UTC)),
        ("31/02/2025 10:00", None),
        ("1/2/3/4", None),
        ("0001-01-01", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("ontem", None),
        ("\ud800", None),
        (20250405, None),
        (None, None),
    ],
)
def test_dates_without_a_zone_are_in_the_given_one(value: Any, expected: datetime | None) -> None:
    found = Fields({"at": value}).moment("at", BRASILIA)
    assert found == expected
    assert found is None or found.tzinfo is UTC


def test_a_number_too_long_for_python_to_print_is_absent_everywhere() -> None:
    fields = Fields({"n": 10**5_000})
    assert (fields.text("n"), fields.identifier("n"), fields.integer("n")) == (None, None, None)
    assert (fields.money("n", "BRL"), fields.epoch_ms("n"), fields.ip("n")) == (None, None, None)
