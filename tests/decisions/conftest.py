"""What holds in all tests of this folder."""

from tests.told import every_error_can_be_told

__all__ = ["every_error_can_be_told"]
