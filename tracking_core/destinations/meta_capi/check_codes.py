"""What the check of a Meta token and dataset can come to, and what works but should be mended.

Placeholders: ``dataset_id`` (empty when it is none), ``expires_on`` a date, ``asked`` and ``answered`` API versions.
"""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class MetaCode(StrEnum):
    OK = "meta_ok"
    TOKEN_MALFORMED = "meta_token_malformed"  # noqa: S105 - codes, not secrets
    TOKEN_INVALID = "meta_token_invalid"  # noqa: S105
    TOKEN_EXPIRED = "meta_token_expired"  # noqa: S105
    TOKEN_REVOKED = "meta_token_revoked"  # noqa: S105
    OWNER_UNCONFIRMED = "meta_owner_unconfirmed"
    DATASET_MALFORMED = "meta_dataset_malformed"
    DATASET_NO_ACCESS = "meta_dataset_no_access"
    PERMISSION_MISSING = "meta_permission_missing"
    APP_SECRET_WRONG = "meta_app_secret_wrong"  # noqa: S105
    APP_SECRET_REQUIRED = "meta_app_secret_required"  # noqa: S105
    ACCOUNT_BLOCKED = "meta_account_blocked"
    RATE_LIMITED = "meta_rate_limited"
    UNAVAILABLE = "meta_unavailable"
    UNEXPECTED_ANSWER = "meta_unexpected_answer"
    PROBE_STORED = "meta_probe_stored"
    TOKEN_EXPIRING = "meta_token_expiring"  # noqa: S105
    SCOPE_MISSING = "meta_scope_missing"
    DATASET_UNREADABLE = "meta_dataset_unreadable"
    VERSION_DIFFERS = "meta_version_differs"


MEANINGS: dict[MetaCode, Meaning] = {
    MetaCode.OK: Meaning(Fault.NOBODY, "The token works and may send events to dataset {dataset_id}."),
    MetaCode.TOKEN_MALFORMED: Meaning(
        Fault.SELLER,
        "This is not a Meta token: it is empty, too short, or has spaces or characters that no token has.",
        "In Events Manager, open the dataset, go to Settings > Conversions API, generate an access token, and paste it "
        "here alone.",
    ),
    MetaCode.TOKEN_INVALID: Meaning(
        Fault.SELLER,
        "Meta does not accept this token.",
        "In Events Manager, open dataset {dataset_id}, go to Settings > Conversions API, generate a new access token, "
        "and paste the whole of it here.",
    ),
    MetaCode.TOKEN_EXPIRED: Meaning(
        Fault.SELLER,
        "The token has expired.",
        "In Events Manager, open dataset {dataset_id} and generate an access token under Settings > Conversions API: "
        "that one does not expire.",
    ),
    MetaCode.TOKEN_REVOKED: Meaning(
        Fault.SELLER,
        "Meta withdrew this token, because its owner changed the password, removed the app or ended the session.",
        "In Events Manager, open dataset {dataset_id} and generate a new token under Settings > Conversions API.",
    ),
    MetaCode.OWNER_UNCONFIRMED: Meaning(
        Fault.SELLER,
        "Meta wants the Facebook account that owns the token to confirm its identity.",
        "Log in to Facebook with that account, confirm what it asks for, and check the token here again.",
    ),
    MetaCode.DATASET_MALFORMED: Meaning(
        Fault.SELLER,
        "This is not a dataset ID: a dataset ID has only digits.",
        "In Events Manager, open the dataset (pixel) and copy the ID under its name.",
    ),
    MetaCode.DATASET_NO_ACCESS: Meaning(
        Fault.SELLER,
        "The token is alive, but Meta finds no dataset {dataset_id} that it may use.",
        "Check the ID in Events Manager; if it is right, generate the token in that same dataset, or give the token's "
        "system user access to it in Business settings > Data sources > Datasets.",
    ),
    MetaCode.PERMISSION_MISSING: Meaning(
        Fault.SELLER,
        "The token is alive, but it lacks the permission to send events to dataset {dataset_id}.",
        "In Business settings, give the token's system user full control of the dataset and generate a token with "
        "ads_management, or generate the token in Events Manager.",
    ),
    MetaCode.APP_SECRET_WRONG: Meaning(
        Fault.SELLER,
        "The app secret is not the one of the app that made the token.",
        "Copy it again in Meta for Developers, under App settings > Basic, or leave it empty if the token comes from "
        "Events Manager.",
    ),
    MetaCode.APP_SECRET_REQUIRED: Meaning(
        Fault.SELLER,
        "The app that made this token demands its app secret with every call.",
        "Copy the app secret in Meta for Developers, under App settings > Basic, and enter it here with the token.",
    ),
    MetaCode.ACCOUNT_BLOCKED: Meaning(
        Fault.SELLER,
        "Meta blocked this account for a while for breaking a policy.",
        "Open the account's quality page in Meta to see why and ask for a review; do not try again before that.",
    ),
    MetaCode.RATE_LIMITED: Meaning(
        Fault.PROVIDER,
        "Meta is refusing calls for now because there were too many in a short time.",
        "Nothing is wrong with your token. Wait a few minutes and try again.",
    ),
    MetaCode.UNAVAILABLE: Meaning(
        Fault.PROVIDER,
        "Meta did not answer or is having problems, so the token could not be checked.",
        "Nothing is wrong on your side. Try again in a few minutes.",
    ),
    MetaCode.UNEXPECTED_ANSWER: Meaning(
        Fault.PROVIDER,
        "Meta answered with something we do not know, so nothing could be concluded about the token.",
        "Nothing is wrong on your side. Try again in a few minutes; if it happens again, ask for help.",
    ),
    MetaCode.PROBE_STORED: Meaning(
        Fault.HUB,
        "Meta took our check, which it should have refused, as an event: dataset {dataset_id} has one event named "
        "HubTokenCheck that is not yours.",
        "Nothing is wrong on your side, and no campaign uses that event. Ask for help before you try again.",
    ),
    MetaCode.TOKEN_EXPIRING: Meaning(
        Fault.SELLER,
        "The token stops working on {expires_on}.",
        "Before that day, generate an access token in Events Manager, under Settings > Conversions API, and enter it "
        "here: that one does not expire.",
    ),
    MetaCode.SCOPE_MISSING: Meaning(
        Fault.SELLER,
        "The token can send, but it does not have the permission ads_management, which Meta asks for.",
        "When you generate the next token, tick ads_management, or generate it in Events Manager.",
    ),
    MetaCode.DATASET_UNREADABLE: Meaning(
        Fault.NOBODY,
        "The token can send, but it may not read the dataset, so we cannot show you its name.",
        "This is usual for tokens from Events Manager. Compare the ID {dataset_id} with the one in Events Manager.",
    ),
    MetaCode.VERSION_DIFFERS: Meaning(
        Fault.HUB,
        "Meta answered with version {answered} of its API, and we asked for {asked}.",
        "There is nothing for you to do; we update the version on our side.",
    ),
}
