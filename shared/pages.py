"""What people see: one layout for all three services, and the design system that it is drawn with.

The GOV.UK Design System's styles and scripts are front-end packages (package.json), which
`requirements/install` puts into the environment that the hub is installed in. One service serves them, under
an address that changes with their content, so that a browser may keep them for ever. What belongs to GOV.UK
alone stays away: its font, its crown, its name.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import logging
import mimetypes
import re
import secrets
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader

from shared.doors import doors_of
from shared.problems import NotFound
from shared.web import ANYONE, open_to, problem_pages_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from shared.problems import Problem
    from shared.web import Caller

log = logging.getLogger(__name__)

PACKAGES: Final = Path(sys.prefix) / "share" / "referral-hub" / "node_modules"
_OWN: Final = Path(__file__).parent / "drawing"
_SERVED: Final = {
    "govuk-frontend.css": PACKAGES / "govuk-frontend/dist/govuk/govuk-frontend.min.css",
    "govuk-frontend.js": PACKAGES / "govuk-frontend/dist/govuk/govuk-frontend.min.js",
    "swagger-ui.css": PACKAGES / "swagger-ui-dist/swagger-ui.css",
    "swagger-ui.js": PACKAGES / "swagger-ui-dist/swagger-ui-bundle.js",
    "api_reference.js": _OWN / "api_reference.js",
    "hub.css": _OWN / "hub.css",
    "hub.js": _OWN / "hub.js",
    "plain.svg": _OWN / "plain.svg",
}
_SAID: Final = {"service_name": "Referral Hub", "service_url": "/"}
_OWN_FONTS: Final = "system-ui,-apple-system,Segoe UI,Roboto,Noto Sans,Helvetica,Arial,sans-serif"
_FOR_EVER: Final = "public, max-age=31536000, immutable"

# Nothing but our own files, no script or style inside a page except the one that carries the page's nonce,
# and no page of ours inside somebody else's.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Asset:
    """A file that pages ask for."""

    content: bytes
    packed: bytes
    kind: str


@dataclass(frozen=True)
class Assets:
    """Every file that pages ask for, and the version that their address carries."""

    version: str
    files: Mapping[str, Asset]

    @classmethod
    def read(cls, served: Mapping[str, Path]) -> Assets:
        """The files that are there; a hub whose front-end packages are missing has bare pages."""
        files = {}
        for name, path in served.items():
            try:
                content = path.read_bytes()
            except OSError:
                log.warning("a file of the pages is missing", extra={"asset": name})
                continue
            if name == "govuk-frontend.css":
                content = _without_what_is_theirs_alone(content)
            kind = mimetypes.types_map[path.suffix]
            files[name] = Asset(content, gzip.compress(content, 6, mtime=0), f"{kind}; charset=utf-8")
        digest = hashlib.sha256()
        for name, asset in sorted(files.items()):
            digest.update(name.encode() + b"\0" + asset.content)
        return cls(digest.hexdigest()[:12], files)


def _without_what_is_theirs_alone(sheet: bytes) -> bytes:
    """The design system's styles in fonts that everybody has: GDS Transport is for service.gov.uk alone."""
    text = re.sub(r"@font-face\{[^}]*\}", "", sheet.decode("utf-8"))
    text = text.replace("font-family:GDS Transport,arial,sans-serif", f"font-family:{_OWN_FONTS}")
    return text.replace("url(/assets/images/govuk-crest.svg)", "none").encode("utf-8")


@functools.cache
def all_assets() -> Assets:
    """The files as they were when the first page was asked for."""
    return Assets.read(_SERVED)


def asset_url(name: str) -> str:
    """The address of a file, which changes when any of them does; empty when the file is missing."""
    assets = all_assets()
    return f"/assets/{assets.version}/{name}" if name in assets.files else ""


assets = Blueprint("assets", __name__)


@assets.get("/assets/<version>/<name>")
@open_to(ANYONE)
def get_asset(version: str, name: str) -> Response:
    """One of the files that pages ask for."""
    known = all_assets()
    asset = known.files.get(name)
    if asset is None:
        raise NotFound
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.packed if packed else asset.content, content_type=asset.kind)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    # While one version takes the other's place, a page of the one may ask the other for its files.
    response.headers["Cache-Control"] = _FOR_EVER if version == known.version else "no-store"
    return response


@functools.cache
def _environment(package: str) -> Environment:
    own = [PackageLoader(package)] if package != "shared" else []
    environment = Environment(
        loader=ChoiceLoader(
            [
                *own,
                PackageLoader("shared"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset_url"] = asset_url
    return environment


def _ways_of(reader: Caller | None) -> list[dict[str, object]]:
    """Every door of somebody's, the one that they came through marked; none where there is but one."""
    doors = doors_of(reader.role) if reader else []
    return [
        {
            "text": door.name,
            "href": door.path,
            "current": request.path == door.path,
            "active": request.path.startswith(f"{door.path}/"),
        }
        for door in doors
        if len(doors) > 1
    ]


@dataclass(frozen=True)
class Pages:
    """The pages of a package: its `templates/` over the layout that all services share.

    `said` is what every page of it is told: `service_name` and `service_url` stand in its header.
    """

    package: str
    said: Mapping[str, object] = field(default_factory=dict)

    def show(
        self, template: str, status: int = HTTPStatus.OK, *, reader: Caller | None = None, **told: object
    ) -> Response:
        """A page that no cache keeps, no frame holds, and that lets in no script but ours.

        Whoever reads it signed in finds their name in its header, the way out, and every door of theirs.
        """
        nonce = secrets.token_urlsafe(16)
        drawn = _environment(self.package).get_template(template)
        text = drawn.render(
            _SAID | dict(self.said) | told | {"cspNonce": nonce, "reader": reader, "ways": _ways_of(reader)}
        )
        response = Response(text, status, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return response

    def tell(self, problem: Problem, instance: str) -> Response:
        """A problem as a page, for somebody who asked with a browser."""
        return self.show("problem.html", problem.status, problem=problem, instance=instance)

    def told_in(self, app: Flask, below: str = "/") -> None:
        """Have an app tell its problems in these pages where a browser asks for an address below this one."""
        problem_pages_of(app, below, self.tell)
