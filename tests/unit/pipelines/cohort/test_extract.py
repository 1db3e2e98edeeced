"""Patients whose outcome the deep features' network knows are refused before anything is computed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.backbone.seen import write_seen
from pipelines.cohort.extract import Terms, extract
from pipelines.cohort.read import Cohort, Patient
from pipelines.errors import InputError, ModelError


def _cohort(split: str | None) -> Cohort:
    patients = (Patient("P1", (), {}, 1, None, split), Patient("P2", (), {}, 0, None, None))
    return Cohort(Path("c.csv"), patients, ())


@pytest.fixture
def terms(tmp_path: Path) -> Terms:
    write_seen(tmp_path, {"P1": "training"}, salt="x")
    return Terms(tmp_path / "rows", "cpu", backbone=tmp_path)


@pytest.mark.parametrize("split", ["train", "test", None])
def test_seen_patients_are_refused(terms: Terms, split: str | None) -> None:
    with pytest.raises(InputError, match=r"fine-tuned on P1: .* \(split in_sample in the cohort\)") as caught:
        extract(_cohort(split), terms, ThreadPoolExecutor(1))
    assert caught.value.code == "SEEN_PATIENTS"


def test_marked_patients_pass(terms: Terms) -> None:
    with pytest.raises(ModelError, match="manifest cannot be read"):  # the next thing that is looked at
        extract(_cohort("in_sample"), terms, ThreadPoolExecutor(1))
