"""Compare an end with the one a scenario expects: a list of what is not so, in words."""

from collections.abc import Iterator

from evals.agent.cast import Cast, cast_of
from evals.agent.evidence import Evidence
from evals.agent.scenario import Active, Expected, Scenario
from evals.agent.state import State

_VERIFIED = dict.fromkeys(("gateway", "meta", "url", "configuration", "proof"), "verified")


def differences(scenario: Scenario, seen: Evidence) -> list[str]:
    expect, state = scenario.expect, seen.state
    wanted = [expect.state] if isinstance(expect.state, str) else expect.state
    found = [] if state.state in wanted else [f"the session is {state.state}, not {' or '.join(wanted)}"]
    found += _of_stages(expect, state)
    found += _of_configuration(expect, state, cast_of(scenario.id))
    found += _of_counts(expect, seen)
    found += _of_handoffs(expect, state)
    missing = [kind for kind in expect.vault if kind not in state.kept]
    return found + [f"not in the vault: {kind}" for kind in missing] + list(_of_modes(expect, seen))


def _of_stages(expect: Expected, state: State) -> list[str]:
    wanted = {**(_VERIFIED if expect.is_verified else {}), **expect.stages}
    told = {name: state.stages.get(name) for name in wanted}
    return [f"{name} is {told[name]}, not {status}" for name, status in wanted.items() if told[name] != status]


def _of_configuration(expect: Expected, state: State, cast: Cast) -> list[str]:
    if expect.active is None:
        return []
    if expect.active == "none" or state.configuration is None:
        is_right = (expect.active == "none") == (state.configuration is None)
        return [] if is_right else [f"a configuration is{' not' * (state.configuration is None)} in use"]
    seen = state.configuration
    flat = {**seen, **{name: seen["endpoints"][0][name] for name in ("gateway", "account")}}
    wanted = _filled(expect.active, cast)
    return [f"{name} is {flat[name]}, not {value}" for name, value in wanted.items() if flat[name] != value]


def _filled(active: Active, cast: Cast) -> dict[str, object]:
    said = active.model_dump(exclude_none=True)
    return {name: cast.filled(value) if isinstance(value, str) else value for name, value in said.items()}


def _of_counts(expect: Expected, seen: Evidence) -> list[str]:
    heard = sum(one.role == "seller" for one in seen.messages)
    states = list(seen.approvals.values())
    pairs = [
        ("test purchases at Meta", seen.state.purchases, expect.purchases),
        ("webhooks at the gateway", seen.state.webhooks, expect.webhooks),
        ("messages of the seller", heard, expect.heard),
        *((f"plans {name}", states.count(name), wanted) for name, wanted in expect.approvals.items()),
    ]
    return [f"{name}: {was}, not {wanted}" for name, was, wanted in pairs if wanted is not None and was != wanted]


def _of_handoffs(expect: Expected, state: State) -> list[str]:
    if expect.handoff is None:
        return []
    if expect.handoff == "none":
        return [f"handed over: {', '.join(state.handoffs)}"] if state.handoffs else []
    last = state.handoffs[-1] if state.handoffs else ":"
    status, _, reason = last.partition(":")
    is_right = status == expect.handoff.state and expect.handoff.reason in (None, reason)
    return (
        [] if is_right else [f"the last handoff is {last}, not {expect.handoff.state}:{expect.handoff.reason or '*'}"]
    )


def _of_modes(expect: Expected, seen: Evidence) -> Iterator[str]:
    modes = {turn.mode for turn in seen.turns}
    yield from (f"no turn was answered in mode {mode}" for mode in expect.modes if mode not in modes)
    yield from (f"a turn ended {turn.state}" for turn in seen.turns if turn.state == "failed")
