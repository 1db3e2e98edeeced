"""What exact crops and threads do for PyRadiomics.

851 features of a few vertebrae of a generated CT with their true outlines: by PyRadiomics as it comes, on the
whole volume; by `pipelines.features.radiomics` on crops, which must give the same values; and the shipped
profile on one and on two threads.
"""

import argparse
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import SimpleITK
from radiomics.featureextractor import RadiomicsFeatureExtractor
from support.figures import Figure, show

from pipelines.dicom.read import load_volume, read_series
from pipelines.features.geometry import index_spacing
from pipelines.features.radiomics import FEATURE_CLASSES, HU, extract, extract_series
from pipelines.phantom import load_truth, write_patient
from pipelines.types import ModelIdentity, Role, Segmentation

SETTINGS = {"binWidth": 25}
T = TypeVar("T")
SAME = 1e-9  #: relative difference up to which two values are the same


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=int, default=3)
    count = parser.parse_args().structures
    with TemporaryDirectory(prefix="lumbar-node-benchmark-") as name:
        segmentation = _vertebrae(Path(name), count)
    image, mask = _images(segmentation)
    extractor = _pyradiomics()
    whole, expected = _timed(lambda: [extractor.execute(image, mask, k) for k in segmentation.structures])
    crops, found = _timed(lambda: [extract(image, mask, SETTINGS, k) for k in segmentation.structures])
    one, _ = _timed(lambda: extract_series(segmentation, HU, jobs=1))
    two, _ = _timed(lambda: extract_series(segmentation, HU, jobs=2))
    shape = " × ".join(map(str, segmentation.labels.shape))
    kept = show(
        f"851 features of {count} vertebrae in {shape} voxels",
        [
            Figure("PyRadiomics on the whole volume", whole, "s"),
            Figure("PyRadiomics on exact crops", crops, "s"),
            Figure("whole volume : crops", whole / crops, ""),
            Figure(
                "largest relative difference of a value", max(map(_difference, found, expected)), "", SAME
            ),
            Figure(f"profile {HU.label}, one thread", one, "s"),
            Figure(f"profile {HU.label}, two threads", two, "s"),
            Figure("one thread : two threads", one / two, ""),
        ],
    )
    raise SystemExit(0 if kept else 1)


def _vertebrae(folder: Path, count: int) -> Segmentation:
    """Return a generated CT with the true outlines of its first vertebrae."""
    patient = write_patient(folder, seed=0, small=True)
    (series,), _ = read_series(sorted(patient.ct_dir.rglob("*.dcm")))
    truth = load_truth(patient.truth[Role.CT])
    names = [(value, name) for value, name in truth.names.items() if name.endswith(" vertebra")]
    model = ModelIdentity("the truth", "0", "")
    return Segmentation(load_volume(series, Role.CT), truth.labels, dict(names[:count]), model)


def _images(segmentation: Segmentation) -> tuple[SimpleITK.Image, SimpleITK.Image]:
    """Return voxels, in the double precision that PyRadiomics needs, and labels."""
    image = SimpleITK.GetImageFromArray(segmentation.volume.voxels.astype("float64"))
    mask = SimpleITK.GetImageFromArray(segmentation.labels)
    for each in (image, mask):
        each.SetSpacing(index_spacing(segmentation.volume)[::-1])
    return image, mask


def _pyradiomics() -> Any:
    extractor = RadiomicsFeatureExtractor(additionalInfo=False, **SETTINGS)
    extractor.enableImageTypeByName("Wavelet")
    extractor.disableAllFeatures()
    for name in FEATURE_CLASSES:
        extractor.enableFeatureClassByName(name)
    return extractor


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _difference(found: Mapping[str, float], expected: Mapping[str, Any]) -> float:
    """Return the largest relative difference between the values of two extractions."""
    if list(found) != list(expected):
        return math.inf
    pairs = [(value, float(expected[name])) for name, value in found.items()]
    return max(abs(a - b) / max(abs(a), abs(b), 1e-12) for a, b in pairs)


if __name__ == "__main__":
    main()
