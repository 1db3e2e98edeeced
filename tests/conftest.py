"""Fixtures that every part of the suite may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real scans; the tests that need them skip where it is absent."""
    folder = Path(os.environ.get("LUMBAR_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real scans at {folder} (set LUMBAR_SHARED_DATA to the folder that holds them)")
    return folder
