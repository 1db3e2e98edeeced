"""Beginning a training with a network that is there already, and ending between the two."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from models.manifest import Manifest, ManifestError, open_model
from models.training.bank import Task
from models.training.export import SETTINGS

Weights = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Beginning:
    """The network that a training begins with: its weights as float32, and its manifest."""

    weights: Weights
    manifest: Manifest


def read_beginning(task: Task, start: Path) -> Beginning:
    """Read a model folder.

    Raises
    ------
    ValueError
        If the folder is damaged, or holds a network of another kind.
    """
    try:
        folder, manifest = open_model(start.resolve().name, start.resolve().parent)
    except ManifestError as error:
        raise ValueError(f"--start: {error}") from None
    if dict(manifest.settings) != SETTINGS[task]:
        raise ValueError(f"--start: {start} holds {manifest.name!r}, not the {task} network of this version")
    weights = load_file(folder / "weights.safetensors")
    return Beginning({key: value.float() for key, value in weights.items()}, manifest)


def between(first: Weights, last: Weights) -> dict[str, Tensor]:
    """Mean of a network's weights before and after it was trained on.

    On scans unlike the generated ones it keeps more of what either knew than the last weights do (Wortsman
    et al., ICML 2022, "model soups").

    Parameters
    ----------
    first, last : mapping of str to Tensor
        Of one architecture, the last trained from the first. What `first` lacks is taken from `last`.
    """
    return {
        key: (value.float().cpu() + first[key]) / 2 if key in first and value.is_floating_point() else value
        for key, value in last.items()
    }
