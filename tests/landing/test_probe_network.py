"""The probe where names, certificates and several sites matter."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.kit.certificates import server_context
from tests.kit.conftest import PUBLIC
from tests.kit.world import Dialer, Names, Site, answer, moved
from tests.landing.conftest import DATASET, HUB, SCRIPT, is_our_key
from tracking_core.configuration.facts import UrlFact
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.landing.probe import probe
from tracking_core.setup.outcome import Outcome

PAGE = answer(f'<script async src="{SCRIPT}"></script>'.encode())


class Shop:
    """``shop.example`` and its subdomains at 80 and 443, with a certificate the client knows for ``shop.example``."""

    def __init__(self, plain: Site, secure: Site, canary: Site, certificate: Path) -> None:
        self.plain, self.secure, self.canary = plain, secure, canary
        self.names, self.dialer = Names(), Dialer(canary)
        for name in ("shop.example", "www.shop.example", "app.shop.example", "other.example"):
            self.names.say(name, [PUBLIC])
        self.dialer.put(PUBLIC, 80, plain)
        self.dialer.put(PUBLIC, 443, secure)
        self._context = ssl.create_default_context(cafile=certificate)

    async def probe(self, url: str) -> Outcome:
        client = GuardedClient(resolver=self.names, dialer=self.dialer, ssl_context=self._context)
        return await probe(url, is_our_key=is_our_key, hub_base_url=HUB, dataset_id=DATASET, client=client)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    plain, secure, canary = Site(), Site(), Site()
    await plain.start()
    await secure.start(server_context(tmp_path, "shop.example"))
    await canary.start()
    yield Shop(plain, secure, canary, tmp_path / "ca.pem")
    for site in (plain, secure, canary):
        await site.stop()


async def test_from_http_and_www_to_https_is_what_every_site_does(shop: Shop) -> None:
    shop.plain.routes({"/p?a=1": moved("https://shop.example/p?a=1", 301)})
    shop.secure.routes({"/p?a=1": moved("/p/?a=1&utm_source=x", 308), "/p/?a=1&utm_source=x": PAGE})
    outcome = await shop.probe("http://www.shop.example/p?a=1")
    assert outcome.is_success
    assert outcome.facts["url"] == "http://www.shop.example/p?a=1"
    assert outcome.facts["final_url"] == "https://shop.example/p/?a=1"
    assert outcome.facts["tls_ok"] is True
    assert outcome.facts["redirects"] == [
        {"host": "shop.example", "kinds": ["https", "www"]},
        {"host": "shop.example", "kinds": ["trailing_slash", "tracking_parameters"]},
    ]
    assert "url_http_only" not in outcome.warnings


async def test_whatever_way_a_seller_writes_an_address_a_plan_takes_it(shop: Shop) -> None:
    shop.names.say("xn--promoo-7ta5a.example", [PUBLIC])
    shop.plain.routes({"/p%C3%A1gina?produto=promo%C3%A7%C3%A3o&utm_source=fb": PAGE})
    outcome = await shop.probe(" HTTP://PromoÇão.Example/página?produto=promoção&utm_source=fb#compre ")
    assert outcome.code == "url_ok"
    told = {name: outcome.facts[name] for name in ("url", "final_url")}
    assert set(told.values()) == {"http://xn--promoo-7ta5a.example/p%C3%A1gina?produto=promo%C3%A7%C3%A3o"}
    checked = {"script_present": True, "checked_at": "2026-11-26T12:00:00Z", "action_id": str(UUID(int=1))}
    assert UrlFact.model_validate(told | checked).final_url == told["final_url"]


async def test_a_page_too_long_to_be_kept_is_refused_and_not_cut_to_another(shop: Shop) -> None:
    path = "/" + "a" * 2_000
    shop.plain.routes({"/": moved(path), path: PAGE})
    outcome = await shop.probe("http://shop.example/")
    assert (outcome.is_success, outcome.code) == (False, "url_too_long")
    assert len(outcome.facts["final_url"]) == 2_000


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://other.example/", "url_redirected_elsewhere"),
        ("http://shop.example/wp-login.php?redirect_to=x", "url_redirected_to_login"),
        ("http://app.shop.example/", "url_ok"),
    ],
)
async def test_where_a_redirect_leads_decides(shop: Shop, location: str, code: str) -> None:
    shop.plain.routes({"/": PAGE, "/a": moved(location), "/wp-login.php?redirect_to=x": PAGE})
    outcome = await shop.probe("http://shop.example/a")
    assert outcome.code == code
    assert outcome.params["host"] == location.split("/")[2]


async def test_another_site_in_between_is_another_site(shop: Shop) -> None:
    shop.plain.routes({"/": moved("http://other.example/x"), "/x": moved("http://shop.example/y"), "/y": PAGE})
    outcome = await shop.probe("http://shop.example/")
    assert (outcome.code, outcome.params["host"]) == ("url_redirected_elsewhere", "other.example")


async def test_from_https_to_http_is_a_downgrade(shop: Shop) -> None:
    shop.secure.routes({"/": moved("http://shop.example/plain")})
    shop.plain.routes({"/plain": PAGE})
    outcome = await shop.probe("https://shop.example/")
    assert (outcome.is_success, outcome.code) == (False, "url_downgraded")


async def test_a_certificate_for_another_name_is_told_as_such(shop: Shop) -> None:
    outcome = await shop.probe("https://other.example/")
    assert (outcome.is_success, outcome.code, outcome.facts["tls_ok"]) == (False, "url_tls_invalid", False)


async def test_a_page_that_leads_inside_is_not_followed_there(shop: Shop) -> None:
    shop.names.say("inside.example", ["10.0.0.7"])
    shop.plain.routes({"/": moved("http://inside.example/"), "/b": moved("http://nobody.example/")})
    inside, nobody = await shop.probe("http://shop.example/"), await shop.probe("http://shop.example/b")
    assert (inside.code, inside.reason, inside.return_code) == (nobody.code, nobody.reason, nobody.return_code)
    assert shop.canary.connections == 0
    assert {address for address, _port in shop.dialer.dialled} == {PUBLIC}


@pytest.mark.parametrize("order", [1, -1])
async def test_one_key_of_somebody_else_among_the_tags_is_a_wrong_key(shop: Shop, order: int) -> None:
    tags = [f'<script src="{SCRIPT}"></script>', f'<script src="{HUB}/t.js?key=wk_hub_other"></script>'][::order]
    shop.plain.routes({"/": answer("".join(tags).encode())})
    outcome = await shop.probe("http://shop.example/")
    assert outcome.facts["script"] == {"present": True, "key_ok": False, "waits_for_consent": False}
    assert "url_script_wrong_key" in outcome.warnings
