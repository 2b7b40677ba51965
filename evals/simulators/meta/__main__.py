"""``python -m evals.simulators.meta --port N``."""

import argparse

import uvicorn

from evals.simulators.meta.app import create_app
from evals.simulators.meta.state import State
from evals.simulators.meta.transport import config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep", type=int, default=20_000, help="events kept for reading back")
    parser.add_argument("--no-store-bodies", action="store_true", help="count only, for benchmarks")
    asked = parser.parse_args()
    app = create_app(State(keep=asked.keep, with_bodies=not asked.no_store_bodies))
    uvicorn.Server(config(app, asked.port)).run()


main()
