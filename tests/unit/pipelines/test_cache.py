"""What is kept comes back as it was; what is damaged or does not fit is computed again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.cache import Cache, cache_key
from pipelines.types import (
    FeatureVector,
    Finding,
    Measurement,
    ModelIdentity,
    Role,
    Segmentation,
    SeriesAnalysis,
    SourceSeries,
    Volume,
)


def series(*paths: Path) -> SourceSeries:
    return SourceSeries("1.2", "1.2.3", "MR", (), paths)


@pytest.fixture
def volume():
    return Volume(np.zeros((4, 5, 6), np.float32), np.eye(4), (0, 1, None, 2), Role.MR_SAG_T2, series())


@pytest.fixture
def analysis(volume):
    labels = np.arange(120, dtype=np.uint8).reshape(4, 5, 6) % 3
    return SeriesAnalysis(
        Segmentation(
            volume,
            labels,
            {1: "L4 vertebral body", 2: "L4-L5 disc"},
            ModelIdentity("net", "1", "ab" * 32),
            levels_determined=False,
            warnings=(Finding("LEVEL_UNKNOWN", "no sacrum"),),
        ),
        (Measurement(Role.MR_SAG_T2, "L4-L5 disc", "volume", 12.5, "cm3"),),
        (
            FeatureVector(Role.MR_SAG_T2, "L4-L5 disc", "radiomics", "paper@1", "cd", {"a": 0.1, "b": -2.0}),
            FeatureVector(
                Role.MR_SAG_T2, "L4 vertebral body", "deep", "vit@1", "ef", {}, Finding("ROI_EMPTY", "empty")
            ),
        ),
    )


def test_what_was_put_comes_back(tmp_path, volume, analysis):
    cache = Cache(tmp_path / "cache")
    cache.put("key", analysis)
    kept = cache.get("key", volume)
    assert kept is not None
    np.testing.assert_array_equal(kept.segmentation.labels, analysis.segmentation.labels)
    assert replace(kept.segmentation, labels=None, volume=None).__dict__ == (
        replace(analysis.segmentation, labels=None, volume=None).__dict__
    )
    assert kept.measurements == analysis.measurements
    assert kept.features == analysis.features
    assert not list(tmp_path.rglob("*.part"))


def test_a_damaged_entry_is_not_used(tmp_path, volume, analysis):
    cache = Cache(tmp_path)
    cache.put("key", analysis)
    entry = tmp_path / "key.npz"
    entry.write_bytes(entry.read_bytes()[:200])
    assert cache.get("key", volume) is None


def test_an_entry_of_another_grid_is_not_used(tmp_path, volume, analysis):
    cache = Cache(tmp_path)
    cache.put("key", analysis)
    assert cache.get("key", replace(volume, voxels=np.zeros((3, 5, 6), np.float32))) is None


def test_without_a_folder_nothing_is_kept(volume, analysis):
    cache = Cache(None)
    cache.put("key", analysis)
    assert cache.get("key", volume) is None


def test_the_key_follows_bytes_and_versions_not_names(tmp_path):
    for name, content in {"a": b"1", "b": b"2", "c": b"2", "d": b"3"}.items():
        (tmp_path / name).write_bytes(content)
    key = cache_key(series(tmp_path / "a", tmp_path / "b"), ["ct", "1"])
    assert key == cache_key(series(tmp_path / "c", tmp_path / "a"), ["ct", "1"])
    assert key != cache_key(series(tmp_path / "a", tmp_path / "d"), ["ct", "1"])
    assert key != cache_key(series(tmp_path / "a", tmp_path / "b"), ["ct", "2"])
