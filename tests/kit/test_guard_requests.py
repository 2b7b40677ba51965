"""What a guarded request sends, follows and gives back."""

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.kit.certificates import server_context
from tests.kit.conftest import PUBLIC
from tests.kit.world import Dialer, Names, Site, answer, moved
from tracking_core.kit.guarded.backend import GuardedBackend
from tracking_core.kit.guarded.client import USER_AGENT, GuardedClient
from tracking_core.kit.guarded.results import Failed, FailureKind, Fetched, Stop
from tracking_core.kit.guarded.targets import Target, UrlRefused

SHOP = "http://shop.example/"


async def failure(client: GuardedClient, url: str = SHOP) -> FailureKind:
    result = await client.get(url)
    assert isinstance(result, Failed), result
    return result.kind


async def fetched(client: GuardedClient, url: str = SHOP) -> Fetched:
    result = await client.get(url)
    assert isinstance(result, Fetched), result
    return result


async def test_the_answer_comes_with_its_status_kind_and_times(client: GuardedClient, site: Site) -> None:
    site.answers(b"<p>ol\xc3\xa1</p>", status=404, content_type="Text/HTML; charset=utf-8")
    result = await fetched(client, "http://Shop.Example/a?b=c#d")
    assert (result.status, result.content_type, result.body) == (404, "text/html", b"<p>ol\xc3\xa1</p>")
    assert result.target.url == "http://shop.example/a?b=c"
    assert 0 <= result.response_ms <= result.elapsed_ms
    assert "ol" not in repr(result)
    assert "b=c" not in repr(result)


async def test_the_request_says_who_asks_and_nothing_of_anybody(
    client: GuardedClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    site.routes({"/%C3%A1%20x?q=%22&r=%7C": moved("/b"), "/b": answer(set_cookie="a=b")})
    await fetched(client, 'http://shop.example/á x?q="&r=|')
    await fetched(client, "http://shop.example/b")
    for head in site.heads:
        names = [line.partition(":")[0].lower() for line in head.strip().split("\r\n")[1:]]
        assert names == ["host", "user-agent", "accept", "accept-language", "accept-encoding", "connection"]
        assert f"User-Agent: {USER_AGENT}\r\n" in head
        assert "Host: shop.example\r\n" in head
        assert "Accept-Encoding: identity\r\n" in head


async def test_a_name_in_another_script_is_asked_for_in_ascii(client: GuardedClient, names: Names, site: Site) -> None:
    names.say("xn--promoo-7ta5a.example", [PUBLIC])
    await fetched(client, "http://promoção.example/")
    await fetched(client, "http://ＳＨＯＰ。Example/")
    assert "Host: xn--promoo-7ta5a.example\r\n" in site.heads[0]
    assert "Host: shop.example\r\n" in site.heads[1]


async def test_redirects_are_told_hop_by_hop(client: GuardedClient, names: Names, site: Site) -> None:
    names.say("www.shop.example", [PUBLIC])
    site.routes({"/": moved("//www.shop.example/a", 301), "/a": moved("b?x=1", 307), "/b?x=1": answer()})
    result = await fetched(client)
    told = [(one.status, one.source.address, one.destination.address) for one in result.redirects]
    assert told == [
        (301, "http://shop.example/", "http://www.shop.example/a"),
        (307, "http://www.shop.example/a", "http://www.shop.example/b"),
    ]
    assert not any(one.is_downgrade for one in result.redirects)


async def test_five_redirects_are_followed_and_a_sixth_is_not(client: GuardedClient, site: Site) -> None:
    site.routes({f"/{n}": moved(f"/{n + 1}") for n in range(6)} | {"/6": answer()})
    assert (await fetched(client, SHOP + "1")).target.path == "/6"
    assert await failure(client, SHOP + "0") is FailureKind.TOO_MANY_REDIRECTS
    assert site.connections == 6 + 6


@pytest.mark.parametrize("location", ["/", "#x", "http://shop.example/", "HTTP://SHOP.example:80"])
async def test_a_redirect_to_where_it_came_from_is_a_loop(client: GuardedClient, site: Site, location: str) -> None:
    site.routes({"/": moved(location)})
    assert await failure(client) is FailureKind.REDIRECT_LOOP
    assert site.connections == 1


async def test_a_redirect_without_an_address_is_an_answer(client: GuardedClient, site: Site) -> None:
    site.answers(b"", status=302)
    assert (await fetched(client)).status == 302


@pytest.mark.parametrize(
    "location", ["http://[", "http://[::1", "//\u2100.example/", "a\x07b", "mailto:a@b", "x" * 5_000]
)
async def test_an_address_that_is_none_is_a_bad_redirect(client: GuardedClient, site: Site, location: str) -> None:
    site.routes({"/": moved(location)})
    result = await client.get(SHOP)
    assert isinstance(result, Failed)
    assert (result.kind, result.status) == (FailureKind.BAD_REDIRECT, 302)
    assert result.target == Target("http", "shop.example", 80, "/")


async def test_a_name_that_changes_its_answer_is_checked_again_for_each_connection(
    client: GuardedClient, names: Names, site: Site, canary: Site, dialer: Dialer
) -> None:
    names.say("rebound.example", [PUBLIC], ["127.0.0.1"])
    site.routes({"/": moved("/b")})
    assert await failure(client, "http://rebound.example/") is FailureKind.DENIED
    assert dialer.dialled == [(PUBLIC, 80)]
    assert canary.connections == 0


async def test_the_address_dialled_is_the_one_that_was_checked(
    client: GuardedClient, names: Names, dialer: Dialer
) -> None:
    """Looked up once: between the check and the socket there is no second answer to fall for."""
    names.say("rebound.example", [PUBLIC], ["127.0.0.1"])
    await fetched(client, "http://rebound.example/")
    assert (names.asked, dialer.dialled) == (["rebound.example"], [(PUBLIC, 80)])


async def test_a_backend_connects_to_its_own_target_only(names: Names, dialer: Dialer) -> None:
    backend = GuardedBackend(Target("http", "shop.example", 80, "/"), names, dialer)
    for host, port in (("other.example", 80), ("shop.example", 443), ("127.0.0.1", 80)):
        with pytest.raises(Stop):
            await backend.connect_tcp(host, port)
    with pytest.raises(Stop):
        await backend.connect_unix_socket("/run/x.sock")
    assert (names.asked, dialer.dialled) == ([], [])


async def test_the_next_address_is_tried_when_one_does_not_answer(
    client: GuardedClient, names: Names, dialer: Dialer
) -> None:
    closed = Site()
    await closed.start()
    await closed.stop()
    dialer.put("8.8.4.4", 80, closed)
    names.say("shop.example", ["2606:2800::1", "8.8.4.4", PUBLIC])
    await fetched(client)
    assert dialer.dialled == [("8.8.4.4", 80), (PUBLIC, 80)]


async def test_nobody_there_and_nobody_of_that_name_are_the_same(client: GuardedClient, site: Site) -> None:
    await site.stop()
    assert await failure(client) is FailureKind.UNREACHABLE
    assert await failure(client, "http://unknown.example/") is FailureKind.UNREACHABLE


async def test_a_trusted_origin_is_that_scheme_host_and_port_and_no_other(
    names: Names, dialer: Dialer, canary: Site, ssl_context: ssl.SSLContext
) -> None:
    names.say("sim.example", ["127.0.0.9"])
    trusted = {"http://127.0.0.1:8090", "http://sim.example:8090", "http://[::1]:8090/"}
    client = GuardedClient(resolver=names, dialer=dialer, ssl_context=ssl_context, trusted_origins=trusted)
    assert (await fetched(client, "http://127.0.0.1:8090/a")).target.is_trusted
    await fetched(client, "http://SIM.example:8090/")
    await fetched(client, "http://[::1]:8090/")
    assert dialer.dialled == [("127.0.0.1", 8090), ("127.0.0.9", 8090), ("::1", 8090)]
    others = ["http://127.0.0.1:8091/", "https://127.0.0.1:8090/", "http://127.0.0.2:8090/", "http://127.0.0.1/"]
    others += ["http://sim.example/", "http://u@127.0.0.1:8090/", "http://127.1:8090/", "http://sim.example.:8090/"]
    for url in others:
        assert await failure(client, url) in {FailureKind.DENIED, FailureKind.MALFORMED}, url
    assert canary.connections == 3


async def test_what_is_no_origin_cannot_be_trusted() -> None:
    for origin in ("", "*", "127.0.0.1:8090", "ftp://127.0.0.1"):
        with pytest.raises(UrlRefused):
            GuardedClient(trusted_origins={origin})


async def test_a_page_leads_to_a_trusted_origin_only_by_its_exact_name(
    names: Names, dialer: Dialer, site: Site, canary: Site, ssl_context: ssl.SSLContext
) -> None:
    client = GuardedClient(
        resolver=names, dialer=dialer, ssl_context=ssl_context, trusted_origins={"http://127.0.0.1:8090"}
    )
    site.routes({"/": moved("http://127.0.0.1:8091/"), "/b": moved("http://127.0.0.1:8090/")})
    assert await failure(client) is FailureKind.DENIED
    assert canary.connections == 0
    assert (await fetched(client, SHOP + "b")).target.is_trusted


async def test_https_answers_only_with_a_certificate_for_the_name(
    tmp_path: Path, names: Names, dialer: Dialer, ssl_context: ssl.SSLContext
) -> None:
    secure = Site()
    secure.routes({"/": moved("http://shop.example/plain")})
    await secure.start(server_context(tmp_path, "shop.example"))
    dialer.put(PUBLIC, 443, secure)
    names.say("other.example", [PUBLIC])
    knowing = GuardedClient(
        resolver=names, dialer=dialer, ssl_context=ssl.create_default_context(cafile=tmp_path / "ca.pem")
    )
    strange = GuardedClient(resolver=names, dialer=dialer, ssl_context=ssl_context)
    result = await fetched(knowing, "https://shop.example/")
    assert [one.is_downgrade for one in result.redirects] == [True]
    assert await failure(knowing, "https://other.example/") is FailureKind.TLS_INVALID
    assert await failure(strange, "https://shop.example/") is FailureKind.TLS_INVALID
    await secure.stop()


async def test_an_expired_certificate_is_invalid(tmp_path: Path, names: Names, dialer: Dialer) -> None:
    expired = Site()
    await expired.start(server_context(tmp_path, "shop.example", days=-1))
    dialer.put(PUBLIC, 443, expired)
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    client = GuardedClient(resolver=names, dialer=dialer, ssl_context=context)
    assert await failure(client, "https://shop.example/") is FailureKind.TLS_INVALID
    await expired.stop()


async def test_https_without_tls_behind_it_is_invalid(client: GuardedClient, dialer: Dialer) -> None:
    async def say_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(status=400))
        writer.close()

    plain = Site()
    plain.server = await asyncio.start_server(say_http, "127.0.0.1", 0)
    plain.port = plain.server.sockets[0].getsockname()[1]
    dialer.put(PUBLIC, 443, plain)
    assert await failure(client, "https://shop.example/") is FailureKind.TLS_INVALID
    await plain.stop()
