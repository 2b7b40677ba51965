"""What is learnt of a token that can send, and what it warns of; none of it makes the token bad."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateways.api import vendor as replies
from tests.gateways.api.vendor import Behaviour, Vendor, running
from tests.meta_capi.token_graph import (
    APP_SECRET,
    DATASET,
    DEBUG,
    EVENTS,
    MISSING_PERMISSION,
    NOW,
    PERMISSIONS,
    READ,
    TOKEN,
    TOO_OLD,
    check,
    debugged,
    refused,
    running_well,
)
from tracking_core.destinations.meta_capi.check_codes import MetaCode
from tracking_core.destinations.meta_capi.token_check import check_token
from tracking_core.setup.outcome import Outcome

GRANTED = replies.says(
    200,
    {
        "data": [
            {"permission": "ads_management", "status": "granted"},
            {"permission": "ads_read", "status": "declined"},
            {"permission": 5, "status": "granted"},
            "odd",
        ]
    },
)


@pytest.fixture
async def meta() -> AsyncIterator[Vendor]:
    async with running_well() as vendor:
        yield vendor


async def test_a_token_of_events_manager_is_good_though_nothing_can_be_learnt_of_it(meta: Vendor) -> None:
    meta.on(DEBUG, refused(400, 100, None, "(#100) You must provide an app access token"))
    meta.on(PERMISSIONS, refused(400, 100))
    meta.on(READ, MISSING_PERMISSION)
    outcome = await check(meta)
    assert outcome.is_success
    assert outcome.warnings == (MetaCode.DATASET_UNREADABLE,)
    assert outcome.facts["can_read_dataset"] is False
    assert (outcome.facts["token_type"], outcome.facts["scopes"], outcome.facts["dataset_name"]) == (None, [], None)


async def test_a_token_that_debugging_calls_invalid_but_that_can_send_is_good(meta: Vendor) -> None:
    meta.on(DEBUG, debugged(is_valid=False, error={"code": 190, "message": "x"}))
    assert (await check(meta)).is_success


async def test_permissions_are_asked_where_debugging_tells_no_scopes(meta: Vendor) -> None:
    meta.on(DEBUG, debugged(scopes=[]))
    meta.on(PERMISSIONS, GRANTED)
    assert (await check(meta)).facts["scopes"] == ["ads_management"]


async def test_permissions_are_not_asked_where_debugging_told_them(meta: Vendor) -> None:
    await check(meta)
    assert PERMISSIONS not in meta.calls()


@pytest.mark.parametrize(
    ("left", "is_warned"),
    [(timedelta(days=14), False), (timedelta(days=13, hours=23), True), (timedelta(days=-1), True)],
)
async def test_a_token_near_its_end_is_warned_of(meta: Vendor, left: timedelta, is_warned: bool) -> None:
    ends = NOW + left
    meta.on(DEBUG, debugged(expires_at=int(ends.timestamp()), data_access_expires_at=int(NOW.timestamp())))
    outcome = await check(meta)
    assert (MetaCode.TOKEN_EXPIRING in outcome.warnings) == is_warned
    assert outcome.facts["expires_at"] == ends.isoformat()
    assert outcome.facts["data_access_expires_at"] == "2026-11-26T12:00:00+00:00"
    assert outcome.params["expires_on"] == ends.date().isoformat()


async def test_a_token_without_the_scope_meta_asks_for_is_warned_of(meta: Vendor) -> None:
    meta.on(DEBUG, debugged(scopes=["ads_read"]))
    assert (await check(meta)).warnings == (MetaCode.SCOPE_MISSING,)


async def test_another_version_than_asked_for_is_warned_of(meta: Vendor) -> None:
    meta.on(EVENTS, refused(400, 100, 2_804_003, facebook_api_version="v27.0"))
    outcome = await check(meta)
    assert outcome.warnings == (MetaCode.VERSION_DIFFERS,)
    assert (outcome.facts["api_version"], outcome.params["asked"]) == ("v27.0", "v26.0")


@pytest.mark.parametrize("version", ["v26.0", "27", f"v1.{TOKEN}", ""])
async def test_the_version_asked_for_and_what_is_no_version_warn_of_nothing(meta: Vendor, version: str) -> None:
    meta.on(EVENTS, refused(400, 100, 2_804_003, facebook_api_version=version))
    assert (await check(meta)).warnings == ()


@pytest.mark.parametrize("reply", [replies.page(503), replies.says(429, {}), replies.drop, replies.page(200)])
async def test_a_dataset_that_could_not_be_read_for_metas_reasons_is_not_warned_of(
    meta: Vendor, reply: Behaviour
) -> None:
    meta.on(READ, reply)
    outcome = await check(meta)
    assert (outcome.facts["can_read_dataset"], outcome.warnings) == (None, ())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Loja\x00 da Maria", "Loja da Maria"),
        (f"x {TOKEN} y", "x *** y"),
        ("maria@example.com", "***"),
        ("Pixel 9876543210987654", "Pixel ***"),
        (f"Pixel {DATASET}", "Pixel"),
        (DATASET, None),
        ("é" * 200, "é" * 60),
        (7, None),
    ],
)
async def test_the_datasets_name_is_shown_without_what_is_private(meta: Vendor, name: object, shown: str) -> None:
    meta.on(READ, replies.says(200, {"id": DATASET, "name": name}))
    assert (await check(meta)).facts["dataset_name"] == shown


async def test_a_secret_in_the_datasets_name_is_masked_with_something_invisible_inside_too(meta: Vendor) -> None:
    meta.on(READ, replies.says(200, {"id": DATASET, "name": f"{APP_SECRET[:9]}\u200b{APP_SECRET[9:]}"}))
    assert (await check(meta, app_secret=APP_SECRET)).facts["dataset_name"] == "***"


@pytest.mark.parametrize("moment", [-1, 10**18, "soon", True, None, 1.5, [1]])
async def test_a_moment_that_is_none_is_not_known(meta: Vendor, moment: object) -> None:
    meta.on(DEBUG, debugged(expires_at=moment, data_access_expires_at=moment))
    facts = (await check(meta)).facts
    assert (facts["expires_at"], facts["data_access_expires_at"]) == (None, None)


quick = settings(max_examples=60, deadline=None, database=None)
echoes = st.sampled_from([TOKEN, APP_SECRET, f"a{APP_SECRET}b", f"{TOKEN} {APP_SECRET}"])
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.text(max_size=20), echoes)
_KEYS = "data error message code error_subcode error_user_msg id name type app_id scopes expires_at permission status"
keys = st.sampled_from([*_KEYS.split(), "events_received", "fbtrace_id", "is_transient"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=12
)
bodies = st.one_of(
    st.dictionaries(keys, values, max_size=8).map(orjson.dumps),
    st.builds(lambda said: orjson.dumps({"error": {"code": 100, "error_subcode": 2_804_003, "message": said}}), echoes),
    st.builds(lambda said: orjson.dumps({"data": {"type": said, "app_id": said, "scopes": [said]}}), echoes),
    st.builds(lambda said: orjson.dumps({"id": said, "name": said}), echoes),
    values.map(orjson.dumps),
    st.binary(max_size=60),
)
header_values = st.one_of(
    st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=30), echoes
)
names = st.sampled_from(["retry_after", "facebook_api_version", "x_business_use_case_usage", "content_encoding"])


@st.composite
def answers(draw: st.DrawFn) -> Behaviour:
    status = draw(st.sampled_from([200, 200, 204, 301, 400, 400, 401, 403, 404, 418, 429, 500, 599]))
    content_type = draw(st.sampled_from(["application/json", "application/json", "text/html", None]))
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from([replies.drop, replies.half, replies.no_http]))
    return replies.raw(status, draw(bodies), content_type, **draw(st.dictionaries(names, header_values)))


async def _check_of(probe: list[Behaviour], reads: list[Behaviour], app_secret: str | None) -> Outcome:
    async with running() as vendor:
        vendor.on("*", *reads)
        vendor.on(EVENTS, *probe)
        return await check(vendor, app_secret=app_secret)


@quick
@given(probe=st.lists(answers(), min_size=1, max_size=2), app_secret=st.sampled_from([None, APP_SECRET]))
async def test_no_answer_to_the_probe_makes_the_check_raise_or_show_a_secret(
    probe: list[Behaviour], app_secret: str | None
) -> None:
    await _check_of(probe, [TOO_OLD], app_secret)


@quick
@given(reads=st.lists(answers(), min_size=1, max_size=3))
async def test_no_answer_about_a_good_token_makes_the_check_fail_or_show_a_secret(reads: list[Behaviour]) -> None:
    assert (await _check_of([TOO_OLD], reads, APP_SECRET)).is_success


@quick
@given(now=st.datetimes(datetime(1980, 1, 1), datetime(2999, 1, 1)), ends=st.integers(0, 2**60))  # noqa: DTZ001
async def test_no_moment_is_too_far(now: datetime, ends: Any) -> None:
    async with running() as vendor:
        vendor.on("*", debugged(expires_at=ends))
        vendor.on(EVENTS, TOO_OLD)
        outcome = await check_token(
            graph_url=vendor.url,
            version="v26.0",
            dataset_id=DATASET,
            access_token=TOKEN,
            timeout_seconds=2.0,
            now=now.replace(tzinfo=UTC),
        )
    assert outcome.is_success
