"""A generated patient, segmented and scored: the figures are those of an independent scorer of SEG files."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
import SimpleITK
from phantoms.evaluation import write_labels
from scipy import ndimage

from pipelines.evaluation import Evaluation, Row
from pipelines.phantom import load_truth, write_patient
from pipelines.segmentation import segment
from pipelines.types import ModelIdentity, Role, Segmentation

CLOCK = datetime(2026, 11, 21, tzinfo=UTC)
LUMBAR = ("L1", "L2", "L3", "L4", "L5")
#: role -> set of the scorer, value and SegmentLabel of its structures
SETS = {
    Role.MR_SAG_T2: ("vb3", {k + 1: f"{level} vertebral body" for k, level in enumerate(LUMBAR)}),
    Role.CT: ("ct", {31 - k: f"{level} vertebra" for k, level in enumerate(LUMBAR)}),
    Role.MR_AXIAL_T2: (
        "dixon",
        {1: "right erector spinae", 2: "right multifidus", 3: "left multifidus", 4: "left erector spinae"},
    ),
}


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    return write_patient(tmp_path_factory.mktemp("patient"), seed=1, small=True)


@pytest.fixture(scope="module")
def scorer(shared_data):
    path = shared_data.parent / "tools" / "score_seg.py"
    if not path.is_file():
        pytest.skip(f"no independent scorer at {path}")

    def score(seg, reference, name):
        command = [sys.executable, path, seg, reference, "--set", name]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return score


def reference_of(patient, role, folder):
    """Write the true labels as a NIfTI file of its own grid, a quarter of a voxel off, and a label map."""
    truth = load_truth(patient.truth[role])
    _, values = SETS[role]
    labels = np.zeros_like(truth.labels)
    for value, name in values.items():
        labels[truth.masks().get(name, np.zeros(labels.shape, bool))] = value
    image = SimpleITK.ReadImage(str(write_labels(labels, truth.affine, folder / "exact.nii.gz")))
    grid = SimpleITK.Image([int(n * 0.9) for n in image.GetSize()], SimpleITK.sitkUInt8)
    grid.SetSpacing([s * 1.1 for s in image.GetSpacing()])
    grid.SetDirection(image.GetDirection())
    grid.SetOrigin(image.TransformContinuousIndexToPhysicalPoint((0.25, 0.25, 0.25)))
    moved = SimpleITK.Resample(image, grid, SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor, 0)
    SimpleITK.WriteImage(moved, str(folder / "reference.nii.gz"))
    lines = "".join(f"{value},{name}\n" for value, name in values.items())
    (folder / "labels.csv").write_text(f"value,label\n{lines}")
    return folder / "reference.nii.gz"


def row_of(patient, role, folder):
    image = patient.ct_dir if role is Role.CT else patient.mr_dir / role.value
    reference = reference_of(patient, role, folder)
    return Row(2, "generated", role.value, image, reference, folder / "labels.csv", "")


def distorted(patient, role, volume):
    """What a careless segmenter would find: the truth, moved and thinned, one name open and one lost."""
    truth = load_truth(patient.truth[role])
    moved = np.roll(truth.labels, (2, -3), (1, 2))
    moved[ndimage.uniform_filter(moved.astype(np.float32), 3) != moved] = 0
    names = {value: name for value, name in truth.names.items() if (moved == value).any()}
    first, second = [value for value, name in names.items() if name in SETS[role][1].values()][:2]
    del names[first]
    moved[moved == first] = 0
    if role is not Role.MR_AXIAL_T2:
        names[second] = f"{names[second].split(' ', 1)[1]} 4 (level not determined)"
    return Segmentation(volume, moved, names, ModelIdentity("careless", "1", "ab" * 32))


@pytest.mark.real
@pytest.mark.parametrize("role", SETS, ids=str)
def test_the_figures_are_those_of_an_independent_scorer(role, patient, scorer, tmp_path):
    row = row_of(patient, role, tmp_path)
    evaluation = Evaluation(tmp_path, lambda volume: distorted(patient, role, volume), CLOCK)
    result = evaluation.evaluate(row)
    theirs = scorer(tmp_path / "seg" / f"generated_{role.value}.dcm", row.reference, SETS[role][0])
    assert result.role is role
    assert 0.2 < result.score.union < 0.95
    assert result.score.union == pytest.approx(theirs["any"], abs=1e-4)
    assert result.score.levels == pytest.approx(theirs["levels"], abs=1e-4)
    ours = {name: fit.dice for name, fit in result.score.structures.items() if "(all)" not in name}
    assert ours == pytest.approx(theirs["per_level"], abs=1e-4)


@pytest.fixture(scope="module")
def by_network(patient, tmp_path_factory):
    """Folder, row and result of the sagittal series through the shipped network."""
    folder = tmp_path_factory.mktemp("network")
    row = row_of(patient, Role.MR_SAG_T2, folder)
    evaluation = Evaluation(folder, lambda volume: segment(volume, "cpu"), CLOCK, with_cuts=True)
    return folder, row, evaluation.evaluate(row)


@pytest.mark.real
def test_with_the_shipped_network_too(by_network, scorer):
    folder, row, result = by_network
    theirs = scorer(folder / "seg" / "generated_mr_sag_t2.dcm", row.reference, "vb3")
    assert result.score.union == pytest.approx(theirs["any"], abs=1e-4)
    assert result.score.levels == pytest.approx(theirs["levels"], abs=1e-4)


def test_levels_of_a_generated_patient_are_right_and_never_wrong_where_it_is_cut(by_network):
    _, _, result = by_network
    assert result.verdict == "right"
    assert len(result.cuts) == 4
    assert "wrong" not in [answer.verdict for answer in result.cuts]
