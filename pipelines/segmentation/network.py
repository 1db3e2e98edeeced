"""Load a shipped network once per process, and run it."""

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import torch
from monai.inferers import sliding_window_inference
from safetensors.torch import load_file
from torch import Tensor

from models import device as devices
from models.manifest import ManifestError, open_model
from models.unet import UNet
from pipelines.errors import ModelError
from pipelines.types import ModelIdentity

SLICES_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class Network:
    """A network in evaluation mode, with its settings and identity."""

    net: UNet
    device: torch.device
    settings: dict[str, Any]
    identity: ModelIdentity


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; "auto" is the first GPU, else the CPU.

    Raises
    ------
    ModelError
        If there is no such device.
    """
    try:
        return devices.choose_device(name)
    except ValueError as error:
        raise ModelError("DEVICE", str(error)) from None


@lru_cache(maxsize=8)
def load_network(name: str, device: str = "auto") -> Network:
    """Load the shipped network `name` ("ct", "vertebra", "sagittal", "axial") after checking its digest.

    Raises
    ------
    ModelError
        If the weights are missing, damaged, or do not fit the network.
    """
    try:
        folder, manifest = open_model(name)
    except ManifestError as error:
        raise ModelError("MODEL_DAMAGED", str(error)) from None
    settings = dict(manifest.settings)
    net = UNet(
        settings["in_channels"], settings["out_channels"], tuple(settings["features"]), settings["dimensions"]
    )
    weights = {key: value.float() for key, value in load_file(folder / "weights.safetensors").items()}
    missing, unexpected = net.load_state_dict(weights, strict=False)
    wrong = [k for k in (*missing, *unexpected) if not k.endswith("num_batches_tracked")]  # training only
    if wrong:
        raise ModelError("MODEL_MISMATCH", f"{folder}: the weights do not fit the network, e.g. {wrong[0]}")
    where = choose_device(device)
    identity = ModelIdentity(manifest.name, manifest.version, manifest.digest)
    return Network(net.eval().to(where), where, settings, identity)


def pad_to_stride(x: Tensor, stride: int) -> Tensor:
    """Replicate the far edges of the spatial axes (all after the second) up to a multiple of `stride`."""
    pad: list[int] = []
    for size in reversed(x.shape[2:]):
        pad += [0, -size % stride]
    return torch.nn.functional.pad(x, pad, mode="replicate")


@torch.inference_mode()
def run(network: Network, images: Tensor, at_once: int) -> Tensor:
    """Send images through a network: fewer at once where the device's memory runs out, at last on the CPU.

    Parameters
    ----------
    images : float32 tensor of shape (N, C, *S)
        Each side a multiple of the network's stride.
    at_once : int
        How many to begin with.

    Returns
    -------
    float32 tensor of shape (N, maps, *S), on the CPU
    """
    while True:
        try:
            return torch.cat([_forward(network, part) for part in torch.split(images, at_once)])
        except torch.OutOfMemoryError:
            if at_once == 1 and network.device.type == "cpu":
                raise
        if at_once > 1:  # here, where the error no longer keeps the tensors that did not fit
            at_once //= 2
        else:
            network = on_cpu(network)


@torch.inference_mode()
def run_volume(network: Network, image: Tensor, whole: int, window: int) -> Tensor:
    """Send a volume through a network: whole if small; in windows, and smaller ones, where memory ends.

    Parameters
    ----------
    image : float32 tensor of shape (1, C, D, H, W)
    whole : int
        Voxels up to which it goes in one piece.
    window : int
        Side of the cubes that a larger one is cut into.

    Returns
    -------
    float32 tensor of shape (maps, D, H, W), on the CPU
    """
    tries = [(network, whole, window), (network, 0, window), (network, 0, window // 2)]
    if network.device.type != "cpu":
        tries.append((on_cpu(network), 0, window // 2))
    *early, last = tries
    for attempt in early:
        try:
            return _in_pieces(image, *attempt)
        except torch.OutOfMemoryError:
            continue
    return _in_pieces(image, *last)


def _in_pieces(image: Tensor, network: Network, whole: int, window: int) -> Tensor:
    if image[0, 0].numel() <= whole:
        out = _forward(network, pad_to_stride(image, network.net.stride))
    else:
        sides, forward = (window,) * 3, partial(_forward, network)
        out = sliding_window_inference(image, sides, 1, forward, overlap=0.25, mode="gaussian")
    depth, height, width = image.shape[2:]
    volume: Tensor = out[0, :, :depth, :height, :width]
    return volume


def on_cpu(network: Network) -> Network:
    """Copy a network to the CPU."""
    return replace(network, net=deepcopy(network.net).cpu(), device=torch.device("cpu"))


def _forward(network: Network, images: Tensor) -> Tensor:
    """Run the network once, in half precision on a GPU."""
    with torch.autocast("cuda", enabled=network.device.type == "cuda"):
        out: Tensor = network.net(images.to(network.device))
    return out.float().cpu()


@torch.inference_mode()
def predict_slices(network: Network, slices: Tensor) -> Tensor:
    """Class probabilities of slices with their neighbours.

    Parameters
    ----------
    slices : float32 tensor of shape (N, 3, H, W)
        Previous, this and next slice as channels.

    Returns
    -------
    float32 tensor of shape (N, classes, H, W), on the CPU
    """
    height, width = slices.shape[2:]
    padded = pad_to_stride(slices, network.net.stride)
    return run(network, padded, SLICES_AT_ONCE).softmax(1)[:, :, :height, :width]
