"""What a tool is given by whoever runs it. Tenant and session come from here and never from a tool's arguments."""

from dataclasses import dataclass, field
from uuid import UUID

from tracking_core.db.engine import transaction
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.models import SecretKind
from tracking_core.secrets import vault
from tracking_core.settings import Settings
from tracking_core.setup.ledger import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """One session in the hands of the worker whose ``fence`` is current."""

    settings: Settings
    session_id: UUID
    tenant_id: UUID
    fence: int
    actor: str
    locale: str
    guarded: GuardedClient = field(repr=False)

    def check(self, intent_id: UUID, action: str) -> Check:
        return Check(
            id=intent_id,
            session_id=self.session_id,
            tenant_id=self.tenant_id,
            action=action,
            actor=self.actor,
            fence=self.fence,
        )

    async def reveal(self, reference: str, kind: SecretKind, purpose: str) -> str:
        """The credential's value, for the shortest use; the opening is on record. Raises SecretUnknown or
        SecretStoreUnavailable. A secrets manager is asked after the transaction, never within it."""
        async with transaction() as session:
            admitted = await vault.admit(
                session,
                reference,
                tenant_id=self.tenant_id,
                session_id=self.session_id,
                kind=kind,
                actor=self.actor,
                purpose=purpose,
            )
        return (await vault.unseal(admitted)).reveal()
