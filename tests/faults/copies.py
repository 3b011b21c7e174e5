"""Processes of a test's own that begin quickly: copies of one that has loaded the hub and does nothing."""

from __future__ import annotations

import multiprocessing

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.faults.dying", "tests.faults.racing", "tests.faults.sending"])
