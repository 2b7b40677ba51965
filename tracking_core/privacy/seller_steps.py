"""What is done when the person is a seller: the setups they began, the account they sign in with, and the channels that
tell them of alerts."""

from tracking_core.privacy.step import BLANKED, CLOSED, DELETED, Step

_SETUP = "t.tenant_id = :tenant AND t.session_id = ANY(CAST(:setups AS uuid[]))"
_SAYING = "t.type LIKE 'message.%' OR t.type LIKE 'handoff.%'"
_USERS = "ANY(CAST(:users AS uuid[]))"
_CHANNELS = "ANY(CAST(:channels AS uuid[]))"
# Of the account ``t``. A shop that was closed is none any more.
HAS_OTHER_SHOP = (
    "EXISTS (SELECT FROM memberships m WHERE m.user_id = t.id AND m.tenant_id <> :tenant AND m.ended_at IS NULL)"
)
_LEAVES = f"t.id = {_USERS} AND t.role = 'seller' AND NOT {HAS_OTHER_SHOP}"
_LEAVING = f"SELECT t.id FROM users t WHERE {_LEAVES}"  # noqa: S608 - a constant

SELLER_STEPS = (
    Step(
        name="contacts",
        table="setup_sessions",
        what="Setups begun by this person",
        does="The contact is erased",
        found="t.tenant_id = :tenant AND t.id = ANY(CAST(:setups AS uuid[]))",
        sets={"contact": "CAST(NULL AS bytea)"},
    ),
    Step(
        name="messages",
        table="setup_messages",
        what="Messages of their setups",
        does=BLANKED,
        found=f"{_SETUP} AND t.role <> 'hub'",
        sets={"text": "''", "attachments": "CAST('[]' AS jsonb)", "secrets": "CAST('[]' AS jsonb)"},
    ),
    Step(
        name="told",
        table="session_events",
        what="What their setups' pages were told",
        does=BLANKED,
        key=("session_id", "seq"),
        found=f"t.session_id = ANY(CAST(:setups AS uuid[])) AND ({_SAYING}) AND t.session_id IN"  # noqa: S608
        " (SELECT id FROM setup_sessions WHERE tenant_id = :tenant)",
        sets={"data": "CASE WHEN t.data ? 'text' THEN jsonb_set(t.data, '{text}', '\"\"') ELSE t.data END"},
    ),
    Step(
        name="screenshots",
        table="setup_screenshots",
        what="Pictures of their screens",
        does=DELETED,
        found=_SETUP,
        sets={
            "sealed": "CAST(NULL AS bytea)",
            "extraction": "CAST('{}' AS jsonb)",
            "state": "'discarded'",
            "digest": "''",
            "reason": ":reason",
        },
    ),
    Step(
        name="cases",
        table="setup_handoffs",
        what="Cases of their setups",
        does=BLANKED,
        found=_SETUP,
        sets={
            "package": "CASE WHEN t.package ? 'conversation' THEN jsonb_set(jsonb_set(jsonb_set(t.package,"
            " '{last_said}', 'null'), '{conversation,messages}', '[]'), '{conversation,summary}', '[]')"
            " ELSE t.package END",
            "sentences": "(SELECT coalesce(jsonb_object_agg(l.key, jsonb_set(l.value, '{summary}', '[]')), '{}')"
            " FROM jsonb_each(t.sentences) AS l)",
            "notes": "(SELECT coalesce(jsonb_agg(CASE WHEN n ? 'text' THEN n || '{\"text\": \"\"}' ELSE n END), '[]')"
            " FROM jsonb_array_elements(t.notes) AS n)",
        },
    ),
    Step(
        name="links",
        table="sign_in_links",
        what="Links to sign in",
        does=DELETED,
        found=f"t.user_id IN ({_LEAVING})",
    ),
    Step(
        name="browsers",
        table="web_sessions",
        what="Browsers that are signed in",
        does=DELETED,
        found=f"t.user_id IN ({_LEAVING})",
    ),
    Step(
        name="memberships",
        table="memberships",
        what="Shops of their account",
        does=DELETED,
        key=("user_id", "tenant_id"),
        found=f"t.tenant_id = :tenant AND t.user_id = {_USERS}",
    ),
    Step(
        name="accounts",
        table="users",
        what="Accounts that sign in",
        does=CLOSED,
        found=_LEAVES,
        sets={
            "email": "'erased-' || t.id || '@erased.invalid'",
            "name": "'–'",
            "password_hash": "NULL",
            "oidc_subject": "NULL",
            "disabled_at": "coalesce(t.disabled_at, now())",
        },
    ),
    Step(
        name="alert_messages",
        table="alert_messages",
        what="Alerts that their e-mail channels tell",
        does=DELETED,
        found=f"t.channel_id IN (SELECT id FROM alert_channels WHERE tenant_id = :tenant AND id = {_CHANNELS})",  # noqa: S608
    ),
    Step(
        name="alert_channels",
        table="alert_channels",
        what="E-mail channels that tell them of alerts",
        does=DELETED,
        found=f"t.tenant_id = :tenant AND t.id = {_CHANNELS}",
    ),
)
