"""Times in result objects: all from the job's stored clock, none from the wall.

highdicom writes the present moment and a random DimensionOrganizationUID into what it makes; both are
replaced here, so that a second run of the same job gives the same bytes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pydicom.dataset import Dataset

from pipelines.dicom.uids import derived_uid

_DATES = ("InstanceCreationDate", "ContentDate", "SeriesDate", "DateOfSecondaryCapture")
_TIMES = ("InstanceCreationTime", "ContentTime", "SeriesTime", "TimeOfSecondaryCapture")
_MOMENTS = ("ContributionDateTime", "ObservationDateTime")


@dataclass(frozen=True, slots=True)
class Stamp:
    """One moment in DICOM's forms: DA, TM, and DT with its offset from UTC."""

    date: str
    time: str
    moment: str


def stamp_of(clock: datetime, source: Dataset) -> Stamp:
    """Express the job's clock as an object derived from `source` has to write it.

    Parameters
    ----------
    clock : datetime
        Aware.
    source : Dataset
        Its TimezoneOffsetFromUTC, where it has one, holds for every date and time of the object (PS3.3
        C.12.1); otherwise the clock's own zone is kept.

    Raises
    ------
    ValueError
        If `clock` is naive.
    """
    if clock.tzinfo is None:
        raise ValueError(f"clock {clock.isoformat()} has no time zone; pass an aware datetime")
    zone = _zone(str(source.get("TimezoneOffsetFromUTC") or ""))
    local = clock.astimezone(zone) if zone is not None else clock
    return Stamp(local.strftime("%Y%m%d"), local.strftime("%H%M%S"), local.strftime("%Y%m%d%H%M%S%z")[:19])


def _zone(offset: str) -> timezone | None:
    """Parse &ZZXX (PS3.5 6.2, DT); None where it is absent or malformed."""
    if len(offset) != 5 or offset[0] not in "+-" or not offset[1:].isdigit():
        return None
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    return (
        timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)) if minutes < 24 * 60 else None
    )


def apply_stamp(dataset: Dataset, stamp: Stamp) -> None:
    """Replace every present moment and random UID that a library put into `dataset`."""
    values = (
        dict.fromkeys(_DATES, stamp.date)
        | dict.fromkeys(_TIMES, stamp.time)
        | dict.fromkeys(_MOMENTS, stamp.moment)
        | {"DimensionOrganizationUID": derived_uid(dataset.SOPInstanceUID, "dimension-organization")}
    )
    for keyword in (*_DATES[:3], *_TIMES[:3]):
        setattr(dataset, keyword, values[keyword])
    for element in dataset.iterall():
        if element.keyword in values:
            element.value = values[element.keyword]
