"""The budget of a whole case: from its last object to the risk SR in the archive, and the memory it takes.

A generated patient of clinical size (CT of 200 × 512², sagittal T1 and T2, axial T2) is pushed to a node with
a spawned worker, which sends its results to an archive: everything real, on this machine's first two CPUs.
The receiver has a process of its own, so that its memory can be told apart. Exits with 1 if a budget is
exceeded.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom import dcmread
from sqlalchemy import select
from support.figures import Figure, show
from support.processes import loaded_libraries, peak_mib, receiver

from node import logs
from node.db import Result, Study
from node.demo.archive import AE_TITLE, Archive
from node.demo.push import push
from node.engine import readers
from node.serve import Node, Role
from node.settings import Settings, parse

CPUS = 2
QUIET_S = 5.0  #: after the newest object, and after the release
LIMIT_S = 1800.0
LOOK_S = 0.5
BUDGET_S, BUDGET_WORKER_GIB, BUDGET_RECEIVER_MIB = 180.0, 6.0, 100.0
OTHERS = frozenset(Role) - {Role.RECEIVER}


def main() -> None:
    """Measure, print, and exit with 1 if a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patient", type=Path, help="folder made by `lumbar-node phantom --full FOLDER`")
    patient = parser.parse_args().patient
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])
    logs.configure("error", readable=True)
    with TemporaryDirectory(prefix="lumbar-node-benchmark-") as name:
        figures = list(_measure(patient or _generated(Path(name) / "patient"), Path(name)))
    kept = show("A case of CT (200 × 512²), sagittal T1 and T2, axial T2", figures)
    sys.exit(0 if kept else 1)


def _generated(folder: Path) -> Path:
    """Write a patient, in another process: this one's memory stays small."""
    print("generating a patient of clinical size …", flush=True)
    command = [sys.executable, "-m", "node.cli", "phantom", str(folder), "--full"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def _measure(patient: Path, folder: Path) -> Iterator[Figure]:
    """Push the patient to the node and wait until the archive has everything."""
    files = _in_order(patient)
    with Archive(folder / "archive") as archive:
        settings = _settings(folder, archive.port, _clinical(patient, files[0], folder))
        with Node(settings, OTHERS) as node, receiver(settings.data_dir, QUIET_S) as listening:
            acknowledged: list[float] = []
            push(files, listening.ae_title, listening.port, lambda _: acknowledged.append(time.time()))
            print(f"{len(files)} objects sent in {acknowledged[-1] - acknowledged[0]:.1f} s", flush=True)
            _wait(node, studies=2)
            arrived = _arrival_of_risk(node, folder / "archive")
            worker, of_receiver = peak_mib(node.worker_pids[0]), peak_mib(listening.pid)
            torch = loaded_libraries(listening.pid, "torch")
    seconds = arrived - acknowledged[-1] - QUIET_S
    yield Figure("last object to risk SR, quiet time apart", seconds, "s", BUDGET_S)
    for stage, spent in _stages(settings).items():
        yield Figure(f"  {stage}", spent, "s")
    yield Figure("worker's peak memory", worker / 1024, "GiB", BUDGET_WORKER_GIB)
    yield Figure("receiver's peak memory", of_receiver, "MiB", BUDGET_RECEIVER_MIB)
    yield Figure("receiver's libraries of torch", len(torch), "", 0)


def _in_order(patient: Path) -> list[Path]:
    """Put the last objects of both studies last, so that neither study is complete before the other."""
    ct, mr = (sorted((patient / study).rglob("*.dcm")) for study in ("ct", "mr"))
    return [*mr[:-1], *ct, mr[-1]]


def _settings(folder: Path, archive_port: int, clinical: Path) -> Settings:
    archive = {"name": "archive", "ae_title": AE_TITLE, "host": "127.0.0.1", "port": archive_port}
    return parse(
        {
            "data_dir": folder / "node",
            "completeness": {"quiet_s": QUIET_S, "release_s": QUIET_S},
            "cases": {"clinical_dir": clinical},
            "worker": {"device": "cpu"},
            "destinations": [archive],
            "web": {"port": 0},
        },
        "benchmark",
    )


def _clinical(patient: Path, file: Path, folder: Path) -> Path:
    """Give the clinical variables the name that a site gives them: <PatientID>.json."""
    named = folder / "clinical" / f"{dcmread(file, stop_before_pixels=True).PatientID}.json"
    named.parent.mkdir()
    named.write_bytes((patient / "clinical.json").read_bytes())
    return named.parent


def _wait(node: Node, studies: int) -> None:
    """Wait until every result of every study has been delivered."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        with readers(node.engine)() as session:
            states = list(session.scalars(select(Study.state)))
        if len(states) == studies and set(states) == {"done"}:
            return
        late = time.monotonic() > deadline
        if late or "failed" in states or "ignored" in states or node.died.wait(LOOK_S):
            raise RuntimeError(f"the case did not come through: {states}")


def _arrival_of_risk(node: Node, archive: Path) -> float:
    """Return when the archive wrote the last risk SR, in seconds of the clock."""
    with readers(node.engine)() as session:
        uids = session.scalars(select(Result.sop_instance_uid).where(Result.kind == "risk_sr")).all()
    return max((archive / f"SR_{uid}.dcm").stat().st_mtime for uid in uids)


def _stages(settings: Settings) -> dict[str, float]:
    """Sum up the seconds of each stage over both studies' analyses."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for path in (settings.data_dir / "results").rglob("summary.json"):
        for stage, spent in json.loads(path.read_text("utf-8"))["timings"].items():
            seconds[stage] += spent
    return dict(seconds)


if __name__ == "__main__":
    main()
