"""`lumbar-node models`, and segmenters on the command line."""

from pathlib import Path

import pytest
from phantoms.bundles import write_bundle
from typer.testing import CliRunner

from node.cli.errors import ExitCode
from node.cli.main import app


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def test_a_network_leaves_as_a_bundle_that_the_node_takes(run: CliRunner, tmp_path: Path) -> None:
    done = run.invoke(app, ["models", "export-bundle", "axial", "--out", str(tmp_path)])
    bundle = tmp_path / "lumbar_node_axial"
    choice = f'{{ backend = "monai-bundle", path = "{bundle}" }}'
    assert (done.exit_code, choice in done.stdout) == (ExitCode.OK, True)
    config = tmp_path / "node.toml"
    config.write_text(f"[segmentation]\nmr_axial_t2 = {choice}\n")
    assert run.invoke(app, ["config", "check", str(config)]).exit_code == ExitCode.OK


def test_only_segmentation_networks_leave(run: CliRunner, tmp_path: Path) -> None:
    done = run.invoke(app, ["models", "export-bundle", "pain", "--out", str(tmp_path)])
    assert done.exit_code == ExitCode.FAILED
    assert "is no segmentation network" in done.stderr


@pytest.mark.parametrize("name", ["vertebrae", "../weights/sagittal", ".", ""])
def test_an_unknown_name_is_answered_with_the_known_ones(run: CliRunner, tmp_path: Path, name: str) -> None:
    done = run.invoke(app, ["models", "export-bundle", name, "--out", str(tmp_path / "out")])
    assert done.exit_code == ExitCode.USAGE
    assert f"no model is called {name!r}; there are asdeg, axial, ct, pain, sagittal, vertebra" in done.stderr
    assert not (tmp_path / "out").exists()


def test_config_check_looks_at_the_bundle(run: CliRunner, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", label_map={"structures": {"1": "liver"}})
    config = tmp_path / "node.toml"
    config.write_text(f'[segmentation]\nct = {{ backend = "monai-bundle", path = "{bundle}" }}\n')
    done = run.invoke(app, ["config", "check", str(config)])
    assert done.exit_code == ExitCode.USAGE
    assert f"{config}: segmentation.ct: {bundle}/label_map.json: channel 1: 'liver'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_analyse_looks_at_its_segmenters_before_it_reads_anything(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("no DICOM")
    config = tmp_path / "node.toml"
    config.write_text('[segmentation]\nct = "none"\n')
    done = run.invoke(
        app, ["analyse", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "-c", str(config)]
    )
    assert done.exit_code == ExitCode.USAGE
    assert "segmentation.ct: no segmenter is called 'none'" in done.stderr
    assert not (tmp_path / "out").exists()
