"""No spelling of an address that must not be reached opens a socket to it."""

import pytest

from tests.kit.conftest import PUBLIC
from tests.kit.spellings import DENIED_ADDRESSES, HARMLESS, RELATIVE, SPELLINGS
from tests.kit.world import Dialer, Names, Site, moved
from tracking_core.kit.guarded.addresses import public_address
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.kit.guarded.results import Failed, FailureKind, Fetched

REFUSED = {FailureKind.MALFORMED, FailureKind.DENIED}
HOSTILE = [spelling for spelling in SPELLINGS if spelling not in HARMLESS]


async def test_the_ways_in_are_open_for_what_is_allowed(
    client: GuardedClient, canary: Site, site: Site, names: Names, dialer: Dialer
) -> None:
    """Else the rest of this file would pass with the network switched off."""
    names.say("other.example", ["8.8.4.4"])
    assert isinstance(await client.get("http://shop.example/"), Fetched)
    assert isinstance(await client.get("http://other.example/"), Fetched)
    assert dialer.dialled == [(PUBLIC, 80), ("8.8.4.4", 80)]
    assert (site.connections, canary.connections) == (1, 1)


@pytest.mark.parametrize("url", HOSTILE)
async def test_the_spelling_is_refused_before_a_name_is_looked_up_or_a_socket_opened(
    client: GuardedClient, canary: Site, site: Site, names: Names, dialer: Dialer, url: str
) -> None:
    result = await client.get(url)
    assert isinstance(result, Failed)
    assert result.kind in REFUSED
    assert (names.asked, dialer.dialled) == ([], [])
    assert (site.connections, canary.connections) == (0, 0)


@pytest.mark.parametrize("url", [spelling for spelling in HOSTILE if spelling not in RELATIVE])
async def test_a_redirect_to_the_spelling_is_refused(
    client: GuardedClient, canary: Site, site: Site, names: Names, dialer: Dialer, url: str
) -> None:
    raw = url.replace("\n", "\t")  # a line break would end the header
    site.routes({"/": moved(raw)})
    result = await client.get("http://shop.example/")
    assert isinstance(result, Failed)
    assert result.kind in {FailureKind.BAD_REDIRECT, FailureKind.DENIED}
    assert dialer.dialled == [(PUBLIC, 80)]
    assert (site.connections, canary.connections) == (1, 0)


@pytest.mark.parametrize("url", sorted(RELATIVE - {""}))
async def test_a_relative_redirect_stays_on_the_host_or_is_refused(
    client: GuardedClient, canary: Site, site: Site, dialer: Dialer, url: str
) -> None:
    site.routes({"/": moved(url)} | {path: moved("/end") for path in ("/shop.example", "/127.0.0.1")} | {"/end": b""})
    await client.get("http://shop.example/")
    assert {address for address, _port in dialer.dialled} == {PUBLIC}
    assert canary.connections == 0


@pytest.mark.parametrize("url", sorted(HARMLESS))
async def test_the_fragment_is_no_part_of_the_address(client: GuardedClient, dialer: Dialer, url: str) -> None:
    assert isinstance(await client.get(url), Fetched)
    assert dialer.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize("address", DENIED_ADDRESSES)
async def test_a_name_with_the_address_is_refused_without_a_socket(
    client: GuardedClient, canary: Site, names: Names, dialer: Dialer, address: str
) -> None:
    names.say("inside.example", [address])
    result = await client.get("http://inside.example/")
    assert isinstance(result, Failed)
    assert result.kind is FailureKind.DENIED
    assert (dialer.dialled, canary.connections) == ([], 0)


@pytest.mark.parametrize("bad", DENIED_ADDRESSES)
@pytest.mark.parametrize("is_first", [True, False])
async def test_one_bad_answer_among_good_ones_spoils_the_name(
    client: GuardedClient, names: Names, dialer: Dialer, bad: str, is_first: bool
) -> None:
    names.say("half.example", [bad, PUBLIC] if is_first else [PUBLIC, PUBLIC, bad])
    result = await client.get("http://half.example/")
    assert isinstance(result, Failed)
    assert result.kind is FailureKind.DENIED
    assert dialer.dialled == []


@pytest.mark.parametrize(
    ("address", "dialled"),
    [
        ("93.184.216.34", "93.184.216.34"),
        ("2606:2800:220:1:248:1893:25c8:1946", "2606:2800:220:1:248:1893:25c8:1946"),
        ("::ffff:93.184.216.34", "93.184.216.34"),
        ("64:ff9b::5db8:d822", "64:ff9b::5db8:d822"),
        ("172.32.0.1", "172.32.0.1"),
        ("100.128.0.1", "100.128.0.1"),
    ],
)
def test_public_addresses_are_reached_also_through_a_dns64_resolver(address: str, dialled: str) -> None:
    assert str(public_address(address)) == dialled
