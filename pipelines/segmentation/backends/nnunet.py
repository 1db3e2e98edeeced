"""A folder that nnU-Net v2 has trained: what it says, and its network with the weights of one fold.

The folder holds plans.json, dataset.json and fold_0/checkpoint_final.pth, and is named after its
configuration (…__nnUNetPlans__3d_fullres). See docs/decisions/totalsegmentator-without-its-package.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.nnunet import PACKAGE, PlanError, build_network, load_weights
from pipelines.errors import ModelError
from pipelines.segmentation.backends.files import Stamp, load_checkpoint
from pipelines.segmentation.backends.label_map import read_json

PLANS, DATASET, CHECKPOINT = "plans.json", "dataset.json", "checkpoint_final.pth"
USUAL = "3d_fullres"
_SCALAR: Callable[..., Any] = np.float64(0).__reduce__()[0]  # type: ignore[assignment]
#: what a checkpoint holds besides tensors: numbers that NumPy wrote, under the names of NumPy 1 and 2
ALLOWED: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f8", "f4", "i8", "i4", "?")),
]


@dataclass(frozen=True, eq=False)
class Plan:
    """What the two JSON files say.

    Attributes
    ----------
    folder, checkpoint : Path
    dataset : str
        Name of the data set that it was trained on.
    configuration : mapping
        Network, spacing (mm), patch_size and normalization_schemes, along the transposed axes.
    transpose : tuple of int
        Order of the image's axes (S, A, R) that spacing and patch refer to.
    intensities : mapping
        Of the foreground of the training images: mean, std, percentile_00_5, percentile_99_5.
    labels : mapping of int to str
        Channel to what it shows.
    """

    folder: Path
    checkpoint: Path
    dataset: str
    configuration: Mapping[str, Any]
    transpose: tuple[int, int, int]
    intensities: Mapping[str, float]
    labels: Mapping[int, str]

    @property
    def used(self) -> tuple[Path, ...]:
        """Every file that decides what the masks are."""
        return self.folder / PLANS, self.folder / DATASET, self.checkpoint


@dataclass(frozen=True, eq=False)
class Trained:
    """A network in evaluation mode, and the spatial axes along which it may be mirrored."""

    network: nn.Module
    mirrored: tuple[int, ...]
    device: torch.device

    def __call__(self, patch: Tensor) -> Tensor:
        """Return the mean of the logits of a patch and of its mirror images."""
        axes = [axis + 2 for axis in self.mirrored]
        flips = [flip for n in range(1, len(axes) + 1) for flip in combinations(axes, n)]
        logits: Tensor = self.network(patch)
        for flip in flips:
            logits = logits + self.network(patch.flip(flip)).flip(flip)
        return logits / (len(flips) + 1)


def read_plan(path: Path) -> Plan:
    """Read the two JSON files of a trained model.

    Parameters
    ----------
    path : Path
        The model's folder, or that of its data set with one model in it.

    Raises
    ------
    ModelError
        MODEL_FILES, naming the file and the key.
    """
    folder = _model_folder(path)
    plans, dataset = read_json(folder / PLANS), read_json(folder / DATASET)
    try:
        configuration = _configuration(plans, folder)
        order = plans["transpose_forward"]
        return Plan(
            folder,
            _checkpoint(folder),
            str(plans["dataset_name"]),
            configuration,
            (int(order[0]), int(order[1]), int(order[2])),
            plans["foreground_intensity_properties_per_channel"]["0"],
            _labels(dataset, folder),
        )
    except KeyError as error:
        raise ModelError("MODEL_FILES", f"{folder / PLANS}: lacks {error}; is it nnU-Net v2's?") from None


@lru_cache(maxsize=2)
def load_trained(folder: Path, stamp: Stamp, device: str) -> Trained:
    """Load a trained model once; `stamp` tells whether its files have changed since.

    Raises
    ------
    ModelError
        MODEL_DAMAGED, MODEL_MISMATCH or PACKAGE_MISSING, naming the file and what to do.
    """
    plan = read_plan(folder)
    checkpoint = load_checkpoint(plan.checkpoint, _read)
    network = _build(plan)
    try:
        load_weights(network, checkpoint["network_weights"])
    except (KeyError, RuntimeError) as error:
        raise ModelError(
            "MODEL_MISMATCH",
            f"{plan.checkpoint}: does not fit {PLANS} and {DATASET} beside it"
            f" ({str(error).partition(chr(10))[0]}); take all three from one model",
        ) from None
    mirrored = tuple(checkpoint.get("inference_allowed_mirroring_axes") or ())
    return Trained(network.eval().to(device), mirrored, torch.device(device))


def _build(plan: Plan) -> nn.Module:
    source = plan.folder / PLANS
    try:
        return build_network(plan.configuration, 1, len(plan.labels))
    except PlanError as error:
        raise ModelError("MODEL_FILES", f"{source}: {error}") from None
    except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision, which it needs, is not torch's
        raise ModelError(
            "PACKAGE_MISSING",
            f"{source}: its network needs the package {PACKAGE}, which cannot be imported ({error}):"
            " pip install 'lumbar-node[totalsegmentator]'",
        ) from None


def _read(path: Path) -> Any:
    with torch.serialization.safe_globals(ALLOWED):
        return torch.load(path, map_location="cpu", weights_only=True)


def _model_folder(path: Path) -> Path:
    if (path / PLANS).is_file():
        return path
    found = sorted(plans.parent for plans in path.glob(f"*/{PLANS}"))
    if len(found) != 1:
        there = ", ".join(one.name for one in found) or "none"
        raise ModelError(
            "MODEL_FILES",
            f"path: {path}: a folder with {PLANS}, {DATASET} and fold_0/{CHECKPOINT} is needed, or a folder"
            f" that holds one such (there: {there})",
        )
    return found[0]


def _configuration(plans: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return the configuration that the folder is named after, with what it inherits."""
    all_of_them = plans["configurations"]
    named = folder.name.rpartition("__")[2]
    values = all_of_them[named if named in all_of_them else USUAL]
    while "inherits_from" in values:
        parent = all_of_them[values["inherits_from"]]
        values = {**parent, **{key: value for key, value in values.items() if key != "inherits_from"}}
    if len(values["patch_size"]) != 3:
        raise ModelError("MODEL_FILES", f"{folder}: a network of two dimensions; take a 3d configuration")
    return dict(values)


def _labels(dataset: Mapping[str, Any], folder: Path) -> dict[int, str]:
    """Return what the channels show; channel k is label k."""
    inputs = dataset.get("channel_names") or dataset.get("modality") or {}
    labels = dataset["labels"]
    if len(inputs) != 1:
        raise ModelError("MODEL_FILES", f"{folder / DATASET}: takes {len(inputs)} images; only one is given")
    if not all(isinstance(value, int) for value in labels.values()):
        raise ModelError(
            "MODEL_FILES", f"{folder / DATASET}: labels: regions of several labels are not known"
        )
    found = {value: name for name, value in labels.items() if name != "ignore"}
    if sorted(found) != list(range(len(found))):
        raise ModelError("MODEL_FILES", f"{folder / DATASET}: labels: must be numbered 0, 1, 2 …")
    return found


def _checkpoint(folder: Path) -> Path:
    found = sorted(folder.glob(f"fold_*/{CHECKPOINT}"))
    if not found:
        raise ModelError("MODEL_FILES", f"{folder}: no fold_0/{CHECKPOINT}; copy the model's weights there")
    return found[0]
