"""`lumbar-node stability` on scans with a reference."""

from pathlib import Path

import pytest
from phantoms.evaluation import write_scan
from typer.testing import CliRunner, Result

from node.cli import app
from node.cli.errors import ExitCode

HEADER = "set,scan,image,reference,labels,role\n"
ROW = "A,1,dicom,reference.nii.gz,labels.csv,mr_sag_t2\n"


def stability(folder: Path, text: str, *options: str) -> Result:
    (folder / "manifest.csv").write_text(text)
    command = ["stability", "--manifest", str(folder / "manifest.csv"), "--out", str(folder / "out")]
    return CliRunner().invoke(app, [*command, *options])


def test_the_reference_is_read_onto_the_scan_and_its_structures_are_perturbed(tmp_path: Path) -> None:
    write_scan(tmp_path)
    done = stability(tmp_path, HEADER + ROW)
    assert done.exit_code == ExitCode.OK, done.output
    assert "mr_sag_t2: 5 structures" in done.stdout
    lines = (tmp_path / "out" / "stability.csv").read_text().splitlines()
    assert len(lines) == 1 + 851
    assert lines[1].startswith("mr_sag_t2.body.radiomics.original_shape_Elongation,paper@1,")
    assert (tmp_path / "out" / "stability.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", (), "MANIFEST"),
        (HEADER + "A,1,none,reference.nii.gz,labels.csv,\n", (), "NO_FILE"),
    ],
)
def test_a_wrong_manifest_is_one_line(
    tmp_path: Path, text: str, options: tuple[str, ...], message: str
) -> None:
    done = stability(tmp_path, text, *options)
    assert done.exit_code == ExitCode.NOT_USABLE
    assert f"lumbar-node: {message}: " in done.stderr


def test_an_unknown_profile_is_one_line(tmp_path: Path) -> None:
    done = stability(tmp_path, HEADER + ROW, "--profile", "papre")
    assert done.exit_code == ExitCode.FAILED
    assert "PROFILE_UNKNOWN" in done.stderr
