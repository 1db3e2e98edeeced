from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pipelines.features.scanners import scanner_row
from pipelines.types import ModelIdentity, Role, Segmentation, SeriesAnalysis, SourceSeries, Volume


def analysis(role: Role, header: Dataset) -> SeriesAnalysis:
    voxels = np.zeros((2, 2, 2), np.float32)
    series = SourceSeries("1", "1.1", header.Modality, (header,), (Path("a"),))
    volume = Volume(voxels, np.eye(4), (0, 1), role, series)
    return SeriesAnalysis(
        Segmentation(volume, voxels.astype(np.uint8), {}, ModelIdentity("m", "1", "0")), (), ()
    )


def header(modality: str, **values: object) -> Dataset:
    dataset = Dataset()
    dataset.Modality = modality
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def enhanced() -> Dataset:
    details, groups = Dataset(), Dataset()
    details.KVP = "100"
    groups.CTXRayDetailsSequence = Sequence([details])
    return header("CT", Manufacturer="M", SharedFunctionalGroupsSequence=Sequence([groups]))


@pytest.mark.parametrize(
    ("role", "one", "text"),
    [
        (
            Role.MR_SAG_T2,
            header("MR", Manufacturer="SIEMENS", ManufacturerModelName="Aera", MagneticFieldStrength="1.5"),
            "SIEMENS|Aera|1.5",
        ),
        (Role.CT, header("CT", Manufacturer="A|B", ManufacturerModelName="X", KVP="120"), "A/B|X|120"),
        (Role.CT, enhanced(), "M||100"),
        (Role.MR_SAG_T1, header("MR"), "||"),
    ],
)
def test_what_the_header_tells(role: Role, one: Dataset, text: str) -> None:
    assert scanner_row({role: analysis(role, one)}) == {f"scanner.{role}": text}
