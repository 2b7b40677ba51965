"""Read a request's body within a limit, without trusting Content-Length."""

from starlette.requests import ClientDisconnect, Request

from tracking_core.errors import BodyTooLarge, MalformedBody


async def bounded(request: Request, limit_bytes: int) -> bytes:
    """The raw bytes, or BodyTooLarge as soon as they exceed the limit."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise BodyTooLarge(limit_bytes=limit_bytes)
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit_bytes:
                raise BodyTooLarge(limit_bytes=limit_bytes)
            chunks.append(chunk)
    except ClientDisconnect:
        raise MalformedBody from None
    return b"".join(chunks)
