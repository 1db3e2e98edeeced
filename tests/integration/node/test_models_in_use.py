"""An active and a shadow predictor in a running node: who is reported, who is only compared."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from archive import Archive, archive
from integration.serving import ends, events, send, settings, study, until
from phantoms.packages import write_package
from pydicom import dcmread
from pydicom.uid import Comprehensive3DSRStorage, SegmentationStorage
from sqlalchemy import select

from node.db import Result, Shadow
from node.dispatcher import retry
from node.engine import readers, sessions
from node.history import locked
from node.registry.activation import Change, activate
from node.registry.folders import folder_of
from node.serve import Node
from node.settings import Settings
from pipelines.phantom import PhantomPatient
from pipelines.types import Role

WAY_S = 300.0


@dataclass(frozen=True)
class Site:
    """A node with one axial series of a generated patient, analysed by 1.0 with 1.1 as its shadow."""

    node: Node
    settings: Settings
    archive: Archive
    uid: str
    active: Change
    shadow: Change

    def results(self) -> dict[str, Result]:
        """The newest result object of each kind."""
        with readers(self.node.engine)() as session:
            return {row.kind: row for row in session.scalars(select(Result).order_by(Result.id))}

    def shadows(self) -> list[Shadow]:
        with readers(self.node.engine)() as session:
            return list(session.scalars(select(Shadow).order_by(Shadow.id)))

    def again(self, state: str) -> None:
        """Analyse the study again and wait for a state."""
        before = events(self.node.engine, self.uid).count("claimed")
        with sessions(self.node.engine).begin() as session:
            retry(session, locked(session, study(self.node.engine, self.uid).id))
        until(lambda: events(self.node.engine, self.uid).count("claimed") > before)
        ends(self.node.engine, self.uid, state, WAY_S)


@pytest.fixture(scope="module")
def site(patient: PhantomPatient, clinical: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    wanted = patient.series_uids[Role.MR_AXIAL_T2]
    images = [image for image in map(dcmread, patient.files) if image.SeriesInstanceUID == wanted]
    root, uid = tmp_path_factory.mktemp("site"), str(images[0].StudyInstanceUID)
    with ExitStack() as stack:
        kinds = (SegmentationStorage, Comprehensive3DSRStorage)
        there = stack.enter_context(archive(sop_classes=kinds))
        given = settings(root / "data", there.port, cases={"clinical_dir": clinical})
        active = activate(given, str(write_package(root / "a")))
        shadow = activate(given, str(write_package(root / "b", "1.1")), shadow=True)
        node = stack.enter_context(Node(given))
        send(node.port, *images)
        ends(node.engine, uid, "done", WAY_S)
        yield Site(node, given, there, uid, active, shadow)


def test_the_shadow_is_kept_and_compared(site: Site) -> None:
    (row,) = site.shadows()
    assert (row.name, row.version, row.digest) == ("pain", "1.1", site.shadow.digest)
    assert (row.active["version"], row.active["digest"]) == ("1.0", site.active.digest)
    assert row.answer["status"] == row.active["status"] == "evaluated", row.answer
    assert row.answer["probability"] != row.active["probability"]
    beside = site.settings.data_dir / "results" / site.uid / "1" / "shadow.json"
    (told,) = json.loads(beside.read_text())["shadows"]
    assert (told["answer"], told["active"]) == (row.answer, row.active)


def test_only_the_active_model_is_reported(site: Site) -> None:
    folder = site.settings.data_dir / "results" / site.uid
    (summary,) = folder.glob("*/summary.json")
    pain = next(p for p in json.loads(summary.read_text())["predictions"] if p["target"] == "pain")
    assert pain["model"]["digest"] == site.active.digest
    assert not pain["demonstration"]
    assert site.results()["risk_sr"].summary["predictions"][1] == pain
    seen = [path.read_bytes() for path in folder.rglob("*.dcm")] + [summary.read_bytes()]
    seen += [dataset.to_json().encode() for dataset in site.archive.received]
    assert sum(site.active.digest.encode() in text for text in seen) >= 3  # SR, summary, delivery
    assert not any(site.shadow.digest.encode() in text for text in seen)


def test_the_study_s_page_shows_both(site: Site) -> None:
    with httpx.Client(base_url=site.node.url, trust_env=False) as client:
        page = client.get(f"/studies/{site.uid}").text
        (told,) = client.get(f"/api/studies/{site.uid}").json()["shadows"]
    assert "Shadow models · compared, not reported" in page
    assert told["answer"] == site.shadows()[0].answer


def test_activation_changes_the_next_report_and_nothing_that_it_does_not_touch(site: Site) -> None:
    before = site.results()
    activate(site.settings, "pain@1.1")
    site.again("done")
    after = site.results()
    assert after["risk_sr"].sop_instance_uid != before["risk_sr"].sop_instance_uid
    assert after["risk_sr"].summary["predictions"][1]["model"]["digest"] == site.shadow.digest
    assert after["seg"].sop_instance_uid == before["seg"].sop_instance_uid
    assert after["measurement_sr"].sop_instance_uid == before["measurement_sr"].sop_instance_uid
    assert len(list((site.settings.data_dir / "cache").glob("*.npz"))) == 1  # nothing computed anew
    assert len(site.shadows()) == 1


def test_a_shadow_changes_no_uid_and_one_that_is_damaged_costs_nothing(site: Site) -> None:
    before = site.results()
    activate(site.settings, "pain@1.0", shadow=True)
    damaged = folder_of(site.settings.models_folder, "pain", "1.0") / "predictor.json"
    kept = damaged.read_bytes()
    damaged.write_text("{}")
    site.again("done")
    assert {k: r.sop_instance_uid for k, r in site.results().items()} == {
        k: r.sop_instance_uid for k, r in before.items()
    }
    row = site.shadows()[-1]
    assert (row.version, row.answer["status"], row.active["version"]) == ("1.0", "failed", "1.1")
    assert "predictor.json" in row.answer["reasons"][0]["text"]
    damaged.write_bytes(kept)


def test_a_damaged_active_model_fails_the_job_with_the_file_s_name(site: Site) -> None:
    damaged = folder_of(site.settings.models_folder, "pain", "1.1") / "predictor.json"
    kept = damaged.read_bytes()
    damaged.write_text("{}")
    site.again("failed")
    reason = study(site.node.engine, site.uid).reason
    assert reason.startswith("MODEL_INVALID: predictor pain@1.1: ") and "predictor.json: damaged" in reason
    assert "lumbar-node models retire pain@1.1" in reason
    damaged.write_bytes(kept)
    site.again("done")
