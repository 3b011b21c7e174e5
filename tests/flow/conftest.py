"""Every test here tells one story of the whole hub, on each infrastructure."""

from tests.support.houses import hub, infrastructure, make_hub

__all__ = ["hub", "infrastructure", "make_hub"]
