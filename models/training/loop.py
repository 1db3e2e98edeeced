"""Steps until a budget is spent, with a log, a line for people now and then, and checkpoints on the way."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.training.learner import Learner
from models.training.log import Report, add_row, cut_after

REPORT_EVERY = 50  # steps
SAVE_EVERY = 300  # steps
SAVE_AFTER = 300.0  # seconds, where steps are slow
CHECKPOINT, LOG = "checkpoint.pt", "training.csv"

Progress = Callable[[str], None]
"""Called with a line for people."""


def say_nothing(line: str) -> None:
    """Be the progress of a caller who wants none."""


def resume(learner: Learner[Any], out_dir: Path, say: Progress) -> None:
    """Continue where `out_dir`'s checkpoint ended, if there is one; cut the log's rows beyond it."""
    if (out_dir / CHECKPOINT).is_file():
        learner.resume(out_dir / CHECKPOINT)
        say(f"continuing at step {learner.step_count}, {learner.elapsed_s:.0f} s")
    cut_after(out_dir / LOG, learner.step_count)


def spend(
    learner: Learner[Any], step: Callable[[float], float], budget_s: float, out_dir: Path, say: Progress
) -> None:
    """Take steps until the budget is spent.

    Parameters
    ----------
    learner : Learner
    step : callable
        Takes a step, told how much of the budget is spent (0 to 1), and returns its loss.
    budget_s : float
        Seconds of the whole training, those before an interruption included.
    out_dir : Path
        Gets training.csv and checkpoint.pt.
    say : callable
    """
    losses: list[float] = []
    start, saved = time.monotonic() - learner.elapsed_s, learner.elapsed_s
    while learner.elapsed_s < budget_s:
        losses.append(step(learner.elapsed_s / budget_s))
        learner.elapsed_s = time.monotonic() - start
        over = learner.elapsed_s >= budget_s
        if over or learner.step_count % REPORT_EVERY == 0:
            _report(learner, losses, out_dir / LOG, say)
            losses.clear()
        if over or learner.step_count % SAVE_EVERY == 0 or learner.elapsed_s - saved > SAVE_AFTER:
            learner.save(out_dir / CHECKPOINT)
            saved = learner.elapsed_s


def _report(learner: Learner[Any], losses: list[float], log: Path, say: Progress) -> None:
    mean = sum(losses) / len(losses)
    report = Report(
        learner.step_count, round(learner.elapsed_s, 1), round(mean, 4), round(learner.learning_rate, 6)
    )
    add_row(log, report)
    say(f"step {report.step}, {report.elapsed_s:.0f} s, loss {report.loss:.3f}")
