"""What the tests of the worker share."""

from pathlib import Path

import pytest
from workers.images import write_image


@pytest.fixture
def ct_file(tmp_path: Path) -> Path:
    """A CT image of patient P1 in study 1.2.3."""
    return write_image(tmp_path / "ct.dcm")
