"""What intake answers is the same on each infrastructure."""

from tests.support.houses import hub, infrastructure, make_hub

__all__ = ["hub", "infrastructure", "make_hub"]
