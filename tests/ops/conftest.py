"""What tests of the desk can ask for."""

from tests.support.browser import browser, site, visitors
from tests.support.houses import hub, infrastructure, make_hub, place

__all__ = ["browser", "hub", "infrastructure", "make_hub", "place", "site", "visitors"]
