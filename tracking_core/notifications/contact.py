"""Where the seller's sealed contact stands: its ciphertext opens nowhere else."""

from uuid import UUID


def contact_context(session_id: UUID) -> str:
    return f"setup:{session_id}:contact"
