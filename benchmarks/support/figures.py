"""Measured figures beside their budgets."""

import os
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str
    budget: float | None = None  #: the most that is allowed; None: for information
    least: bool = False  #: whether the budget is the least that is asked for, as of a ratio

    @property
    def kept(self) -> bool:
        """Whether the budget is kept."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.least else self.value <= self.budget


def show(title: str, figures: Iterable[Figure]) -> bool:
    """Print a table, and say how busy the machine was: seconds mean little without it.

    Parameters
    ----------
    title : str
    figures : iterable of Figure

    Returns
    -------
    bool
        Whether every budget is kept.
    """
    figures = tuple(figures)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"\n{title}\n({len(os.sched_getaffinity(0))} CPUs; load over 1, 5, 15 minutes: {load})\n")
    print(f"{'':48}{'measured':>10}        {'budget':>8}  {'ratio':>6}")
    for one in figures:
        print(f"{one.name:48}{one.value:10.4g} {one.unit:6} {_against_budget(one)}".rstrip())
    return all(one.kept for one in figures)


def _against_budget(figure: Figure) -> str:
    if figure.budget is None:
        return ""
    ratio = f"{figure.value / figure.budget:6.2f}" if figure.budget else f"{'':6}"
    return f"{figure.budget:8g}  {ratio}{'' if figure.kept else '  EXCEEDED'}"
