"""Growth is what happens within a life of a process, after its beginning."""

import pytest

from evals.soak.memory import growth, growth_by_process
from evals.soak.sampling import Memory, Sample

_EVERY = 10.0


def test_a_line_has_its_slope_and_a_restart_is_no_growth() -> None:
    rising = [(at, 100 + at / 3_600 * 12) for at in (0.0, 600.0, 1_200.0)]
    assert growth([rising]) == pytest.approx(12)
    flat_twice = [[(0.0, 100.0), (60.0, 100.0)], [(120.0, 180.0), (180.0, 180.0)]]
    assert growth(flat_twice) == 0


def test_what_a_process_fills_at_its_beginning_does_not_count_and_a_leak_does() -> None:
    def leaking(at: float) -> float:
        return 100 + at / 60

    def filling(at: float) -> float:
        return 100 + min(at - 600, 60) if at >= 600 else 150

    samples = [
        Sample(at, (Memory("leaks", 1, leaking(at)), Memory("fills", 2 if at < 600 else 3, filling(at))))
        for at in (number * _EVERY for number in range(120))
    ]
    found = growth_by_process(samples, since=400)
    assert found["leaks"] == pytest.approx(60)
    assert found["fills"] == pytest.approx(0)


def test_a_process_seen_too_seldom_is_not_judged() -> None:
    samples = [Sample(at, (Memory("rare", 1, at),)) for at in (0.0, 200.0, 400.0)]
    assert growth_by_process(samples, since=0) == {}
