"""The network of an nnU-Net v2 plans.json, with its parameters under nnU-Net's own names.

The plain U-Net, which TotalSegmentator's tasks use, is built here (Isensee 2021,
https://doi.org/10.1038/s41592-020-01008-z); any other architecture comes from the package that the plans
name, dynamic_network_architectures, where it is installed.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import Tensor, nn

PACKAGE = "dynamic_network_architectures"
PLAIN = f"{PACKAGE}.architectures.unet.PlainConvUNet"
#: classes that plans older than nnU-Net 2.4 name
OLD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "PlainConvUNet": PLAIN,
        "ResidualEncoderUNet": f"{PACKAGE}.architectures.unet.ResidualEncoderUNet",
    }
)
IMPORTED = ("conv_op", "norm_op", "dropout_op", "nonlin")  #: arguments that are names of classes
#: state dict entries that name a parameter for the second time
REPEATED = (".all_modules.", "decoder.encoder.")

Sizes = Sequence[Sequence[int]]


class PlanError(Exception):
    """A plans.json asks for a network that cannot be built here."""


def build_network(configuration: Mapping[str, Any], inputs: int, outputs: int) -> nn.Module:
    """Build a network that gives logits of the input's shape.

    Parameters
    ----------
    configuration : mapping
        An entry of "configurations" of plans.json, of any nnU-Net v2.
    inputs, outputs : int
        Channels.

    Raises
    ------
    PlanError
        If the configuration describes no network that is known.
    ModuleNotFoundError
        If its network needs the package, and that is not installed.
    """
    try:
        name, arguments = _architecture(configuration)
        if name == PLAIN and _is_plain(arguments):
            return PlainUNet(inputs, outputs, arguments)
        return _from_package(name, arguments, inputs, outputs)
    except KeyError as error:
        raise PlanError(f"the configuration lacks {error}") from None


def load_weights(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give a network the "network_weights" of a checkpoint.

    Raises
    ------
    RuntimeError
        If they do not fit.
    """
    if isinstance(network, PlainUNet):
        state = {k: v for k, v in state.items() if not any(repeated in k for repeated in REPEATED)}
    network.load_state_dict(state)


class PlainUNet(nn.Module):
    """nnU-Net's PlainConvUNet: strided encoder, decoder of transposed convolutions.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    arguments : mapping
        "arch_kwargs" of plans.json.
    """

    def __init__(self, inputs: int, outputs: int, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self.encoder = _Encoder(inputs, arguments)
        self.decoder = _Decoder(outputs, arguments)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, outputs, *S) for (N, inputs, *S); S divides by the product of the strides."""
        skips = []
        for stage in self.encoder.stages:
            x = stage(x)
            skips.append(x)
        skips.pop()
        parts = zip(self.decoder.transpconvs, self.decoder.stages, reversed(skips), strict=True)
        for widen, stage, skip in parts:
            x = stage(torch.cat([widen(x), skip], 1))
        logits: Tensor = self.decoder.seg_layers[-1](x)
        return logits


class _Encoder(nn.Module):
    def __init__(self, inputs: int, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        features, kernels, strides = (arguments[k] for k in ("features_per_stage", "kernel_sizes", "strides"))
        stages = []
        for s, (a, b) in enumerate(pairwise([inputs, *features])):
            count = arguments["n_conv_per_stage"][s]
            stages.append(nn.Sequential(_Stack(count, (a, b), kernels[s], strides[s], arguments)))
        self.stages = nn.Sequential(*stages)


class _Decoder(nn.Module):
    """From the deepest stage up; "seg_layers" but for the last one served training."""

    def __init__(self, outputs: int, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        features, kernels, strides = (
            list(reversed(arguments[k])) for k in ("features_per_stage", "kernel_sizes", "strides")
        )
        dimensions, bias = len(kernels[0]), arguments["conv_bias"]
        convolution, widen = _convolution(dimensions), _transposed(dimensions)
        self.transpconvs = nn.ModuleList(
            widen(a, b, stride, stride, bias=bias)
            for (a, b), stride in zip(pairwise(features), strides[:-1], strict=True)
        )
        self.stages = nn.ModuleList(
            _Stack(count, (2 * b, b), kernel, [1] * dimensions, arguments)
            for count, b, kernel in zip(
                arguments["n_conv_per_stage_decoder"], features[1:], kernels[1:], strict=True
            )
        )
        self.seg_layers = nn.ModuleList(convolution(b, outputs, 1) for b in features[1:])


class _Stack(nn.Module):
    """Convolutions one after the other, the first with a stride."""

    def __init__(
        self,
        count: int,
        channels: tuple[int, int],
        kernel: Sequence[int],
        stride: Sequence[int],
        arguments: Mapping[str, Any],
    ) -> None:
        super().__init__()
        first = _Block(channels, kernel, stride, arguments)
        same = channels[1], channels[1]
        rest = [_Block(same, kernel, [1] * len(kernel), arguments) for _ in range(count - 1)]
        self.convs = nn.Sequential(first, *rest)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.convs(x)
        return out


class _Block(nn.Module):
    """Convolution, instance normalisation, leaky ReLU."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: Sequence[int],
        stride: Sequence[int],
        arguments: Mapping[str, Any],
    ) -> None:
        super().__init__()
        padding = [(k - 1) // 2 for k in kernel]
        dimensions, bias = len(kernel), arguments["conv_bias"]
        self.conv = _convolution(dimensions)(*channels, kernel, stride, padding, bias=bias)
        self.norm = _norm(dimensions)(channels[1], **(arguments["norm_op_kwargs"] or {}))
        self.nonlin = nn.LeakyReLU(**(arguments["nonlin_kwargs"] or {}))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.nonlin(self.norm(self.conv(x)))
        return out


def _convolution(dimensions: int) -> Any:
    return {2: nn.Conv2d, 3: nn.Conv3d}[dimensions]


def _transposed(dimensions: int) -> Any:
    return {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}[dimensions]


def _norm(dimensions: int) -> Any:
    return {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}[dimensions]


def _is_plain(arguments: Mapping[str, Any]) -> bool:
    """Tell whether the arguments ask for what PlainUNet is made of, as nnU-Net's own planner does."""
    return (
        "InstanceNorm" in str(arguments["norm_op"])
        and str(arguments["nonlin"]).endswith("LeakyReLU")
        and arguments.get("dropout_op") is None
        and not arguments.get("nonlin_first", False)
    )


def _architecture(configuration: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the class and the arguments of a configuration's network."""
    if "architecture" in configuration:
        found = configuration["architecture"]
        return str(found["network_class_name"]), dict(found["arch_kwargs"])
    name = str(configuration["UNet_class_name"])
    if name not in OLD_NAMES:
        raise PlanError(f"UNet_class_name: {name!r} is not known; allowed: {', '.join(OLD_NAMES)}")
    stages, dimensions = configuration["n_conv_per_stage_encoder"], len(configuration["patch_size"])
    base, most = configuration["UNet_base_num_features"], configuration["unet_max_num_features"]
    arguments = {
        "n_stages": len(stages),
        "features_per_stage": [min(base * 2**s, most) for s in range(len(stages))],
        "conv_op": f"torch.nn.modules.conv.Conv{dimensions}d",
        "kernel_sizes": configuration["conv_kernel_sizes"],
        "strides": configuration["pool_op_kernel_sizes"],
        "n_conv_per_stage" if OLD_NAMES[name] == PLAIN else "n_blocks_per_stage": stages,
        "n_conv_per_stage_decoder": configuration["n_conv_per_stage_decoder"],
        "conv_bias": True,
        "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dimensions}d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    }
    return OLD_NAMES[name], arguments


def _from_package(name: str, arguments: Mapping[str, Any], inputs: int, outputs: int) -> nn.Module:
    """Make an object of a class of the package; a class from elsewhere is refused, being anybody's code."""
    if not name.startswith(f"{PACKAGE}."):
        raise PlanError(f"network_class_name: {name!r} is not of {PACKAGE}")
    imported = {key: _located(value) if key in IMPORTED else value for key, value in arguments.items()}
    network = _located(name)(input_channels=inputs, num_classes=outputs, **imported, deep_supervision=False)
    return cast("nn.Module", network)


def _located(name: str | None) -> Any:
    if name is None:
        return None
    module, _, attribute = name.rpartition(".")
    if not module.startswith(("torch.nn", PACKAGE)):
        raise PlanError(f"{name!r} is neither of torch.nn nor of {PACKAGE}")
    try:
        return getattr(import_module(module), attribute)
    except AttributeError:
        raise PlanError(f"there is no {name}") from None
