"""Who a consent decision is about: each identifier of a person becomes one reproducible subject id."""

from uuid import UUID

from tracking_core.kit.ids import stable_hex


def subjects_of(
    *,
    click_id: str | None = None,
    session_id: str | None = None,
    email_hash: str | None = None,
    phone_hash: str | None = None,
) -> tuple[UUID, ...]:
    """Subject ids of the identifiers known; hashes are lower-case hex."""
    digits = subject_digits(click_id=click_id, session_id=session_id, email_hash=email_hash, phone_hash=phone_hash)
    return tuple(UUID(subject) for subject in digits)


def subject_digits(
    *, click_id: str | None, session_id: str | None, email_hash: str | None, phone_hash: str | None
) -> tuple[str, ...]:
    """The same ids as 32 digits each, for the collector, which makes many."""
    named = (("click", click_id), ("session", session_id), ("email", email_hash), ("phone", phone_hash))
    return tuple([stable_hex("consent", kind, value) for kind, value in named if value])
