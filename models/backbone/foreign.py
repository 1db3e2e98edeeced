"""A site's own weights for the deep features, with a report of what matched."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.backbone.fitting import PATCH_WEIGHT, POSITIONS, fit, fold_rows
from models.backbone.inferred import SIDE, infer_settings
from models.backbone.name_map import NameMap
from models.backbone.names import rename
from models.backbone.reading import WeightsError, read_weights
from models.manifest import sha256
from models.swin import FeatureSwin
from models.vit import FeatureViT, build

LEAST = 0.8  #: share of the network's parameters that must come from the file
IDLE = "norm_cross_attn"  #: parameters that MONAI's blocks have and do not use


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the tensors of a file.

    Attributes
    ----------
    file, sha256 : str
    share : float
        Of the network's parameters, those that come from the file; 0 to 1.
    matched : mapping of str to str
        Parameter to the tensor's name in the file, with what was done to it.
    missing : tuple of str
        Parameters that keep their random initialisation: nothing in the file is called so.
    unfit : mapping of str to str
        Parameters that keep it because the file's tensor has another shape.
    unused : tuple of str
        Tensors of the file that the network has no place for.
    settings : mapping
        Of the network.
    """

    file: str
    sha256: str
    share: float
    matched: Mapping[str, str]
    missing: tuple[str, ...]
    unfit: Mapping[str, str]
    unused: tuple[str, ...]
    settings: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, for JSON."""
        return asdict(self)


def import_weights(
    path: Path,
    own: NameMap | None = None,
    *,
    heads: int | None = None,
    least: float = LEAST,
    side: int = SIDE,
    seed: int = 0,
) -> tuple[FeatureViT | FeatureSwin, ImportReport]:
    """Build the network that a weight file is of, with its weights.

    Parameters
    ----------
    path : Path
        See `models.backbone.reading.read_weights`.
    own : NameMap, optional
    heads : int, optional
        Attention heads of a ViT; width / 64 by default.
    least : float
        Share of the parameters that must come from the file, 0 to 1.
    side : int
        Voxels along a side of the cube.
    seed : int
        Fixes the parameters that do not.

    Returns
    -------
    network : FeatureViT or FeatureSwin
    report : ImportReport

    Raises
    ------
    WeightsError
        If the file cannot be read, is of no such network, holds numbers that are not finite, or too little
        of the network comes from it.
    """
    own = own or NameMap()
    found = _with_kernel(rename(read_weights(path), own.rules))
    try:
        settings = infer_settings({name: value for name, (_, value) in found.items()}, heads, side)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(settings).eval()
    report = _fill(network, found, own.grid, (path, settings))
    if report.share < least:
        raise WeightsError(
            f"{path}: only {report.share:.0%} of the network's parameters come from it, {least:.0%} are "
            f"asked for; missing are {_some(report.missing)}, of another shape {_some(tuple(report.unfit))}, "
            f"not used {_some(report.unused)}; say with --map what they are called"
        )
    _prove(network, path)
    return network, report


def _with_kernel(found: dict[str, tuple[str, Tensor]]) -> dict[str, tuple[str, Tensor]]:
    """Fold the patch embedding where it is stored as rows."""
    stem, _, _ = PATCH_WEIGHT.rpartition(".")
    source, rows = found.get(f"{stem}.1.weight", ("", torch.empty(0)))
    kernel = fold_rows(rows) if rows.dim() == 2 else None
    if kernel is None:
        return found
    folded = {name.replace(f"{stem}.1.", f"{stem}."): item for name, item in found.items()}
    return folded | {PATCH_WEIGHT: (source, kernel)}


def _fill(
    network: FeatureViT | FeatureSwin,
    found: Mapping[str, tuple[str, Tensor]],
    grid: tuple[int, ...] | None,
    about: tuple[Path, Mapping[str, Any]],
) -> ImportReport:
    """Put into the network what fits; `about` is the file and the network's settings."""
    state: dict[str, Tensor] = network.backbone.state_dict()
    matched, unfit, missing = {}, {}, []
    for name, own in state.items():
        if name not in found:
            missing += [] if IDLE in name else [name]
            continue
        source, value = found[name]
        if (fitted := fit(name, value, tuple(own.shape), grid)) is None:
            unfit[name] = f"{source}: {tuple(value.shape)}, not {tuple(own.shape)}{_hint(name)}"
            continue
        state[name] = fitted[0].to(own.dtype)
        matched[name] = f"{source} ({fitted[1]})" if fitted[1] else source
    network.backbone.load_state_dict(state)
    counts = {name: value.numel() for name, value in state.items() if _counted(name, value)}
    path, settings = about
    return ImportReport(
        file=path.name,
        sha256=sha256(path),
        share=sum(counts.get(name, 0) for name in matched) / sum(counts.values()),
        matched=matched,
        missing=tuple(missing),
        unfit=unfit,
        unused=tuple(source for name, (source, _) in found.items() if name not in state),
        settings=settings,
    )


def _counted(name: str, value: Tensor) -> bool:
    return value.is_floating_point() and IDLE not in name


def _hint(name: str) -> str:
    return "; if the grid is no cube, give it in the map: grid = [6, 6, 4]" if name == POSITIONS else ""


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) or "none") + more


def _prove(network: FeatureViT | FeatureSwin, path: Path) -> None:
    """Run one cube through: weights may be whole, and still no network's."""
    generator = torch.Generator().manual_seed(0)
    cube = torch.randn((1, 1, network.side, network.side, network.side), generator=generator)
    with torch.inference_mode():
        halved = [value.half() for value in network.state_dict().values() if value.is_floating_point()]
        if not all(bool(value.isfinite().all()) for value in halved):
            raise WeightsError(f"{path}: holds numbers that are not finite, or beyond what fp16 can hold")
        if not bool(network(cube).isfinite().all()):
            raise WeightsError(f"{path}: the features of a cube are not finite with these weights")
