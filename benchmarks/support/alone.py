"""The own radiomics engine in a fresh process: `python -m support.alone STUDY`, figures as JSON on stdout."""

import json
import pickle
import sys
import time
from pathlib import Path

from pipelines.features.radiomics import extract_series, warm
from pipelines.types import FeatureVector, Segmentation

PROFILE = {"normalize": True, "normalizeScale": 100, "binWidth": 25}


def main(path: Path) -> None:
    """Measure and print."""
    start = time.perf_counter()
    warm()
    loading = time.perf_counter() - start
    series = pickle.loads(path.read_bytes())
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = _peak_mib()
    walls = [_run(series, jobs=2)[0] for _ in range(3)]
    memory = _peak_mib()
    wall, cpu, vectors = _run(series, jobs=1)
    figures = {
        "features": sum(len(vector.values) for vector in vectors),
        "loading": loading,
        "first": walls[0],
        "later": min(walls[1:]),
        "one thread": wall,
        "cpu": cpu,
        "memory before": before,
        "memory": memory,
    }
    sys.stdout.write(json.dumps(figures))


def _run(series: list[Segmentation], jobs: int) -> tuple[float, float, list[FeatureVector]]:
    """Give wall and CPU seconds of a study, and its vectors."""
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = [vector for each in series for vector in extract_series(each, PROFILE, jobs=jobs)]
    return time.perf_counter() - wall, time.process_time() - cpu, vectors


def _peak_mib() -> float:
    """Give the most memory that this process has held at a time, in MiB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
