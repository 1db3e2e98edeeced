"""Fixtures that every part of the suite may use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from served import Serve

# in continuous integration the same examples every time: a failure there is one that can be had again
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture
def serve() -> Iterator["Serve"]:
    """Start a node in a process of its own; what still runs afterwards is killed."""
    from served import serving

    with serving() as start:
        yield start


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real scans; the tests that need them skip where it is absent."""
    folder = Path(os.environ.get("LUMBAR_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real scans at {folder} (set LUMBAR_SHARED_DATA to the folder that holds them)")
    return folder
