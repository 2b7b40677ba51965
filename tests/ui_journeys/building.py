"""The application, for its routes alone: nothing is started."""

from fastapi import FastAPI

from api.app import create_app
from tracking_core.settings import Settings


def application() -> FastAPI:
    return create_app(Settings(environment="testing"))
