"""``python -m evals.simulators.providers --port N``: the gateways' APIs, and a seller's page under ``/_landing``."""

import argparse

import uvicorn
from starlette.routing import Mount, Route

from evals.simulators.landing.answers import healthz
from evals.simulators.landing.app import create_app as create_landing
from evals.simulators.meta.transport import config
from evals.simulators.providers.app import create_app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    app = create_app()
    app.router.routes += [Mount("/_landing", create_landing()), Route("/healthz", healthz)]
    uvicorn.Server(config(app, parser.parse_args().port)).run()


main()
