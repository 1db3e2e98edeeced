"""What a network is shown at once, and how wrong it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from monai.losses import DiceCELoss
from torch import Tensor

from models.anatomy.randomness import Randomness

VOTE_SCALE = 10.0  # voxels: keeps the votes' error of the order of the other terms


@dataclass(frozen=True, eq=False)
class Batch:
    """Patches with what is true about them; D is empty for slices.

    Attributes
    ----------
    images : (N, C, [D,] H, W) float32 tensor
    classes : (N, [D,] H, W) int64 tensor
    votes : (N, 3, D, H, W) float32 tensor, optional
        From each voxel of a vertebra to the centre of its body, in units of `VOTE_SCALE` voxels.
    voters : (N, D, H, W) bool tensor, optional
        Voxels that have a vote.
    """

    images: Tensor
    classes: Tensor
    votes: Tensor | None = None
    voters: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Move to a device."""
        moved = {name: value.to(device) for name, value in vars(self).items() if value is not None}
        return replace(self, **moved)


@dataclass(frozen=True, eq=False)
class Scan:
    """A file of the bank in memory.

    Attributes
    ----------
    image : (S, H, W) float16 tensor
    labels : (L, S, H, W) tensor
        One or more label images.
    centres : (7, 3) float64 tensor, optional
        Centres of the bodies, in voxels.
    """

    image: Tensor
    labels: Tensor
    centres: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Teaching:
    """How a network is taught: reading a file of its bank, and drawing a batch."""

    load: Callable[[Path], Scan]
    draw: Callable[[Randomness, Sequence[Scan]], Batch]


def stack(samples: Sequence[tuple[Tensor, Tensor]]) -> Batch:
    """Put patches and their classes together."""
    return Batch(torch.stack([x for x, _ in samples]), torch.stack([classes for _, classes in samples]))


def segmentation_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy + soft Dice of the foreground over the whole batch + mean error of the votes.

    Parameters
    ----------
    logits : (N, classes [+ 3], [D,] H, W) float32 tensor
        The last three maps are votes if the batch has votes.
    """
    if batch.votes is None or batch.voters is None:
        return _class_loss(logits, batch.classes)
    return _class_loss(logits[:, :-3], batch.classes) + vote_loss(logits[:, -3:], batch.votes, batch.voters)


def _class_loss(logits: Tensor, classes: Tensor) -> Tensor:
    loss: Tensor = DiceCELoss(
        include_background=False, to_onehot_y=True, softmax=True, batch=True, smooth_nr=1.0, smooth_dr=1.0
    )(logits, classes[:, None])
    return loss


def vote_loss(votes: Tensor, truth: Tensor, voters: Tensor) -> Tensor:
    """Mean absolute error over the voters of each patch, averaged over the patches; 0 without voters."""
    errors = [
        (found[:, where] - true[:, where]).abs().mean()
        for found, true, where in zip(votes, truth, voters, strict=True)
        if where.any()
    ]
    return torch.stack(errors).sum() / len(votes) if errors else votes.sum() * 0
