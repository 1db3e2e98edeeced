"""The shipped models on cases with everything, and with something missing."""

import json
import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from models.manifest import WEIGHTS, write_manifest
from pipelines.errors import InputError, ModelError
from pipelines.features.radiomics import PAPER
from pipelines.prediction import SignaturePredictor, predict
from pipelines.types import Prediction, Role

ALL = (Role.CT, Role.MR_SAG_T1, Role.MR_SAG_T2, Role.MR_AXIAL_T2)
CLINICAL = {
    "osteoporosis": True,
    "diagnosis": "spinal_stenosis",
    "segments": 2,
    "age": 64,
    "sex": "F",
    "bmi": 28.0,
}

Build = Callable[..., Mapping[Role, Any]]


def _codes(prediction: Prediction) -> list[str]:
    return [reason.code for reason in prediction.reasons]


def _text(prediction: Prediction) -> str:
    return "\n".join(reason.text for reason in prediction.reasons)


def test_a_complete_case_gets_both_answers(case: Build) -> None:
    asdeg, pain = predict(case(*ALL), CLINICAL)
    assert (asdeg.target, pain.target) == ("asdeg", "pain")
    for prediction in (asdeg, pain):
        assert prediction.status == "evaluated"
        assert prediction.demonstration
        assert not prediction.reasons
        assert not prediction.inputs_missing
        assert prediction.probability is not None
        assert 0.05 < prediction.probability < 0.95
        assert prediction.category in ("low", "moderate", "high")
        assert len(prediction.model.digest) == 64
        assert all(0 < value < 1 for value in prediction.signatures.values())
    assert set(pain.signatures) == {"rad_sign", "dl_sign"}
    assert "osteoporosis: yes" in asdeg.inputs_used
    assert "axial T2 MR multifidus: fat fraction" in pain.inputs_used


def test_contributions_are_readable_ranked_and_few(case: Build) -> None:
    for prediction in predict(case(*ALL), CLINICAL):
        sizes = [abs(contribution.value) for contribution in prediction.contributions]
        names = [contribution.name for contribution in prediction.contributions]
        assert sizes == sorted(sizes, reverse=True)
        assert 3 <= len(sizes) <= 8
        assert len(set(names)) == len(names)
        assert all(len(name) <= 64 and "_" not in name for name in names)


def test_a_risk_factor_raises_the_risk_by_its_contribution(case: Build) -> None:
    low, high = (predict(case(*ALL), CLINICAL | {"osteoporosis": o})[0] for o in (False, True))
    moved = _contribution(high, "osteoporosis: yes") - _contribution(low, "osteoporosis: no")
    assert moved > 0
    assert _log_odds(high) - _log_odds(low) == pytest.approx(moved)


def _contribution(prediction: Prediction, name: str) -> float:
    return next(c.value for c in prediction.contributions if c.name == name)


def _log_odds(prediction: Prediction) -> float:
    assert prediction.probability is not None
    return math.log(prediction.probability / (1 - prediction.probability))


def test_nothing_at_all_is_not_evaluable(case: Build) -> None:
    for prediction in predict({}, {}):
        assert prediction.status == "not_evaluable"
        assert prediction.probability is None
        assert prediction.category is None
        assert not prediction.contributions
        assert not prediction.inputs_used
        assert set(_codes(prediction)) == {"SERIES_MISSING", "CLINICAL_MISSING"}
        assert all(len(code) <= 16 for code in _codes(prediction))


@pytest.mark.parametrize(
    ("missing", "name"),
    [(Role.CT, "CT"), (Role.MR_SAG_T1, "sagittal T1 MR"), (Role.MR_SAG_T2, "sagittal T2 MR")],
)
def test_asdeg_names_exactly_the_missing_series(case: Build, missing: Role, name: str) -> None:
    asdeg, pain = predict(case(*(role for role in ALL if role is not missing)), CLINICAL)
    assert _codes(asdeg) == ["SERIES_MISSING"]
    assert f"no usable {name} series" in _text(asdeg)
    assert asdeg.inputs_missing == (name,)
    assert pain.status == "evaluated"


@pytest.mark.parametrize("missing", ["osteoporosis", "diagnosis", "segments"])
def test_asdeg_names_exactly_the_missing_variable(case: Build, missing: str) -> None:
    asdeg, pain = predict(case(*ALL), {key: value for key, value in CLINICAL.items() if key != missing})
    assert _codes(asdeg) == ["CLINICAL_MISSING"]
    assert f"not known: {missing};" in _text(asdeg)
    assert asdeg.inputs_missing == (missing,)
    assert pain.status == "evaluated"


def test_without_axial_images_asdeg_uses_its_smaller_model(case: Build) -> None:
    asdeg, pain = predict(case(*ALL[:3]), CLINICAL)
    assert asdeg.status == "evaluated"
    assert asdeg.inputs_missing == ("axial T2 MR",)
    assert not any("axial" in name for name in asdeg.inputs_used)
    assert _codes(pain) == ["SERIES_MISSING"]


def test_unknown_levels_stop_asdeg_and_not_pain(case: Build) -> None:
    asdeg, pain = predict(case(*ALL, levels_determined=False), CLINICAL)
    assert set(_codes(asdeg)) == {"LEVEL_UNKNOWN"}
    assert "CT: the lumbar levels could not be numbered" in _text(asdeg)
    assert asdeg.probability is None
    assert pain.status == "evaluated"


def test_a_structure_without_features_is_named(case: Build, columns: Callable[[str], list[str]]) -> None:
    gone = [name for name in columns("asdeg") if name.startswith("mr_sag_t2.disc.radiomics")]
    asdeg = predict(case(*ALL, changes=dict.fromkeys(gone)), CLINICAL)[0]
    assert _codes(asdeg) == ["FEATURES_MISSING"]
    assert asdeg.inputs_missing == ("sagittal T2 MR disc radiomics",)


def test_pain_needs_the_fat_fraction(case: Build) -> None:
    gone = {"mr_axial_t2.multifidus.measurement.fat_fraction": None}
    pain = predict(case(*ALL, changes=gone), CLINICAL)[1]
    assert _codes(pain) == ["FEATURES_MISSING"]
    assert "axial T2 MR multifidus: fat fraction" in _text(pain)


def test_pain_takes_a_typical_body_mass_index_and_says_so(case: Build) -> None:
    pain = predict(case(*ALL), {key: value for key, value in CLINICAL.items() if key != "bmi"})[1]
    assert pain.status == "evaluated"
    assert pain.inputs_missing == ("bmi",)
    assert [warning.code for warning in pain.warnings] == ["INPUT_IMPUTED"]


def test_one_missing_feature_is_taken_as_typical(case: Build, columns: Callable[[str], list[str]]) -> None:
    whole = predict(case(*ALL), CLINICAL)[0]
    lacking = predict(case(*ALL, changes={columns("asdeg")[0]: None}), CLINICAL)[0]
    assert lacking.probability == pytest.approx(whole.probability, abs=0.02)


def test_features_far_out_of_range_are_uncertain(case: Build, columns: Callable[[str], list[str]]) -> None:
    far = dict.fromkeys((name for name in columns("asdeg") if ".radiomics." in name), 1e9)
    asdeg = predict(case(*ALL, changes=far), CLINICAL)[0]
    assert asdeg.status == "evaluated"
    assert asdeg.category == "uncertain"
    assert [warning.code for warning in asdeg.warnings] == ["OUT_OF_RANGE"]


def test_a_wrong_clinical_value_is_refused(case: Build) -> None:
    with pytest.raises(InputError, match="segments = 9"):
        predict(case(*ALL), CLINICAL | {"segments": 9})


def test_a_missing_model_is_refused_by_name(tmp_path: Any) -> None:
    with pytest.raises(ModelError, match="predictor asdeg") as caught:
        SignaturePredictor("asdeg", tmp_path)
    assert caught.value.code == "MODEL_INVALID"


def test_a_plug_in_predictor_is_asked(case: Build) -> None:
    only = SignaturePredictor("pain")
    assert [p.target for p in predict(case(*ALL), CLINICAL, [only])] == ["pain"]


def test_a_model_of_another_profile_is_refused(tmp_path: Path) -> None:
    copied = shutil.copytree(WEIGHTS / "pain", tmp_path / "pain")
    manifest = json.loads((copied / "manifest.json").read_text())
    assert manifest["settings"]["profiles"]["paper@1"] == PAPER.digest
    manifest["settings"]["profiles"]["paper@1"] = "0" * 64
    write_manifest(copied, manifest)
    with pytest.raises(ModelError, match="paper@1") as caught:
        SignaturePredictor("pain", tmp_path)
    assert caught.value.code == "MODEL_INVALID"
