"""How the audit log and the ledgers name a person."""

from tracking_core.models import User


def actor_of(user: User) -> str:
    return f"user:{user.id}"
