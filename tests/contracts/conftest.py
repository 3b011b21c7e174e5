"""By day no request is thought of that is for the night."""

from __future__ import annotations

from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, obj: object
) -> Generator[None, object, object]:
    """Leave a nightly test out before its parts are collected.

    schemathesis thinks of every request then, and pytest would look at the mark afterwards: each process of a
    run by day would think for half a minute of what it does not send.
    """
    made = yield
    marks = {mark.name for mark in getattr(obj, "pytestmark", ())}
    return [] if "nightly" in marks and collector.config.option.markexpr == "not nightly" else made
