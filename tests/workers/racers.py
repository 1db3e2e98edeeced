"""Processes that race for jobs or for the first migration, and one that dies with a job in its hands."""

import os
from datetime import datetime, timedelta
from multiprocessing.queues import Queue
from pathlib import Path

from sqlalchemy import Engine

from node import engine as database
from node import queue
from node.settings import Settings

TERMS = queue.Terms(lease=timedelta(minutes=5), max_attempts=3, retry=timedelta(seconds=30))


def migrate(folder: Path) -> None:
    """Bring the folder's SQLite database to the newest revision."""
    engine = database.create(Settings(data_dir=folder))
    database.migrate(engine)
    engine.dispose()


def drain(url: str, folder: Path, name: str, at: datetime, out: "Queue[int]") -> None:
    """Finish one job after the other until none is left."""
    engine = _engine(url, folder)
    writers = database.sessions(engine)
    while True:
        with writers.begin() as session:
            job = queue.claim(session, "analyse", name, TERMS, now=at)
        if job is None:
            break
        with writers.begin() as session:
            queue.finish(session, job)
        out.put(job.id)
    engine.dispose()


def take_and_die(url: str, folder: Path, at: datetime) -> None:
    """Claim a job and be killed."""
    with database.sessions(_engine(url, folder)).begin() as session:
        queue.claim(session, "analyse", "doomed", TERMS, now=at)
    os.kill(os.getpid(), 9)


def _engine(url: str, folder: Path) -> Engine:
    return database.create(Settings(data_dir=folder, database_url=url))
