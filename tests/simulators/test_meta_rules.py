"""Every refusal a seller's events can meet, by the numbers Meta documents, and what Meta takes beside it."""

import itertools
import time
from typing import Any

import httpx
import pytest

from evals.simulators.meta.person import refusal_of_person
from tests.simulators.calls import DAY, HASH, Json, bought, event, numbers, person, post, taken

_IP = "203.0.113.7"
_APP: Json = {
    "advertiser_tracking_enabled": 1,
    "application_tracking_enabled": True,
    "extinfo": ["a2", "com.example", "1.0", "1.0.1", "14", *[""] * 11],
}


def limited(country: Any = None, state: Any = None, **user_data: Any) -> Json:
    return event(
        data_processing_options=["LDU"],
        data_processing_options_country=country,
        data_processing_options_state=state,
        user_data={"em": HASH, **user_data},
    )


def message(channel: str | None, name: str = "Purchase", **user_data: Any) -> Json:
    return event(
        event_name=name,
        action_source="business_messaging",
        messaging_channel=channel,
        user_data={"em": HASH} | user_data,
    )


def app(*missing: str, **changes: Any) -> Json:
    whole = {key: value for key, value in (_APP | changes).items() if key not in missing}
    return event(action_source="app", app_data=whole)


def extinfo(*, version: str = "i2", os_version: str = "17.5", rest: int = 11) -> list[str]:
    return [version, "", "", "", os_version, *[""] * rest]


def content(**changes: Any) -> Json:
    whole = {"id": "p-1", "quantity": 1} | changes
    return bought(contents=[{key: value for key, value in whole.items() if value is not None}])


_NOW = int(time.time())
_REFUSED: dict[str, tuple[Json, int | None]] = {
    "an empty event": ({}, 2804019),
    "without event_name": (event(event_name=None), 2804019),
    "empty event_name": (event(event_name=""), 2804019),
    "event_name is a number": (event(event_name=7), None),
    "without event_time": (event(event_time=None), 2804019),
    "without action_source": (event(action_source=None), 2804019),
    "eight days old": (event(event_time=_NOW - 8 * DAY), 2804003),
    "63 days old in a shop": (event(event_time=_NOW - 63 * DAY, action_source="physical_store"), 2804003),
    "hours in the future": (event(event_time=_NOW + 7_200), 2804004),
    "in milliseconds": (event(event_time=_NOW * 1_000), 2804004),
    "time as text": (event(event_time=str(_NOW)), None),
    "time with a fraction": (event(event_time=_NOW + 0.5), None),
    "time is true": (event(event_time=True), None),
    "unknown action source": (event(action_source="web"), None),
    "action source is a list": (event(action_source=["website"]), None),
    "segmentation at event level": (event(customer_segmentation="new_customer_to_business"), None),
    "app field at event level": (event(advertiser_tracking_enabled=1), None),
    "event_id is a number": (event(event_id=7), None),
    "page URL is a list": (event(event_source_url=["https://loja.example"]), None),
    "referrer is a number": (event(referrer_url=1), None),
    "opt_out is text": (event(opt_out="true"), None),
    "opt_out is a number": (event(opt_out=1), None),
    "attribution_data is text": (event(attribution_data="x"), None),
    # user_data
    "no user data": (event(user_data=None), 2804050),
    "empty user data": (event(user_data={}), 2804050),
    "user data is a list": (event(user_data=[]), 2804050),
    "an empty list of hashes": (event(user_data={"em": []}), 2804050),
    "unknown key of user_data": (person(email=HASH), None),
    "clear e-mail": (event(user_data={"em": "buyer@example.com"}), None),
    "upper-case hash": (event(user_data={"em": HASH.upper()}), None),
    "short hash": (person(ph=HASH[:-1]), None),
    "hash ends in a line break": (person(ph=HASH + "\n"), None),
    "hash with an unknown appendix": (person(ph=f"{HASH}.ZZ"), None),
    "hash is nothing": (person(fn=None), None),
    "clear phone in a list": (event(user_data={"ph": [HASH, "5511999998888"]}), None),
    "list in a list": (person(ph=[[HASH]]), None),
    "no IP address": (person(client_ip_address="203.0.113"), None),
    "IP address with port": (person(client_ip_address="203.0.113.7:443"), None),
    "hashed IP address": (person(client_ip_address=HASH), None),
    "user agent is a list": (person(client_user_agent=["Mozilla/5.0"]), None),
    "external_id is an object": (person(external_id={"id": 1}), None),
    "fbc is the bare click id": (person(fbc="IwAR123"), 2804001),
    "fbc in seconds": (person(fbc="fb.1.1700000000.IwAR123"), 2804001),
    "fbc is hashed": (person(fbc=HASH), 2804001),
    "fbc is a list": (person(fbc=["fb.1.1700000000000.IwAR123"]), 2804001),
    "fbp with a word": (person(fbp="fb.1.1700000000000.IwAR123"), None),
    "login id is a word": (person(fb_login_id="abc"), None),
    "lead_id is too short": (person(lead_id=123), 2804036),
    "lead_id is a word": (person(lead_id="a" * 15), 2804036),
    # custom_data
    "custom_data is a list": (event(custom_data=[1]), None),
    "without value": (event(custom_data={"currency": "BRL"}), 2804009),
    "value is a word": (bought(value="abc"), 2804009),
    "value with thousands separator": (bought(value="1.197,90"), 2804009),
    "value is true": (bought(value=True), 2804009),
    "without currency": (event(custom_data={"value": 1}), 2804010),
    "empty currency": (bought(currency=""), 2804010),
    "ISO currency that is not taken": (bought(currency="MRU"), 2804011),
    "no ISO currency": (bought(currency="ZZZ"), 2804011),
    "currency out of use": (bought(currency="BRR"), 2804011),
    "currency is a sign": (bought(currency="R$"), 2804011),
    "currency of another event": (event(event_name="Lead", custom_data={"currency": "ZZZ"}), 2804011),
    "value of another event": (event(event_name="Lead", custom_data={"value": "abc"}), None),
    "no segment": (bought(customer_segmentation="vip"), None),
    "content_ids is text": (bought(content_ids="p-1"), None),
    "unknown content_type": (bought(content_type="course"), None),
    "num_items is text": (bought(num_items="one"), None),
    "unknown delivery": (bought(delivery_category="drone"), None),
    "custom property is an object": (bought(plan={"name": "gold"}), None),
    "city in custom_data": (bought(city="São Paulo"), 2804016),
    "contents is an object": (bought(contents={"id": "p-1", "quantity": 1}), None),
    "contents of text": (bought(contents=["p-1"]), None),
    "content without id": (content(id=None), None),
    "content without quantity": (content(quantity=None), None),
    "unknown key of a content": (content(price=1), None),
    "price of a content is a word": (content(item_price="abc"), None),
    # privacy
    "unknown processing option": (event(data_processing_options=["GDPR"]), None),
    "processing options are text": (event(data_processing_options="LDU"), None),
    "LDU alone": (limited(), None),
    "LDU without state": (limited(1), None),
    "LDU without country": (limited(None, 1_000), None),
    "LDU in Brazil": (limited(55, 1_000), None),
    "LDU with a small state": (limited(1, 5), None),
    "LDU to locate without IP": (limited(0, 0), None),
    "LDU state without its country": (limited(0, 1_000, client_ip_address=_IP), None),
    "country without options": (event(data_processing_options_country=True), None),
    # a delayed event
    "original event is text": (event(original_event_data="Purchase"), None),
    "unknown key of the original": (event(original_event_data={"value": 1}), None),
    "original time is text": (event(original_event_data={"event_time": str(_NOW)}), None),
    "original name is a number": (event(original_event_data={"event_name": 1}), None),
    # app
    "app without app_data": (event(action_source="app"), 2804019),
    "app_data is a list": (event(app_data=[]), None),
    "app without extinfo": (app("extinfo"), 2804043),
    "extinfo is too short": (app(extinfo=extinfo(rest=10)), 2804043),
    "extinfo of a computer": (app(extinfo=extinfo(version="w2")), 2804043),
    "extinfo without OS version": (app(extinfo=extinfo(os_version="")), 2804043),
    "extinfo with a list": (app(extinfo=[*extinfo(rest=10), []]), 2804043),
    "app without tracking flag": (app("advertiser_tracking_enabled"), None),
    "tracking flag is text": (app(application_tracking_enabled="yes"), None),
    "unknown key of app_data": (app(tracking=1), None),
    # messaging
    "message without channel": (message(None), 2804063),
    "message by unknown channel": (message("telegram"), 2804063),
    "Lead by message": (message("whatsapp", "Lead", ctwa_clid="c", page_id="1"), 2804066),
    "Messenger without page": (message("messenger"), 2804069),
    "WhatsApp without click": (message("whatsapp", page_id="1"), 2804071),
    "WhatsApp click is a number": (message("whatsapp", ctwa_clid=1, page_id="1"), 2804087),
    "WhatsApp without account": (message("whatsapp", ctwa_clid="c"), 2804116),
    "Instagram without account": (message("instagram", ig_sid="1"), 2804079),
    "Instagram without person": (message("instagram", ig_account_id="1"), 2804075),
    "order without currency": (message("messenger", "OrderCreated", page_id="1") | {"custom_data": {}}, 2804081),
}


@pytest.mark.parametrize(("bad", "subcode"), _REFUSED.values(), ids=_REFUSED.keys())
def test_one_bad_event_refuses_the_whole_batch_and_nothing_is_stored(
    meta: httpx.Client, bad: Json, subcode: int | None
) -> None:
    answer = post(meta, event("good-1"), bad, event("good-2"))
    assert numbers(answer) == (400, 100, subcode)
    assert taken(meta) == []


_TAKEN: dict[str, Json] = {
    "six days old": event(event_time=_NOW - 6 * DAY),
    "60 days old in a shop": event(event_time=_NOW - 60 * DAY, action_source="physical_store"),
    "a clock that runs ahead": event(event_time=_NOW + 20),
    "every text of an event": event(
        event_source_url="https://loja.example/",
        referrer_url="https://instagram.com/",
        opt_out=True,
        attribution_data={},
    ),
    "no event_id": event(event_id=None),
    "lists and appendix": event(user_data={"em": [HASH, f"{HASH}.AQYBAQEA"], "ph": f"{HASH}.AQ"}),
    "everything known of a person": person(
        client_ip_address="2001:db8::1",
        client_user_agent="Mozilla/5.0",
        fbp="fb.1.1700000000000.1234567890",
        lead_id=10**15,
    ),
    "fbc with appendix": person(fbc="fb.1.1700000000000.IwAR_a-B.AQYBAQEA"),
    "raw external_id alone": event(user_data={"external_id": "USER-1"}),
    "external_ids": event(user_data={"external_id": ["USER-1", 2]}),
    "names together": event(user_data={"fn": HASH, "ln": HASH}),
    "no amount in another event": event(event_name="Lead", custom_data=None),
    "numeric text as value": bought(value="197.90"),
    "a free sale": bought(value=0),
    "currency in lower case": bought(currency="brl"),
    "currency of a trip": bought(currency="EUR"),
    "segment inside custom_data": bought(customer_segmentation="new_customer_to_business"),
    "custom properties": bought(plan="gold", installments=12, upsell=True, coupon=None),
    "whole contents": content(item_price=9.9, title="Curso", delivery_category="home_delivery")
    | {"event_source_url": "https://loja.example/"},
    "ids of contents": bought(content_ids=["p-1", 2], content_type="product", num_items=2, order_id="HP1"),
    "explicitly no limit": event(data_processing_options=[]),
    "no limit, as SDKs write it": event(
        data_processing_options=[], data_processing_options_country=0, data_processing_options_state=0
    ),
    "LDU in California": limited(1, 1_000),
    "LDU located by IP": limited(0, 0, client_ip_address=_IP),
    "original event": event(original_event_data={"event_name": "Lead", "event_time": _NOW - 30 * DAY, "order_id": "1"}),
    "app": app(),
    "app on an iPhone": app(extinfo=extinfo(), campaign_ids=["1"], app_user_id="u"),
    "app_data of a website": event(app_data={"campaign_ids": "1"}),
    "Messenger": message("messenger", page_id="1"),
    "WhatsApp": message("whatsapp", ctwa_clid="c", whatsapp_business_account_id="1"),
    "Instagram": message("instagram", "OrderShipped", ig_account_id="1", ig_sid="2"),
}


@pytest.mark.parametrize("good", _TAKEN.values(), ids=_TAKEN.keys())
def test_what_meta_takes_is_taken_and_kept_as_it_was_sent(meta: httpx.Client, good: Json) -> None:
    answer = post(meta, good)
    assert (answer.status_code, answer.json().get("events_received")) == (200, 1), answer.text
    assert [one["event"] for one in taken(meta)] == [good]


_WEAK = [
    {"ct", "country", "st", "zp", "ge", "client_user_agent"},
    {"db", "client_user_agent"},
    {"fn", "ge"},
    {"ln", "ge"},
]
_SUBSETS = {
    frozenset(subset)
    for weak in _WEAK
    for size in range(1, len(weak) + 1)
    for subset in itertools.combinations(sorted(weak), size)
}


@pytest.mark.parametrize("keys", sorted(map(sorted, _SUBSETS)), ids="+".join)
def test_each_subset_of_a_weak_set_is_too_weak_and_one_strong_key_mends_it(keys: list[str]) -> None:
    weak = {key: "Mozilla/5.0" if key == "client_user_agent" else HASH for key in keys}
    refusal = refusal_of_person(weak)
    assert refusal is not None
    assert refusal.reason.value.subcode == 2804050
    assert refusal_of_person(weak | {"em": HASH}) is None
    assert refusal_of_person(weak | {"client_ip_address": _IP}) is None


@pytest.mark.parametrize("keys", ["fn ln", "fn st", "ct ln", "db ge", "ct db", "db fn ge", "fn zp", "ge ln zp"])
def test_keys_of_two_weak_sets_together_are_strong_enough(keys: str) -> None:
    assert refusal_of_person(dict.fromkeys(keys.split(), HASH)) is None
