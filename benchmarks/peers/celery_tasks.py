"""The tasks for Celery: run with `celery -A benchmarks.peers.celery_tasks worker`."""

from __future__ import annotations

import os

from celery import Celery

from benchmarks.peers.rows import keep
from benchmarks.peers.whole_triage import triage

app = Celery(broker=os.environ["PEER_BROKER_URL"])
app.conf.task_default_queue = "celery_tasks"
app.conf.task_acks_late = True  # as sure as the others: a message is done with when its row is committed
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False


@app.task(name="keep_row")  # type: ignore[untyped-decorator]  # celery brings no types
def keep_row(message_id: str, body: str) -> None:
    """Insert one row."""
    keep(message_id, body)


@app.task(name="triage_referral")  # type: ignore[untyped-decorator]
def triage_referral(_message_id: str, body: str) -> None:
    """Do all of triage for one referral."""
    triage(body)
