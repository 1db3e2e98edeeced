"""The budget of a whole case: seconds from the last object to the last result, memory of worker and receiver.

A patient of clinical size (CT 200 x 512 x 512, sagittal T1 and T2, axial T2) is pushed to a node whose roles
run as on a site, but for the receiver: it has a process of its own, so that its memory can be told apart.
Budget: 180 s (quiet time apart), 6 GiB for the worker, 100 MiB for the receiver.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from node.demo.archive import AE_TITLE, Archive
from node.demo.push import push
from node.engine import readers
from node.serve import Node, Role
from node.settings import Settings, parse
from node.web.overview import overview
from pipelines.phantom import write_patient

QUIET_S = 1.0
LIMIT_S = 1800.0
HERE = frozenset({Role.DISPATCHER, Role.WORKER, Role.DELIVERY})


def main() -> None:
    """Measure and print one JSON object."""
    with TemporaryDirectory(prefix="lumbar-node-") as name:
        folder = Path(name)
        patient = write_patient(folder / "patient", 0, small=False, truth=False)
        (folder / "clinical").mkdir()
        (folder / "clinical" / "PHANTOM-0001.json").write_text(json.dumps(patient.clinical), encoding="utf-8")
        with Archive(folder / "archive") as archive:
            settings = _settings(folder, archive.port)
            with Node(settings, HERE) as node, _receiver(folder, settings) as (port, receiver):
                figures = _measure(node, port, receiver, patient.files)
        figures["result_objects"] = sum(1 for _ in (folder / "archive").glob("*.dcm"))
    figures["children_max_rss_mib"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({key: round(value, 1) for key, value in figures.items()}, indent=2))


def _measure(node: Node, port: int, receiver: int, files: tuple[Path, ...]) -> dict[str, float]:
    start = time.monotonic()
    push(files, "LUMBARNODE", port, lambda count: None)
    last_object = time.monotonic()
    worker = 0.0
    while not _through(node):
        worker = max([worker, *(_peak_mib(pid) for pid in node.worker_pids)])
        if time.monotonic() - last_object > LIMIT_S or node.died.wait(0.2):
            raise SystemExit("the case did not come through")
    return {
        "objects": len(files),
        "push_s": last_object - start,
        "last_object_to_last_result_s": time.monotonic() - last_object - QUIET_S,
        "worker_peak_mib": worker,
        "receiver_peak_mib": _peak_mib(receiver),
    }


def _through(node: Node) -> bool:
    with readers(node.engine)() as session:
        rows = overview(session).studies
    return len(rows) == 2 and all(row.state in ("done", "ignored", "failed") for row in rows)


def _peak_mib(pid: int) -> float:
    """Peak resident memory of a process (VmHWM), MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


@contextmanager
def _receiver(folder: Path, settings: Settings) -> Iterator[tuple[int, int]]:
    """Start the receiver in a process of its own; give its port and process id."""
    config = folder / "receiver.toml"
    config.write_text(
        f'data_dir = "{settings.data_dir}"\nlog_level = "error"\n'
        "receiver = { port = 0, min_free_bytes = 0 }\n"
        f"completeness = {{ quiet_s = {QUIET_S}, release_s = {QUIET_S} }}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "node.cli", "serve", "-c", str(config), "--role", "receiver"]
    published = settings.data_dir / "run" / "receiver.json"
    with subprocess.Popen(command) as process:
        try:
            while not published.exists():
                if process.poll() is not None:
                    raise SystemExit("the receiver did not start")
                time.sleep(0.05)
            yield _port(published), process.pid
        finally:
            process.terminate()


def _port(published: Path) -> int:
    values: dict[str, Any] = json.loads(published.read_text(encoding="utf-8"))
    return int(values["port"])


def _settings(folder: Path, archive_port: int) -> Settings:
    to = {"name": "archive", "ae_title": AE_TITLE, "host": "127.0.0.1", "port": archive_port}
    return parse(
        {
            "data_dir": folder / "node",
            "log_level": "error",
            "completeness": {"quiet_s": QUIET_S, "release_s": QUIET_S},
            "cases": {"clinical_dir": folder / "clinical"},
            "destinations": [to],
            "web": {"enabled": False},
        },
        "benchmark",
    )


if __name__ == "__main__":
    main()
