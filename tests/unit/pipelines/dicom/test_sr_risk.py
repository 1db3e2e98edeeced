from pathlib import Path
from typing import Any

import highdicom as hd
import pytest
from phantoms.readback import coded, items, numbers, texts
from phantoms.results import CLOCK, PREDICTOR, SeriesRecipe, evaluated, not_evaluable, write_series
from pydicom.dataset import Dataset

from pipelines.dicom.planes import evidence
from pipelines.dicom.sr_risk import CaseReport, build_risk_sr, strongest
from pipelines.types import Contribution, Finding

DEMONSTRATION = "DEMONSTRATION MODEL - trained on simulated patients"


@pytest.fixture
def images(tmp_path: Path) -> list[Dataset]:
    return evidence(write_series(SeriesRecipe(), tmp_path))


def _report(
    images: list[Dataset], *predictions: Any, reasons: tuple[Finding, ...] = (), **changes: Any
) -> Dataset:
    case = CaseReport(predictions, reasons, images, 3, changes.pop("clinical", {}))
    return build_risk_sr(case, changes.pop("title_mode", "readable"), CLOCK)


def test_a_prediction_is_a_group_with_its_number_category_and_model(images: list[Dataset]) -> None:
    report = _report(images, evaluated())
    groups = hd.sr.Comprehensive3DSR.from_dataset(report).content.get_image_measurement_groups()
    assert len(groups) == 1
    found, said = numbers(report), coded(report)
    assert found["Probability of adjacent segment degeneration after fusion"] == (73.1, "%")
    assert found["Radiomics signature (Rad-sign)"] == (0.412, "1")
    assert found["Log-odds: rad_sign"] == (0.91, "1")
    assert ("Evaluation status", "Evaluated") in said
    assert ("Risk category", "High risk") in said
    assert ("Model status", DEMONSTRATION) in said
    assert ("Intended use", "Research use only") in said
    assert {value for name, value in said if name == "Input used"} == {"ct", "mr_sag_t2", "clinical"}
    assert ("Input missing", "mr_axial_t2") in said
    assert ("Input quality warning", "SLICE_THICKNESS") in said
    assert ("Finding Site", "Lumbar spine") in said
    assert {"asdeg-demo", "0.1.0", f"sha256:{PREDICTOR.digest}", DEMONSTRATION} <= set(texts(report))


def test_the_summary_says_research_and_demonstration(images: list[Dataset]) -> None:
    summary = " ".join(texts(_report(images, evaluated())))
    assert "RESEARCH USE ONLY" in summary
    assert f"{DEMONSTRATION}." in summary
    assert "predicted probability 73.1 % (high risk)" in summary
    assert "SLICE_THICKNESS: slice thickness 4 mm is above the training range (3 mm)" in texts(
        _report(images, evaluated())
    )


def test_a_site_s_own_model_is_no_demonstration(images: list[Dataset]) -> None:
    report = _report(images, evaluated(demonstration=False))
    assert ("Model status", "Model trained on patients by the site") in coded(report)
    assert not any("DEMONSTRATION" in text for text in texts(report))


def test_not_evaluable_is_a_result_without_a_number(images: list[Dataset]) -> None:
    report = _report(images, not_evaluable())
    assert numbers(report) == {}
    assert ("Evaluation status", "Not evaluable") in coded(report)
    assert ("Reason why not evaluable", "CLINICAL_MISSING") in coded(report)
    assert not any(name == "Risk category" for name, _ in coded(report))
    assert any("not evaluable (CLINICAL_MISSING: age and BMI" in text for text in texts(report))


def test_a_case_without_any_prediction_says_why(images: list[Dataset]) -> None:
    report = _report(images, reasons=(Finding("HEAD", "a head is not a lumbar spine"),))
    assert ("Finding", "Analysis of the lumbar spine") in coded(report)
    assert ("Reason why not evaluable", "HEAD") in coded(report)
    assert "HEAD: a head is not a lumbar spine" in texts(report)


@pytest.mark.parametrize(
    ("category", "code"),
    [("low", "75976002"), ("moderate", "25594002"), ("high", "15508007"), ("uncertain", "64957009")],
)
def test_categories_are_those_of_cid_3118(category: str, code: str, images: list[Dataset]) -> None:
    report = _report(images, evaluated(category=category))
    values = {
        str(item.ConceptNameCodeSequence[0].CodeMeaning): str(item.ConceptCodeSequence[0].CodeValue)
        for item in items(report, "CODE")
    }
    assert values["Risk category"] == code


def test_uids_follow_models_title_and_clinical_data(images: list[Dataset]) -> None:
    first = _report(images, evaluated()).SOPInstanceUID
    assert _report(images, evaluated()).SOPInstanceUID == first
    assert _report(images, evaluated(), title_mode="strict").SOPInstanceUID != first
    assert _report(images, evaluated(), clinical={"age": 61}).SOPInstanceUID != first
    assert _report(images, not_evaluable()).SOPInstanceUID != first
    assert _report(images[:3], evaluated()).SOPInstanceUID != first


@pytest.mark.parametrize(
    "changes",
    [
        {"probability": 0.42},
        {"category": "moderate"},
        {"signatures": {"rad_sign": 0.5, "dl_sign": 0.377}},
        {"contributions": (Contribution("rad_sign", 0.92),)},
        {"inputs_missing": ()},
        {"warnings": ()},
        {"demonstration": False},
    ],
)
def test_reports_that_say_something_else_have_other_uids(
    changes: dict[str, Any], images: list[Dataset]
) -> None:
    first, other = _report(images, evaluated()), _report(images, evaluated(**changes))
    assert other.SOPInstanceUID != first.SOPInstanceUID
    assert other.SeriesInstanceUID != first.SeriesInstanceUID


def test_a_reason_or_its_text_alone_makes_another_uid(images: list[Dataset]) -> None:
    reasons = [
        (),
        (Finding("CONSTANT_IMAGE", "series 5 is constant"),),
        (Finding("CONSTANT_IMAGE", "series 6 is constant"),),
    ]
    uids = {_report(images, evaluated(), reasons=one).SOPInstanceUID for one in reasons}
    assert len(uids) == len(reasons)


def test_digits_that_are_not_written_make_no_other_report(images: list[Dataset]) -> None:
    nearly = evaluated(probability=0.731 + 1e-9)
    assert _report(images, nearly).SOPInstanceUID == _report(images, evaluated()).SOPInstanceUID


def test_the_strongest_contributions_come_first() -> None:
    given = [Contribution(str(value), value) for value in (0.1, -0.9, 0.3, 0.2, 0.5, -0.05)]
    assert [one.value for one in strongest(given)] == [-0.9, 0.5, 0.3, 0.2, 0.1]


def test_a_site_s_own_target_is_named_by_its_title(images: list[Dataset]) -> None:
    own = evaluated(target="stiff_back", title="a stiff back after a year", demonstration=False)
    report = _report(images, own)
    assert numbers(report)["Probability of a stiff back after a year"] == (73.1, "%")
    assert "a stiff back after a year: predicted probability 73.1 % (high risk)." in " ".join(texts(report))
