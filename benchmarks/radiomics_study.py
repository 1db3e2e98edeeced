"""Radiomics of a whole study by the node's own engine beside PyRadiomics, in one run.

851 features of each of 33 regions (`support.study`). PyRadiomics is timed on one region of each kind, as it
comes (it filters the whole volume for every region) and on exact crops that were normalised outside, and
counted as often as the kind occurs. CPU time is compared: other work on the machine makes both slower alike.
The wall time and memory of the own engine are those of a fresh process with two threads; the wall time means
what it says on idle cores alone.
"""

import argparse
import json
import math
import pickle
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
import SimpleITK
from radiomics.featureextractor import RadiomicsFeatureExtractor
from support.figures import Figure, show
from support.study import study

from pipelines.features.geometry import index_spacing
from pipelines.features.radiomics import FEATURE_CLASSES, Profile, resolve, warm
from pipelines.features.radiomics.engine import compute
from pipelines.features.radiomics.prepare import prepare, scaling
from pipelines.types import Segmentation

T = TypeVar("T")
HERE = Path(__file__).parent
SAME = 1e-9  #: relative difference up to which two values are the same
ROUNDED = 1e-6  #: asked of all: sums that cancel carry the rounding of both (docs/radiomics.md)
KINDS = ("CT vertebra", "MR vertebral body", "MR disc", "MR muscle")


@dataclass(frozen=True, slots=True)
class Sample:
    """CPU seconds of one region, and how many features differ from PyRadiomics' by SAME and by ROUNDED."""

    own: float
    crops: float
    whole: float
    differing: int
    wrong: int


def main() -> None:
    """Measure and print; exit with 1 where less is reached than asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skip-whole", action="store_true", help="leave PyRadiomics on whole volumes out")
    whole = not parser.parse_args().skip_whole
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    series = study()
    alone = _alone(series)
    warm()
    count = Counter(_kind(each, name) for each in series for name in each.structures.values())
    kept = [show("A fresh worker: 33 regions at bin width 25, two threads", alone)]
    for width, on_whole, asked in ((25, whole, 8), (5, False, 20)):
        samples = {kind: _sample(series, kind, width, on_whole) for kind in KINDS}
        kept.append(show(f"CPU time at bin width {width}", _figures(samples, count, on_whole, asked)))
    raise SystemExit(0 if all(kept) else 1)


def _alone(series: list[Segmentation]) -> list[Figure]:
    """Measure the own engine in a process that has done nothing else, made the study included."""
    with TemporaryDirectory(prefix="lumbar-node-benchmark-") as folder:
        path = Path(folder) / "study.pickle"
        path.write_bytes(pickle.dumps(series))
        done = subprocess.run(
            [sys.executable, "-m", "support.alone", path], cwd=HERE, check=True, stdout=subprocess.PIPE
        )
    found = json.loads(done.stdout)
    return [
        Figure("features", found["features"], "", 33 * 851, least=True),
        Figure("loading compiled kernels", found["loading"], "s"),
        Figure("first study, wall", found["first"], "s", 4),
        Figure("later studies, wall", found["later"], "s", 4),
        Figure("later studies, wall, one thread", found["one thread"], "s"),
        Figure("CPU", found["cpu"], "s"),
        Figure("memory with the study loaded", found["memory before"], "MiB"),
        Figure("memory, peak", found["memory"], "MiB", 600),
    ]


def _sample(series: list[Segmentation], kind: str, width: float, on_whole: bool) -> Sample:
    """Time the middle region of a kind."""
    each, label = [
        (one, value) for one in series for value, name in one.structures.items() if _kind(one, name) == kind
    ][2]
    own, values = min(
        (_crop(each, label, _profile(width, "lumbar")) for _ in range(3)), key=lambda run: run[0]
    )
    crops, expected = _crop(each, label, _profile(width, "pyradiomics"))
    seconds = math.nan
    if on_whole:
        seconds, expected = _whole(each, label, width)
    return Sample(own, crops, seconds, *(_differing(values, expected, limit) for limit in (SAME, ROUNDED)))


def _crop(segmentation: Segmentation, label: int, profile: Profile) -> tuple[float, Mapping[str, float]]:
    """Time an engine on an exact crop; the crop itself is only timed with the own engine."""
    voxels = segmentation.volume.voxels
    scale = scaling(voxels, segmentation.labels, profile)
    spacing = index_spacing(segmentation.volume)
    cutting, crop = _timed(
        lambda: prepare(voxels, segmentation.labels == np.uint8(label), spacing, profile, scale),
        time.process_time,
    )
    seconds, values = _timed(lambda: compute(crop, profile), time.process_time)
    return seconds + cutting * (profile.engine == "lumbar"), values


def _whole(segmentation: Segmentation, label: int, width: float) -> tuple[float, Mapping[str, Any]]:
    """Time PyRadiomics as it comes."""
    image = SimpleITK.GetImageFromArray(segmentation.volume.voxels.astype(np.float64))
    mask = SimpleITK.GetImageFromArray(segmentation.labels)
    extractor = RadiomicsFeatureExtractor(
        additionalInfo=False, **_profile(width, "pyradiomics").engine_settings
    )
    extractor.settings.update(normalize=True, normalizeScale=100)
    extractor.enableImageTypeByName("Wavelet")
    extractor.disableAllFeatures()
    for name in FEATURE_CLASSES:
        extractor.enableFeatureClassByName(name)
    return _timed(lambda: extractor.execute(image, mask, label), time.process_time)


def _figures(
    samples: Mapping[str, Sample], count: Mapping[str, int], on_whole: bool, asked: float
) -> list[Figure]:
    """Put the samples together: milliseconds a region, ratios, and the whole study's."""
    figures = []
    for kind, sample in samples.items():
        figures.append(Figure(f"{kind} (of {count[kind]}): own engine", 1000 * sample.own, "ms"))
        figures.append(Figure("   PyRadiomics on crops : own", sample.crops / sample.own, ""))
        if on_whole:
            figures.append(Figure("   PyRadiomics as it comes : own", sample.whole / sample.own, ""))
        figures.append(Figure(f"   features that differ by more than {SAME:g}", sample.differing, ""))
        figures.append(Figure(f"   features that differ by more than {ROUNDED:g}", sample.wrong, "", 0))
    own, crops, whole = (
        sum(count[kind] * getattr(sample, field) for kind, sample in samples.items())
        for field in ("own", "crops", "whole")
    )
    figures += [
        Figure("whole study: own engine", own, "s"),
        Figure("whole study: PyRadiomics on crops", crops, "s"),
        Figure("whole study: PyRadiomics on crops : own", crops / own, "", asked, least=True),
    ]
    if on_whole:
        figures += [
            Figure("whole study: PyRadiomics as it comes", whole, "s"),
            Figure("whole study: PyRadiomics as it comes : own", whole / own, "", 25, least=True),
        ]
    return figures


def _kind(segmentation: Segmentation, structure: str) -> str:
    modality = segmentation.volume.series.modality
    return next(
        kind
        for kind in KINDS
        if kind.startswith(modality) and (kind.split(" ", 1)[1] in structure or "muscle" in kind)
    )


def _profile(width: float, engine: str) -> Profile:
    return resolve({"normalize": True, "normalizeScale": 100, "binWidth": width, "engine": engine})


def _timed(work: Callable[[], T], clock: Callable[[], float]) -> tuple[float, T]:
    start = clock()
    result = work()
    return clock() - start, result


def _differing(found: Mapping[str, float], expected: Mapping[str, Any], limit: float) -> int:
    """Count features that are not the same."""
    if list(found) != list(expected):
        return len(expected)
    pairs = [(value, float(expected[name])) for name, value in found.items()]
    return sum(abs(a - b) > limit * max(abs(a), abs(b)) for a, b in pairs)


if __name__ == "__main__":
    main()
