"""A MONAI bundle that segments a volume whose voxels are its classes, and such volumes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.types import Role, SourceSeries, Volume

CHANNELS = {"0": "background", "1": "sacrum", "2": "vertebra", "3": "disc"}
#: slices from right to left, rows down, columns back: sagittal, LPS mm
SAGITTAL = np.array([[4.0, 0, 0, -40], [0, 0, 1.5, -50], [0, -1.5, 0, 120], [0, 0, 0, 1]])


def volume_of(
    voxels: NDArray[Any], affine: NDArray[np.float64] = SAGITTAL, role: Role = Role.MR_SAG_T2
) -> Volume:
    series = SourceSeries("1.2", "1.2.3", "CT" if role is Role.CT else "MR", (), ())
    return Volume(voxels.astype(np.float32), affine, tuple(range(len(voxels))), role, series)


def spine(vertebrae: int = 4, sacrum: bool = True) -> Volume:
    """A sagittal volume: 1 sacrum, then disc (3) and vertebra (2) in turn, with a spinous process each."""
    grid = np.zeros((20, 64, 30 + 26 * vertebrae), np.uint8)  # (L, P, S), 4 x 1.5 x 1.5 mm
    if sacrum:
        grid[4:16, 10:34, 4:24] = 1
    low = 24
    for _ in range(vertebrae):
        grid[4:16, 10:34, low : low + 6] = 3
        grid[4:16, 10:34, low + 6 : low + 24] = 2
        grid[9:11, 34:56, low + 2 : low + 14] = 2  # reaches down beside the disc
        low += 24
    return volume_of(grid.transpose(0, 2, 1)[:, ::-1])


def write_bundle(
    folder: Path,
    *,
    channels: Mapping[str, str] | None = None,
    label_map: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    spacing: float = 1.5,
) -> Path:
    """Write a bundle of one convolution: the class nearest to a voxel's value has the largest logit."""
    channels = CHANNELS if channels is None else channels
    count = len(channels) or 4
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    pred = {"num_channels": count, "channel_def": dict(channels)}
    metadata = {"name": "nearest", "version": "3", "network_data_format": {"outputs": {"pred": pred}}}
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    transforms = [
        {"_target_": "LoadImaged", "keys": ["image"]},
        {"_target_": "EnsureChannelFirstd", "keys": ["image"]},
        {"_target_": "Orientationd", "keys": ["image"], "axcodes": "RAS", "labels": None},
        {"_target_": "Spacingd", "keys": ["image"], "pixdim": [-1, spacing, spacing], "mode": "nearest"},
    ]
    network = {"_target_": "torch.nn.Conv3d", "in_channels": 1, "kernel_size": 1}
    values = {
        "device": "cuda:7",
        "network_def": {**network, "out_channels": count},
        "preprocessing": {"_target_": "Compose", "transforms": transforms},
        "inferer": {"_target_": "SlidingWindowInferer", "roi_size": [32, 32, 32], "overlap": 0.25},
    }
    (folder / "configs" / "inference.json").write_text(json.dumps({**values, **(config or {})}))
    k = torch.arange(count, dtype=torch.float32)
    state = {
        "weight": 2 * k.reshape(-1, 1, 1, 1, 1),
        "bias": -(k**2),
    }  # |x - k| is least where 2kx - k^2 is most
    torch.save(state, folder / "models" / "model.pt")
    if label_map is not None:
        (folder / "label_map.json").write_text(json.dumps(label_map))
    return folder
