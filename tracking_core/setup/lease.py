"""One worker at a time holds a setup session."""

from tracking_core.db.leases import Lease

LEASE = Lease("setup_sessions", "id")
take, renew, release, require = LEASE.take, LEASE.renew, LEASE.release, LEASE.require
