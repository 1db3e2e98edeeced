"""A series as one array on a grid in patient space, or a coded reason why it is none."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.dicom.attributes import text
from pipelines.dicom.frames import Frame, Plane, frames_of, is_multiframe, located, main_part, narrowed
from pipelines.dicom.geometry import Grid, fit_grid, longest_even_run
from pipelines.dicom.pixels import check_grayscale, physical_values, stored_pixels
from pipelines.dicom.stacks import Located, choose_stack
from pipelines.errors import GeometryError, InputError
from pipelines.types import AXIAL_MR_ROLES, Finding, Role, SourceSeries, Volume

MIN_SLICES = 5
MIN_AXIAL_MR_SLICES = 3  #: a block angled along one disc still shows the muscles beside it
MAX_VOXELS = 600_000_000  #: 2.4 GB as float32
NOTICEABLE_TILT = 0.5  #: degrees


def load_volume(series: SourceSeries, role: Role) -> Volume:
    """Read the pixels of a series and lay them on a grid.

    Parameters
    ----------
    series : SourceSeries
        Classic instances or enhanced multi-frame objects, compressed or not.
    role : Role
        CT values become Hounsfield units, not below -1024; for MR it decides between echoes and Dixon images.

    Returns
    -------
    Volume
        `voxels` of shape (slices, rows, columns), slices in rising order along the cross product of the
        direction cosines. `series` holds only the instances used.

    Raises
    ------
    GeometryError
        NO_GEOMETRY, ONE_SLICE, TOO_FEW_SLICES, DUPLICATE_POS, UNEVEN_GAPS.
    InputError
        NOT_GRAYSCALE, PIXELS_DAMAGED, NON_FINITE, CONSTANT_IMAGE, TOO_LARGE.

    Notes
    -----
    The affine follows PS3.3 C.7.6.2.1.1; Image Position (Patient) is the centre of the first voxel. Its first
    column is the true step between slices, which a tilted gantry makes oblique to the image plane.
    """
    series, warnings = main_part(series)
    slices, more = _place_slices(series, role)
    grid, slices, holes = _grid(slices, role)
    findings = [*warnings, *more, *holes, *_tilt(grid, slices[0][1])]
    voxels = _voxels(series, grid, slices, role)
    findings += _fill_holes(voxels, grid)
    findings += _as_bright(voxels, series, role)
    used, sources = _sources(series, grid, slices)
    return Volume(
        voxels=voxels,
        affine=_affine(grid, slices[0][1]),
        sources=sources,
        role=role,
        series=used,
        warnings=tuple(findings),
    )


def _place_slices(series: SourceSeries, role: Role) -> tuple[tuple[Located, ...], list[Finding]]:
    frames = frames_of(series)
    placed = located(frames)
    if not placed:
        text = "no image has a valid Image Position, Image Orientation and Pixel Spacing"
        raise GeometryError("NO_GEOMETRY", text)
    stack = choose_stack(placed, role, lambda one, other: _same_pixels(series, one, other))
    findings = list(stack.warnings)
    if len(placed) < len(frames):
        text = f"{len(frames) - len(placed)} of {len(frames)} images have no place in space and are not used"
        findings.append(Finding("NO_GEOMETRY", text))
    return stack.slices, findings


def _same_pixels(series: SourceSeries, one: Frame, other: Frame) -> bool:
    first, second = (next(stored_pixels(series, [frame])) for frame in (one, other))
    return bool(np.array_equal(first, second))


def _grid(slices: tuple[Located, ...], role: Role) -> tuple[Grid, tuple[Located, ...], tuple[Finding, ...]]:
    """Fit a grid through all slices or, failing that, through an even run of more than half of them."""
    _check_count(len(slices), role)
    positions = np.array([plane.position for _, plane in slices])
    grid = fit_grid(positions)
    if grid is not None and grid.fillable:
        return grid, slices, ()
    run = longest_even_run(positions)
    count = run.stop - run.start
    if 2 * count > len(slices) and count >= _least(role):
        grid = fit_grid(positions[run])
        if grid is not None:
            text = (
                f"uneven gaps between slices; the longest even run is used, {count} of {len(slices)} slices"
            )
            return grid, slices[run], (Finding("UNEVEN_GAPS", text),)
    raise GeometryError("UNEVEN_GAPS", _describe_gaps(positions, slices[0][1].normal))


def _least(role: Role) -> int:
    return MIN_AXIAL_MR_SLICES if role in AXIAL_MR_ROLES else MIN_SLICES


def _check_count(count: int, role: Role) -> None:
    if count == 1:
        raise GeometryError("ONE_SLICE", "a single slice is no volume")
    if count < _least(role):
        text = f"{count} slices in one stack; a volume needs at least {_least(role)}"
        raise GeometryError("TOO_FEW_SLICES", text)


def _describe_gaps(positions: NDArray[np.float64], normal: NDArray[np.float64]) -> str:
    gaps = np.diff(positions @ normal)
    return (
        f"the gaps between the {len(positions)} slices run from {gaps.min():.2f} to {gaps.max():.2f} mm "
        "and no even run holds more than half of them; send what is missing, or each stack as its own series"
    )


def _tilt(grid: Grid, plane: Plane) -> tuple[Finding, ...]:
    angle = grid.tilt(plane.normal)
    if angle < NOTICEABLE_TILT:
        return ()
    text = f"the stack is tilted by {angle:.1f} degrees against its slices; the affine describes it exactly"
    return (Finding("GANTRY_TILT", text),)


def _affine(grid: Grid, plane: Plane) -> NDArray[np.float64]:
    affine = np.eye(4)
    affine[:3, 0] = grid.step
    affine[:3, 1] = plane.row_direction * plane.pixel_spacing[0]
    affine[:3, 2] = plane.column_direction * plane.pixel_spacing[1]
    affine[:3, 3] = grid.origin
    return affine


def _sources(
    series: SourceSeries, grid: Grid, slices: Sequence[Located]
) -> tuple[SourceSeries, tuple[int | None, ...]]:
    """Narrow the series to the instances used, and say which of them (or which frame) is at each place."""
    multi = is_multiframe(series.headers[0])
    used = sorted({frame.instance for frame, _ in slices})
    sources: list[int | None] = [None] * grid.size
    for place, (frame, _) in zip(grid.places, slices, strict=True):
        sources[place] = frame.index if multi else used.index(frame.instance)
    return narrowed(series, used), tuple(sources)


def _voxels(series: SourceSeries, grid: Grid, slices: Sequence[Located], role: Role) -> NDArray[np.float32]:
    """Read the slices into their places; the empty places stay 0."""
    plane = slices[0][1]
    shape = (grid.size, plane.rows, plane.columns)
    if np.prod(shape, dtype=np.int64) > MAX_VOXELS:
        raise InputError("TOO_LARGE", f"{shape} voxels are more than {MAX_VOXELS}; send thicker slices")
    for frame, _ in slices:
        check_grayscale(series.headers[frame.instance], series.paths[frame.instance])
    voxels = np.zeros(shape, dtype=np.float32)  # (slices, rows, columns)
    frames = [frame for frame, _ in slices]
    low, high = np.inf, -np.inf
    for place, frame, stored in zip(grid.places, frames, stored_pixels(series, frames), strict=True):
        image = voxels[place]
        if stored.shape != image.shape:
            raise InputError("PIXELS_DAMAGED", f"slice {place}: decoded to {stored.shape}, not {image.shape}")
        physical_values(stored, frame, series.headers[frame.instance], is_ct=role is Role.CT, out=image)
        low, high = np.minimum(low, image.min()), np.maximum(high, image.max())  # both keep NaN
    _check_values(float(low), float(high))
    return voxels


def _check_values(low: float, high: float) -> None:
    if not np.isfinite([low, high]).all():
        raise InputError("NON_FINITE", "some pixels are NaN or infinite; export the series again")
    if low == high:
        raise InputError("CONSTANT_IMAGE", f"every pixel has the value {low:g}; there is nothing to see")


def _fill_holes(voxels: NDArray[np.float32], grid: Grid) -> list[Finding]:
    """Interpolate the empty places linearly between their neighbours, in place."""
    for before, after in pairwise(grid.places):
        for place in range(before + 1, after):
            weight = np.float32((place - before) / (after - before))
            voxels[place] = voxels[before] * (1 - weight) + voxels[after] * weight
    text = f"{grid.missing} of {grid.size} slices are missing; interpolated between their neighbours"
    return [Finding("MISSING_SLICE", text)] if grid.missing else []


def _as_bright(voxels: NDArray[np.float32], series: SourceSeries, role: Role) -> list[Finding]:
    """Invert MR stored with 0 as white, in place; HU are physical and stay (PS3.3 C.7.6.3.1.2)."""
    if role is Role.CT or text(series.headers[0], "PhotometricInterpretation") != "MONOCHROME1":
        return []
    np.subtract(voxels.max() + voxels.min(), voxels, out=voxels)
    return [Finding("MONOCHROME1", "stored with white as 0; inverted, so that strong signal is bright")]
