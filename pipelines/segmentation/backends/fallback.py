"""Where a GPU's memory runs out, the CPU goes on."""

from collections.abc import Callable

import torch

from pipelines.segmentation.network import choose_device
from pipelines.types import Segmentation


def on_device(segment: Callable[[str], Segmentation], device: str) -> Segmentation:
    """Segment on a device ("auto", "cpu", "cuda" …), and on the CPU if its memory is too small.

    Parameters
    ----------
    segment : callable
        Takes the name of the device.
    device : str
    """
    where = str(choose_device(device))
    try:
        return segment(where)
    except torch.OutOfMemoryError:
        if where == "cpu":
            raise
    return segment("cpu")
