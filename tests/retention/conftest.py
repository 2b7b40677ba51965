"""The shop of the pipeline's tests."""

from tests.pipeline.conftest import shop

__all__ = ["shop"]
