"""The application, as the API's tests have it."""

from tests.api.conftest import client

__all__ = ["client"]
