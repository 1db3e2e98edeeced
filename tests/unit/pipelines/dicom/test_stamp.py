from datetime import UTC, datetime

import pytest
from pydicom.dataset import Dataset

from pipelines.dicom.stamp import Stamp, apply_stamp, stamp_of

CLOCK = datetime(2026, 11, 21, 23, 30, 15, 999999, tzinfo=UTC)


def _source(offset: str | None) -> Dataset:
    source = Dataset()
    if offset is not None:
        source.TimezoneOffsetFromUTC = offset
    return source


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (None, Stamp("20261121", "233015", "20261121233015+0000")),
        ("+0100", Stamp("20261122", "003015", "20261122003015+0100")),
        ("-0330", Stamp("20261121", "200015", "20261121200015-0330")),
        ("nonsense", Stamp("20261121", "233015", "20261121233015+0000")),
        ("+9900", Stamp("20261121", "233015", "20261121233015+0000")),
    ],
)
def test_the_source_says_in_which_zone_times_are_written(offset: str | None, expected: Stamp) -> None:
    assert stamp_of(CLOCK, _source(offset)) == expected


def test_a_naive_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        stamp_of(datetime(2026, 11, 21), Dataset())


def test_every_moment_and_random_uid_is_replaced() -> None:
    dataset, equipment, organization = Dataset(), Dataset(), Dataset()
    dataset.SOPInstanceUID = "1.2.3"
    dataset.ContentTime = "111111"
    equipment.ContributionDateTime = "20200101"
    organization.DimensionOrganizationUID = "1.2.3.4"
    dataset.ContributingEquipmentSequence = [equipment]
    dataset.DimensionOrganizationSequence = [organization]
    apply_stamp(dataset, stamp_of(CLOCK, Dataset()))
    assert dataset.InstanceCreationDate == dataset.ContentDate == dataset.SeriesDate == "20261121"
    assert dataset.ContentTime == "233015"
    assert equipment.ContributionDateTime == "20261121233015+0000"
    assert organization.DimensionOrganizationUID.startswith("2.25.")
