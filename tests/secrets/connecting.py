"""``python -m tests.secrets.connecting <tenant> <dataset>...``: connect with an app secret, for which the hub's command
line has no option. The token and the secret come on standard input."""

import sys
from uuid import UUID

from api.cli.run import in_transaction
from tracking_core.tenants import service


def main() -> None:
    token, app_secret = sys.stdin.read().split()
    tenant, *datasets = sys.argv[1:]
    for dataset in datasets:
        in_transaction(
            lambda session, dataset=dataset: service.connect_meta(  # type: ignore[misc]
                session, UUID(tenant), dataset, token, actor="test", app_secret=app_secret
            )
        )


if __name__ == "__main__":
    main()
