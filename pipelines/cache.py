"""What was computed from a series, kept so that a CT is not computed again when its MR arrives.

The key covers everything the result depends on: the bytes of the files, the role, the software version, the
digests of the networks and of the extraction profiles. A damaged entry is computed again.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from models.manifest import sha256
from pipelines.types import (
    FeatureVector,
    Finding,
    Measurement,
    ModelIdentity,
    Segmentation,
    SeriesAnalysis,
    SourceSeries,
    Volume,
)


def cache_key(series: SourceSeries, depends_on: Iterable[str]) -> str:
    """Return a sha256 of the series' files and of `depends_on` (role, versions, digests), hexadecimal."""
    digests = sorted(sha256(path) for path in series.paths)
    return hashlib.sha256(json.dumps([digests, *depends_on]).encode()).hexdigest()


class Cache:
    """A folder of analyses.

    Parameters
    ----------
    folder : Path or None
        None: nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def get(self, key: str, volume: Volume) -> SeriesAnalysis | None:
        """Return what is kept under `key`, laid on `volume`; None if nothing usable is."""
        if self._folder is None:
            return None
        try:
            path = self._folder / f"{key}.npz"
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as entry:
                labels, text = entry["labels"], str(entry["analysis"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None
        if labels.shape != volume.voxels.shape:
            return None
        return _restore(json.loads(text), labels, volume)

    def put(self, key: str, analysis: SeriesAnalysis) -> None:
        """Keep `analysis` under `key`; readers see all of it or nothing."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{key}.{os.getpid()}.part"
        with part.open("wb") as stream:
            np.savez_compressed(
                stream, labels=analysis.segmentation.labels, analysis=np.array(json.dumps(_plain(analysis)))
            )
        part.replace(self._folder / f"{key}.npz")


def _plain(analysis: SeriesAnalysis) -> dict[str, Any]:
    segmentation = analysis.segmentation
    return {
        "structures": dict(segmentation.structures),
        "model": asdict(segmentation.model),
        "levels_determined": segmentation.levels_determined,
        "warnings": [asdict(w) for w in segmentation.warnings],
        "measurements": [asdict(m) for m in analysis.measurements],
        "features": [_plain_vector(v) for v in analysis.features],
    }


def _plain_vector(vector: FeatureVector) -> dict[str, Any]:
    names = ("role", "structure", "kind", "profile", "digest")
    return {
        **{name: getattr(vector, name) for name in names},
        "values": dict(vector.values),
        "reason": asdict(vector.reason) if vector.reason else None,
    }


def _restore(plain: dict[str, Any], labels: Any, volume: Volume) -> SeriesAnalysis:
    segmentation = Segmentation(
        volume=volume,
        labels=labels,
        structures={int(k): name for k, name in plain["structures"].items()},
        model=ModelIdentity(**plain["model"]),
        levels_determined=plain["levels_determined"],
        warnings=tuple(Finding(**w) for w in plain["warnings"]),
    )
    role = {"role": volume.role}
    return SeriesAnalysis(
        segmentation,
        tuple(Measurement(**{**m, **role}) for m in plain["measurements"]),
        tuple(FeatureVector(**{**v, **role, "reason": _finding(v["reason"])}) for v in plain["features"]),
    )


def _finding(plain: dict[str, str] | None) -> Finding | None:
    return Finding(**plain) if plain else None
