"""Failures that say nothing about the work: it goes on from its checkpoint when they are over."""

import psycopg
from psycopg_pool import PoolTimeout as CheckpointPoolTimeout

from tracking_core.db.engine import AWAY
from tracking_core.errors import StaleFence

# The database is back, or other hands have the work. The checkpoints speak to PostgreSQL without SQLAlchemy.
PASSING = (StaleFence, *AWAY, psycopg.OperationalError, psycopg.InterfaceError, CheckpointPoolTimeout)
