"""The budget of one series' segmentation, by stage: seconds on two CPUs, and the memory it takes.

A generated patient of clinical size (CT of 200 × 512², sagittal and axial MR). Every series has a process of
its own, warm as a worker is: libraries and network are loaded before the clock starts. Seconds depend on what
else the machine does (CPU time much less), so they are shown beside their budget; only memory above its
budget exits with 1.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.figures import Figure, show
from support.processes import peak_mib
from torch.nn.modules import module

from pipelines import segmentation
from pipelines.dicom.read import load_volume, read_series
from pipelines.dicom.seg import build_seg
from pipelines.types import Role

CPUS = 2
BUDGET_GIB = 3.0
#: role of the series -> folder in the generated patient, budget in seconds
SERIES = {
    "mr_sag_t2": ("mr/mr_sag_t2", 15.0),
    "mr_axial_t2": ("mr/mr_axial_t2", 15.0),
    "ct": ("ct", 40.0),
}
LOAD, READ, BEFORE, NETWORK, AFTER, WRITE = (
    "load",
    "read",
    "orient and resample",
    "network",
    "between and after the networks",
    "write the SEG",
)


def main() -> None:
    """Measure, print, and exit with 1 if memory exceeds its budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patient", type=Path, help="folder made by `lumbar-node phantom --full FOLDER`")
    parser.add_argument("--role", choices=SERIES, help="measure one series in this process, print JSON")
    arguments = parser.parse_args()
    if arguments.role:
        print(json.dumps(_measure(arguments.patient, arguments.role)))
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])
    with TemporaryDirectory(prefix="lumbar-node-benchmark-") as name:
        patient = arguments.patient or _generated(Path(name))
        kept = [_show(patient, role) for role in SERIES]
    sys.exit(0 if all(kept) else 1)


def _generated(folder: Path) -> Path:
    print("generating a patient of clinical size …", flush=True)
    command = [sys.executable, "-m", "node.cli", "phantom", str(folder), "--full"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def _show(patient: Path, role: str) -> bool:
    """Measure a series in another process and print its table; tell whether its memory is within budget."""
    command = [sys.executable, __file__, "--patient", str(patient), "--role", role]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    stages: dict[str, float] = found["seconds"]
    memory = Figure("peak memory of the process", found["gib"], "GiB", BUDGET_GIB)
    show(
        f"{role}: {found['shape']} voxels, {found['structures']} structures",
        [
            Figure("one series", sum(stages.values()), "s", SERIES[role][1]),
            *(Figure(f"  {stage}", seconds, "s") for stage, seconds in stages.items()),
            memory,
            Figure("one series, CPU time of all threads", found["cpu"], "s"),
            Figure("once per process: load the network", found["loading"], "s"),
        ],
    )
    return memory.kept


def _measure(patient: Path, name: str) -> dict[str, Any]:
    """Take a series from its files to its SEG."""
    role = Role(name)
    seconds: defaultdict[str, float] = defaultdict(float)
    with _stage(seconds, LOAD):
        segmentation.identity(role, "cpu")
    busy = time.process_time()
    with _stage(seconds, READ):
        series, _ = read_series(sorted((patient / SERIES[name][0]).rglob("*.dcm")))
        volume = load_volume(series[0], role)
    with _segmenting(seconds):
        found = segmentation.segment(volume, "cpu")
    with _stage(seconds, WRITE), TemporaryDirectory() as folder:
        build_seg(found, datetime.now(UTC)).dataset.save_as(Path(folder) / "seg.dcm")
    return {
        "shape": " × ".join(map(str, volume.voxels.shape)),
        "structures": len(found.structures),
        "seconds": seconds,
        "gib": peak_mib(os.getpid()) / 1024,
        "loading": seconds.pop(LOAD),
        "cpu": time.process_time() - busy,
    }


@contextmanager
def _stage(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] += time.perf_counter() - start


@contextmanager
def _segmenting(seconds: dict[str, float]) -> Iterator[None]:
    """Part the block's time by what PyTorch runs: before, inside and outside the outermost modules."""
    depth, changed, stage = 0, time.perf_counter(), BEFORE

    def switch(now_in: str) -> None:
        nonlocal changed, stage
        now = time.perf_counter()
        seconds[stage] += now - changed
        changed, stage = now, now_in

    def enter(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth == 1:
            switch(NETWORK)

    def leave(*_: object) -> None:
        nonlocal depth
        depth -= 1
        if depth == 0:
            switch(AFTER)

    with ExitStack() as hooks:
        hooks.callback(module.register_module_forward_pre_hook(enter).remove)
        hooks.callback(module.register_module_forward_hook(leave, always_call=True).remove)
        yield
    switch(AFTER)


if __name__ == "__main__":
    main()
