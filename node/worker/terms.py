"""The terms of analyses; the dispatcher needs them too, which must not import the worker processes."""

from datetime import timedelta

from node import queue
from node.settings import Settings


def terms_of(settings: Settings) -> queue.Terms:
    """Return the terms on which analyses are handed out."""
    worker = settings.worker
    return queue.Terms(
        timedelta(seconds=worker.lease_s), worker.max_attempts, timedelta(seconds=worker.retry_s)
    )
