"""Where each ciphertext of a connection to Meta stands: it opens nowhere else."""

from uuid import UUID


def token_context(connection_id: UUID) -> str:
    return f"meta:{connection_id}:token"


def next_token_context(connection_id: UUID) -> str:
    return f"meta:{connection_id}:next_token"


def app_secret_context(connection_id: UUID) -> str:
    return f"meta:{connection_id}:app_secret"
