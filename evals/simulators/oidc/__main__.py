"""``python -m evals.simulators.oidc --port N``; then ``HUB_OIDC_ISSUER=http://127.0.0.1:N``, with the client's id and
secret below."""

import argparse

import uvicorn

from evals.simulators.meta.transport import config
from evals.simulators.oidc.app import create_app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvicorn.Server(config(create_app(), parser.parse_args().port)).run()


main()
