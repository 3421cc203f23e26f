"""The run that the container serves."""

from tests.jobs.conftest import asked

__all__ = ["asked"]
