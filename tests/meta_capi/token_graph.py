"""A Graph API on the loopback for the checks of a token, and what every outcome of one must be."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from tests.gateways.api import vendor as replies
from tests.gateways.api.vendor import Behaviour, Vendor, running
from tracking_core.destinations.meta_capi.check_codes import MEANINGS, MetaCode
from tracking_core.destinations.meta_capi.token_check import check_token
from tracking_core.i18n import translate
from tracking_core.setup.outcome import REASON_LIMIT, Outcome

DATASET = "1234567890123456"
EVENTS = f"POST /v26.0/{DATASET}/events"
DEBUG = "GET /v26.0/debug_token"
PERMISSIONS = "GET /v26.0/me/permissions"
READ = f"GET /v26.0/{DATASET}"
TOKEN = "EAABsbCS1234ZBplantedtoken"
APP_SECRET = "fa1eb2dc3ab4ce5df6ab7cd8ef9a0b1c"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def refused(status: int, code: int, subcode: int | None = None, message: str = "", **headers: str) -> Behaviour:
    error = {"message": message or f"(#{code}) Refused", "type": "OAuthException", "code": code, "fbtrace_id": "Abc"}
    if subcode is not None:
        error["error_subcode"] = subcode
    return replies.says(status, {"error": error}, **headers)


TOO_OLD = refused(400, 100, 2_804_003)
NAME_MISSING = refused(400, 100, 2_804_019)
MISSING_PERMISSION = refused(400, 100, None, "(#100) Missing Permission")


def debugged(**changes: Any) -> Behaviour:
    said = {
        "app_id": "1122334455",
        "type": "SYSTEM_USER",
        "is_valid": True,
        "expires_at": 0,
        "data_access_expires_at": 0,
        "scopes": ["ads_management", "business_management"],
        **changes,
    }
    return replies.says(200, {"data": said})


@asynccontextmanager
async def running_well() -> AsyncIterator[Vendor]:
    """A Graph API where the token is a system user's and all is well, until a test says otherwise."""
    async with running() as vendor:
        vendor.on(EVENTS, TOO_OLD)
        vendor.on(DEBUG, debugged())
        vendor.on(READ, replies.says(200, {"id": DATASET, "name": "Pixel da Loja"}))
        yield vendor


async def check(
    meta: Vendor,
    *,
    dataset_id: str = DATASET,
    token: str = TOKEN,
    app_secret: str | None = None,
    timeout_seconds: float = 2.0,
) -> Outcome:
    outcome = await check_token(
        graph_url=meta.url,
        version="v26.0",
        dataset_id=dataset_id,
        access_token=token,
        app_secret=app_secret,
        timeout_seconds=timeout_seconds,
        now=NOW,
    )
    return check_told(outcome, TOKEN, APP_SECRET)


def check_told(outcome: Outcome, *secrets: str) -> Outcome:
    """The outcome, known to be sayable in both languages, storable, and free of the secrets."""
    for code in (outcome.code, *outcome.warnings):
        meaning = MEANINGS[MetaCode(code)]
        for sentence in (meaning.message, meaning.recommendation):
            for locale in ("en", "pt_BR"):
                assert "{" not in translate(sentence, locale).format_map(outcome.params)
    stored = json.dumps([outcome.reason, dict(outcome.facts), dict(outcome.params), outcome.warnings])
    assert "\\u0000" not in stored
    assert len(outcome.reason) <= REASON_LIMIT
    for secret in secrets:
        assert secret not in stored
        assert secret not in repr(outcome)
    return outcome
