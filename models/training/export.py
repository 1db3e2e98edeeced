"""Write a trained segmentation network as safetensors with its manifest and card."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from models.anatomy.tissues import MUSCLES
from models.manifest import Manifest, write_manifest
from models.training.card import write_card

#: What the pipelines need to build and feed each network; frozen with the weights.
SETTINGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "sagittal": {
            "in_channels": 3,
            "out_channels": 8,
            "features": [16, 32, 64, 128, 192],
            "dimensions": 2,
            "in_plane_mm": 1.25,
            "classes": ["background", "body", "disc", "sacrum", "canal", "posterior", "S1", "L5-S1 disc"],
        },
        "ct": {
            "in_channels": 1,
            "out_channels": 9,
            "features": [16, 32, 64, 96, 128],
            "dimensions": 3,
            "step_mm": 3.0,
            "window_hu": [-300.0, 1100.0],
            "hu_scale": 300.0,
            "classes": ["background", "body", "posterior", "sacrum", "disc", "S1"],
        },
        "vertebra": {
            "in_channels": 2,
            "out_channels": 4,
            "features": [16, 32, 64, 96, 128],
            "dimensions": 3,
            "step_mm": 1.5,
            "crop": [64, 64, 48],
            "behind_mm": [0.0, 20.0, -4.0],
            "marker_mm": 10.0,
            "window_hu": [-300.0, 1100.0],
            "hu_scale": 300.0,
            "classes": ["background", "this vertebra", "other vertebra or sacrum", "disc"],
        },
        "axial": {
            "in_channels": 5,
            "out_channels": 11,
            "features": [24, 48, 96, 160, 224],
            "dimensions": 2,
            "in_plane_mm": 1.5,
            "neighbours_mm": [-15.0, -5.0, 0.0, 5.0, 15.0],
            "classes": [
                "background",
                *MUSCLES,
                "spine",
                "canal",
            ],
        },
    }
)

INTENDED_USE = (
    "Research use only. Segmentation of lumbar-spine CT or MR for measurements that a person checks; "
    "not a medical device."
)


def export(
    state: Mapping[str, Tensor],
    task: str,
    folder: Path,
    *,
    version: str,
    training_data: str,
    metrics: Mapping[str, Any],
) -> Manifest:
    """Write `folder`/weights.safetensors (fp16), manifest.json, MODEL_CARD.md and, with a log, its plot.

    Parameters
    ----------
    state : mapping of str to Tensor
        The state dict of a `models.unet.UNet` built with `SETTINGS[task]`.
    task : {"sagittal", "ct", "vertebra", "axial"}
    folder : Path
        Made if absent.
    version : str
    training_data : str
        What it was trained on, for people.
    metrics : mapping
        What was measured, and on what.
    """
    folder.mkdir(parents=True, exist_ok=True)
    halves = {key: _half(value) for key, value in state.items() if not key.endswith("num_batches_tracked")}
    save_file(halves, folder / "weights.safetensors")
    manifest = write_manifest(
        folder,
        {
            "name": f"lumbar-node {task} U-Net",
            "version": version,
            "license": "Apache-2.0",
            "intended_use": INTENDED_USE,
            "training_data": training_data,
            "metrics": dict(metrics),
            "settings": dict(SETTINGS[task]),
            "files": ["weights.safetensors"],
        },
    )
    write_card(folder, task, manifest)
    return manifest


def _half(value: Tensor) -> Tensor:
    """Store floating-point tensors as fp16: half the size, no measurable change of the masks."""
    return value.to(torch.float16).contiguous() if value.is_floating_point() else value.contiguous()
