"""What tests of the desk can ask for."""

from tests.support.houses import hub, infrastructure, make_hub

__all__ = ["hub", "infrastructure", "make_hub"]
