"""What every test of pages can ask for: hubs, a hub that serves them, and people who visit it."""

from tests.support.browser import browser, site, visitors
from tests.support.houses import hub, infrastructure, make_hub

__all__ = ["browser", "hub", "infrastructure", "make_hub", "site", "visitors"]
