"""One version of a study is one result set: however it is sent, and whenever the rest of it comes."""

import socket
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from archive import Archive, archive
from forgotten import FORGOTTEN_SOCKET
from integration.routed import dcmtk
from integration.serving import ends, events, jobs, settings, study, until
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE
from sqlalchemy import select
from workers.images import image, write_image

from node.db import Result
from node.engine import readers
from node.serve import Node

COUNT = 6


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The objects of study 1.2.3."""
    folder = tmp_path / "study"
    folder.mkdir()
    return [write_image(folder / f"{number}.dcm", number=number) for number in range(1, COUNT + 1)]


def storescu(port: int, *arguments: str | Path) -> None:
    """Send files over one association of dcmtk's storescu."""
    command = [dcmtk("storescu"), "-aec", "LUMBARNODE", "127.0.0.1", str(port), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def in_parallel(port: int, files: Sequence[Path], associations: int = 3) -> None:
    """Send files over several associations at once."""
    with ThreadPoolExecutor(associations) as pool:
        shares = [files[first::associations] for first in range(associations)]
        list(pool.map(lambda share: storescu(port, *share), shares))


def told(there: Archive) -> list[int]:
    """Return how many instances each result is about, in the order of their coming."""
    return [len(one.TextValue.split()) for one in there.received]


def is_one_set(node: Node, there: Archive) -> None:
    """Assert that the study was complete once, with everything."""
    ends(node.engine, "1.2.3", "done")
    assert told(there) == [COUNT]
    assert events(node.engine, "1.2.3").count("quiet") == 1
    assert [job.revision for job in jobs(node.engine, "analyse")] == [1]


def made(node: Node) -> list[tuple[int, str]]:
    """Return revision and kind of each result."""
    with readers(node.engine)() as session:
        return [(row.revision, row.kind) for row in session.scalars(select(Result).order_by(Result.id))]


def test_one_association_per_file(tmp_path: Path, files: list[Path]) -> None:
    quick = {"quiet_s": 3, "release_s": 3}
    with (
        archive() as there,
        Node(
            settings(tmp_path / "n", there.port, completeness=quick), function="workers.analyses:tally"
        ) as node,
    ):
        for file in files:
            storescu(node.port, file)
        is_one_set(node, there)


def test_three_in_parallel(tmp_path: Path, files: list[Path]) -> None:
    quick = {"quiet_s": 3, "release_s": 2}
    with (
        archive() as there,
        Node(
            settings(tmp_path / "n", there.port, completeness=quick), function="workers.analyses:tally"
        ) as node,
    ):
        in_parallel(node.port, files)
        is_one_set(node, there)


def test_a_sender_that_aborts_in_the_middle_and_comes_back(tmp_path: Path, files: list[Path]) -> None:
    quick = {"quiet_s": 4, "release_s": 0}
    with (
        archive() as there,
        Node(
            settings(tmp_path / "n", there.port, completeness=quick), function="workers.analyses:tally"
        ) as node,
    ):
        storescu(node.port, "--abort", *files[:2])
        storescu(node.port, *files)
        is_one_set(node, there)


def test_a_pause_longer_than_the_timer(tmp_path: Path) -> None:
    quick = {"quiet_s": 0.5, "release_s": 0}
    with (
        archive() as there,
        Node(
            settings(tmp_path / "n", there.port, completeness=quick), function="workers.analyses:tally"
        ) as node,
    ):
        entity = AE("MODALITY")
        entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", node.port, ae_title="LUMBARNODE")
        for number in range(1, COUNT + 1):
            assert association.send_c_store(image("1.2.3", number=number)).Status == 0x0000
            if number == 1:  # as long as the deadline needs to have moved past the quiet time three times
                until(lambda: study(node.engine, "1.2.3") is not None)
                threading.Event().wait(2)
        assert study(node.engine, "1.2.3").state == "receiving"
        association.release()
        is_one_set(node, there)


def test_a_burst_while_it_is_analysed_makes_one_new_version(tmp_path: Path, files: list[Path]) -> None:
    quick = {"quiet_s": 3, "release_s": 2}
    with (
        archive() as there,
        Node(
            settings(tmp_path / "n", there.port, completeness=quick), function="workers.analyses:gated"
        ) as node,
    ):
        storescu(node.port, files[0])
        until(lambda: [job.progress.get("stage") for job in jobs(node.engine, "analyse")] == ["waiting"])
        in_parallel(node.port, files[1:])
        until(lambda: events(node.engine, "1.2.3").count("instance") == 1)
        (tmp_path / "n" / "cache").mkdir(exist_ok=True)
        (tmp_path / "n" / "cache" / "go").touch()
        ends(node.engine, "1.2.3", "done")
        assert study(node.engine, "1.2.3").revision == 2
        assert [(job.revision, job.state) for job in jobs(node.engine, "analyse")] == [
            (1, "succeeded"), (2, "succeeded")
        ]  # fmt: skip
        assert made(node) == [(2, "measurement_sr")]  # what the first one made does not count
        assert told(there) == [COUNT]
        assert "superseded" in events(node.engine, "1.2.3")


@pytest.mark.filterwarnings(FORGOTTEN_SOCKET)
def test_a_burst_while_it_is_delivered_makes_one_new_version(tmp_path: Path, files: list[Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quick = {"quiet_s": 3, "release_s": 2}
    with Node(settings(tmp_path / "n", port, completeness=quick), function="workers.analyses:tally") as node:
        storescu(node.port, files[0])
        ends(node.engine, "1.2.3", "delivering")
        in_parallel(node.port, files[1:])
        until(lambda: study(node.engine, "1.2.3").revision == 2)
        ends(node.engine, "1.2.3", "delivering")
        with archive(port) as there:
            ends(node.engine, "1.2.3", "done")
            assert told(there)[-1] == COUNT
            assert len(set(told(there))) == len(told(there)) <= 2
        assert study(node.engine, "1.2.3").revision == 2
        assert made(node) == [(1, "measurement_sr"), (2, "measurement_sr")]
