"""What the tests of delivery share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from workers.images import write_image

from node.delivery.objects import Outgoing


@pytest.fixture
def outgoing(tmp_path: Path) -> Callable[..., list[Outgoing]]:
    """Make objects to send: `outgoing("CT", "MR")`."""

    def make(*modalities: str) -> list[Outgoing]:
        found = []
        for number, modality in enumerate(modalities):
            path = write_image(tmp_path / f"{number}.dcm", modality=modality, number=number)
            sop_class = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4"}[modality]
            found.append(Outgoing(number, path, sop_class, f"1.2.3.1.{number}"))
        return found

    return make
