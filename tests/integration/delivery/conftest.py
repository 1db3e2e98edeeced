"""A study with results and the courier of one destination, without the rest of a node."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import CTImageStorage
from sqlalchemy import Engine, select, update
from workers.images import image

from node import engine as database
from node.db import Delivery, Job, Result, Study
from node.delivery import outbox
from node.delivery.courier import Courier
from node.settings import Settings, parse


@dataclass
class Outbox:
    """A node's outbox with the results of one study, 1.2.3, and its courier."""

    settings: Settings
    engine: Engine
    courier: Courier

    def run(self) -> None:
        """Let the courier work until it has nothing due."""
        while self.courier.step() == 0:
            pass

    def again(self) -> None:
        """Let the pause of a failed attempt be over, and run."""
        with database.sessions(self.engine).begin() as session:
            past = select(Study.received_at).scalar_subquery()
            session.execute(update(Job).where(Job.state == "queued").values(run_after=past))
        self.run()

    @property
    def deliveries(self) -> list[Delivery]:
        """What has become of each object."""
        with database.readers(self.engine)() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    @property
    def confirmed(self) -> list[tuple[str, str | None]]:
        """State of each object, and by what it is confirmed."""
        return [(row.state, row.confirmed_by) for row in self.deliveries]

    @property
    def trouble(self) -> str:
        """What the last attempt ended with."""
        with database.readers(self.engine)() as session:
            return session.scalars(select(Job)).one().error or ""

    @property
    def study(self) -> Study:
        """The study as it stands."""
        with database.readers(self.engine)() as session:
            return session.scalars(select(Study)).one()


Post = Callable[..., Outbox]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """Put results of some kinds into the outbox of a destination: `post({"kind": …}, "seg", "pdf")`."""
    with ExitStack() as stack:

        def make(destination: dict[str, Any], *kinds: str, **sop_classes: str) -> Outbox:
            given = {"name": "to", "timeout_s": 5, "retry_s": 3600, **destination}
            settings = parse({"data_dir": tmp_path / "data", "destinations": [given]}, "test")
            (settings.data_dir / "results").mkdir(parents=True)
            engine = database.create(settings)
            stack.callback(engine.dispose)
            database.migrate(engine)
            with database.sessions(engine).begin() as session:
                study = Study(study_instance_uid="1.2.3", patient_key=None, state="delivering")
                session.add(study)
                session.flush()
                results = [
                    _result(settings.data_dir, study, kind, number, sop_classes.get(kind, CTImageStorage))
                    for number, kind in enumerate(kinds or ("seg",))
                ]
                session.add_all(results)
                session.flush()
                outbox.post(session, study, results, settings.destinations)
            return Outbox(settings, engine, Courier(settings, settings.destinations[0], engine, "test"))

        yield make


def _result(data_dir: Path, study: Study, kind: str, number: int, sop_class: str) -> Result:
    path = data_dir / "results" / f"{kind}.dcm"
    found = image("1.2.3", number=number)
    found.SOPClassUID = sop_class
    found.save_as(path, enforce_file_format=True)
    return Result(
        study_id=study.id,
        revision=1,
        kind=kind,
        sop_class_uid=sop_class,
        sop_instance_uid=f"1.2.3.1.{number}",
        path=path.relative_to(data_dir).as_posix(),
        summary={},
    )
