"""The stages that every series goes through: volume, segmentation, measurements, radiomics, deep features."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pipelines.cache import Cache, cache_key
from pipelines.dicom.volume import load_volume
from pipelines.errors import FeatureError
from pipelines.features import deep, fat, morphometry, radiomics
from pipelines.segmentation import Segmenter
from pipelines.types import (
    AXIAL_MR_ROLES,
    FeatureVector,
    Finding,
    Measurement,
    Role,
    Segmentation,
    SeriesAnalysis,
    SourceSeries,
)
from pipelines.version import VERSION

Progress = Callable[[str, float], None]
STAGES_PER_SERIES = 4


class Stopwatch:
    """Seconds per stage, summed over series."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the time that the block takes to `stage`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - start


def profiles_for(role: Role) -> tuple[radiomics.Profile, ...]:
    """Return the extraction profiles of a role: HU as they are for CT, z-score for everything."""
    return (radiomics.HU, radiomics.PAPER) if role is Role.CT else (radiomics.PAPER,)


def analyse_series(
    series: SourceSeries,
    role: Role,
    *,
    segmenter: Segmenter,
    device: str,
    cache: Cache,
    clock: Stopwatch,
    report: Callable[[str], None],
    backbone: Path | None = None,
) -> SeriesAnalysis:
    """Take one series through all stages, or take it from the cache.

    Parameters
    ----------
    segmenter : Segmenter
        Of this role; what it makes is kept under its digest.
    report : callable
        Told the name of each stage as it starts; called STAGES_PER_SERIES times at most.
    backbone : Path, optional
        Folder of the deep features' network; the shipped one by default.

    Raises
    ------
    PipelineError
        If the series does not form a volume or holds no plausible structures.
    """
    report("reading")
    with clock.measure("reading"):
        volume = load_volume(series, role)
        network = deep.load_network(device, backbone)
        digests = [p.digest for p in profiles_for(role)]
        model = segmenter.identity(device)
        key = cache_key(series, [VERSION, role.value, model.digest, network.identity.digest, *digests])
        kept = cache.get(key, volume)
    if kept is not None:
        return kept
    report("segmentation")
    with clock.measure("segmentation"):
        segmented = segmenter.segment(volume, device)
    analysis = SeriesAnalysis(
        segmented, _measure(segmented, clock), _features(segmented, network, clock, report)
    )
    cache.put(key, analysis)
    return analysis


def with_dixon(analyses: Mapping[Role, SeriesAnalysis]) -> dict[Role, SeriesAnalysis]:
    """Add the fat fraction of a Dixon pair to the water series' measurements, where both are there."""
    found = dict(analyses)
    water, fats = found.get(Role.MR_AXIAL_DIXON_WATER), found.get(Role.MR_AXIAL_DIXON_FAT)
    if water is None or fats is None:
        return found
    try:
        shares = fat.measure_dixon(water.segmentation, water.segmentation.volume, fats.segmentation.volume)
    except FeatureError as error:
        remark = Finding(error.code, f"no Dixon fat fraction: {error}")
        segmented = replace(water.segmentation, warnings=(*water.segmentation.warnings, remark))
        found[Role.MR_AXIAL_DIXON_WATER] = replace(water, segmentation=segmented)
        return found
    found[Role.MR_AXIAL_DIXON_WATER] = replace(water, measurements=water.measurements + shares)
    return found


def _measure(segmented: Segmentation, clock: Stopwatch) -> tuple[Measurement, ...]:
    with clock.measure("measurements"):
        found = morphometry.measure(segmented)
        if segmented.volume.role in AXIAL_MR_ROLES:
            found += fat.measure(segmented)
    return found


def _features(
    segmented: Segmentation, network: deep.Network, clock: Stopwatch, report: Callable[[str], None]
) -> tuple[FeatureVector, ...]:
    report("radiomics")
    vectors: list[FeatureVector] = []
    with clock.measure("radiomics"):
        for profile in profiles_for(segmented.volume.role):
            vectors += radiomics.extract_series(segmented, profile, jobs=os.cpu_count() or 1)
    report("deep features")
    with clock.measure("deep features"):
        vectors += deep.extract_series(segmented, network)
    return tuple(vectors)
