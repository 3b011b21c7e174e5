"""What every test of pages can ask for: hubs, a hub that serves them, and people who visit it."""

from tests.support.browser import browser, site, visitors
from tests.support.houses import hub, infrastructure, make_hub, place

__all__ = ["browser", "hub", "infrastructure", "make_hub", "place", "site", "visitors"]
