"""A page that came as a mail is read as the text that somebody sees."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_WHITE_SPACE: Final = re.compile(r"[ \t\r\n\f]+")


class _Plain(HTMLParser):
    """The text of a page, with line breaks where a reader sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0
        self._as_written = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in ("script", "style", "head"):
            self._hidden += 1
        elif tag == "pre":
            self._as_written += 1
        elif tag in ("br", "p", "div", "tr", "li", "h1", "h2", "h3"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "head"):
            self._hidden = max(0, self._hidden - 1)
        elif tag == "pre":
            self._as_written = max(0, self._as_written - 1)
        elif tag in ("p", "div", "tr", "li"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # Programs break the lines of a page where they like: no reader sees it.
            self.parts.append(data if self._as_written else _WHITE_SPACE.sub(" ", data))


def plain_text(page: str) -> str:
    """The text of an HTML page."""
    reader = _Plain()
    reader.feed(page)
    reader.close()
    return "".join(reader.parts)
