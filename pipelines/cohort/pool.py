"""Spawned processes behind `submit`, as `concurrent.futures` and Dask's client have it."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Protocol, TypeVar

from pebble import ProcessPool

Answer = TypeVar("Answer")


class Executor(Protocol):
    """What an extraction hands its cases to: this pool, or what Dask's `Client.get_executor()` gives."""

    def submit(self, function: Callable[..., Answer], /, *arguments: Any) -> "Future[Answer]":
        """Have a function run elsewhere; the future is `concurrent.futures`'."""


class SpawnedPool:
    """Processes that each run one function at a time; one that dies or hangs takes only its own work along.

    Spawned, because a fork after CUDA or threads have started is not safe.

    Parameters
    ----------
    jobs : int
        Processes; they share the processor's cores evenly.
    timeout_s : float
        After this long a process is ended and its future raises TimeoutError.
    """

    def __init__(self, jobs: int, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        threads = max(1, (os.cpu_count() or 1) // jobs)
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(jobs, initializer=_share, initargs=[threads], context=context)

    def submit(self, function: Callable[..., Answer], /, *arguments: Any) -> "Future[Answer]":
        """Have a function run in a process; see `Executor`."""
        future: Future[Answer] = self._pool.submit(function, self._timeout_s, *arguments)
        return future

    def __enter__(self) -> "SpawnedPool":
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what runs; after an error or Ctrl-C, end it."""
        if kind is None:
            self._pool.close()
        else:
            self._pool.stop()
        self._pool.join()


def _share(threads: int) -> None:
    """Keep a process to its cores; read when the numeric libraries are loaded, which is after this."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(variable, str(threads))
