"""Many fits at once: each in a process of its own with one thread, kept as soon as it is done.

One thread per fit makes the numbers the same whatever the number of processes.
"""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from models.validation.folds import Split
from models.validation.results import Result, Results

Work = Callable[[Split], Result]
Progress = Callable[[str], None]

#: What a fit says aloud belongs to its result, each sentence once.
WARNINGS: Final = "warnings"


def run(
    work: Work,
    splits: Sequence[Split],
    results: Results,
    *,
    jobs: int = 1,
    progress: Progress = lambda _: None,
    title: str = "fold",
) -> list[Result]:
    """Do the work of every split that has no result yet.

    Parameters
    ----------
    work : callable
        Takes a split and gives what JSON can hold. Must be picklable where `jobs` is above 1.
    splits : sequence of Split
    results : Results
        Where finished results are looked up and kept; a run that was killed goes on from there.
    jobs : int
        Processes.
    progress : callable
        Gets one line per finished fit: which of how many, time passed, time left.
    title : str
        What one fit is called in these lines.

    Returns
    -------
    list of dict
        In the order of `splits`.
    """
    found = {split.name: kept for split in splits if (kept := results.find(split.name)) is not None}
    open_ = [split for split in splits if split.name not in found]
    if found:
        progress(f"{title}: {len(found)} of {len(splits)} are there from an earlier run")
    clock = _Clock(title, len(splits), len(found))
    for split, result in _finished(work, open_, jobs):
        found[split.name] = results.keep(split.name, result)
        progress(clock.line())
    return [found[split.name] for split in splits]


def quiet(work: Work, split: Split) -> Result:
    """Do one split's work on one thread; its warnings become part of the result."""
    with warnings.catch_warnings(record=True) as said, threadpool_limits(1):
        warnings.simplefilter("always")
        result = work(split)
    texts = sorted({f"{one.category.__name__}: {one.message}" for one in said})
    return {**result, WARNINGS: texts}


def _finished(work: Work, splits: Sequence[Split], jobs: int) -> Iterator[tuple[Split, Result]]:
    if jobs == 1 or len(splits) < 2:
        yield from ((split, quiet(work, split)) for split in splits)
        return
    pool = Parallel(
        n_jobs=min(jobs, len(splits)), return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1
    )
    yield from pool(delayed(_named)(work, split) for split in splits)


def _named(work: Work, split: Split) -> tuple[Split, Result]:
    return split, quiet(work, split)


class _Clock:
    def __init__(self, title: str, total: int, before: int) -> None:
        self._title, self._total, self._before = title, total, before
        self._done, self._start = 0, time.monotonic()

    def line(self) -> str:
        self._done += 1
        passed = time.monotonic() - self._start
        number = self._before + self._done
        left = passed / self._done * (self._total - number)
        return (
            f"{self._title} {number} of {self._total}: {_minutes(passed)} passed, about {_minutes(left)} left"
        )


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
