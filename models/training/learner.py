"""A network being taught, whatever it learns: optimiser, moving average, and a state that can be put away."""

import math
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Generic, TypeVar
from zipfile import is_zipfile

import torch
from torch import Tensor, nn

from models.anatomy.randomness import Randomness

AVERAGING = 0.995  # of the moving average, per step
REMEDY = "remove it or train in another folder"

Network = TypeVar("Network", bound=nn.Module)


class Learner(Generic[Network]):
    """Teaches a network with AdamW under a cosine schedule.

    Parameters
    ----------
    task : str
        Put away with the state, as is the seed: a training goes on only as what it was begun.
    network : nn.Module
        On `device`.
    seed : int
        Fixes what is drawn; the network's first weights are the caller's.
    device : torch.device
    learning_rate : float
        The highest, after warming up.
    weight_decay : float
    warm_up : int
        Steps.

    Attributes
    ----------
    step_count : int
        Steps taken so far.
    elapsed_s : float
        Seconds spent so far, kept up to date by the caller and put away with the state.
    average : dict of str to Tensor
        Moving average of the network's state: the weights worth keeping.
    """

    def __init__(
        self,
        task: str,
        network: Network,
        seed: int,
        device: torch.device,
        *,
        learning_rate: float,
        weight_decay: float,
        warm_up: int,
    ) -> None:
        self.task, self.seed, self.peak, self.warm_up = task, seed, learning_rate, warm_up
        self.network = network
        self.device = device
        self.random = Randomness(seed)
        self.optimiser = torch.optim.AdamW(network.parameters(), learning_rate, weight_decay=weight_decay)
        self.average = {key: value.detach().clone() for key, value in network.state_dict().items()}
        self.step_count = 0
        self.elapsed_s = 0.0

    @property
    def learning_rate(self) -> float:
        """Learning rate of the last step."""
        return float(self.optimiser.param_groups[0]["lr"])

    def follow(self, loss: Tensor) -> float:
        """Take a step down the loss's slope and return the loss."""
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step_count += 1
        self._update_average()
        return float(loss.detach())

    def set_learning_rate(self, progress: float) -> None:
        """Warm up, then fall along a cosine to a fiftieth; `progress` is the budget's spent part, 0 to 1."""
        warm = min(1.0, (self.step_count + 1) / self.warm_up)
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.peak * warm * (cosine * 0.98 + 0.02)

    @torch.no_grad()
    def _update_average(self) -> None:
        """Let the average follow the network: closely at first, slowly later."""
        keep = min(AVERAGING, (1 + self.step_count) / (10 + self.step_count))
        for key, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[key].mul_(keep).add_(value, alpha=1 - keep)
            else:
                self.average[key].copy_(value)

    def save(self, path: Path) -> None:
        """Put the whole state away; the file is either the old or the new one, never half of it."""
        part = path.with_suffix(".part")
        torch.save(self._state(), part)
        part.replace(path)

    def resume(self, path: Path) -> None:
        """Continue from a state that `save` wrote.

        Raises
        ------
        ValueError
            If the file is damaged, or the state is that of another network or of another seed.
        """
        state = _read(path)
        if state is None or state.keys() != self._state().keys():
            raise ValueError(f"{path} is damaged, or of another version of the program; {REMEDY}")
        if state["task"] != self.task:
            raise ValueError(f"{path} is the state of another network, {state['task']!r}; {REMEDY}")
        if state["seed"] != self.seed:
            raise ValueError(f"{path} was begun with seed {state['seed']}, not {self.seed}; {REMEDY}")
        try:
            self.network.load_state_dict(state["network"])
        except RuntimeError:  # torch names every layer that does not fit, a line each
            raise ValueError(f"{path} is the state of another network, of other layers; {REMEDY}") from None
        self._restore(state)

    def _restore(self, state: dict[str, Any]) -> None:
        """Put back all but the network's weights."""
        self.optimiser.load_state_dict(state["optimiser"])
        self.average = {key: value.to(self.device) for key, value in state["average"].items()}
        self.random.numbers.bit_generator.state = state["numbers"]
        self.random.noise.set_state(state["noise"])
        self.step_count, self.elapsed_s = state["step_count"], state["elapsed_s"]

    def _state(self) -> dict[str, Any]:
        noise: Tensor = self.random.noise.get_state()
        return {
            "task": self.task,
            "seed": self.seed,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "numbers": self.random.numbers.bit_generator.state,
            "noise": noise,
            "step_count": self.step_count,
            "elapsed_s": self.elapsed_s,
        }


def _read(path: Path) -> dict[str, Any] | None:
    """Read what `save` wrote; None if the file is damaged or holds something else."""
    with path.open("rb") as stream:
        if not is_zipfile(stream):  # torch would try its older formats, and fail in many ways
            return None
        stream.seek(0)
        try:
            state = torch.load(stream, map_location="cpu", weights_only=True)
        except (RuntimeError, UnpicklingError):
            return None
    return state if isinstance(state, dict) else None
