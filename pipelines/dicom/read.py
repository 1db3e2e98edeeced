"""Files to series: every file ends in a series or in a coded reason."""

from collections.abc import Iterable
from pathlib import Path

from pydicom.dataset import FileDataset

from models.manifest import sha256
from pipelines.dicom.attributes import text
from pipelines.dicom.instance import read_header
from pipelines.dicom.volume import load_volume
from pipelines.errors import InputError
from pipelines.types import Finding, RejectedFile, SourceSeries

__all__ = ["load_volume", "read_series"]

_Instance = tuple[Path, FileDataset]


def read_series(paths: Iterable[Path]) -> tuple[tuple[SourceSeries, ...], tuple[RejectedFile, ...]]:
    """Group files into series by their UIDs, never by their names.

    Parameters
    ----------
    paths : iterable of Path
        Files of any kind and name; folders are passed over.

    Returns
    -------
    series : tuple of SourceSeries
        In the order in which their first file came; headers only.
    rejected : tuple of RejectedFile
        Every file that is in no series. Codes beside those of `read_header`: DUPLICATE (a second copy of the
        same bytes) and DUPLICATE_UID (other bytes under a SOP Instance UID seen before; the first is kept).
    """
    instances: dict[str, _Instance] = {}
    rejected: list[RejectedFile] = []
    for path in paths:
        if path.is_dir():
            continue
        try:
            _add(instances, path, read_header(path))
        except InputError as error:
            rejected.append(RejectedFile(path, Finding(error.code, str(error))))
    return _series(instances.values()), tuple(rejected)


def _add(instances: dict[str, _Instance], path: Path, header: FileDataset) -> None:
    uid = text(header, "SOPInstanceUID")
    if uid not in instances:
        instances[uid] = (path, header)
        return
    first = instances[uid][0]
    if sha256(first) == sha256(path):
        raise InputError("DUPLICATE", f"{path.name}: same bytes as {first.name}; used once")
    raise InputError(
        "DUPLICATE_UID",
        f"{path.name}: SOP Instance UID of {first.name} but other content; {first.name} is used. "
        "Find out at the sender which of the two is right.",
    )


def _series(instances: Iterable[_Instance]) -> tuple[SourceSeries, ...]:
    groups: dict[tuple[str, str], list[_Instance]] = {}
    for path, header in instances:
        key = (text(header, "StudyInstanceUID"), text(header, "SeriesInstanceUID"))
        groups.setdefault(key, []).append((path, header))
    return tuple(
        SourceSeries(
            study_uid=study_uid,
            series_uid=series_uid,
            modality=text(members[0][1], "Modality"),
            headers=tuple(header for _, header in members),
            paths=tuple(path for path, _ in members),
        )
        for (study_uid, series_uid), members in groups.items()
    )
