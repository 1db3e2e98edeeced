"""Send a prepared volume through somebody else's network in slabs, so that memory stays bounded.

A network with a hundred classes on a whole CT needs tens of GiB for its maps; only the class of each voxel is
kept, and only the maps of one slab exist at a time.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.errors import ModelError
from pipelines.segmentation.backends.label_map import LabelMap

VALUES_AT_ONCE = 1 << 27  #: float32 values of the maps of one slab: 0.5 GiB
HALO = 48  #: voxels that a slab sees beyond its ends
LEAST = 32  #: voxels that a slab advances by at least
NONE = 255  #: no channel answers

Infer = Callable[[Tensor], Tensor]


@torch.inference_mode()
def classify(image: Tensor, infer: Infer, label_map: LabelMap, outputs: int) -> NDArray[np.uint8]:
    """Give each voxel the channel that wins it.

    Parameters
    ----------
    image : float32 tensor of shape (1, C, i, j, k)
        On the device of the network.
    infer : callable
        Gives maps of shape (1, outputs, i, j, k) for any part of the image.
    label_map : LabelMap
    outputs : int
        Maps that the network is expected to give; bounds the size of a slab.

    Returns
    -------
    uint8 array of shape (i, j, k)
        NONE where no channel of a sigmoid network answers.

    Raises
    ------
    ModelError
        MODEL_MISMATCH, if the maps have another shape or too few channels.
    """
    shape = image.shape[2:]
    axis = int(np.argmax(shape))
    across = int(np.prod(shape)) // shape[axis]
    step = max(LEAST, VALUES_AT_ONCE // (across * max(outputs, 1)) - 2 * HALO)
    parts = []
    for start in range(0, shape[axis], step):
        stop, first = min(start + step, shape[axis]), max(0, start - HALO)
        slab = image.narrow(axis + 2, first, min(stop + HALO, shape[axis]) - first)
        winners = _winners(_checked(infer(slab), slab, label_map), label_map)
        parts.append(winners.narrow(axis, start - first, stop - start).cpu())
    classes: NDArray[np.uint8] = torch.cat(parts, axis).numpy()
    return classes


def _checked(maps: Tensor, slab: Tensor, label_map: LabelMap) -> Tensor:
    if maps.ndim != 5 or maps.shape[2:] != slab.shape[2:] or maps.shape[1] < label_map.channels:
        raise ModelError(
            "MODEL_MISMATCH",
            f"the network gives maps of shape {tuple(maps.shape)} for an image of shape {tuple(slab.shape)};"
            f" (1, {label_map.channels} or more, {', '.join(map(str, slab.shape[2:]))}) were expected:"
            " correct the label map, or the bundle",
        )
    return maps


def _winners(maps: Tensor, label_map: LabelMap) -> Tensor:
    """Return the winning channel of each voxel, (i, j, k) uint8, from logits."""
    best, channel = maps[0, : label_map.channels].max(0)
    winners = channel.to(torch.uint8)
    if label_map.activation == "sigmoid":
        winners[best <= 0] = NONE
    return winners
