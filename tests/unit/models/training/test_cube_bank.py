"""Structures cut from generated scans, and what is known about them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.training.backbone import PEOPLE, load_bank
from models.training.bank import SEEDS, scans, write_scans
from models.training.cube_bank import CUBES
from models.training.cube_set import Crop, read_crops

COARSE = replace(CUBES, spacing=5.0)  # mm: a quick person; the scans keep their own voxels


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cubes")
    write_scans(COARSE, folder, range(5, 6))
    return folder


@pytest.fixture(scope="module")
def crops(bank: Path) -> list[Crop]:
    return load_bank(bank, range(5, 6))


def test_every_structure_in_every_series(bank: Path, crops: list[Crop]) -> None:
    names = [path.name for path in sorted(bank.iterdir())]
    roles = ["ct", "mr_sag_t1", "mr_sag_t2", "mr_axial_t2"]
    assert names == [f"00005_{i}_{role}.npz" for i, role in enumerate(roles)]
    found = {role: {crop.structure for crop in crops if crop.role == role} for role in roles}
    assert {f"{level} vertebra" for level in ("L5", "L4", "L3", "L2", "L1")} <= found["ct"]
    for role in ("mr_sag_t1", "mr_sag_t2"):
        assert {"L3 vertebral body", "L4-L5 disc"} <= found[role]
    assert {"left multifidus", "right psoas major"} <= found["mr_axial_t2"]
    assert {crop.person for crop in crops} == {"00005"}


def test_crops_are_standardised(crops: list[Crop]) -> None:
    for crop in crops:
        values = crop.values.float().numpy()
        inside = values[values != 0]
        assert inside.mean() == pytest.approx(0, abs=0.01)
        assert inside.std() == pytest.approx(1, abs=0.02)


def test_what_is_known(crops: list[Crop]) -> None:
    for crop in crops:
        if "disc" in crop.structure:
            assert 0 <= crop.truth["degeneration"] <= 1
        elif crop.role == "mr_axial_t2":
            assert 0 <= crop.truth["fat_share"] <= 1
        else:
            assert crop.truth["fractured"] in {0, 1}
    hu = [crop.truth["marrow_hu"] for crop in crops if crop.role == "ct"]
    assert 50 < np.mean(hu) < 300


def test_a_person_is_always_the_same() -> None:
    one, other = (next(scans(COARSE, 6)) for _ in range(2))
    assert all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)


def test_damaged_files_are_named(bank: Path, tmp_path: Path) -> None:
    whole = (bank / "00005_0_ct.npz").read_bytes()
    path = tmp_path / "00005_0_ct.npz"
    for content in (whole[:5000], b"", b"hello", whole[:5000] + b"\xff" * 500 + whole[5500:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{path.name} is damaged; delete it, it is made again"):
            read_crops(path, "00005", "ct")


def test_its_people_are_no_other_networks() -> None:
    assert not set(PEOPLE) & {seed for seeds in SEEDS.values() for seed in seeds}
