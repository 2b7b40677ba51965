"""PostgreSQL and Redis in a folder that is thrown away, and the settings of this process for a world on top of them."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from api.cli.processes import upgrade_all
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.process import free_port
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.settings import Settings, get_settings

_KEYS = "evals:" + base64.b64encode(bytes(range(32))).decode()
# What a person, a page and a webhook are told; the hub itself goes to ``internal_url``.
_PUBLIC_URL = "https://hub.example"


@dataclass(frozen=True, slots=True)
class Ports:
    """On loopback; 0 never."""

    api: int
    meta: int
    vendors: int
    page: int
    llm: int

    @classmethod
    def free(cls) -> "Ports":
        return cls(*(free_port() for _ in range(5)))


@contextmanager
def servers(variables: dict[str, str] | None = None) -> Iterator[tuple[Settings, Ports]]:
    """Started before any event loop: a child dies with the thread that started it. ``variables`` are ``HUB_*`` settings
    that win over those made here; of the environment's own ``HUB_*`` none is used."""
    with TemporaryDirectory(prefix="hub-evals-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        postgres = EmbeddedPostgres(Path(folder), free_port(), durable=False)
        redis = EmbeddedRedis(Path(folder), free_port())
        try:
            postgres.start()
            redis.start()
            upgrade_all(postgres.url)
            ports = Ports.free()
            made = _variables(Path(folder), postgres.url, redis.url, ports) | (variables or {})
            with _as_this_process(made) as settings:
                yield settings, ports
        finally:
            redis.stop()
            postgres.stop()


def _variables(folder: Path, database_url: str, redis_url: str, ports: Ports) -> dict[str, str]:
    vendors = f"http://127.0.0.1:{ports.vendors}"
    return {
        "HUB_ENVIRONMENT": "testing",
        "HUB_LOG_LEVEL": "INFO",
        "HUB_DATABASE_URL": database_url,
        "HUB_REDIS_URL": redis_url,
        "HUB_SECRETS_KEYS": _KEYS,
        "HUB_PORT": str(ports.api),
        "HUB_DATA_DIR": str(folder),
        "HUB_PUBLIC_URL": _PUBLIC_URL,
        "HUB_INTERNAL_URL": f"http://127.0.0.1:{ports.api}",
        "HUB_META_GRAPH_URL": f"http://127.0.0.1:{ports.meta}",
        "HUB_HOTMART_AUTH_URL": f"{vendors}/hotmart-auth",
        "HUB_HOTMART_API_URL": f"{vendors}/hotmart",
        "HUB_KIWIFY_API_URL": f"{vendors}/kiwify",
        "HUB_META_TIMEOUT_SECONDS": "2",
        "HUB_SWEEP_INTERVAL_MS": "500",
        "HUB_LLM_BASE_URL": "",
        "HUB_LLM_API_KEY": "",
        "HUB_LLM_MODEL": "",
    }


@contextmanager
def _as_this_process(variables: dict[str, str]) -> Iterator[Settings]:
    before = {name: value for name, value in os.environ.items() if name.startswith("HUB_")}
    for name in before:
        del os.environ[name]
    os.environ.update(variables)
    get_settings.cache_clear()
    try:
        yield get_settings()
    finally:
        for name in [name for name in os.environ if name.startswith("HUB_")]:
            del os.environ[name]
        os.environ.update(before)
        get_settings.cache_clear()
