"""The two random streams an anatomy and its scans are drawn from."""

import numpy as np
import torch
from torch import Tensor


class Randomness:
    """Random numbers that travel with an anatomy, so that a seed fixes its scans too.

    Parameters
    ----------
    seed : int
    device : str
        Where fields are drawn. CPU and CUDA give different, equally valid anatomies for one seed.

    Attributes
    ----------
    numbers : numpy.random.Generator
        Single numbers: sizes, angles, signal levels.
    noise : torch.Generator
        Whole fields: warps, texture, scanner noise.
    """

    def __init__(self, seed: int, device: str = "cpu") -> None:
        self.device = device
        self.numbers = np.random.default_rng(seed)
        self.noise = torch.Generator(device=device)
        self.noise.manual_seed(seed + 17)  # the streams must not share a seed

    def uniform(self, low: float, high: float) -> float:
        """Draw from [low, high)."""
        return float(self.numbers.uniform(low, high))

    def normal(self, mean: float, deviation: float) -> float:
        """Draw from a normal distribution."""
        return float(self.numbers.normal(mean, deviation))

    def chance(self, probability: float) -> bool:
        """Say yes with the given probability."""
        return bool(self.numbers.random() < probability)

    def field(self, shape: tuple[int, ...]) -> Tensor:
        """Draw white noise: float32, mean 0, deviation 1."""
        return torch.randn(shape, generator=self.noise, device=self.device)
