"""Reads a body within bounds: of what comes over the wire, and of what it unpacks to."""

import zlib
from collections.abc import AsyncIterable, Callable

from tracking_core.kit.guarded.results import FailureKind, Stop

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_IDENTITY = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})

# Unpacks a chunk, to at most so many bytes.
_Decoder = Callable[[bytes, int], bytes]


async def read_body(
    chunks: AsyncIterable[bytes], encoding: str, *, wire_bytes: int, decoded_bytes: int, length: int | None
) -> bytes:
    """The decoded body. Raises Stop when it, or the ``length`` it is said to have, passes a bound, and when
    ``encoding`` (of Content-Encoding) is none we asked for or the bytes are not in it."""
    decode, size, body = _decoder(encoding), 0, bytearray()
    if length is not None and length > wire_bytes:
        raise Stop(FailureKind.TOO_LARGE)
    async for chunk in chunks:
        size += len(chunk)
        body += _decoded(decode, chunk, decoded_bytes + 1 - len(body))
        if size > wire_bytes or len(body) > decoded_bytes:
            raise Stop(FailureKind.TOO_LARGE)
    return bytes(body)


def _decoder(encoding: str) -> _Decoder:
    """A server may compress though it was asked not to."""
    name = encoding.strip().lower()
    if name in _IDENTITY:
        return lambda chunk, _most: chunk
    if name in _PACKED:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress
    raise Stop(FailureKind.UNREADABLE)


def _decoded(decode: _Decoder, chunk: bytes, most: int) -> bytes:
    try:
        return decode(chunk, most)
    except zlib.error:
        raise Stop(FailureKind.UNREADABLE) from None
