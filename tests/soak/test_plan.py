"""What is broken comes from the seed, each kind of fault at least once, and the end of the run is left alone."""

import pytest

from evals.soak.plan import FaultKind, plan


@pytest.mark.parametrize("minutes", [2, 30])
def test_each_fault_there_is_comes_in_time_and_some_once_only(minutes: int) -> None:
    faults = plan(7, minutes * 60)
    kinds = [one.kind for one in faults]
    assert set(kinds) == set(FaultKind)
    assert [kinds.count(one) for one in (FaultKind.POSTGRES_RESTARTED, FaultKind.TOKEN_REVOKED)] == [1, 1]
    assert [one.at for one in faults] == sorted(one.at for one in faults)
    assert faults[-1].at < minutes * 60 * 0.8
    assert len(faults) > 20 or minutes < 30


def test_the_same_seed_breaks_the_same_and_another_something_else() -> None:
    assert plan(1, 1_800) == plan(1, 1_800)
    assert plan(1, 1_800) != plan(2, 1_800)
