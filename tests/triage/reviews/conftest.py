"""Every test here has a hub at rest, on each infrastructure."""

from tests.support.houses import hub, infrastructure, make_hub

__all__ = ["hub", "infrastructure", "make_hub"]
