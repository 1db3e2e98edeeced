"""A site's own predictor, of a name that nobody knows: what it says of scanners, novelty and certainty."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset

from models.manifest import WEIGHTS
from models.signatures.builders import build
from models.signatures.description import Description, built_in, plain
from models.signatures.package import fitted_variant, load_predictor, write_package
from models.signatures.reference import read_reference
from models.signatures.simulated import EFFECTS, draw
from pipelines.errors import ModelError
from pipelines.prediction import SignaturePredictor
from pipelines.types import Prediction, Role

NAME = "stiff_back"
BLOCK = "mr_axial_t2.multifidus.radiomics"
KNOWN = "SIEMENS|Aera|1.5"
CLINICAL = {"age": 64, "sex": "F", "bmi": 28.0}

Build = Callable[..., Mapping[Role, Any]]


def described() -> Description:
    pain = built_in("pain")
    recipe = pain.recipe.model_copy(update={"classifiers": ("random_forest",), "search_folds": 2})
    variants = tuple(
        plan.model_copy(update={"blocks": tuple(b for b in plan.blocks if not b.endswith(".deep"))})
        for plan in pain.variants[:1]
    )
    changes = {"name": NAME, "title": "a stiff back after a year", "recipe": recipe, "variants": variants}
    return pain.model_copy(update=changes)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A predictor of 150 patients of two scanners."""
    description = described()
    plan = description.variants[0]
    reference = read_reference(WEIGHTS / "pain" / "reference.json")
    names = [n for n in reference.quantiles if n.rpartition(".")[0] in plan.blocks or n in plan.measurements]
    effects = {n: s for n, s in EFFECTS["pain"].items() if n in names or n.startswith("clinical.")}
    cohort = draw(
        reference.restricted(names),
        tuple(description.clinical),
        effects,
        n_patients=150,
        rng=np.random.default_rng(0),
    )
    features = pd.DataFrame(cohort.values, columns=list(cohort.columns))
    scanners = pd.DataFrame({"scanner.mr_axial_t2": [KNOWN, "GE|Artist|1.5"] * 75})
    frame = pd.concat([features, scanners], axis=1)
    model = build(description, "combined", list(frame.columns)).fit(frame, cohort.outcome)
    folder = tmp_path_factory.mktemp("own") / NAME
    write_package(
        folder,
        description,
        [fitted_variant(plan, model, frame, cohort.outcome)],
        version="1.0.0",
        training_data="150 patients of a test",
        metrics={},
        created="2026-11-28",
    )
    return folder


@pytest.fixture(scope="module")
def predictor(package: Path) -> SignaturePredictor:
    return SignaturePredictor(package.name, package.parent)


def asked(
    predictor: SignaturePredictor, case: Build, scanner: str = KNOWN, **changes: float | None
) -> Prediction:
    """Ask about a typical case, scanned by a known scanner; `changes` of multifidus features."""
    header = Dataset()
    header.Modality = "MR"
    header.Manufacturer, header.ManufacturerModelName, header.MagneticFieldStrength = scanner.split("|")
    analyses = dict(
        case(Role.MR_AXIAL_T2, changes={f"{BLOCK}.{key}": value for key, value in changes.items()})
    )
    one = analyses[Role.MR_AXIAL_T2]
    volume = one.segmentation.volume
    series = replace(volume.series, headers=(header,))
    segmentation = replace(one.segmentation, volume=replace(volume, series=series))
    analyses[Role.MR_AXIAL_T2] = replace(one, segmentation=segmentation)
    return predictor.predict(analyses, CLINICAL)


def test_it_answers_under_its_own_name(predictor: SignaturePredictor, case: Build) -> None:
    prediction = asked(predictor, case)
    assert (prediction.target, prediction.title) == (NAME, "a stiff back after a year")
    assert prediction.status == "evaluated"
    assert not prediction.demonstration
    assert not prediction.warnings
    assert prediction.coverage == 0.9
    assert prediction.conformal is not None
    assert set(prediction.conformal) <= {0, 1}
    assert not prediction.contributions_exact  # a forest's are single-input ablations
    assert prediction.contributions


def test_an_unknown_scanner_is_named(predictor: SignaturePredictor, case: Build) -> None:
    warned = asked(predictor, case, "Canon|Orian|1.5").warnings
    assert [one.code for one in warned] == ["SCANNER_UNSEEN"]
    assert "axial T2 MR" in warned[0].text


def test_features_that_do_not_go_together_are_named(
    predictor: SignaturePredictor, package: Path, case: Build
) -> None:
    signature = load_predictor(package.name, package.parent).variants[0].model.signatures_[0][1]
    read = [n for n in signature.prepare_["inputs"].columns if n.startswith(BLOCK)]
    reference = read_reference(WEIGHTS / "pain" / "reference.json").quantiles
    # each a little beyond its usual range, against all the others
    ends = {}
    for i, name in enumerate(read):
        low, middle, high = (reference[name][q] for q in (0, 2, 4))
        ends[name.rpartition(".")[2]] = middle + (1 if i % 2 else -1) * (high - low)
    usual, odd = asked(predictor, case), asked(predictor, case, **ends)
    assert "OUT_OF_DISTRIBUTION" not in [one.code for one in usual.warnings]
    assert "OUT_OF_DISTRIBUTION" in [one.code for one in odd.warnings]


def test_below_its_minimum_it_says_why(predictor: SignaturePredictor, case: Build) -> None:
    prediction = predictor.predict(case(Role.CT), CLINICAL)
    assert (prediction.status, prediction.probability, prediction.conformal) == ("not_evaluable", None, None)
    assert [reason.code for reason in prediction.reasons] == ["SERIES_MISSING"]


def test_the_package_holds_no_patient(package: Path) -> None:
    model = load_predictor(package.name, package.parent).variants[0].model
    assert model.out_of_fold_ is None
    assert {path.name for path in package.iterdir()} == {
        "manifest.json", "predictor.json", "metrics.json", "MODEL_CARD.md", "mr_axial_t2.skops",
    }  # fmt: skip


def test_a_model_of_a_plain_table_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 8)), columns=[f"f{i}" for i in range(8)])
    outcome = (frame["f0"] + rng.normal(size=60) > 0).to_numpy().astype(int)
    described_plain = plain(outcome="Target")
    model = build(described_plain, "radiomics", list(frame), classifier="logistic_regression")
    variant = fitted_variant(described_plain.variants[0], model.fit(frame, outcome), frame, outcome)
    estimate = variant.estimate(frame.iloc[0].to_dict())
    assert estimate.probability == pytest.approx(
        1 / (1 + np.exp(-estimate.baseline - sum(estimate.terms.values())))
    )
    write_package(
        tmp_path / "table",
        described_plain,
        [variant],
        version="1",
        training_data="a test",
        metrics={},
        created="x",
    )
    with pytest.raises(ModelError, match="trained on a plain table"):
        SignaturePredictor("table", tmp_path)
