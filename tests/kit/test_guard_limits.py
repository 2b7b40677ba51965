"""A guarded request ends in time and in little memory, whatever the other side does."""

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from tests.kit.test_guard_requests import failure, fetched
from tests.kit.world import Site, answer
from tracking_core.kit.guarded.client import GuardedClient, Limits
from tracking_core.kit.guarded.results import FailureKind

MEGABYTE = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n"


def zeros_gzipped(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(megabytes)) + packer.flush()


@pytest.mark.parametrize("is_in_body", [True, False])
async def test_a_byte_at_a_time_is_cut_when_the_time_is_up(hasty: GuardedClient, site: Site, is_in_body: bool) -> None:
    async def drip(_target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n" if is_in_body else HEAD + b"x-slow: ")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.02)

    site.behaviour = drip
    assert await failure(hasty) is FailureKind.TIMED_OUT


async def test_silence_is_cut(hasty: GuardedClient, site: Site) -> None:
    async def wait(_target: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    site.behaviour = wait
    assert await failure(hasty) is FailureKind.TIMED_OUT


async def test_redirects_do_not_start_the_time_again(hasty: GuardedClient, site: Site) -> None:
    async def lead_on(target: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.write(answer(b"", status=302, location=f"{target}x"))

    site.behaviour = lead_on
    assert await failure(hasty) is FailureKind.TIMED_OUT
    assert site.connections <= 3


async def test_a_slow_name_is_cut(hasty: GuardedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    monkeypatch.setattr(hasty._resolver, "resolve", slow)
    assert await failure(hasty) is FailureKind.TIMED_OUT


async def test_an_endless_body_is_cut_at_its_bound(client: GuardedClient, site: Site) -> None:
    sent = 0

    async def pour(_target: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(HEAD + b"\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()
            sent += 65_536

    site.behaviour = pour
    assert await failure(client) is FailureKind.TOO_LARGE
    assert sent < 16 * MEGABYTE


async def test_a_body_announced_too_large_is_not_read(client: GuardedClient, site: Site) -> None:
    async def announce(_target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-length: 99999999999\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(30)

    site.behaviour = announce
    assert await failure(client) is FailureKind.TOO_LARGE


async def test_a_body_at_its_bound_is_read(client: GuardedClient, site: Site) -> None:
    site.answers(b"x" * Limits().decoded_bytes)
    assert len((await fetched(client)).body) == Limits().decoded_bytes
    site.answers(b"x" * (Limits().decoded_bytes + 1))
    assert await failure(client) is FailureKind.TOO_LARGE


async def test_a_hundred_megabytes_of_zeros_gzipped_are_cut_within_a_few_megabytes_of_memory(
    client: GuardedClient, site: Site
) -> None:
    packed = zeros_gzipped(100)
    assert len(packed) < MEGABYTE  # so the bound on the wire does not help
    site.answers(packed, content_encoding="gzip")
    tracemalloc.start()
    try:
        kind = await failure(client)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kind is FailureKind.TOO_LARGE
    assert peak < 12 * MEGABYTE


async def test_what_follows_the_end_of_a_packed_page_counts_too(client: GuardedClient, site: Site) -> None:
    site.answers(gzip.compress(b"x") + bytes(Limits().wire_bytes), content_encoding="gzip", connection="close")
    page = site.behaviour

    async def unannounced(target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-encoding: gzip\r\n\r\n" + gzip.compress(b"x"))
        for _ in range(64):
            writer.write(bytes(65_536))
            await writer.drain()

    for behaviour in (page, unannounced):
        site.behaviour = behaviour
        assert await failure(client) is FailureKind.TOO_LARGE


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "x-gzip"])
async def test_a_page_packed_unasked_is_unpacked(client: GuardedClient, site: Site, encoding: str) -> None:
    page = b"<p>ok</p>" * 1_000
    site.answers(zlib.compress(page) if encoding == "deflate" else gzip.compress(page), content_encoding=encoding)
    assert (await fetched(client)).body == page


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip,identity", "x"])
async def test_packings_we_cannot_bound_are_unreadable(client: GuardedClient, site: Site, encoding: str) -> None:
    site.answers(gzip.compress(b"x"), content_encoding=encoding)
    assert await failure(client) is FailureKind.UNREADABLE


async def test_what_is_not_in_its_packing_is_unreadable(client: GuardedClient, site: Site) -> None:
    site.answers(b"<html>plain</html>", content_encoding="gzip")
    assert await failure(client) is FailureKind.UNREADABLE


GARBAGE = [b"\x00\xff\xfe", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", HEAD + b"content-length: 9\r\n\r\nx"]
GARBAGE += [
    HEAD + b"content-length: -1\r\n\r\n",
    HEAD + b"x" * 200_000,
    HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
]


@pytest.mark.parametrize("said", GARBAGE)
async def test_what_is_no_http_is_unreadable(client: GuardedClient, site: Site, said: bytes) -> None:
    async def write(_target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    site.behaviour = write
    assert await failure(client) is FailureKind.UNREADABLE


async def test_a_connection_that_ends_without_an_answer_is_a_failure(client: GuardedClient, site: Site) -> None:
    async def leave(_target: str, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    site.behaviour = leave
    assert await failure(client) in {FailureKind.UNREACHABLE, FailureKind.UNREADABLE}
