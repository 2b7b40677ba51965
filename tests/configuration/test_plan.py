"""Plans as values: the same inputs give the same plan, what matters changes the hash, and no secret fits in."""

import re
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.configuration.world import DATASET, PAGE, REFERENCES, facts, hotmart_fact, kiwify_fact
from tracking_core.configuration.codes import MEANINGS
from tracking_core.configuration.current import ConnectionNow, Current, EndpointNow
from tracking_core.configuration.facts import Facts, MetaFact, Preferences
from tracking_core.configuration.plan import Plan, PlanIncomplete, make_plan, render
from tracking_core.i18n import translate
from tracking_core.models import BrowserEvent, ConsentMode

TENANT = UUID(int=1)
KEYS = {"hotmart": "key-of-hotmart", "kiwify": "key-of-kiwify"}
EMPTY = Current(
    tenant_id=TENANT,
    hub_url="https://hub.example",
    consent_mode=ConsentMode.OPT_OUT,
    reserved_keys=KEYS,
    registering=("kiwify",),
)

_references = st.uuids().map(lambda one: f"secret:{one}")
_connections = st.builds(
    ConnectionNow,
    dataset_id=st.sampled_from([DATASET, "42"]),
    state=st.sampled_from(["active", "on_hold"]),
    is_disabled=st.booleans(),
    token_ref=st.none() | _references,
    sealed=st.sampled_from(["aa", "bb"]),
    test_event_code=st.sampled_from([None, "TEST1"]),
    browser_events=st.sampled_from([(), ("pageview",), ("initiate_checkout", "pageview")]),
)
_endpoints = st.builds(
    EndpointNow,
    gateway=st.sampled_from(["hotmart", "kiwify"]),
    endpoint_key=st.sampled_from(["k1", "k2"]),
    is_disabled=st.booleans(),
    secret_ref=st.none() | _references,
    next_secret_ref=st.none() | _references,
)
_currents = st.builds(
    Current,
    tenant_id=st.just(TENANT),
    hub_url=st.just("https://hub.example"),
    consent_mode=st.sampled_from(ConsentMode),
    connections=st.lists(_connections, max_size=2, unique_by=lambda one: one.dataset_id).map(tuple),
    endpoints=st.lists(_endpoints, max_size=2, unique_by=lambda one: one.endpoint_key).map(tuple),
    reserved_keys=st.just(KEYS),
    registering=st.just(("kiwify",)),
    generation=st.integers(0, 3),
    newest_version=st.just(0),
)
_preferences = st.builds(
    Preferences,
    consent_mode=st.none() | st.sampled_from(ConsentMode),
    browser_events=st.none() | st.lists(st.sampled_from(BrowserEvent), unique=True).map(tuple),
    test_event_code=st.sampled_from([None, "TEST1"]),
)
_facts = st.builds(
    lambda gateway, preferences, name: _named(facts(gateway).model_copy(update={"preferences": preferences}), name),
    st.sampled_from([kiwify_fact(), hotmart_fact()]),
    _preferences,
    st.text(max_size=30),
)


def _named(known: Facts, name: str) -> Facts:
    meta = MetaFact.model_validate({**dict(known.meta or {}), "dataset_name": name})
    return known.model_copy(update={"meta": meta})


@given(known=_facts, current=_currents)
def test_the_same_inputs_give_the_same_plan_wherever_they_come_from(known: Facts, current: Current) -> None:
    plan = make_plan(known, current)
    travelled = make_plan(_through_json(Facts, known), _through_json(Current, current))
    assert (travelled, travelled.hash) == (plan, plan.hash)
    assert _through_json(Plan, plan) == plan
    assert len({one.key for one in plan.actions}) == len(plan.actions)
    for locale in ("en", "pt_BR"):
        assert all("{" not in sentence.replace(known.meta.dataset_name, "") for sentence in render(plan, locale))  # type: ignore[union-attr]


@given(known=_facts, current=_currents)
def test_whatever_a_plan_holds_under_a_secrets_name_is_a_reference(known: Facts, current: Current) -> None:
    for name, value in _leaves(make_plan(known, current).to_json()):
        if name.endswith("_ref") or name in ("gateway_client_id", "gateway_client_secret", "gateway_basic"):
            assert value is None or re.fullmatch(r"secret:[0-9a-f-]{36}", value), name


@given(text=st.text(max_size=60))
def test_what_is_no_reference_does_not_fit_where_one_stands(text: str) -> None:
    known = facts()
    for field in ("token_ref", "app_secret_ref"):
        with pytest.raises(ValidationError) as caught:
            MetaFact.model_validate({**dict(known.meta or {}), field: f"EAA{text}"})
        assert len(text) < 8 or repr(text)[1:-1] not in str(caught.value)  # nor is it repeated


@pytest.mark.parametrize(
    "change",
    [
        {"meta": {"dataset_id": "42"}},
        {"meta": {"dataset_name": "Outra"}},
        {"meta": {"token_ref": REFERENCES["other_token"]}},
        {"gateway": {"account_id": "another"}},
        {"gateway": {"webhook_secret_ref": REFERENCES["other_hottok"]}},
        {"url": {"final_url": "https://outra.example/"}},
        {"url": {"script_present": False}},
        {"preferences": {"consent_mode": "opt_out"}},
        {"preferences": {"browser_events": []}},
        {"preferences": {"test_event_code": "TEST9"}},
    ],
)
def test_every_fact_that_matters_changes_the_hash(change: dict[str, dict[str, Any]]) -> None:
    known = facts()
    [(part, values)] = change.items()
    changed = Facts.from_json({**known.to_json(), part: {**known.to_json()[part], **values}})
    assert make_plan(changed, EMPTY).hash != make_plan(known, EMPTY).hash


@pytest.mark.parametrize(
    "change",
    [
        {"hub_url": "https://other.example"},
        {"consent_mode": ConsentMode.OPT_IN},
        {"reserved_keys": {**KEYS, "kiwify": "another"}},
        {"generation": 1},
        {"newest_version": 4},
        {"registering": ()},
        {"tenant_id": UUID(int=2)},
    ],
)
def test_every_state_that_matters_changes_the_hash(change: dict[str, Any]) -> None:
    known = facts(kiwify_fact(webhook_secret_ref=REFERENCES["hottok"]))
    assert make_plan(known, EMPTY.model_copy(update=change)).hash != make_plan(known, EMPTY).hash


def test_when_it_was_checked_does_not_change_the_hash() -> None:
    """The same checks made again lead to the same plan."""
    assert make_plan(facts(), EMPTY).hash == make_plan(facts(), EMPTY).hash


def test_a_plan_with_anothers_hash_does_not_load() -> None:
    said = make_plan(facts(), EMPTY).to_json()
    said["actions"][0]["params"]["dataset_id"] = "42"
    with pytest.raises(ValidationError):
        Plan.from_json(said)


@pytest.mark.parametrize("locale", ["en", "pt_BR"])
@pytest.mark.parametrize("gateway", ["kiwify", "hotmart"])
def test_the_diff_names_account_dataset_and_addresses_in_full(locale: str, gateway: str) -> None:
    made = kiwify_fact() if gateway == "kiwify" else hotmart_fact(account_id="loja-hotmart-9")
    told = "\n".join(render(make_plan(facts(made), EMPTY), locale))
    assert made.account_id is not None
    for named in (
        made.account_id,
        DATASET,
        "Loja da Ana",
        PAGE,
        f"https://hub.example/webhooks/{gateway}/{KEYS[gateway]}",
    ):
        assert named in told
    assert ("compra de teste" if locale == "pt_BR" else "test purchase") in told


def test_every_sentence_of_the_diff_is_translated() -> None:
    for known in (facts(), facts(hotmart_fact())):
        plan = make_plan(known, EMPTY)
        assert all(translate(line.msgid) != line.msgid for line in plan.diff)
        values = {value for line in plan.diff for value in (line.before, line.after) if value}
        assert all(translate(value) != value for value in values if not value.isdigit())


def test_the_diff_says_when_the_script_is_missing() -> None:
    known = facts()
    assert known.url is not None
    missing = known.model_copy(update={"url": known.url.model_copy(update={"script_present": False})})
    assert len(render(make_plan(missing, EMPTY), "en")) == len(render(make_plan(known, EMPTY), "en")) + 1


def test_a_name_cannot_redraw_the_text_around_it() -> None:
    known = _named(facts(), "Loja\u202eanA ad\n\x1b[2Jsegura\u200b")
    assert known.meta is not None
    assert known.meta.dataset_name == "LojaanA ad[2Jsegura"


def test_all_that_is_missing_is_said_at_once_in_both_languages() -> None:
    with pytest.raises(PlanIncomplete) as caught:
        make_plan(Facts(), EMPTY)
    assert [one.field for one in caught.value.requirements] == ["gateway", "meta", "url"]
    assert all(translate(one.message) != one.message for one in caught.value.requirements)


@pytest.mark.parametrize(
    ("gateway", "field"),
    [
        (hotmart_fact(webhook_secret_ref=None), "gateway.webhook_secret_ref"),
        (kiwify_fact(account_id=None), "gateway.account_id"),
        (kiwify_fact(credentials={}), "gateway.credentials"),
        (kiwify_fact(name="unknown"), "gateway.name"),
    ],
)
def test_what_a_gateway_needs_is_required(gateway: Any, field: str) -> None:
    with pytest.raises(PlanIncomplete) as caught:
        make_plan(facts(gateway), EMPTY)
    assert [one.field for one in caught.value.requirements] == [field]
    assert all(translate(one.message) != one.message for one in caught.value.requirements)


def test_every_code_has_words_in_both_languages() -> None:
    for meaning in MEANINGS.values():
        assert translate(meaning.message) != meaning.message
        assert not meaning.recommendation or translate(meaning.recommendation) != meaning.recommendation


def _through_json(kind: Any, value: Any) -> Any:
    return kind.from_json(orjson.loads(orjson.dumps(value.to_json())))


def _leaves(said: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(said, dict):
        return [leaf for key, value in said.items() for leaf in _leaves(value, key)]
    if isinstance(said, list):
        return [leaf for value in said for leaf in _leaves(value, name)]
    return [(name, said)]
