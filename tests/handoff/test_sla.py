"""Until when a person answers: never before the case began, only when somebody is there, and never later for being
earlier."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_core.handoff.codes import Priority, Reason, priority_of
from tracking_core.handoff.holidays import is_holiday
from tracking_core.handoff.sla import CLOSES, END_OF_MORNING, OPENS, ZONE, due_at, eta_text, is_business_day

_MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis wants them naive
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
_PRIORITIES = st.sampled_from(Priority)


def _local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type, misc]


@given(_PRIORITIES, _MOMENTS)
def test_a_case_is_never_due_before_it_was_made(priority: Priority, at: datetime) -> None:
    assert due_at(priority, at) > at


@given(st.sampled_from([Priority.P2, Priority.P3]), _MOMENTS)
def test_what_is_not_urgent_is_due_when_somebody_is_there(priority: Priority, at: datetime) -> None:
    due = due_at(priority, at).astimezone(ZONE)
    assert is_business_day(due)
    assert OPENS <= due.time() <= CLOSES


@given(_PRIORITIES, _MOMENTS, st.timedeltas(timedelta(0), timedelta(days=14)))
def test_a_later_case_is_not_due_earlier(priority: Priority, at: datetime, later: timedelta) -> None:
    assert due_at(priority, at + later) >= due_at(priority, at)


@given(_MOMENTS)
def test_a_more_urgent_case_is_not_due_later(at: datetime) -> None:
    dues = [due_at(priority, at) for priority in sorted(Priority)]
    assert dues == sorted(dues)


@given(_MOMENTS)
def test_two_hours_of_business_time_pass_within_the_soonest_days(at: datetime) -> None:
    """Counted minute by minute, as a clerk would."""
    at, worked = at.replace(second=0, microsecond=0), 0
    moment = at
    while worked < 120:
        local = moment.astimezone(ZONE)
        worked += is_business_day(local) and OPENS <= local.time() < CLOSES
        moment += timedelta(minutes=1) if _is_open(moment) else _until_next_half_hour(moment)
    assert abs(due_at(Priority.P2, at) - moment) <= timedelta(minutes=1)


def _is_open(moment: datetime) -> bool:
    local = moment.astimezone(ZONE)
    return is_business_day(local) and OPENS <= local.time() < CLOSES


def _until_next_half_hour(moment: datetime) -> timedelta:
    """Opening times stand on one, whatever the offset: a closed stretch can be crossed in such steps."""
    return timedelta(minutes=30 - moment.minute % 30)


@pytest.mark.parametrize(
    ("priority", "created", "due"),
    [
        (Priority.P1, _local(2026, 12, 25, 3, 0), _local(2026, 12, 25, 3, 30)),
        (Priority.P2, _local(2026, 11, 26, 10, 0), _local(2026, 11, 26, 12, 0)),
        (Priority.P2, _local(2026, 11, 26, 16, 0), _local(2026, 11, 26, 18, 0)),
        (Priority.P2, _local(2026, 11, 27, 17, 30), _local(2026, 11, 30, 10, 30)),
        (Priority.P2, _local(2026, 11, 29, 12, 0), _local(2026, 11, 30, 11, 0)),
        (Priority.P2, _local(2026, 12, 24, 17, 0), _local(2026, 12, 28, 10, 0)),
        (Priority.P2, _local(2026, 4, 2, 17, 0), _local(2026, 4, 6, 10, 0)),
        (Priority.P3, _local(2026, 11, 26, 10, 0), _local(2026, 11, 27, 12, 0)),
        (Priority.P3, _local(2026, 11, 27, 8, 0), _local(2026, 11, 30, 12, 0)),
        (Priority.P3, _local(2026, 11, 28, 8, 0), _local(2026, 11, 30, 12, 0)),
    ],
)
def test_days_people_can_check(priority: Priority, created: datetime, due: datetime) -> None:
    assert due_at(priority, created) == due
    assert due_at(Priority.P3, created).astimezone(ZONE).time() == END_OF_MORNING


def test_holidays_of_the_calendar() -> None:
    """Good Fridays as the Brazilian government's calendars gave them."""
    fridays = [date(2024, 3, 29), date(2025, 4, 18), date(2026, 4, 3), date(2027, 3, 26), date(2038, 4, 23)]
    assert all(map(is_holiday, [*fridays, date(2026, 11, 20), date(2026, 12, 25), date(2027, 1, 1)]))
    assert not any(map(is_holiday, [date(2026, 2, 17), date(2026, 6, 4), date(2026, 11, 26)]))
    assert [day.weekday() for day in fridays] == [4] * len(fridays)


def test_how_soon_follows_from_why() -> None:
    soon = {reason: priority_of(reason) for reason in Reason}
    assert [reason for reason, priority in soon.items() if priority is Priority.P1] == [
        Reason.ROLLBACK_INCOMPLETE,
        Reason.MONEY_AT_RISK,
    ]
    assert [reason for reason, priority in soon.items() if priority is Priority.P2] == [
        Reason.USER_REQUESTED,
        Reason.REPEATED_FAILURE,
    ]


def test_the_promise_in_words() -> None:
    now = _local(2026, 11, 26, 10, 0)
    assert eta_text(_local(2026, 11, 26, 12, 0), now, "pt_BR") == (
        "Uma pessoa responde hoje até as 12:00 (horário de Brasília)."
    )
    assert eta_text(_local(2026, 11, 27, 12, 0), now, "pt_BR").startswith("Uma pessoa responde amanhã até as 12:00")
    assert "segunda-feira, 30 de novembro de 2026" in eta_text(_local(2026, 11, 30, 12, 0), now, "pt_BR")
    assert "Monday, November 30, 2026" in eta_text(_local(2026, 11, 30, 12, 0), now, "en")


def test_a_broken_promise_is_not_promised_again() -> None:
    now = _local(2026, 11, 26, 12, 0)
    assert eta_text(now, now, "en").startswith("We are later than we promised")
    assert "12:00" not in eta_text(now - timedelta(hours=1), now, "pt_BR")
