"""Make what a MONAI bundle describes: its preprocessing, its network with weights, its inferer.

Parsing executes what the configuration names: trust a bundle like code
(docs/decisions/segmenters-from-a-site.md). Its weights are read as tensors only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import Compose, EnsureChannelFirstd
from safetensors.torch import load_file
from torch import Tensor, nn

from pipelines.errors import ModelError
from pipelines.segmentation.backends.files import Stamp, load_checkpoint
from pipelines.segmentation.backends.place import LPS_RAS, Affine
from pipelines.types import Volume

#: what ConfigParser raises where a bundle is wrong, and what transforms and networks raise on an image
BROKEN = (RuntimeError, ValueError, KeyError, IndexError, TypeError, ImportError, AttributeError)
READER = "LoadImaged"
FILE_TRANSFORMS = (READER, "SaveImaged")
NETWORK = ("network_def", "network")
STATE = ("model", "state_dict", "network")  #: where a checkpoint of several parts keeps the network's weights

Transform = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class LoadedBundle:
    """A bundle, ready for images.

    Attributes
    ----------
    preprocessing : tuple of callable
        Without reading and writing of files.
    key : str
        Of the image in the dictionary that the transforms take.
    infer : callable
        Gives logits of shape (1, outputs, i, j, k) for an image of shape (1, C, i, j, k).
    device : torch.device
    """

    preprocessing: tuple[Transform, ...]
    key: str
    infer: Callable[[Tensor], Tensor]
    device: torch.device


@lru_cache(maxsize=4)
def load_bundle(config: Path, weights: Path, stamp: Stamp, device: str) -> LoadedBundle:
    """Load a bundle once; `stamp` tells whether its files have changed since.

    Raises
    ------
    ModelError
        MODEL_FILES, MODEL_DAMAGED or MODEL_MISMATCH, naming the file and the key.
    """
    try:
        values = ConfigParser.load_config_file(config)
        key = _take_out_files(values) or "image"
        parser = ConfigParser(values)
    except BROKEN as error:
        raise ModelError("MODEL_FILES", f"{config}: cannot be read: {told(error)}") from None
    parser["bundle_root"] = str(config.parents[1])
    parser["device"] = f"$torch.device('{device}')"
    transforms = _preprocessing(_parsed(parser, config, "preprocessing"), key)
    network = _network(parser, config, weights).eval().to(device)
    inferer = _parsed(parser, config, "inferer")
    return LoadedBundle(transforms, key, partial(inferer, network=network), torch.device(device))


def prepare(bundle: LoadedBundle, volume: Volume) -> tuple[Tensor, Affine]:
    """Send a volume through the preprocessing of a bundle.

    Returns
    -------
    float32 tensor of shape (1, C, i, j, k), on the bundle's device, which knows its affine as MONAI does, and
    that affine, (i, j, k, 1) -> LPS mm
    """
    image = MetaTensor(torch.from_numpy(volume.voxels), affine=torch.from_numpy(LPS_RAS @ volume.affine))
    image.meta["original_channel_dim"] = "no_channel"
    data: dict[str, Any] = {bundle.key: image}
    for transform in bundle.preprocessing:
        data = transform(data)
    prepared = data[bundle.key]
    affine = np.asarray(prepared.affine.cpu(), np.float64)
    return prepared.float()[None].to(bundle.device), LPS_RAS @ affine


def told(error: Exception) -> str:
    """Say in one line what an error and the one behind it say."""
    texts = [str(one).strip().partition("\n")[0] for one in (error, error.__cause__) if one is not None]
    return "; ".join(text for text in texts if text) or type(error).__name__


def _parsed(parser: ConfigParser, config: Path, key: str) -> Any:
    if key not in parser:
        raise ModelError("MODEL_FILES", f"{config}: {key!r} is missing; an inference configuration has it")
    try:
        return parser.get_parsed_content(key)
    except BROKEN as error:
        raise ModelError(
            "MODEL_FILES",
            f"{config}: {key}: {told(error)}; correct it, and install the packages that it names where this"
            " node's Python finds them",
        ) from error


def _take_out_files(values: Any) -> str:
    """Take reading and writing of files out of every list of transforms, in place; return the image's key."""
    keys = []
    inner = values.values() if isinstance(values, dict) else values if isinstance(values, list) else ()
    for one in list(inner):
        if isinstance(values, list) and isinstance(one, dict) and _name(one) in FILE_TRANSFORMS:
            values.remove(one)
            keys += [one["keys"]] if _name(one) == READER and "keys" in one else []
        else:
            keys.append(_take_out_files(one))
    found = next((key for key in keys if key and not str(key).startswith(("@", "$"))), "")
    return str(found[0] if isinstance(found, list) else found)


def _name(component: Mapping[str, Any]) -> str:
    """Return the name of a component's class, without its module."""
    return str(component.get("_target_", "")).rpartition(".")[2]


def _preprocessing(found: Any, key: str) -> tuple[Transform, ...]:
    """Return a bundle's transforms one by one; see that the image gets a channel axis."""
    transforms = found.flatten().transforms if isinstance(found, Compose) else found
    transforms = tuple(transforms) if isinstance(transforms, list | tuple) else (transforms,)
    if any(isinstance(one, EnsureChannelFirstd) for one in transforms):
        return transforms
    return EnsureChannelFirstd(keys=key), *transforms


def _network(parser: ConfigParser, config: Path, weights: Path) -> nn.Module:
    if weights.suffix == ".ts":
        script = load_checkpoint(weights, _read_script)
        return cast("nn.Module", script)
    key = next((key for key in NETWORK if key in parser), NETWORK[0])
    network = _parsed(parser, config, key)
    if not isinstance(network, nn.Module):
        raise ModelError("MODEL_FILES", f"{config}: {key}: a torch.nn.Module is needed, not {type(network)}")
    state = _state(load_checkpoint(weights, _read))
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ModelError("MODEL_MISMATCH", f"{weights}: does not fit {key} of {config}: {error}") from None
    wrong = [name for name in (*missing, *unexpected) if not name.endswith("num_batches_tracked")]
    if wrong:
        raise ModelError("MODEL_MISMATCH", f"{weights}: does not fit {key} of {config}, e.g. {wrong[0]}")
    return network


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _read_script(path: Path) -> Any:
    return torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]


def _state(checkpoint: Mapping[str, Any]) -> Mapping[str, Tensor]:
    inner = next((checkpoint[key] for key in STATE if isinstance(checkpoint.get(key), dict)), checkpoint)
    return cast("Mapping[str, Tensor]", inner)
