"""``python -m evals.simulators.meta --port N``."""

import argparse
import gc

import uvicorn

from evals.simulators.meta.app import create_app
from evals.simulators.meta.state import State
from evals.simulators.meta.transport import config

# What is kept has no cycles; looking through all of it for some, every few requests, cost a third of the time.
_ALLOCATIONS_BEFORE_COLLECTING = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep", type=int, default=20_000, help="events kept for reading back")
    parser.add_argument("--no-store-bodies", action="store_true", help="count only, for benchmarks")
    asked = parser.parse_args()
    app = create_app(State(keep=asked.keep, with_bodies=not asked.no_store_bodies))
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BEFORE_COLLECTING)
    uvicorn.Server(config(app, asked.port)).run()


main()
