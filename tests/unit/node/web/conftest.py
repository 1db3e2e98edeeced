"""A database with one study in every state worth showing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from node import engine as database
from node.db import Delivery, Event, Instance, Job, Refusal, Result, Series, Shadow, Study
from node.settings import Settings, parse

PREDICTION = {"target": "asdeg", "probability": 0.807, "category": "high", "reasons": []}
NOW = datetime(2026, 3, 1, 14, 5, 9, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with two destinations and a page on a free port."""
    return parse(
        {
            "data_dir": tmp_path,
            "receiver": {"min_free_bytes": 0},
            "web": {"port": 0},
            "destinations": [
                {"name": "pacs", "ae_title": "PACS", "host": "192.0.2.1", "port": 104},
                {
                    "name": "research",
                    "ae_title": "RESEARCH",
                    "host": "192.0.2.2",
                    "port": 104,
                    "send": ["seg"],
                },
                {"name": "web", "kind": "stow-rs", "url": "https://192.0.2.3/dicom-web"},
                {"name": "out", "kind": "folder", "path": "/srv/out"},
            ],
        },
        "test",
    )


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """The database with studies 1.2.1 (done), 1.2.2 (analysing), 1.2.3 (ignored) and a refusal."""
    with database.sessions(engine).begin() as session:
        for number, (state, modality, reason) in enumerate(
            [
                ("done", "CT", None),
                ("analysing", "MR", None),
                ("ignored", "CT", "NO_LUMBAR_SPINE: series 2 shows a head <b>"),
            ],
            start=1,
        ):
            study = Study(
                study_instance_uid=f"1.2.{number}",
                patient_key=None,
                state=state,
                reason=reason,
                received_at=NOW,
                last_instance_at=NOW + timedelta(seconds=number),
            )
            series = Series(study=study, series_instance_uid=f"1.2.{number}.1", modality=modality)
            session.add(study)
            session.add_all(_instance(series, f"1.2.{number}.1.{i}") for i in range(3))
            session.flush()
            session.add(Event(study_id=study.id, revision=1, name="quiet", detail={"instances": 3}))
            if state == "done":
                _finished(study, session)
                session.add_all(_shadows(study))
            if state == "analysing":
                progress = {"stage": "segmentation", "fraction": 0.4}
                session.add(
                    Job(
                        study_id=study.id, kind="analyse", target="lumbar", state="running", progress=progress
                    )
                )
        session.add(
            Refusal(
                sop_instance_uid="1.2.9", calling_ae="CT1", status=0xA900, reason="UIDs differ", path=None
            )
        )
    return engine


def _shadows(study: Study) -> list[Shadow]:
    """One that differs from the active model, and one that broke down beside none."""
    said = {"status": "evaluated", "probability": 0.42, "category": "moderate", "reasons": []}
    active = {**said, "probability": 0.807, "category": "high", "version": "1.0", "digest": "a"}
    broken = {"status": "failed", "probability": None, "category": None}
    reasons = [{"code": "MODEL_INVALID", "text": "damaged"}]
    which = {"study_id": study.id, "revision": 1}
    return [
        Shadow(**which, name="asdeg", version="2.0", digest="s", answer=said, active=active),
        Shadow(**which, name="own", version="1", digest="t", answer={**broken, "reasons": reasons}),
    ]


def _instance(series: Series, uid: str) -> Instance:
    return Instance(
        series=series,
        sop_instance_uid=uid,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        sha256="0" * 64,
        size=1000,
        path=f"{uid}.dcm",
        calling_ae="CT1",
    )


def _finished(study: Study, session: Session) -> None:
    for kind, uid in (("seg", "1.2.1.901"), ("risk_sr", "1.2.1.940")):
        result = Result(
            study_id=study.id,
            revision=1,
            kind=kind,
            sop_class_uid="1.2.840.10008.5.1.4.1.1.66.4",
            sop_instance_uid=uid,
            path=uid,
            summary={"predictions": [PREDICTION]} if kind == "risk_sr" else {},
        )
        session.add(result)
        session.flush()
        done = Delivery(result_id=result.id, destination="pacs", state="delivered", delivered_at=NOW)
        done.confirmed_by = "commitment"
        session.add(done)
        if kind == "seg":
            session.add(Delivery(result_id=result.id, destination="research", state="sent"))
    refused = Delivery(result_id=result.id, destination="research", state="refused", error="0x0122 SOP class")
    session.add(refused)
