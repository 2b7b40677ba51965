"""``python -m evals.simulators --port N``: Meta at the root, the checkouts under ``/_gateways``."""

import argparse

import uvicorn
from starlette.routing import Mount

from evals.simulators.gateways.app import create_app as create_gateways
from evals.simulators.meta.app import create_app as create_meta
from evals.simulators.meta.transport import config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    app = create_meta()
    app.router.routes.insert(0, Mount("/_gateways", create_gateways()))
    uvicorn.Server(config(app, asked.port)).run()


main()
