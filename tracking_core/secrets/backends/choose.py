"""The backend by its name; a row's own, or the one the settings choose for new rows.

A manager's client is imported when the first row asks for it: it costs every process a quarter of a second and 15 MB.
"""

from tracking_core.errors import ConfigurationError
from tracking_core.secrets.backends.base import Backend
from tracking_core.secrets.backends.local import LocalBackend
from tracking_core.settings import Settings

_LOCAL = LocalBackend()
# A client holds connections, so it is kept: one of each backend, unless its settings change in a test.
_clients: dict[tuple[object, ...], Backend] = {}


def backend_named(name: str, settings: Settings) -> Backend:
    """Raises ConfigurationError when its settings are missing."""
    match name:
        case "local":
            return _LOCAL
        case "aws":
            return _aws(settings)
        case "hashicorp":
            return _hashicorp(settings)
    raise ConfigurationError(problem=f"A credential is kept in a backend this version does not know: {name!r}.")


def close_backends() -> None:
    """Close every client's connections; the next use makes new ones."""
    while _clients:
        _clients.popitem()[1].close()


def _aws(settings: Settings) -> Backend:
    from tracking_core.secrets.backends.aws import AwsBackend

    region, endpoint_url = settings.vault_aws_region, settings.vault_aws_endpoint_url
    prefix, seconds = settings.vault_prefix, settings.vault_timeout_seconds
    key = ("aws", region, endpoint_url, prefix, seconds)
    if key not in _clients:
        _clients[key] = AwsBackend(region=region, endpoint_url=endpoint_url, prefix=prefix, timeout_seconds=seconds)
    return _clients[key]


def _hashicorp(settings: Settings) -> Backend:
    from tracking_core.secrets.backends.hashicorp import HashicorpBackend

    address, mount, token = (
        settings.vault_hashicorp_address,
        settings.vault_hashicorp_mount,
        settings.vault_hashicorp_token,
    )
    ca_file, prefix, seconds = settings.vault_hashicorp_ca_file, settings.vault_prefix, settings.vault_timeout_seconds
    key = ("hashicorp", address, mount, token, ca_file, prefix, seconds)
    if key not in _clients:
        _clients[key] = HashicorpBackend(
            address=address, mount=mount, token=token, ca_file=ca_file, prefix=prefix, timeout_seconds=seconds
        )
    return _clients[key]
