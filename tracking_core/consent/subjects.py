"""Who a consent decision is about: each identifier of a person becomes one reproducible subject id."""

from uuid import UUID

from tracking_core.kit.ids import stable_id


def subjects_of(
    *,
    click_id: str | None = None,
    session_id: str | None = None,
    email_hash: str | None = None,
    phone_hash: str | None = None,
) -> tuple[UUID, ...]:
    """Subject ids of the identifiers known; hashes are lower-case hex."""
    named = (("click", click_id), ("session", session_id), ("email", email_hash), ("phone", phone_hash))
    return tuple(stable_id("consent", kind, value) for kind, value in named if value)
