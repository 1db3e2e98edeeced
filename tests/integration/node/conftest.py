"""A real Orthanc and a real node, in a network namespace of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import orthanc_server
import pytest
from integration.routed import behind_orthanc
from network import own_network_or_skip
from orthanc_server import Orthanc

from node.serve import Node
from pipelines.phantom import PhantomPatient, write_patient


@pytest.fixture(scope="module")
def network() -> Iterator[None]:
    """Everything that a test of this module starts is in a network namespace with lo alone."""
    if reason := orthanc_server.missing():
        pytest.skip(reason)
    with own_network_or_skip():
        yield


@pytest.fixture(scope="module")
def orthanc(network: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """A running Orthanc with the project's configuration."""
    with orthanc_server.running(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture(scope="session")
def patient(tmp_path_factory: pytest.TempPathFactory) -> PhantomPatient:
    """A generated patient: a CT study and an MR study."""
    return write_patient(tmp_path_factory.mktemp("patient"), 0, small=True, truth=False)


@pytest.fixture(scope="module")
def clinical(patient: PhantomPatient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site's folder of clinical variables."""
    folder = tmp_path_factory.mktemp("clinical")
    (folder / "PHANTOM-0001.json").write_bytes((patient.ct_dir.parent / "clinical.json").read_bytes())
    return folder


@pytest.fixture
def tallying(orthanc: Orthanc, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Start a node behind Orthanc whose analysis only counts; settings as they are given."""
    with ExitStack() as stack:

        def start(**changes: object) -> Node:
            given = behind_orthanc(tmp_path / "node", web={"enabled": False}, **changes)
            return stack.enter_context(Node(given, function="workers.analyses:tally"))

        yield start
