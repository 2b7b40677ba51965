"""An HTTP transport for a model's client that reads no more of an answer than it may have."""

from collections.abc import AsyncIterator

import httpx2


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Directly to the host: no proxy of the environment. Raises httpx2.ReadError past ``limit_bytes`` of a body."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(trust_env=False)
        self._limit_bytes = limit_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # Compressed, a small body could be a large one.
        request.headers["Accept-Encoding"] = "identity"
        answer = await super().handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        answer.stream = _Bounded(answer.stream, self._limit_bytes)
        return answer


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, limit_bytes: int) -> None:
        self._stream, self._left = stream, limit_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._left -= len(piece)
            if self._left < 0:
                raise httpx2.ReadError("the answer is larger than its limit")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
