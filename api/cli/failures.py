"""What a command says of a failure in one line; never with a secret, nor with what a driver said."""

from tracking_core.errors import HubError


def line_of(error: Exception) -> str | None:
    """None: a defect, which wants its traceback."""
    if isinstance(error, HubError):
        return str(error)
    # Only now: a command that fails by itself has need of neither.
    from psycopg import InterfaceError, OperationalError
    from redis.exceptions import ConnectionError as RedisAway
    from redis.exceptions import TimeoutError as RedisSilent

    from tracking_core.db.engine import AWAY

    if isinstance(error, (*AWAY, OperationalError, InterfaceError)):
        return f"The database did not answer ({_cause(error)}): is it up where HUB_DATABASE_URL leads?"
    if isinstance(error, (RedisAway, RedisSilent)):
        return f"Redis did not answer ({_cause(error)}): is it up where HUB_REDIS_URL leads?"
    return None


def _cause(error: Exception) -> str:
    return type(getattr(error, "orig", None) or error).__name__
