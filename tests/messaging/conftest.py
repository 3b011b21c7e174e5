"""How messages travel is stated once here and run on each infrastructure."""

from tests.support.houses import hub, infrastructure, make_hub

__all__ = ["hub", "infrastructure", "make_hub"]
