"""Targets under seal: a tenant's with its own data key, the hub's with one derived from the master key."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from tracking_core.alerts.channels.target import Target
from tracking_core.errors import ConfigurationError
from tracking_core.models import AlertChannel
from tracking_core.secrets.keyring import TenantCipher, cipher_for, process_keyring

_PURPOSE = "alert_channels"


def seal(target: Target, channel_id: UUID, tenant_id: UUID | None, wrapped_data_key: bytes | None) -> bytes:
    """For a row of this id; ``wrapped_data_key`` is the tenant's."""
    newest = next(_ciphers(tenant_id, wrapped_data_key))
    return newest.encrypt(target.encoded(), context(channel_id))


def opened(channel: AlertChannel, wrapped_data_key: bytes | None) -> Target:
    """Raises ConfigurationError when no key of the settings opens it."""
    sealed = bytes(channel.target)
    for cipher in _ciphers(channel.tenant_id, wrapped_data_key):
        try:
            return Target.decoded(cipher.decrypt(sealed, context(channel.id)))
        except ConfigurationError:
            continue
    raise ConfigurationError(problem="An alert channel does not open with the keys in HUB_SECRETS_KEYS. Add it again.")


def key_of(channel: AlertChannel) -> str | None:
    """The id of the key that one of the hub's own needs; None: none of the settings opens it."""
    keyring = process_keyring()
    for key_id, key in zip(keyring.key_ids, keyring.derived(_PURPOSE), strict=True):
        with suppress(ConfigurationError):
            TenantCipher(key).decrypt(bytes(channel.target), context(channel.id))
            return key_id
    return None


def _ciphers(tenant_id: UUID | None, wrapped_data_key: bytes | None) -> Iterator[TenantCipher]:
    if tenant_id is None:
        yield from (TenantCipher(key) for key in process_keyring().derived(_PURPOSE))
    elif wrapped_data_key is not None:
        yield cipher_for(tenant_id, bytes(wrapped_data_key))


def context(channel_id: UUID) -> str:
    return f"alert_channels:{channel_id}:target"
