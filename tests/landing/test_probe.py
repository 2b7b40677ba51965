"""The probe against the simulated page: every fault has its code, and the page's text stays where it is."""

import hashlib

import httpx
import orjson
import pytest

from evals.simulators.landing.faults import Fault
from evals.simulators.landing.pages import PLANTED
from tests.landing.conftest import DATASET, HUB, SCRIPT, Prober, is_our_key
from tracking_core.kit.guarded.client import GuardedClient, Limits
from tracking_core.landing.codes import UrlCode
from tracking_core.landing.probe import probe
from tracking_core.setup.outcome import REASON_LIMIT

ALWAYS = ("url_http_only",)  # the simulator has no certificate
LINKS = [
    {"host": "pay.hotmart.com", "gateway": "hotmart", "path_class": "product", "can_carry": True}
    | {"parameter": "xcod", "count": 1},
    {"host": "pay.kiwify.com.br", "gateway": "kiwify", "path_class": "product", "can_carry": True}
    | {"parameter": "s1", "count": 1},
]


async def test_a_good_page_is_told_in_full(visit: Prober, control: httpx.AsyncClient, landing_url: str) -> None:
    await control.patch("/_control/page", json={"consent_required": True})
    outcome = await visit("/ok?utm_source=fb#top")
    assert (outcome.is_success, outcome.code, outcome.return_code) == (True, "url_ok", 200)
    assert outcome.warnings == ALWAYS
    facts = dict(outcome.facts)
    assert facts.pop("response_ms") >= 0
    page = (await control.get("/ok")).content
    assert facts == {
        "url": f"{landing_url}/ok",
        "final_url": f"{landing_url}/ok",
        "status": 200,
        "redirects": [],
        "tls_ok": None,
        "script": {"present": True, "key_ok": True, "waits_for_consent": True},
        "pixel_ids": [DATASET],
        "trackers": ["meta_pixel"],
        "consent_banner": {"present": True, "vendor": "other"},
        "checkout_links": LINKS,
        "html_sha256": hashlib.sha256(page).hexdigest(),
    }


WARNED = {
    Fault.WITHOUT_SCRIPT: "url_script_missing",
    Fault.WRONG_KEY: "url_script_wrong_key",
    Fault.OTHER_HUB: "url_script_other_hub",
    Fault.DELAYED_SCRIPT: "url_script_delayed",
    Fault.OTHER_PIXEL: "url_pixel_other_dataset",
    Fault.WITHOUT_PIXEL: "url_pixel_missing",
    Fault.WITHOUT_CHECKOUT: "url_checkout_link_missing",
    Fault.UNKNOWN_CHECKOUT: "url_checkout_link_cannot_carry",
    Fault.CHECKOUT_BY_CODE: "url_checkout_link_cannot_carry",
}
FAILED = {
    Fault.NOT_FOUND: ("url_not_found", 404),
    Fault.FORBIDDEN: ("url_access_refused", 403),
    Fault.SERVER_ERROR: ("url_server_error", 500),
    Fault.NOT_HTML: ("url_not_html", 200),
    Fault.TOO_MANY_REDIRECTS: ("url_too_many_redirects", 302),
    Fault.LOOP: ("url_redirect_loop", 302),
    Fault.OTHER_HOST: ("url_unreachable", None),
    Fault.LOGIN: ("url_redirected_to_login", 200),
    Fault.BROKEN_REDIRECT: ("url_redirect_broken", 302),
    Fault.TO_LOOPBACK: ("url_unreachable", None),
    Fault.TO_METADATA: ("url_unreachable", None),
    Fault.HUGE: ("url_too_large", 200),
    Fault.BOMB: ("url_too_large", 200),
}


@pytest.mark.parametrize("fault", WARNED)
async def test_what_is_missing_on_a_page_that_opens_is_a_warning(visit: Prober, fault: Fault) -> None:
    outcome = await visit(f"/{fault}")
    assert (outcome.is_success, outcome.code) == (True, "url_ok")
    assert WARNED[fault] in outcome.warnings


@pytest.mark.parametrize("fault", FAILED)
async def test_a_page_that_is_not_there_is_a_failure(visit: Prober, fault: Fault) -> None:
    outcome = await visit(f"/{fault}")
    assert (outcome.is_success, outcome.code, outcome.return_code) == (False, *FAILED[fault])
    assert outcome.warnings == ()
    assert "html_sha256" not in outcome.facts


@pytest.mark.parametrize("fault", [Fault.REDIRECTS, Fault.TRAILING_SLASH])
async def test_redirects_every_site_has_are_told_and_are_no_failure(visit: Prober, fault: Fault) -> None:
    outcome = await visit(f"/{fault}")
    assert outcome.is_success
    kinds = [kind for one in outcome.facts["redirects"] for kind in one["kinds"]]
    assert kinds == (["path"] * 4 if fault is Fault.REDIRECTS else ["trailing_slash"])


async def test_every_fault_is_accounted_for() -> None:
    others = {Fault.REDIRECTS, Fault.TRAILING_SLASH, Fault.DOWNGRADE, Fault.SLOW, Fault.DRIP, Fault.PROMPT_INJECTION}
    assert {*WARNED, *FAILED, *others} == set(Fault)


async def test_a_drip_is_cut_when_the_time_is_up(visit: Prober) -> None:
    outcome = await visit("/drip", limits=Limits(total_seconds=0.5))
    assert (outcome.is_success, outcome.code) == (False, "url_timeout")
    assert (await visit("/slow")).is_success


async def test_the_seller_mends_the_page_and_it_is_well(visit: Prober, control: httpx.AsyncClient) -> None:
    for fault, code in ((Fault.SERVER_ERROR, "url_server_error"), (Fault.WRONG_KEY, "url_ok"), (None, "url_ok")):
        await control.patch("/_control/page", json={"fault": fault})
        outcome = await visit("/ok")
        assert outcome.code == code
        assert ("url_script_wrong_key" in outcome.warnings) == (fault is Fault.WRONG_KEY)


@pytest.mark.parametrize("fault", [*Fault, None])
async def test_no_text_of_the_page_is_in_the_outcome(
    visit: Prober, control: httpx.AsyncClient, fault: Fault | None
) -> None:
    await control.patch("/_control/page", json={"seconds": 0.2})
    outcome = await visit(f"/{fault}" if fault else "/ok", limits=Limits(total_seconds=1.0))
    told = orjson.dumps([outcome.facts, outcome.reason, outcome.params, outcome.warnings, outcome.code]).decode()
    for planted in (PLANTED, PLANTED.lower(), "evil.example", "IGNORE", "PREVIOUS", "Comprar", "Curso", SCRIPT):
        assert planted not in told, planted
    assert len(outcome.reason) <= REASON_LIMIT


async def test_the_hostile_page_is_judged_like_any_other(visit: Prober) -> None:
    outcome = await visit("/prompt-injection")
    assert outcome.is_success
    assert "url_script_missing" not in outcome.warnings
    assert outcome.facts["checkout_links"][0]["host"] == "pay.hotmart.com"


@pytest.mark.parametrize("fault", [Fault.TO_LOOPBACK, Fault.OTHER_HOST])
async def test_what_may_not_be_reached_and_what_cannot_be_read_the_same(visit: Prober, fault: Fault) -> None:
    outcome = await visit(f"/{fault}")
    assert (outcome.code, outcome.reason) == (UrlCode.UNREACHABLE, "The visit ended without a page: unreachable.")


async def test_a_page_of_another_dataset_or_none(visit: Prober) -> None:
    assert "url_pixel_other_dataset" in (await visit("/ok", dataset_id="111111111111111")).warnings
    assert (await visit("/ok", dataset_id=None)).warnings == (await visit("/ok")).warnings


@pytest.mark.parametrize("url", ["", "shop.example", "http://u:p@shop.example/", "ftp://shop.example/", "http://["])
async def test_no_address_at_all(url: str) -> None:
    outcome = await probe(url, is_our_key=is_our_key, hub_base_url=HUB, dataset_id=None, client=GuardedClient())
    assert (outcome.is_success, outcome.code) == (False, "url_malformed")
    assert (outcome.facts["url"], outcome.facts["final_url"]) == (None, None)
