from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    """Write a sheet beside three studies, `a`, `b` and `c`."""
    for name in "abc":
        (tmp_path / name / "series").mkdir(parents=True)
        (tmp_path / name / "series" / "1.dcm").write_bytes(b"\0")

    def write(*lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "cohort.csv"
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return path

    return write
