"""What the site has said of a patient."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from node.db import Clinical


def known(session: Session, patient_key: str | None) -> dict[str, Any]:
    """Return a patient's variables; empty if the site has given none."""
    found = session.scalars(select(Clinical).filter_by(patient_key=patient_key)).first()
    return dict(found.values) if found else {}
