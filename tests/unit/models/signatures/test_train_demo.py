import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from models.manifest import ManifestError, write_manifest
from models.signatures.files import load_model
from models.signatures.package import load_predictor
from models.signatures.train_demo import train_demonstration

PATIENTS = 160


@pytest.fixture(scope="module")
def trained(
    rows: list[dict[str, float]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("trained")
    return folder, train_demonstration(rows, folder, seed=4, n_patients=PATIENTS)


def test_the_report_compares_with_the_best_possible(trained: tuple[Path, dict[str, Any]]) -> None:
    variants = trained[1]["asdeg"]["variants"]
    assert set(variants) == {"ct_sagittal_axial", "ct_sagittal"}
    figures = variants["ct_sagittal_axial"]
    assert set(figures) == {"best possible", "combined", "rad_sign", "dl_sign"}
    assert 0.55 < figures["rad_sign"]["auc"] < figures["combined"]["auc"] < figures["best possible"]["auc"]


def test_training_again_in_another_process_gives_the_same_bytes(
    trained: tuple[Path, dict[str, Any]], rows: list[dict[str, float]], tmp_path: Path
) -> None:
    source = tmp_path / "rows"
    source.mkdir()
    for i, row in enumerate(rows):
        (source / f"{i:03d}.json").write_text(json.dumps(row))
    command = [sys.executable, "-m", "models.signatures.train_demo", str(source), str(tmp_path / "out")]
    options = ["--seed", "4", "--patients", str(PATIENTS)]
    done = subprocess.run([*command, *options], check=True, capture_output=True, text=True)
    assert "asdeg ct_sagittal_axial: AUC" in done.stdout
    files = sorted(path.relative_to(trained[0]) for path in trained[0].rglob("*.*"))
    assert len(files) == 14
    for file in files:
        assert (tmp_path / "out" / file).read_bytes() == (trained[0] / file).read_bytes(), file


def test_a_saved_predictor_answers_as_before(
    trained: tuple[Path, dict[str, Any]], rows: list[dict[str, float]]
) -> None:
    predictor = load_predictor("asdeg", trained[0])
    assert predictor.demonstration
    estimate = predictor.variants[0].estimate(rows[0])
    total = estimate.baseline + sum(estimate.terms.values())
    assert estimate.probability == pytest.approx(1 / (1 + np.exp(-total)))
    assert set(estimate.signatures) == {"rad_sign", "dl_sign"}
    assert estimate.out_of_range < 0.05


def test_values_far_out_are_noticed_and_bounded(
    trained: tuple[Path, dict[str, Any]], rows: list[dict[str, float]]
) -> None:
    variant = load_predictor("pain", trained[0]).variants[0]
    far = variant.estimate({name: 1e3 * value for name, value in rows[0].items()})
    farther = variant.estimate(
        {**{name: 1e6 * v for name, v in rows[0].items()}, **_direct(variant, rows[0])}
    )
    assert far.out_of_range == farther.out_of_range == 1.0
    assert far.signatures == farther.signatures


def _direct(variant: Any, row: dict[str, float]) -> dict[str, float]:
    return {name: row[name] for name in variant.measurements}


def test_rows_without_a_block_are_refused(rows: list[dict[str, float]], tmp_path: Path) -> None:
    without = [{key: value for key, value in row.items() if not key.startswith("ct.")} for row in rows]
    with pytest.raises(ValueError, match=r"asdeg: the feature rows lack ct\.vertebra\.radiomics"):
        train_demonstration(without, tmp_path)


def test_without_deep_features_there_is_no_dl_sign(rows: list[dict[str, float]], tmp_path: Path) -> None:
    without = [{key: value for key, value in row.items() if ".deep." not in key} for row in rows]
    report = train_demonstration(without, tmp_path, n_patients=80)
    assert "dl_sign" not in report["asdeg"]["variants"]["ct_sagittal"]
    assert load_predictor("asdeg", tmp_path).variants[0].blocks[-1] == "mr_axial_t2.psoas_major.radiomics"


def test_a_damaged_file_is_refused_by_name(trained: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder = tmp_path / "pain"
    folder.mkdir()
    for path in (trained[0] / "pain").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "mr_axial_t2.skops").write_bytes(b"damaged")
    with pytest.raises(ManifestError, match=r"mr_axial_t2\.skops: damaged"):
        load_predictor("pain", tmp_path)


def test_a_type_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump(Path("/"), path)
    with pytest.raises(ManifestError, match=r"pathlib"):
        load_model(path)


def test_a_package_of_an_earlier_format_says_so(trained: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder = tmp_path / "pain"
    shutil.copytree(trained[0] / "pain", folder)
    text = json.loads((folder / "predictor.json").read_text())
    (folder / "predictor.json").write_text(json.dumps({**text, "schema": 1}))
    manifest = json.loads((folder / "manifest.json").read_text())
    write_manifest(folder, manifest)
    with pytest.raises(ManifestError, match=r"predictor\.json: of an earlier format; train"):
        load_predictor("pain", tmp_path)
