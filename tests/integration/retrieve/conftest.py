"""A real Orthanc as the PACS that has what a case lacks."""

from collections.abc import Iterator

import orthanc_server
import pytest
from network import NotPermittedError, own_network
from orthanc_server import Orthanc


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """A running Orthanc that sends nothing by itself, in a network namespace with lo alone."""
    if reason := orthanc_server.missing():
        pytest.skip(reason)
    namespace = own_network()
    try:
        namespace.__enter__()
    except NotPermittedError as error:
        pytest.skip(f"Orthanc is started in a network namespace only, and there can be none: {error}")
    try:
        folder = tmp_path_factory.mktemp("orthanc")
        (folder / "none.lua").touch()
        with orthanc_server.running(folder, ORTHANC_LUA=str(folder / "none.lua")) as server:
            yield server
    finally:
        namespace.__exit__(None, None, None)
