"""The demonstration's scenes: node and archive start, a patient arrives in two studies, results come back."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from pydicom import dcmread

from node.demo.archive import AE_TITLE, Archive
from node.demo.push import push
from node.engine import readers
from node.errors import ConfigurationError, NodeError
from node.serve import Node
from node.settings import Settings, parse
from node.states import StudyState
from node.web.overview import overview
from node.web.rows import StudyRow
from pipelines.phantom import PhantomPatient, write_patient

FINAL = frozenset({StudyState.DONE, StudyState.IGNORED, StudyState.FAILED})
MARK = ".lumbar-node-demo"  #: marks a folder whose contents are ours to replace
LOOK_S = 0.2  #: seconds between two looks at the database


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demonstration leaves behind."""

    summary: Mapping[str, Any]  #: summary.json of the study that completed the case
    received: tuple[Path, ...]  #: the objects that the archive holds
    overlay: Path
    html: Path
    pdf: Path


class Demonstration:
    """Node and archive on free loopback ports; a context manager.

    Parameters
    ----------
    out : Path
        Gets `patient/` (what is sent), `results/` (what the archive receives), the overlay and the report.
        What an earlier demonstration left there is replaced; nothing else is touched.
    seed : int
        The same seed gives the same patient.
    """

    def __init__(self, out: Path, seed: int = 0) -> None:
        self._out = out.resolve()
        self._seed = seed
        self._stack = ExitStack()
        self._patient: PhantomPatient
        self._settings: Settings
        self._node: Node

    def __enter__(self) -> "Demonstration":
        """Write the patient; start the archive, then the node."""
        with self._stack:
            _clear(self._out)
            self._patient = write_patient(self._out / "patient", self._seed, small=True)
            data = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="lumbar-node-")))
            archive = self._stack.enter_context(Archive(self._out / "results"))
            self._settings = _settings(data, archive.port, self._clinical(data))
            self._node = self._stack.enter_context(Node(self._settings))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop node and archive; the node's own folder goes."""
        self._stack.close()

    @property
    def url(self) -> str:
        """Where the status page is."""
        return self._node.url

    @property
    def address(self) -> str:
        """Where the node takes objects: "LUMBARNODE @ 127.0.0.1:40123"."""
        return f"{self._settings.receiver.ae_title} @ 127.0.0.1:{self._node.port}"

    def studies(self) -> Mapping[str, tuple[Path, ...]]:
        """Return the files of the CT study and of the MR study."""
        files = self._patient.files
        return {
            name: tuple(f for f in files if folder in f.parents)
            for name, folder in (("CT", self._patient.ct_dir), ("MR", self._patient.mr_dir))
        }

    def push(self, files: tuple[Path, ...], sent: Callable[[int], None]) -> None:
        """Send a study through a real association; see `node.demo.push.push`."""
        push(files, self._settings.receiver.ae_title, self._node.port, sent)

    def watch(self) -> Iterator[tuple[StudyRow, ...]]:
        """Yield how the studies stand, until all are through.

        Raises
        ------
        NodeError
            If a part of the node dies, or a study fails.
        """
        sessions, expected = readers(self._node.engine), len(self.studies())
        while True:
            with sessions() as session:
                rows = overview(session).studies
            yield rows
            for row in rows:
                if row.state == StudyState.FAILED:
                    raise NodeError(f"study {row.study_instance_uid} failed: {row.reason}")
            if len(rows) == expected and all(row.state in FINAL for row in rows):
                return
            if self._node.died.wait(LOOK_S):
                raise NodeError("a part of the node has ended unexpectedly; the log says why")

    def collect(self) -> Outcome:
        """Draw the overlay and the report, and say where everything is."""
        from node.demo.report import draw  # noqa: PLC0415 - loads the pipelines

        results = self._settings.data_dir / "results" / self._completing_study()
        summary = max(results.glob("*/summary.json"), key=lambda path: int(path.parent.name))
        drawn = draw(self._patient, self._settings, self._out)
        received = tuple(sorted((self._out / "results").glob("*.dcm")))
        return Outcome(json.loads(summary.read_text(encoding="utf-8")), received, *drawn)

    def wait(self) -> None:
        """Go on until a part of the node dies or a signal raises an exception."""
        self._node.died.wait()

    def _completing_study(self) -> str:
        first = self.studies()["MR"][0]
        return str(
            dcmread(first, stop_before_pixels=True, specific_tags=["StudyInstanceUID"]).StudyInstanceUID
        )

    def _clinical(self, data: Path) -> Path:
        """Write the patient's clinical variables as a site would: <PatientID>.json."""
        folder = data / "clinical"
        folder.mkdir()
        header = dcmread(self._patient.files[0], stop_before_pixels=True, specific_tags=["PatientID"])
        (folder / f"{header.PatientID}.json").write_text(json.dumps(self._patient.clinical), encoding="utf-8")
        return folder


def _clear(out: Path) -> None:
    """Remove what an earlier demonstration left, and only that."""
    mark = out / MARK
    for folder in (out / "patient", out / "results"):
        if folder.exists() and not mark.exists():
            raise ConfigurationError(
                f"{folder} is there already, not from a demonstration; name another --out"
            )
        shutil.rmtree(folder, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    mark.write_text("lumbar-node demo replaces patient/ and results/ in this folder\n", encoding="utf-8")


def _settings(data: Path, archive_port: int, clinical: Path) -> Settings:
    destination = {"name": "archive", "ae_title": AE_TITLE, "host": "127.0.0.1", "port": archive_port}
    return parse(
        {
            "data_dir": data / "node",
            "log_level": "error",
            "receiver": {"port": 0, "min_free_bytes": 0},
            "completeness": {"quiet_s": 1, "release_s": 0.5},
            "cases": {"clinical_dir": clinical},
            "destinations": [destination],
            "web": {"port": 0},
        },
        "demonstration",
    )
