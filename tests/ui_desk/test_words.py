"""Every word of the desk has its Portuguese, and times are said alike everywhere."""

from datetime import UTC, datetime

import pytest

from api.ui.desk import clocks, configuration, queue, showing, words
from tracking_core.configuration.actions import ActionName
from tracking_core.handoff import action_words
from tracking_core.handoff.notes import NoteKind
from tracking_core.i18n import translate
from tracking_core.models import ActionState, HandoffState, MessageRole
from tracking_core.proof.run import HOPS
from tracking_core.setup.projection import StageStatus

_SENTENCES = {
    *(said for table in words.TABLES for said in table.values()),
    *action_words.ACTIONS.values(),
    *action_words.ATTEMPT_STATES.values(),
    *queue.FILTERS.values(),
    *queue.EMPTY.values(),
    *showing.DONE.values(),
    *configuration.FIELDS.values(),
    action_words.TAKING_BACK,
    showing.ASKED_FOR,
    showing.PLAN_WAITS,
    showing.NOT_IN_VAULT,
    clocks.LEFT,
    clocks.LATE,
    clocks.ANSWERED,
    clocks.ENDED,
} - {"Hub"}


@pytest.mark.parametrize("said", sorted(_SENTENCES))
def test_it_has_its_portuguese(said: str) -> None:
    assert translate(said) != said


def test_nothing_that_happens_lacks_a_word() -> None:
    assert set(NoteKind) <= set(words.NOTES)
    assert set(ActionState) <= set(action_words.ATTEMPT_STATES)
    assert set(HandoffState) <= set(words.CASE_STATES)
    assert set(MessageRole) <= set(words.ROLES)
    assert set(StageStatus) <= set(words.STAGE_STATUSES)
    assert {*set(ActionName) - {ActionName.UNDO}, *(f"proof_{hop}" for hop in HOPS)} <= set(action_words.ACTIONS)


def test_an_undo_says_what_it_takes_back() -> None:
    assert action_words.action_word("undo_connect_dataset", "en") == "Taking back: Connecting the dataset"
    assert action_words.action_word("something_new", "en") == "something_new"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (724, "12 min 04 s"),
        (3_600, "1 h 00 min"),
        (7_265, "2 h 01 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_time_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert clocks.lasting(seconds) == said


@pytest.mark.parametrize(
    ("at", "locale", "said"),
    [
        (datetime(2026, 11, 26, 17, 30, tzinfo=UTC), "pt_BR", "14:30"),
        (datetime(2026, 11, 27, 1, 30, tzinfo=UTC), "pt_BR", "22:30"),
        (datetime(2026, 11, 27, 15, 0, tzinfo=UTC), "pt_BR", "27/11 12:00"),
        (datetime(2026, 11, 27, 15, 0, tzinfo=UTC), "en", "Nov 27, 12:00"),
        (datetime(2025, 11, 27, 15, 0, tzinfo=UTC), "pt_BR", "27/11/2025 12:00"),
    ],
)
def test_a_moment_is_as_short_as_today_allows(at: datetime, locale: str, said: str) -> None:
    assert clocks.moment(at, datetime(2026, 11, 26, 13, tzinfo=UTC), locale) == said
