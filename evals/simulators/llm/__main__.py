"""``python -m evals.simulators.llm --port N``."""

import argparse

import uvicorn

from evals.simulators.llm.app import create_app
from evals.simulators.meta.transport import config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvicorn.Server(config(create_app(), parser.parse_args().port)).run()


main()
