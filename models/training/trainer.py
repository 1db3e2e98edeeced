"""One network being taught: steps, a moving average of its weights, and a state that can be put away."""

import math
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import is_zipfile

import torch
from torch import Tensor

from models.anatomy.randomness import Randomness
from models.training.bank import Task
from models.training.batch import Scan, Teaching, segmentation_loss
from models.unet import UNet

LEARNING_RATE = 3e-3
GENTLE_RATE = 1.5e-3  # for weights that are good already
WEIGHT_DECAY = 1e-4
WARM_UP = 30  # steps
AVERAGING = 0.995  # of the moving average, per step
REMEDY = "remove it or train in another folder"


class Trainer:
    """Teaches a U-Net with AdamW under a cosine schedule, in bfloat16 where the device can.

    Parameters
    ----------
    task : {"sagittal", "ct", "vertebra", "axial"}
        Put away with the state, as is the seed: a training goes on only as what it was begun.
    network : UNet
    teaching : Teaching
    seed : int
        Fixes patches and augmentation; the network's first weights are the caller's.
    device : torch.device
    learning_rate : float
        The highest, after warming up.

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
        task: Task,
        network: UNet,
        teaching: Teaching,
        seed: int,
        device: torch.device,
        *,
        learning_rate: float = LEARNING_RATE,
    ) -> None:
        self.task, self.seed, self.peak = task, seed, learning_rate
        flat = network.head.weight.dim() == 4
        self._layout = torch.channels_last if flat else torch.channels_last_3d
        self.network = network.to(device)
        self.network.to(memory_format=self._layout)  # type: ignore[call-overload]  # missing in torch's stubs
        self.teaching = teaching
        self.device = device
        self.random = Randomness(seed)
        self.optimiser = torch.optim.AdamW(network.parameters(), learning_rate, weight_decay=WEIGHT_DECAY)
        self.average = {key: value.detach().clone() for key, value in network.state_dict().items()}
        self.step_count = 0
        self.elapsed_s = 0.0

    def step(self, scans: Sequence[Scan], progress: float) -> float:
        """Take a step and return its loss.

        Parameters
        ----------
        scans : sequence of Scan
        progress : float
            How much of the budget is spent, 0 to 1: sets the learning rate.
        """
        self._set_learning_rate(progress)
        batch = self.teaching.draw(self.random, scans).to(self.device)
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network(batch.images.contiguous(memory_format=self._layout))
        loss = segmentation_loss(logits.float(), batch)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step_count += 1
        self._follow()
        return float(loss.detach())

    @property
    def learning_rate(self) -> float:
        """Learning rate of the last step."""
        return float(self.optimiser.param_groups[0]["lr"])

    def _set_learning_rate(self, progress: float) -> None:
        """Warm up, then fall along a cosine to a fiftieth."""
        warm = min(1.0, (self.step_count + 1) / WARM_UP)
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.peak * warm * (cosine * 0.98 + 0.02)

    @torch.no_grad()
    def _follow(self) -> None:
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
