"""``python -m evals.simulators --port N``: Meta at the root, the checkouts under ``/_gateways``, their APIs under
``/_providers``, a seller's page under ``/_landing``, the support desk's Chatwoot under ``/_chatwoot``."""

import argparse

import uvicorn
from starlette.routing import Mount

from evals.simulators.chatwoot.app import create_app as create_chatwoot
from evals.simulators.gateways.app import create_app as create_gateways
from evals.simulators.landing.app import create_app as create_landing
from evals.simulators.meta.app import create_app as create_meta
from evals.simulators.meta.transport import config
from evals.simulators.providers.app import create_app as create_providers
from evals.simulators.providers.state import State


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    app, vendors = create_meta(), State()
    mounted = {
        "/_gateways": create_gateways(vendors.happened),
        "/_providers": create_providers(vendors),
        "/_landing": create_landing(),
        "/_chatwoot": create_chatwoot(),
    }
    # Before Meta's own routes, which take any path.
    app.router.routes[:0] = [Mount(path, other) for path, other in mounted.items()]
    uvicorn.Server(config(app, asked.port)).run()


main()
