from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from node.header import Header
from node.index import Stored

CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def stored() -> Callable[..., Stored]:
    """Return the maker of messages: `stored("1.2.3.4.1", association=None, patient_key=…)`."""

    def make(uid: str = "1.2.3.4.1", association: int | None = 1, **header: Any) -> Stored:
        values = {
            "sop_class_uid": CT,
            "study_instance_uid": "1.2.3",
            "series_instance_uid": "1.2.3.4",
            "modality": "CT",
            "study_date": date(2026, 3, 1),
            "patient_key": "p",
            **header,
        }
        return Stored(
            header=Header(sop_instance_uid=uid, **values),
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            sha256="0" * 64,
            size=100,
            path=f"objects/aa/{uid}.dcm",
            calling_ae="PACS",
            received_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
            association=association,
        )

    return make
