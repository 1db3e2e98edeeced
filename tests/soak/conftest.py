"""What every long test has: a scale, a report, and a node in a process of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

REPORT = Path(__file__).parents[2] / "build" / "soak"


@pytest.fixture(scope="session")
def scale() -> float:
    """Return SOAK_SCALE: 1 is what the report of docs/reliability.md was made with."""
    return float(os.environ.get("SOAK_SCALE", "1"))


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Iterator[dict[str, object]]:
    """Give a place for the figures of a test; they become a table of build/soak in any case."""
    figures: dict[str, object] = {}
    yield figures
    REPORT.mkdir(parents=True, exist_ok=True)
    title = request.node.name.removeprefix("test_").replace("_", " ")
    rows = "".join(f"| {name} | {value} |\n" for name, value in figures.items())
    path = REPORT / f"{request.node.name}.md"
    path.write_text(f"### {title}\n\n| figure | measured |\n|---|---|\n{rows}\n", encoding="utf-8")
