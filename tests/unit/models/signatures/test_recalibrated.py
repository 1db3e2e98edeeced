import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from phantoms.packages import write_package
from typer.testing import CliRunner

from models.manifest import WEIGHTS
from models.signatures.description import built_in
from models.signatures.package import load_predictor
from models.signatures.reference import read_reference
from models.signatures.simulated import EFFECTS, draw
from models.signatures.table import read_table
from models.verify import problems
from node.cli.main import app


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(tmp_path_factory.mktemp("packages") / "pain")


def cohort(package: Path, path: Path, n: int = 120, prevalence: float = 0.15) -> Path:
    """Patients of a site where the outcome is rare, as that site would write them down."""
    pain = built_in("pain")
    reads = load_predictor(package.name, package.parent).variants[0].columns
    reference = read_reference(WEIGHTS / "pain" / "reference.json").restricted(reads)
    known = {name: size for name, size in EFFECTS["pain"].items() if name in reads}
    rng = np.random.default_rng(7)
    drawn = draw(reference, tuple(pain.clinical), known, n_patients=n, rng=rng, prevalence=prevalence)
    frame = pd.DataFrame(drawn.values, columns=list(drawn.columns))
    sex = np.where(frame.pop("clinical.sex=M") > 0.5, "M", "F")
    names = [f"P{i}" for i in range(n)]
    told = pd.DataFrame({"patient": names, "outcome": drawn.outcome, "clinical.sex": sex})
    pd.concat([told, frame], axis=1).to_csv(path, index=False)
    return path


def test_the_command_writes_a_new_version_at_the_site_s_level(package: Path, tmp_path: Path) -> None:
    table, out = cohort(package, tmp_path / "site.csv"), tmp_path / "new"
    done = CliRunner().invoke(app, ["recalibrate", str(package), str(table), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "mr_axial_t2: 120 patients" in done.output
    assert problems(out) == ()
    old = load_predictor(package.name, package.parent)
    new = load_predictor(out.name, out.parent)
    assert new.manifest.version == "1.0-recalibrated"
    assert "recalibrated on others, as their site says: 120" in new.manifest.training_data
    patients = read_table(table, description=built_in("pain"))
    x = patients.frame.reindex(columns=list(old.variants[0].columns))
    before, after = (one.variants[0].probabilities(x) for one in (old, new))
    assert before.mean() > patients.outcome.mean() + 0.1
    assert after.mean() == pytest.approx(patients.outcome.mean(), abs=1e-3)
    np.testing.assert_array_equal(np.argsort(after), np.argsort(before))
    found = json.loads((out / "metrics.json").read_text())["recalibration"]["variants"]["mr_axial_t2"]
    assert found["after"]["brier"] < found["before"]["brier"]
    assert abs(found["before"]["calibration_intercept"]) > 0.5
    assert "## Recalibration: version 1.0-recalibrated, from 1.0" in (out / "MODEL_CARD.md").read_text()
    assert not list(out.rglob("clinical.csv"))


def test_one_patient_s_terms_still_add_up(package: Path, tmp_path: Path) -> None:
    table, out = cohort(package, tmp_path / "site.csv"), tmp_path / "new"
    assert not CliRunner().invoke(app, ["recalibrate", str(package), str(table), "--out", str(out)]).exit_code
    row = read_table(table, description=built_in("pain")).frame.iloc[3].to_dict()
    estimate = load_predictor(out.name, out.parent).variants[0].estimate(row)
    total = estimate.baseline + sum(estimate.terms.values())
    assert estimate.probability == pytest.approx(1 / (1 + np.exp(-total)))


def test_what_cannot_be_recalibrated_is_said_in_one_line(package: Path, tmp_path: Path) -> None:
    table = cohort(package, tmp_path / "site.csv")
    few = pd.read_csv(table)
    few.assign(outcome=0).to_csv(tmp_path / "one.csv", index=False)
    few.drop(columns=[c for c in few if "fat_fraction" in c]).to_csv(tmp_path / "less.csv", index=False)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()

    def refused(name: str, out: str, code: int, said: str) -> None:
        arguments = ["recalibrate", str(package), str(tmp_path / name), "--out", str(tmp_path / out)]
        done = CliRunner().invoke(app, arguments)
        assert (done.exit_code, said in done.output) == (code, True), done.output

    refused("one.csv", "a", 3, "one class only")
    refused("less.csv", "b", 3, "the table has no mr_axial_t2.multifidus.measurement")
    refused("site.csv", "full", 3, "is not empty; give a new folder")
    refused("none.csv", "c", 3, "there is no such file")
    done = CliRunner().invoke(app, ["recalibrate", str(tmp_path), str(table), "--out", str(tmp_path / "d")])
    assert done.exit_code == 1
    assert "manifest cannot be read" in done.output
