"""A node under test: settings for free ports, a sender, and a look at what became of a study."""

import threading
from collections.abc import Callable
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE
from sqlalchemy import Engine, select

from node.db import Event, Job, Study
from node.engine import readers
from node.settings import Settings, parse


def settings(data_dir: Path, *archives: int, **changes: object) -> Settings:
    """Settings with quick timers and a destination per port: a0, a1, …"""
    return parse(
        {
            "data_dir": data_dir,
            "receiver": {"port": 0, "min_free_bytes": 0},
            "completeness": {"quiet_s": 5, "release_s": 0},
            "worker": {"retry_s": 0.1},
            "web": {"port": 0},
            "destinations": [
                {
                    "name": f"a{number}",
                    "ae_title": "ARCHIVE",
                    "host": "127.0.0.1",
                    "port": port,
                    "timeout_s": 5,
                    "retry_s": 0.1,
                }
                for number, port in enumerate(archives)
            ],
            **changes,
        },
        "test",
    )


def send(port: int, *datasets: Dataset) -> None:
    """Send objects over one association."""
    entity = AE("MODALITY")
    for sop_class in (CTImageStorage, MRImageStorage):
        entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", port, ae_title="LUMBARNODE")
    assert association.is_established
    assert [association.send_c_store(each).Status for each in datasets] == [0x0000] * len(datasets)
    association.release()


def study(engine: Engine, uid: str) -> Study | None:
    """Return a study as it stands."""
    with readers(engine)() as session:
        return session.scalars(select(Study).filter_by(study_instance_uid=uid)).first()


def jobs(engine: Engine, kind: str) -> list[Job]:
    """Return the jobs of a kind, the oldest first."""
    with readers(engine)() as session:
        return list(session.scalars(select(Job).filter_by(kind=kind).order_by(Job.id)))


def events(engine: Engine, uid: str) -> list[str]:
    """Return the names of a study's events."""
    with readers(engine)() as session:
        found = select(Event.name).join(Study, Study.id == Event.study_id)
        return list(session.scalars(found.filter(Study.study_instance_uid == uid).order_by(Event.id)))


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Look at the database again and again, until the condition holds or time is up."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError(f"not within {seconds} s")


def ends(engine: Engine, uid: str, state: str, seconds: float = 30) -> Study:
    """Wait until a study is in a state, and return it."""

    def reached() -> bool:
        found = study(engine, uid)
        return found is not None and found.state == state

    until(reached, seconds)
    found = study(engine, uid)
    assert found is not None
    return found
