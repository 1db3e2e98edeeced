"""A MONAI bundle on disk: which files it has, and what its metadata says of the network's channels.

https://docs.monai.io/en/stable/mb_specification.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import ModelError
from pipelines.segmentation.backends.label_map import (
    FILE,
    LabelMap,
    label_map_of,
    read_json,
    read_label_map,
)

METADATA = "configs/metadata.json"
CONFIGS = ("configs/inference.json", "configs/inference.yaml", "configs/inference.yml")
WEIGHTS = ("models/model.safetensors", "models/model.pt", "models/model.ts")
CHANNELS = "network_data_format.outputs.pred.channel_def"


@dataclass(frozen=True, eq=False)
class BundleFiles:
    """What a bundle consists of.

    Attributes
    ----------
    folder, config, weights : Path
    name, version : str
        From the metadata, for the results.
    label_map : LabelMap
    outputs : int
        Channels that the network gives.
    used : tuple of Path
        Every file that decides what the masks are.
    """

    folder: Path
    config: Path
    weights: Path
    name: str
    version: str
    label_map: LabelMap
    outputs: int
    used: tuple[Path, ...]


def read_bundle(folder: Path, label_map: Path | None = None) -> BundleFiles:
    """Look at a bundle without executing anything of it.

    Parameters
    ----------
    folder : Path
    label_map : Path, optional
        The site's; else label_map.json in the bundle's folder, else the metadata's channel_def.

    Raises
    ------
    ModelError
        MODEL_FILES or LABEL_MAP, naming the file, the key, and what to do.
    """
    if not folder.is_dir():
        raise ModelError("MODEL_FILES", f"path: {folder} is no folder; name that of a MONAI bundle")
    metadata = folder / METADATA
    values = read_json(metadata)
    config, weights = _first(folder, CONFIGS), _first(folder, WEIGHTS)
    output = _section(values, "network_data_format", "outputs", "pred")
    channels = _channels(output.get("channel_def"), metadata)
    own = label_map or (folder / FILE if (folder / FILE).is_file() else None)
    if own is None and not channels:
        raise ModelError(
            "LABEL_MAP",
            f"{metadata}: {CHANNELS} is missing; add it, or put a {FILE} beside configs ({folder})",
        )
    activation = "sigmoid" if output.get("format") == "classes" else "softmax"
    if own:
        found = read_label_map(own, channels, activation)
    else:
        found = label_map_of(channels, f"{metadata}: {CHANNELS}", activation=activation)
    outputs = _outputs(output.get("num_channels"), found, metadata)
    used = (metadata, config, weights, *((own,) if own else ()))
    name = str(values.get("name") or folder.resolve().name)
    return BundleFiles(folder, config, weights, name, str(values.get("version", "?")), found, outputs, used)


def _first(folder: Path, names: tuple[str, ...]) -> Path:
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise ModelError(
            "MODEL_FILES", f"{folder}: none of {', '.join(names)} is there; is it a MONAI bundle?"
        )
    return found[0]


def _section(values: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        inner = values.get(key)
        values = inner if isinstance(inner, dict) else {}
    return values


def _channels(found: object, metadata: Path) -> dict[int, str]:
    """Read {"0": "background", "1": "L5 vertebra" …}."""
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(str(key).isdecimal() for key in found):
        raise ModelError(
            "LABEL_MAP", f'{metadata}: {CHANNELS} must be like {{"0": "background", "1": "sacrum"}}'
        )
    return {int(key): str(name) for key, name in found.items()}


def _outputs(declared: object, label_map: LabelMap, metadata: Path) -> int:
    if not isinstance(declared, int):
        return label_map.channels
    if declared < label_map.channels:
        raise ModelError(
            "LABEL_MAP",
            f"{metadata}: network_data_format.outputs.pred.num_channels is {declared}, but the label map"
            f" needs {label_map.channels} channels",
        )
    return declared
