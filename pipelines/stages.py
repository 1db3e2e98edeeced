"""The stages that every series goes through: volume, segmentation, measurements, radiomics, deep features."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from models import vit
from models.manifest import ManifestError
from models.vit import Encoder
from pipelines import segmentation
from pipelines.cache import Cache, cache_key
from pipelines.dicom.volume import load_volume
from pipelines.errors import ModelError
from pipelines.features import deep, fat, morphometry, radiomics
from pipelines.types import (
    AXIAL_MR_ROLES,
    FeatureVector,
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
    device: str,
    cache: Cache,
    clock: Stopwatch,
    report: Callable[[str], None],
) -> SeriesAnalysis:
    """Take one series through all stages, or take it from the cache.

    Parameters
    ----------
    report : callable
        Told the name of each stage as it starts; called STAGES_PER_SERIES times at most.

    Raises
    ------
    PipelineError
        If the series does not form a volume or holds no plausible structures.
    """
    report("reading")
    with clock.measure("reading"):
        volume = load_volume(series, role)
        encoder = _encoder(device)
        digests = [p.digest for p in profiles_for(role)]
        model = segmentation.identity(role, device)
        key = cache_key(series, [VERSION, role.value, model.digest, deep.digest(encoder), *digests])
        kept = cache.get(key, volume)
    if kept is not None:
        return kept
    report("segmentation")
    with clock.measure("segmentation"):
        segmented = segmentation.segment(volume, device)
    analysis = SeriesAnalysis(
        segmented, _measure(segmented, clock), _features(segmented, encoder, clock, report)
    )
    cache.put(key, analysis)
    return analysis


@lru_cache(maxsize=2)
def _encoder(device: str) -> Encoder:
    """Load the shipped encoder once per process and device."""
    try:
        return vit.load(device=str(segmentation.choose_device(device)))
    except ManifestError as error:
        raise ModelError("MODEL_DAMAGED", str(error)) from None


def _measure(segmented: Segmentation, clock: Stopwatch) -> tuple[Measurement, ...]:
    with clock.measure("measurements"):
        found = morphometry.measure(segmented)
        if segmented.volume.role in AXIAL_MR_ROLES:
            found += fat.measure(segmented)
    return found


def _features(
    segmented: Segmentation, encoder: Encoder, clock: Stopwatch, report: Callable[[str], None]
) -> tuple[FeatureVector, ...]:
    report("radiomics")
    vectors: list[FeatureVector] = []
    with clock.measure("radiomics"):
        for profile in profiles_for(segmented.volume.role):
            vectors += radiomics.extract_series(segmented, profile, jobs=os.cpu_count() or 1)
    report("deep features")
    with clock.measure("deep features"):
        vectors += deep.extract_series(segmented, encoder)
    return tuple(vectors)
