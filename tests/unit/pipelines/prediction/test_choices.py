"""A site's predictors in place of the shipped ones, and candidates that nobody is shown."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from phantoms.packages import write_package

from models.manifest import read_manifest, sha256
from pipelines.errors import ModelError
from pipelines.features.deep import load_network
from pipelines.prediction import chosen, predict, shadow
from pipelines.prediction.choices import open_folder
from pipelines.types import Analysis, PredictorChoice, Role, SeriesSelection

ALL = (Role.CT, Role.MR_SAG_T1, Role.MR_SAG_T2, Role.MR_AXIAL_T2)
CLINICAL = {"age": 64, "sex": "F", "bmi": 28.0}

Build = Callable[..., Mapping[Role, Any]]


def choice(folder: Path, name: str = "pain") -> PredictorChoice:
    manifest = read_manifest(folder)
    return PredictorChoice(name, manifest.version, folder, manifest.digest, sha256(folder / "manifest.json"))


@pytest.fixture
def own(tmp_path: Path) -> PredictorChoice:
    return choice(write_package(tmp_path / "pain" / "1.0"))


@pytest.fixture
def candidate(tmp_path: Path) -> PredictorChoice:
    return choice(write_package(tmp_path / "pain" / "1.1", "1.1"))


@pytest.fixture
def analysis(case: Build) -> Analysis:
    """A case whose predictions are the shipped models'."""
    analyses = case(*ALL)
    predictions = predict(analyses, CLINICAL)
    nothing = SeriesSelection({}, ())
    return Analysis((), (), nothing, analyses, {}, predictions, "1.2", {}, CLINICAL)


def test_a_site_s_predictor_stands_in_for_the_shipped_one_of_its_name(
    case: Build, own: PredictorChoice
) -> None:
    asdeg, pain = predict(case(*ALL), CLINICAL, chosen([own]))
    assert (asdeg.target, asdeg.demonstration) == ("asdeg", True)
    assert (pain.target, pain.demonstration) == ("pain", False)
    assert (pain.model.version, pain.model.digest) == ("1.0", own.digest)
    assert pain.status == "evaluated"


def test_a_manifest_written_anew_is_refused(own: PredictorChoice) -> None:
    path = own.folder / "manifest.json"
    path.write_text(path.read_text().replace('"high": 0.6', '"high": 0.1'))
    with pytest.raises(ModelError, match=r"pain@1\.0: .*manifest\.json: changed since it was activated"):
        chosen([own])


def test_a_damaged_file_is_named(own: PredictorChoice) -> None:
    (own.folder / "predictor.json").write_text("{}")
    with pytest.raises(ModelError, match=r"predictor\.json: damaged or replaced"):
        chosen([own])


def test_a_folder_that_is_gone_is_explained(own: PredictorChoice) -> None:
    gone = PredictorChoice("pain", "1.0", own.folder / "none", own.digest, own.sha256)
    with pytest.raises(ModelError, match=r"none/manifest\.json: not there; activate the package again"):
        chosen([gone])


def test_a_predictor_of_something_else_is_refused(own: PredictorChoice) -> None:
    with pytest.raises(ModelError, match="predicts pain"):
        chosen([PredictorChoice("asdeg", "1.0", own.folder, own.digest, own.sha256)])


@pytest.mark.parametrize("same", [True, False])
def test_deep_features_of_another_network_are_refused(tmp_path: Path, same: bool) -> None:
    digest = load_network("cpu").identity.digest if same else "0" * 64
    folder = write_package(tmp_path / "1.0", models={"deep": f"vit 0.1.0 {digest}"})
    if same:
        assert open_folder(folder).target == "pain"
    else:
        with pytest.raises(ModelError, match=r"deep features of another network \(sha256 000000000000"):
            open_folder(folder)


def test_a_candidate_answers_beside_the_active_one(
    analysis: Analysis, candidate: PredictorChoice, tmp_path: Path
) -> None:
    (told,) = shadow.write(shadow.beside(analysis, [candidate]), tmp_path)
    pain = analysis.predictions[1]
    assert (told["name"], told["version"], told["digest"]) == ("pain", "1.1", candidate.digest)
    assert (told["active"]["probability"], told["active"]["digest"]) == (pain.probability, pain.model.digest)
    assert told["answer"]["status"] == "evaluated"
    assert told["answer"]["probability"] not in (None, pain.probability)
    assert json.loads((tmp_path / "shadow.json").read_text())["shadows"] == [told]


def test_a_candidate_that_lacks_inputs_says_which(candidate: PredictorChoice, analysis: Analysis) -> None:
    bare = Analysis((), (), analysis.selection, {}, {}, (), "1.2", {}, {})
    told = shadow.plain(shadow.beside(bare, [candidate])[0])
    assert told["answer"]["status"] == "not_evaluable"
    assert {reason["code"] for reason in told["answer"]["reasons"]} == {"SERIES_MISSING", "CLINICAL_MISSING"}
    assert told["active"] == {}


def test_a_candidate_that_breaks_down_is_recorded_with_its_reason(
    analysis: Analysis, candidate: PredictorChoice
) -> None:
    (candidate.folder / "predictor.json").write_text("{}")
    told = shadow.plain(shadow.beside(analysis, [candidate])[0])
    assert told["answer"]["status"] == "failed"
    assert told["answer"]["reasons"][0]["code"] == "MODEL_INVALID"
    assert "predictor.json" in told["answer"]["reasons"][0]["text"]


def test_whatever_a_candidate_raises_costs_the_case_nothing(
    analysis: Analysis, candidate: PredictorChoice
) -> None:
    odd = Analysis((), (), analysis.selection, analysis.analyses, {}, (), "1.2", {}, {"age": object()})
    unforeseen = Analysis((), (), analysis.selection, {Role.CT: None}, {}, (), "1.2", {}, CLINICAL)
    for one in (odd, unforeseen):
        told = shadow.plain(shadow.beside(one, [candidate])[0])
        assert told["answer"]["status"] == "failed"
        assert told["answer"]["reasons"]
        assert told["answer"]["probability"] is None


def test_without_candidates_there_is_no_file(analysis: Analysis, tmp_path: Path) -> None:
    assert shadow.write(shadow.beside(analysis, []), tmp_path) == ()
    assert list(tmp_path.iterdir()) == []
