"""Why a step of an erasure ended: by a server that is away, by somebody else's lock, or by a defect of ours."""

from enum import StrEnum

from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled, SerializationFailure
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from tracking_core.db.engine import AWAY

# PostgreSQL's driver has all of these under the same class as a server that is gone.
_MET = (DeadlockDetected, LockNotAvailable, SerializationFailure)


class Failure(StrEnum):
    """``away``: nothing is wrong with the request. ``met``: the same again may well go through. ``ours``: again it
    fails the same way, as a statement does that took longer than it may."""

    AWAY = "away"
    MET = "met"
    OURS = "ours"


def failure_of(error: Exception) -> Failure:
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, _MET):
        return Failure.MET
    if isinstance(cause, QueryCanceled):
        return Failure.OURS
    return Failure.AWAY if isinstance(error, (*AWAY, RedisError, OSError)) else Failure.OURS
