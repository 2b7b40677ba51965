"""What a setup did that still stands after a part of it was taken back, by name."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.ledger import applied
from tracking_core.configuration.lines import in_full
from tracking_core.i18n import translate
from tracking_core.models import SetupActionLog

_NAMES = {
    ActionName.CONNECT_DATASET: "the connection to the Meta dataset {dataset_name} ({dataset_id})",
    ActionName.DISCONNECT_DATASET: "the Meta dataset {dataset_name} ({dataset_id}), switched off",
    ActionName.MAP_EVENTS: "the visits sent to the Meta dataset {dataset_name} ({dataset_id})",
    ActionName.CREATE_ENDPOINT: "the address for webhooks of {gateway}",
    ActionName.DISABLE_ENDPOINT: "the address for webhooks of {gateway}, closed",
    ActionName.REGISTER_WEBHOOK: "the webhook in the {gateway} account {account}",
    ActionName.UNREGISTER_WEBHOOK: "the webhook taken out of the {gateway} account {account}",
    ActionName.WEBHOOK_INSTRUCTIONS: "the webhook in {gateway}'s panel",
    ActionName.SET_CONSENT_MODE: "what counts as a visitor's consent",
    ActionName.ACTIVATE_VERSION: "version {version} of the configuration",
}


async def still_standing(session: AsyncSession, session_id: UUID, locale: str) -> list[str]:
    """In the order in which it was done; empty when the setup has nothing in place any more."""
    rows = reversed(await applied(session, session_id))
    return list(dict.fromkeys(_named(row, locale) for row in rows))


def _named(row: SetupActionLog, locale: str) -> str:
    said = row.input
    shown = said | (in_full(said) if "url" in said else {})
    return translate(_NAMES[ActionName(row.action)], locale).format_map(shown)
