"""Fat infiltration of the paraspinal muscles.

On T1 and T2 weighted images fat is bright: the share of it is estimated by a Gaussian mixture of three
components (muscle, voxels of both, fat), with Otsu's threshold as a cross-check; on Dixon images it is
fat / (fat + water). Measured are the multifidus, the erector spinae, and the compartment that the two form on
each side, which does not depend on where a network draws the line between them.

The psoas and the quadratus lumborum are left out: they hold little fat, so that a threshold in them follows
noise, partial volume at their border and the coil's fall-off rather than fat.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.boxes import bounding_box, widened
from pipelines.errors import FeatureError
from pipelines.features.geometry import index_spacing, same_grid
from pipelines.features.mixture import Values, fit_mixture, otsu
from pipelines.features.structures import group_of, side_of
from pipelines.types import Measurement, Role, Segmentation, Volume

Region = NDArray[np.bool_]
Share = Callable[[Region], float]  #: fat's share of a region, 0 to 1

BRIGHT_FAT_ROLES = frozenset({Role.MR_AXIAL_T1, Role.MR_AXIAL_T2})
"""Where the weighting is not known, fat may be suppressed and dark."""

COMPARTMENT = ("multifidus", "erector_spinae")

MIN_VOXELS = 200
"""A compartment of fewer voxels gives no distribution to fit."""

MIN_CONTRAST = 1.5
"""Fat that is not so many times brighter than muscle is suppressed, or the weighting is not what it seems."""

RIM_MM = 6.0
"""As near to the compartment, bright voxels show what fat looks like there, even if the muscle holds none."""


def measure(segmentation: Segmentation) -> tuple[Measurement, ...]:
    """Measure fat infiltration on an axial T1 or T2 weighted series.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    tuple of Measurement
        In %: `fat_fraction` (method gaussian-mixture-3) and `fat_fraction_otsu` (otsu) of each multifidus and
        erector spinae; `compartment_fat_fraction` and `compartment_fat_fraction_otsu` of the two together,
        given with the side's multifidus. Nothing for other roles, for a side of fewer than `MIN_VOXELS`, and
        where no fat stands out from muscle.
    """
    found: list[Measurement] = []
    if segmentation.volume.role in BRIGHT_FAT_ROLES:
        for side in _sides(segmentation):
            for suffix, method, share in _brightness_shares(segmentation, side):
                found += _report(segmentation, side, share, suffix, method)
    return tuple(found)


def measure_dixon(segmentation: Segmentation, water: Volume, fat: Volume) -> tuple[Measurement, ...]:
    """Measure the fat fraction from Dixon images.

    Parameters
    ----------
    segmentation : Segmentation
        Made on `water` or `fat`, or on another image of their grid.
    water, fat : Volume
        On the grid of the segmentation's volume, within half a voxel.

    Returns
    -------
    tuple of Measurement
        In %: `fat_fraction_dixon` and `compartment_fat_fraction_dixon` (method dixon), the mean over the
        region's voxels of fat / (fat + water).

    Raises
    ------
    FeatureError
        GRID_MISMATCH if the volumes do not lie on each other.
    """
    for name, volume in (("water", water), ("fat", fat)):
        if not same_grid(volume, segmentation.volume):
            raise FeatureError(
                "GRID_MISMATCH",
                f"the Dixon {name} image and the segmented image must be one grid: "
                f"{volume.voxels.shape} at {np.round(volume.affine[:3, 3], 1)} mm, "
                f"{segmentation.labels.shape} at {np.round(segmentation.volume.affine[:3, 3], 1)} mm",
            )
    found: list[Measurement] = []
    for side in _sides(segmentation):
        found += _report(segmentation, side, _dixon_share(water, fat), "_dixon", "dixon")
    return tuple(found)


def _sides(segmentation: Segmentation) -> Iterator[dict[int, str]]:
    """Yield each side's compartment as label value to SegmentLabel, multifidus first."""
    for side in ("left", "right"):
        compartment = {
            label: structure
            for group in COMPARTMENT
            for label, structure in segmentation.structures.items()
            if group_of(structure) == group and side_of(structure) == side
        }
        if compartment:
            yield compartment


def _report(
    segmentation: Segmentation, side: dict[int, str], share: Share, suffix: str, method: str
) -> Iterator[Measurement]:
    role = segmentation.volume.role
    for label, structure in side.items():
        percent = 100 * share(segmentation.labels == np.uint8(label))
        yield Measurement(role, structure, f"fat_fraction{suffix}", percent, "%", method)
    whole = 100 * share(np.isin(segmentation.labels, list(side)))
    host = next(iter(side.values()))
    yield Measurement(role, host, f"compartment_fat_fraction{suffix}", whole, "%", method)


def _brightness_shares(segmentation: Segmentation, side: dict[int, str]) -> Iterator[tuple[str, str, Share]]:
    """Yield suffix, method and model, fitted to one side: the coil's fall-off differs between sides."""
    voxels = segmentation.volume.voxels
    inside = np.isin(segmentation.labels, list(side))
    if np.count_nonzero(inside) < MIN_VOXELS:
        return
    sample = np.concatenate([voxels[inside], _bright_rim(segmentation, inside)]).astype(np.float64)
    if np.ptp(sample) == 0:
        return
    mixture = fit_mixture(sample)
    if mixture.bright < MIN_CONTRAST * mixture.dark:
        return
    threshold = otsu(sample)
    yield "", "gaussian-mixture-3", lambda roi: float(mixture(_values(voxels, roi)).mean())
    yield "_otsu", "otsu", lambda roi: float((_values(voxels, roi) > threshold).mean())


def _bright_rim(segmentation: Segmentation, inside: Region) -> NDArray[np.float32]:
    """Give the voxels within `RIM_MM` in their slice that are unlabelled and as bright as fat may be."""
    _, row, column = index_spacing(segmentation.volume)
    margin = (0, int(np.ceil(RIM_MM / row)), int(np.ceil(RIM_MM / column)))
    box = widened(bounding_box(inside), margin, inside.shape)
    values, labels = segmentation.volume.voxels[box], segmentation.labels[box]
    near = np.stack(
        [ndimage.distance_transform_edt(~plane, sampling=(row, column)) <= RIM_MM for plane in inside[box]]
    )
    bright = values > MIN_CONTRAST * np.median(values[inside[box]])
    rim: NDArray[np.float32] = values[near & bright & (labels == 0)]
    return rim


def _dixon_share(water: Volume, fat: Volume) -> Share:
    def share(roi: Region) -> float:
        fat_signal, water_signal = _values(fat.voxels, roi), _values(water.voxels, roi)
        total = fat_signal + water_signal
        return float(np.mean(fat_signal[total > 0] / total[total > 0])) if (total > 0).any() else 0.0

    return share


def _values(voxels: NDArray[np.float32], roi: Region) -> Values:
    return voxels[roi].astype(np.float64)
