"""Read a request's body within a limit, without trusting Content-Length."""

from starlette.types import Receive

from tracking_core.errors import BodyTooLarge, MalformedBody


async def bounded(receive: Receive, declared: str | bytes | None, limit_bytes: int) -> bytes:
    """The raw bytes, or BodyTooLarge as soon as they exceed the limit; ``declared`` is the Content-Length header."""
    if declared and declared.isdigit() and int(declared) > limit_bytes:
        raise BodyTooLarge(limit_bytes=limit_bytes)
    body, is_more = b"", True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedBody
        body += message.get("body", b"")
        if len(body) > limit_bytes:
            raise BodyTooLarge(limit_bytes=limit_bytes)
        is_more = message.get("more_body", False)
    return body
