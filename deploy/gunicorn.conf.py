"""How gunicorn serves one service's HTTP: `gunicorn -c gunicorn.conf.py 'services.wsgi:app_of("intake")'`.

Synchronous workers, one request each: most of a request is the database's commit, and threads in one process
only wait for one another. The proxy in front takes slow clients in, so that a worker never waits for one.
"""

import logging
import os
import re


class WithoutWhatWasSent(logging.Filter):
    """Keeps what gunicorn quotes of a request, which can be somebody's name, out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave of such a line the plain words, and of an exception its kind."""
        quotes = re.match(r"Invalid request|Error handling request", str(record.msg))
        if quotes:
            kind = record.exc_info[0] if record.exc_info else None
            record.msg, record.args = f"{quotes[0]} ({kind.__name__})" if kind else quotes[0], ()
            record.exc_info = record.exc_text = None
        return True


bind = os.environ.get("HTTP_BIND", "0.0.0.0:8000")  # in a container, reached by the proxy only

# A worker waits for the database about half of its time.
workers = int(os.environ.get("WEB_CONCURRENCY") or 2 * len(os.sched_getaffinity(0)) + 1)
worker_class = "sync"
# Loaded once, then forked: the workers share the pages, and an app that cannot start ends the container with
# its reason. Nothing is connected before the first request.
preload_app = True
# The heartbeat file of a worker: in memory, because a slow disk would look like a stuck worker.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - of this container alone

# A request that takes longer is stuck: its worker is replaced. The proxy waits a little longer than this.
timeout = 30
# On SIGTERM what is in hand is finished; docker-compose.yml waits longer than this.
graceful_timeout = 20
# A leak, in whatever library, ends with its worker; not all at the same moment.
max_requests = 20_000
max_requests_jitter = 4_000
backlog = 256

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# The app logs each answer by its route. An access log would hold addresses, and in them what people typed.
accesslog = None
# What gunicorn itself has to say goes the app's way: one line of JSON on standard error.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "WARNING", "handlers": []},
    "filters": {"discreet": {"()": WithoutWhatWasSent}},
    "loggers": {
        "gunicorn.error": {"level": "WARNING", "handlers": [], "filters": ["discreet"], "propagate": True}
    },
}
# Nobody has to talk to a running gunicorn: containers are replaced.
control_socket_disable = True
