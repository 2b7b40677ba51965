"""The pipeline's shop, for tests of what wakes it."""

from tests.pipeline.conftest import shop

__all__ = ["shop"]
