"""Deep features of every structure of a segmented series: one cube each through the encoder.

Zou et al. 2025 take a 3D Vision Transformer's pooled output over a cube of 128 x 128 x 128; how a structure
becomes a cube is `models.backbone.cubes`, which the network's training uses too.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.backbone.cubes import MARGIN_MM, CubeError, crop, to_cube
from models.manifest import ManifestError
from models.vit import Encoder, load
from pipelines.errors import FeatureError, ModelError
from pipelines.features.geometry import index_spacing
from pipelines.features.structures import group_of
from pipelines.segmentation.network import choose_device
from pipelines.types import FeatureVector, Finding, ModelIdentity, Segmentation

INPUT = {"crop": "bounding box", "margin_mm": MARGIN_MM, "outside": "mean", "resize": "linear", "scale": "z"}
"""What happens before the network; part of the digest."""


@dataclass(frozen=True, eq=False, slots=True)
class Network:
    """An encoder and what its features are known by."""

    encoder: Encoder
    identity: ModelIdentity  #: `digest` covers the weights and what happens to a structure before them


@lru_cache(maxsize=4)
def load_network(device: str = "auto", folder: Path | None = None) -> Network:
    """Load an encoder, once per process and device.

    Parameters
    ----------
    device : str
        "auto" is the first GPU, else the CPU.
    folder : Path, optional
        Of an encoder of the site's own; the shipped one by default.

    Raises
    ------
    ModelError
        If the weights are missing, damaged, or do not fit the network.
    """
    try:
        place = str(choose_device(device))
        if folder is None:
            return identified(load(device=place))
        return identified(load(folder.resolve().name, folder.resolve().parent, place))
    except ManifestError as error:
        raise ModelError("MODEL_DAMAGED", str(error)) from None
    except (RuntimeError, TypeError) as error:  # state dict or settings of another network
        raise ModelError("MODEL_MISMATCH", f"the deep features' weights do not fit: {error}") from None


def identified(encoder: Encoder) -> Network:
    """Give an encoder the identity that its features carry."""
    content = {"network": encoder.manifest.digest, "input": INPUT}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Network(encoder, ModelIdentity("vit", encoder.manifest.version, digest))


def extract_series(segmentation: Segmentation, network: Network, batch: int = 4) -> tuple[FeatureVector, ...]:
    """Give the deep features of all vertebrae, bodies, discs and muscles of a series.

    Parameters
    ----------
    segmentation : Segmentation
    network : Network
    batch : int
        Cubes at a time (8 MiB each).

    Returns
    -------
    tuple of FeatureVector
        One per structure in label order, with values `deep_000` …; without values and with a `reason` where
        the structure cannot give a cube (ROI_EMPTY, ROI_NOT_FINITE, ROI_CONSTANT).
    """
    labels = [label for label in sorted(segmentation.structures) if group_of(segmentation.structures[label])]
    outcomes: dict[int, dict[str, float] | Finding] = {}
    for start in range(0, len(labels), batch):
        outcomes |= _run(segmentation, network.encoder, labels[start : start + batch])
    return tuple(_vector(segmentation, network.identity, label, outcomes[label]) for label in labels)


def cube(
    voxels: NDArray[np.float32], roi: NDArray[np.bool_], spacing: tuple[float, float, float], side: int
) -> Tensor:
    """Cut out a structure and bring it to a cube of mean 0 and SD 1.

    Parameters
    ----------
    voxels : float32 array of shape (slices, rows, columns)
    roi : bool array of the same shape
    spacing : tuple of three float
        mm along slice, row and column index.
    side : int

    Returns
    -------
    float32 tensor of shape (1, side, side, side)
        Slice, row and column run along the cube's sides; the box is stretched to the cube.

    Raises
    ------
    FeatureError
        ROI_EMPTY, ROI_NOT_FINITE, ROI_CONSTANT.
    """
    try:
        cropped = crop(voxels, roi, spacing)
    except CubeError as error:
        raise FeatureError(error.code, str(error)) from None
    return to_cube(torch.from_numpy(cropped), side)


def _run(
    segmentation: Segmentation, encoder: Encoder, labels: list[int]
) -> Iterator[tuple[int, dict[str, float] | Finding]]:
    """Give each label its features, or why it has none; one pass through the network."""
    cubes: dict[int, Tensor] = {}
    for label in labels:
        try:
            cubes[label] = _cube_of(segmentation, label, encoder.network.side)
        except FeatureError as error:
            yield label, Finding(error.code, str(error))
    if cubes:
        rows = encoder.features(torch.stack(list(cubes.values()))).tolist()
        for label, row in zip(cubes, rows, strict=True):
            yield label, {f"deep_{index:03d}": value for index, value in enumerate(row)}


def _cube_of(segmentation: Segmentation, label: int, side: int) -> Tensor:
    volume = segmentation.volume
    return cube(volume.voxels, segmentation.labels == np.uint8(label), index_spacing(volume), side)


def _vector(
    segmentation: Segmentation, identity: ModelIdentity, label: int, outcome: dict[str, float] | Finding
) -> FeatureVector:
    reason, values = (outcome, {}) if isinstance(outcome, Finding) else (None, outcome)
    return FeatureVector(
        role=segmentation.volume.role,
        structure=segmentation.structures[label],
        kind="deep",
        profile=f"{identity.name}@{identity.version}",
        digest=identity.digest,
        values=values,
        reason=reason,
    )
