"""Real series from several vendors: the right verdict and the right geometry for each."""

import tarfile

import numpy as np
import pytest

from pipelines.dicom.read import load_volume, read_series
from pipelines.errors import GeometryError
from pipelines.selection import select
from pipelines.types import Role

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def series_of(shared_data, tmp_path_factory):
    """Read a folder, or an archive, of shared data into its series."""

    def read(name):
        folder = shared_data / "dicom" / name
        if not folder.is_dir():
            folder = tmp_path_factory.mktemp(name)
            with tarfile.open(shared_data / "dicom" / f"{name}.tar.xz") as archive:
                archive.extractall(folder, filter="data")
        return read_series(sorted(path for path in folder.rglob("*") if path.is_file()))

    return read


@pytest.fixture(scope="module")
def tilted(series_of):
    """The CT quality-assurance set, by series number."""
    series, _ = series_of("dcm_qa_ct")
    return {int(one.headers[0].SeriesNumber): one for one in series}


def verdicts(series):
    return {verdict.series_number: verdict.reason.code for verdict in select(series).verdicts}


def test_tilt_gaps_scout_and_secondary_capture_have_their_verdicts(tilted):
    assert verdicts(list(tilted.values())) == {
        2: "NOT_LUMBAR",
        100: "LOCALIZER",
        201: "NOT_LUMBAR",
        401: "SECONDARY",
    }


def test_philips_tilt_is_exact(tilted):
    volume = load_volume(tilted[201], Role.CT)
    assert volume.voxels.shape == (20, 512, 512)
    assert [warning.code for warning in volume.warnings] == ["GANTRY_TILT"]
    np.testing.assert_allclose(volume.affine[:3, 0], [0, 0, 2.5], atol=1e-6)  # the table moves along z
    for place, source in enumerate(volume.sources):
        position = volume.series.headers[source].ImagePositionPatient
        np.testing.assert_allclose((volume.affine @ [place, 0, 0, 1])[:3], position, atol=1e-3)


def test_ge_with_two_spacings_is_refused(tilted):
    with pytest.raises(GeometryError) as refused:
        load_volume(tilted[2], Role.CT)
    assert refused.value.code == "UNEVEN_GAPS"


def test_classic_and_enhanced_give_the_same_volume(series_of):
    series, _ = series_of("dcm_qa_sag")
    classic, enhanced = sorted(series, key=lambda one: -len(one.headers))
    assert (len(classic.headers), len(enhanced.headers)) == (63, 1)
    one, other = load_volume(classic, Role.MR_SAG), load_volume(enhanced, Role.MR_SAG)
    np.testing.assert_allclose(one.affine, other.affine, atol=1e-3)
    assert one.sources == other.sources
    differing = np.argwhere(one.voxels != other.voxels)
    # the makers of the set drew a white line into rows 1 and 2 of the first classic file, to mark it
    assert {one.sources[place] for place, _, _ in differing} == {0}
    assert set(differing[:, 1]) == {1, 2}
    assert set(verdicts(series).values()) == {"NOT_LUMBAR"}


@pytest.mark.parametrize(
    ("name", "role", "shape", "spacing"),
    [
        ("tcia_crlm_ct_1006", Role.CT, (51, 512, 512), (5.0, 0.8047, 0.8047)),
        ("tcia_cmb_mr_t2_scan001", Role.MR_AXIAL_T2, (33, 512, 584), (8.0, 0.6836, 0.6836)),
    ],
)
def test_patients(series_of, name, role, shape, spacing):
    series, _ = series_of(name)
    selection = select(series)
    assert list(selection.chosen) == [role]
    volume = load_volume(selection.chosen[role], role)
    assert volume.voxels.shape == shape
    assert volume.spacing == pytest.approx(spacing, abs=1e-3)
    assert volume.warnings == ()
    assert volume.affine[2, 0] > 0  # slices run upward


def test_samples_of_other_objects_all_have_a_reason(series_of):
    for name in ("pydicom_data", "dcmqi", "highdicom"):
        series, rejected = series_of(name)
        selection = select(series)
        assert selection.chosen == {}
        assert len(selection.verdicts) == len(series)
        assert all(len(file.reason.code) <= 16 for file in rejected)


def test_verdicts_of_samples(series_of):
    assert verdicts(series_of("pydicom_data")[0]) == {
        1: "NOT_LUMBAR",  # of the two series 1 the later one: a shoulder
        2: "ONE_SLICE",
        3: "DERIVED_MAP",
        18: "ONE_SLICE",
        301: "NO_GEOMETRY",
    }
