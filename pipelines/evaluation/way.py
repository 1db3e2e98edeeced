"""The way of a scan, as the node takes it: files, selection, volume, segmentation, SEG."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from pipelines.dicom.read import load_volume, read_series
from pipelines.dicom.seg import build_seg
from pipelines.errors import InputError
from pipelines.evaluation.manifest import Row, RowError
from pipelines.evaluation.nifti import write_series
from pipelines.selection import select
from pipelines.types import Role, Segmentation, SourceSeries, Volume

NIFTI = (".nii", ".nii.gz")
IMAGE_MODALITIES = ("CT", "MR")

Segment = Callable[[Volume], Segmentation]


def load(row: Row, scratch: Path) -> Volume:
    """Read a row's scan.

    Parameters
    ----------
    row : Row
        Without a role, selection must choose the series, and its verdict is the reason where it does not.
        With one, selection is asked only where there are several series.
    scratch : Path
        Empty folder for a NIfTI file's DICOM series.

    Raises
    ------
    RowError
        NO_FILE, NOT_READABLE, SHAPE, ROLE, SEVERAL_SERIES.
    InputError
        The code of the series' verdict, or of `load_volume`.
    """
    role = row.role
    series, rejected = read_series(_files(row, role, scratch))
    if not series:
        raise RowError("NO_FILE", f"image {row.image}: no DICOM image; {rejected[0].reason.text}")
    chosen_role, one = _choose(series, role)
    return load_volume(one, chosen_role)


def write_seg(segmentation: Segmentation, path: Path, clock: datetime) -> None:
    """Write a segmentation as DICOM SEG.

    Raises
    ------
    PipelineError
        See `build_seg`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    build_seg(segmentation, clock).dataset.save_as(path, enforce_file_format=True)


def _files(row: Row, role: Role | None, scratch: Path) -> Iterable[Path]:
    if row.image.is_dir():
        files = sorted(path for path in row.image.rglob("*") if path.is_file())
        if not files:
            raise RowError("NO_FILE", f"image {row.image}: the folder is empty")
        return files
    if not row.image.is_file():
        raise RowError("NO_FILE", f"image {row.image}: no such file or folder")
    if not row.image.name.endswith(NIFTI):
        return (row.image,)
    if role is None:
        raise RowError("ROLE", f"image {row.image}: a NIfTI file does not say what it is; give its role")
    return write_series(row.image, role, scratch)


def _choose(series: tuple[SourceSeries, ...], role: Role | None) -> tuple[Role, SourceSeries]:
    images = [one for one in series if one.modality in IMAGE_MODALITIES]
    if role is not None and len(images) == 1:
        return role, images[0]
    selection = select(series)
    if role is not None:
        if role not in selection.chosen:
            raise RowError("ROLE", f"none of {len(images)} series is taken for {role}; give one series alone")
        return role, selection.chosen[role]
    if not selection.chosen:
        reason = selection.verdicts[0].reason
        raise InputError(reason.code, f"not selected: {reason.text}")
    if len({one.series_uid for one in selection.chosen.values()}) > 1:
        roles = ", ".join(one.value for one in selection.chosen)
        raise RowError("SEVERAL_SERIES", f"series for several roles are there; name one: {roles}")
    return next(iter(selection.chosen.items()))
