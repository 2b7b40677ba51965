"""Envelope encryption: key-encryption keys from the settings wrap one data key per tenant (AES-256-GCM both).

A ciphertext is bound to its place by ``context`` (table, row, column): moved elsewhere, it does not open.
"""

import base64
import hashlib
import hmac
import os
import time
from collections import OrderedDict
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tracking_core.errors import ConfigurationError
from tracking_core.settings import get_settings
from tracking_core.tenants.errors import TenantClosed

# How long an opened data key may stay in memory: so long a closed tenant's outlives its end, at most.
OPENED_SECONDS = 300.0
_OPENED_MAX = 4_096
_NONCE_BYTES = 12
_KEY_BYTES = 32
_FINGERPRINT_DIGITS = 16


class Keyring:
    """Parsed ``HUB_SECRETS_KEYS``: ``id:base64key`` items separated by commas; the first one wraps new data keys."""

    def __init__(self, text: str) -> None:
        self._keys = dict(_parse(item) for item in text.split(",") if item.strip())
        if not self._keys:
            raise ConfigurationError(problem="HUB_SECRETS_KEYS is empty. Start with `hub up`, or set id:base64key.")
        self.primary = next(iter(self._keys))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The newest first."""
        return tuple(self._keys)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._keys)})"

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """A key for signing what this hub gives out, of each key, the newest first."""
        info = f"hub:{purpose}".encode()
        return tuple(HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=info).derive(key) for key in self._keys.values())

    def new_data_key(self, tenant_id: UUID) -> bytes:
        """A fresh wrapped data key: ``key id, NUL, nonce, ciphertext``."""
        return self._wrapped(os.urandom(_KEY_BYTES), tenant_id)

    def rewrapped(self, wrapped: bytes, tenant_id: UUID) -> bytes:
        """The same data key, wrapped by the newest key."""
        return self._wrapped(self.open_data_key(wrapped, tenant_id), tenant_id)

    def open_data_key(self, wrapped: bytes, tenant_id: UUID) -> bytes:
        key_id, _, sealed = wrapped.partition(b"\0")
        key = self._keys.get(key_id.decode())
        if key is None:
            raise ConfigurationError(problem=f"HUB_SECRETS_KEYS lacks the key {key_id.decode()!r}.")
        return _open(key, sealed, f"tenant:{tenant_id}")

    def _wrapped(self, data_key: bytes, tenant_id: UUID) -> bytes:
        return self.primary.encode() + b"\0" + _seal(self._keys[self.primary], data_key, f"tenant:{tenant_id}")


class TenantCipher:
    """Encrypts and decrypts with one tenant's data key."""

    def __init__(self, data_key: bytes) -> None:
        self._data_key = data_key

    def __repr__(self) -> str:
        return "TenantCipher(***)"

    def encrypt(self, clear: bytes, context: str) -> bytes:
        return _seal(self._data_key, clear, context)

    def decrypt(self, sealed: bytes, context: str) -> bytes:
        """The clear bytes; ConfigurationError when the key or the place is another."""
        return _open(self._data_key, sealed, context)

    def fingerprint(self, clear: bytes) -> str:
        """16 hex digits by which equal values of this tenant are seen to be equal; they tell nothing else."""
        key = HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=b"hub:fingerprint").derive(self._data_key)
        return hmac.new(key, clear, hashlib.sha256).hexdigest()[:_FINGERPRINT_DIGITS]


class _Opened:
    """Ciphers by the wrapped bytes of their key: a re-wrapped key is opened anew, and is the same data key. Whoever
    asks for any lets those go whose time is over; they stand in the order in which they were opened."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[UUID, bytes], tuple[float, TenantCipher]] = OrderedDict()

    def __call__(self, tenant_id: UUID, wrapped_data_key: bytes) -> TenantCipher:
        """The tenant's cipher. Raises TenantClosed when its key was destroyed, ConfigurationError."""
        if not wrapped_data_key:
            raise TenantClosed
        now, key = time.monotonic(), (tenant_id, wrapped_data_key)
        self._let_go(now)
        if key not in self._held:
            cipher = TenantCipher(process_keyring().open_data_key(wrapped_data_key, tenant_id))
            self._held[key] = (now + OPENED_SECONDS, cipher)
        return self._held[key][1]

    def cache_clear(self) -> None:
        self._held.clear()

    def _let_go(self, now: float) -> None:
        while self._held:
            oldest = next(iter(self._held))
            if self._held[oldest][0] > now and len(self._held) < _OPENED_MAX:
                return
            self._held.pop(oldest, None)


cipher_for = _Opened()


def new_data_key(tenant_id: UUID) -> bytes:
    return process_keyring().new_data_key(tenant_id)


def process_keyring() -> Keyring:
    """The keys of this process's settings."""
    return _parsed(get_settings().secrets_keys.get_secret_value())


def new_key(key_id: str) -> str:
    """A new key-encryption key as ``HUB_SECRETS_KEYS`` takes it."""
    return f"{key_id}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"


@lru_cache(maxsize=1)
def _parsed(text: str) -> Keyring:
    return Keyring(text)


def _parse(item: str) -> tuple[str, bytes]:
    key_id, _, encoded = item.strip().partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if not key_id or len(key) != _KEY_BYTES:
        raise ConfigurationError(problem="HUB_SECRETS_KEYS must be id:base64 of 32 bytes, separated by commas.")
    return key_id, key


def _seal(key: bytes, clear: bytes, context: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, clear, context.encode())


def _open(key: bytes, sealed: bytes, context: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
    except InvalidTag:
        raise ConfigurationError(problem="A stored secret does not open with the keys in HUB_SECRETS_KEYS.") from None
