"""`lumbar-node evaluate segmentation`: rows that cannot be used, and what is left of the others."""

import csv
from pathlib import Path

import numpy as np
import pytest
from phantoms.bundles import spine, write_bundle
from phantoms.evaluation import write_labels, write_scan
from typer.testing import CliRunner, Result

from node.cli import app
from node.cli.errors import ExitCode

HEADER = "set,scan,image,reference,labels,role\n"


def evaluate(folder: Path, text: str, *options: str) -> Result:
    (folder / "manifest.csv").write_text(text)
    command = ["evaluate", "segmentation", str(folder / "manifest.csv"), "--out", str(folder / "out")]
    return CliRunner().invoke(app, [*command, "--device", "cpu", *options])


@pytest.mark.parametrize("text", ["", HEADER, "scan\n1\n"])
def test_a_wrong_manifest_ends_with_3_before_anything_is_written(text: str, tmp_path: Path) -> None:
    done = evaluate(tmp_path, text)
    assert done.exit_code == ExitCode.NOT_USABLE
    assert f"lumbar-node: MANIFEST: {tmp_path}/manifest.csv: " in done.stderr
    assert not (tmp_path / "out").exists()


def test_wrong_rows_are_named_and_the_others_are_in_the_table(tmp_path: Path) -> None:
    write_scan(tmp_path)  # no spine is in its picture: the network refuses it
    rows = "A,1,dicom,reference.nii.gz,labels.csv,mr_sag_t2\nA,2,none,reference.nii.gz,labels.csv,\n"
    done = evaluate(tmp_path, HEADER + rows)
    assert done.exit_code == ExitCode.NOT_USABLE
    assert f"NO_FILE: row 3: image {tmp_path}/none: no such file or folder" in done.stderr
    assert "1 of 2: A 1: refused, NO_SPINE" in done.stdout
    with (tmp_path / "out" / "scans.csv").open() as file:
        assert [line["status"] for line in csv.DictReader(file)] == ["refused", "error"]
    assert "NO_SPINE" in (tmp_path / "out" / "evaluation.md").read_text()


def test_a_refusal_is_an_answer_and_ends_with_0(tmp_path: Path) -> None:
    write_scan(tmp_path)
    done = evaluate(tmp_path, HEADER + "A,1,dicom,reference.nii.gz,labels.csv,mr_sag_t2\n")
    assert done.exit_code == ExitCode.OK


def test_a_reference_of_another_scan_is_doubted_on_stderr(tmp_path: Path) -> None:
    volume = spine()
    write_labels(volume.voxels.astype(np.uint16), volume.affine, tmp_path / "scan.nii.gz")
    beside = np.zeros(volume.voxels.shape, np.uint8)
    beside[:3, 20:40, 5:30] = 1
    write_labels(beside, volume.affine, tmp_path / "reference.nii.gz")
    (tmp_path / "labels.csv").write_text("value,label\n1,vertebra\n")
    bundle = write_bundle(tmp_path / "bundle")
    config = tmp_path / "node.toml"
    config.write_text(f'[segmentation]\nmr_sag_t2 = {{ backend = "monai-bundle", path = "{bundle}" }}\n')
    row = "A,1,scan.nii.gz,reference.nii.gz,labels.csv,mr_sag_t2\n"
    done = evaluate(tmp_path, HEADER + row, "--no-pictures", "-c", str(config))
    assert done.exit_code == ExitCode.OK
    assert "lumbar-node: warning: row 2: NO_OVERLAP: the reference overlaps nothing" in done.stderr
