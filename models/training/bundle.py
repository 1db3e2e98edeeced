"""Write a shipped segmentation network as a MONAI bundle: metadata, inference configuration, weights, card.

https://docs.monai.io/en/stable/mb_specification.html. Everything comes from the model's manifest. The bundle
is the network with plain preprocessing; passes, votes and counting are the pipelines' own.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import monai
import numpy as np
import torch
from safetensors.torch import load_file

from models.anatomy.tissues import MUSCLES
from models.manifest import Manifest, ManifestError, open_model, require_model
from models.unet import UNet

SCHEMA = (
    "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
)
WEIGHTS, CARD = "models/model.pt", "MODEL_CARD.md"
#: patient axis (L, P, S) across the slices of the networks that look at slices; how far away in mm the slices
#: are that each is shown with, where the manifest does not say ("neighbours_mm")
SLICES: Mapping[str, tuple[int, tuple[float, ...]]] = MappingProxyType(
    {"sagittal": (0, (-4.0, 0.0, 4.0)), "axial": (2, (-5.0, 0.0, 5.0))}
)
PATCH_STRIDES = 7  #: side of a 3D patch in strides of the network
CLIP_PERCENTILE = 99.8  #: brighter voxels of an MR are clamped

#: What a class is as a structure of lumbar-node (docs/segmenters.md), on MR and on CT; others are none.
_COMMON = {"disc": "disc", "sacrum": "sacrum", "S1": "sacrum"}
MR_STRUCTURES: Mapping[str, str] = MappingProxyType(
    {**_COMMON, "body": "vertebral body", "canal": "spinal canal", "L5-S1 disc": "L5-S1 disc"}
    | {muscle: muscle for muscle in MUSCLES}
)
CT_STRUCTURES: Mapping[str, str] = MappingProxyType({**_COMMON, "body": "vertebra", "posterior": "vertebra"})


def export_bundle(name: str, out: Path, root: Path | None = None) -> Path:
    """Write a model's bundle; an older one of that name is replaced.

    Parameters
    ----------
    name : str
        "ct", "sagittal", "axial" …
    out : Path
        Gets a folder `lumbar_node_NAME`.
    root : Path, optional
        Folder of models; the shipped ones by default.

    Returns
    -------
    Path
        The bundle's folder.

    Raises
    ------
    UnknownModelError
        If there is no such model.
    ManifestError
        If it is damaged, or no segmentation network.
    """
    require_model(name, root)
    source, manifest = open_model(name, root)
    settings = manifest.settings
    if "classes" not in settings or "features" not in settings:
        raise ManifestError(f"{source / 'manifest.json'}: {manifest.name} is no segmentation network")
    bundle = out / f"lumbar_node_{name}"
    for folder in ("configs", "models", "docs"):
        (bundle / folder).mkdir(parents=True, exist_ok=True)
    net = build(settings)
    halves = load_file(source / "weights.safetensors")
    net.load_state_dict({key: value.float() for key, value in halves.items()}, strict=False)
    torch.save(net.state_dict(), bundle / WEIGHTS)
    _write(bundle / "configs/metadata.json", metadata(name, manifest))
    _write(bundle / "configs/inference.json", inference(name, settings))
    if label_map := structures(settings):
        _write(bundle / "label_map.json", label_map)
    if (source / CARD).is_file():
        shutil.copyfile(source / CARD, bundle / "docs/README.md")
    return bundle


def build(settings: Mapping[str, Any]) -> UNet:
    """Build the network that a manifest's settings describe."""
    return UNet(**network(settings))


def network(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `models.unet.UNet`."""
    return {key: settings[key] for key in ("in_channels", "out_channels", "features", "dimensions")}


def structures(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the label map of a network's classes; empty where none of them is a structure by itself."""
    known = CT_STRUCTURES if _is_ct(settings) else MR_STRUCTURES
    classes = settings["classes"]
    found = {str(k): known[one] for k, one in enumerate(classes) if one in known}
    whole = "sacrum" in found.values() or set(MUSCLES) & set(found.values())
    return {"structures": found, "channels": len(classes)} if whole else {}


def metadata(name: str, manifest: Manifest) -> dict[str, Any]:
    """Return a bundle's metadata.json."""
    return {
        "schema": SCHEMA,
        "name": manifest.name,
        "version": manifest.version,
        "changelog": {manifest.version: f"exported from {manifest.name}, sha256 {manifest.digest}"},
        "monai_version": monai.__version__,
        "pytorch_version": torch.__version__.partition("+")[0],
        "numpy_version": np.__version__,
        "required_packages_version": {},
        "task": f"Segmentation of the lumbar spine: {name}",
        "description": _description(name, manifest.settings),
        "authors": "lumbar-node",
        "copyright": manifest.license,
        "intended_use": manifest.intended_use,
        "data_source": manifest.training_data,
        "data_type": "generated",
        "eval_metrics": dict(manifest.metrics),
        "network_data_format": _data_format(manifest.settings),
    }


def inference(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bundle's inference.json; without preprocessing where the image alone is not the input."""
    config = {
        "bundle_root": ".",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "ckpt_path": f"$@bundle_root + '/{WEIGHTS}'",
        "network_def": {"_target_": "models.unet.UNet", **network(settings)},
        "network": "$@network_def.to(@device)",
        "inferer": _inferer(name, settings),
    }
    if settings["dimensions"] == 3 and settings["in_channels"] != 1:
        return config
    transforms = [
        {"_target_": "LoadImaged", "keys": "image"},
        {"_target_": "EnsureChannelFirstd", "keys": "image"},
        {"_target_": "Orientationd", "keys": "image", "axcodes": "LPS", "labels": None},
        {"_target_": "Spacingd", "keys": "image", "pixdim": _spacing(name, settings), "mode": "bilinear"},
        *_intensities(settings),
    ]
    return {**config, "preprocessing": {"_target_": "Compose", "transforms": transforms}}


def _description(name: str, settings: Mapping[str, Any]) -> str:
    text = "U-Net trained on generated anatomy alone. Needs the package lumbar-node (models.unet.UNet)."
    if name in SLICES:
        text += f" It sees each slice with those {list(_neighbours(name, settings))} mm away as channels."
    elif settings["in_channels"] != 1:
        others = {k: v for k, v in settings.items() if k not in ("classes", "features")}
        text += (
            f" More than an image goes in; see models/training of lumbar-node. Settings: {json.dumps(others)}"
        )
    extra = settings["out_channels"] - len(settings["classes"])
    if extra:
        text += (
            f" The last {extra} channels are the vote of a voxel for its body's centre, in tens of voxels."
        )
    return text


def _data_format(settings: Mapping[str, Any]) -> dict[str, Any]:
    shape = [f"{_stride(settings)}*{n}" for n in "nmk"[: settings["dimensions"]]]
    names = [*settings["classes"]]
    names += [f"vote {axis}" for axis in "LPS"[: settings["out_channels"] - len(names)]]
    image = {
        "type": "image",
        "format": "hounsfield" if _is_ct(settings) else "magnitude",
        "modality": "CT" if _is_ct(settings) else "MR",
        "num_channels": settings["in_channels"],
        "spatial_shape": shape,
        "dtype": "float32",
        "value_range": [],
        "is_patch_data": True,
        "channel_def": {str(k): f"input {k}" for k in range(settings["in_channels"])},
    }
    pred = {
        **image,
        "format": "labels",
        "num_channels": settings["out_channels"],
        "channel_def": {str(k): name for k, name in enumerate(names)},
    }
    return {"inputs": {"image": image}, "outputs": {"pred": pred}}


def _neighbours(name: str, settings: Mapping[str, Any]) -> tuple[float, ...]:
    if name not in SLICES:
        raise ManifestError(f"{name}: across which axis its slices lie is not known; add it to SLICES")
    found = tuple(settings.get("neighbours_mm", SLICES[name][1]))
    if len(found) != settings["in_channels"]:
        raise ManifestError(f"{name}: {settings['in_channels']} channels, but {len(found)} slices go in")
    return found


def _inferer(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    stride = _stride(settings)
    if settings["dimensions"] == 2:
        near = list(_neighbours(name, settings))
        inferer = {"_target_": "models.neighbours.NeighbourInferer"}
        return {**inferer, "axis": SLICES[name][0], "neighbours_mm": near, "stride": stride}
    return {
        "_target_": "SlidingWindowInferer",
        "roi_size": [PATCH_STRIDES * stride] * 3,
        "overlap": 0.25,
        "mode": "gaussian",
        "padding_mode": "replicate",
    }


def _spacing(name: str, settings: Mapping[str, Any]) -> list[float]:
    """Voxel size in mm along (L, P, S); -1, across slices, is as scanned."""
    if settings["dimensions"] == 3:
        return [settings["step_mm"]] * 3
    spacing = [settings["in_plane_mm"]] * 3
    spacing[SLICES[name][0]] = -1.0
    return spacing


def _intensities(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    if _is_ct(settings):
        low, high = settings["window_hu"]
        scale = settings["hu_scale"]
        scaled = {"a_min": low, "a_max": high, "b_min": low / scale, "b_max": high / scale, "clip": True}
        return [{"_target_": "ScaleIntensityRanged", "keys": "image", **scaled}]
    clip = {"_target_": "ClipIntensityPercentilesd", "keys": "image", "lower": 0, "upper": CLIP_PERCENTILE}
    return [clip, {"_target_": "NormalizeIntensityd", "keys": "image"}]


def _is_ct(settings: Mapping[str, Any]) -> bool:
    return "window_hu" in settings


def _stride(settings: Mapping[str, Any]) -> int:
    return int(2 ** (len(settings["features"]) - 1))


def _write(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
