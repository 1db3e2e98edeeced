from io import BytesIO
from itertools import permutations
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from phantoms.readback import voxels_of_labels, voxels_of_seg
from phantoms.results import CLOCK, MR_STUDY, SAGITTAL, SeriesRecipe, segment, write_series
from pydicom import config, dcmread
from pydicom.dataset import Dataset

from pipelines.dicom.seg import SegObject, build_seg
from pipelines.errors import GeometryError, PipelineError, SegmentationError
from pipelines.types import Role, Segmentation

LABELS = ("L4 vertebra", "left multifidus", "disc 1 (level not determined)")


def _oblique() -> tuple[np.ndarray, np.ndarray]:
    """Row and column directions 20 and 15 degrees off the axes."""
    a, b = np.deg2rad(20), np.deg2rad(15)
    row = np.array([np.cos(a), np.sin(a), 0])
    return row, np.array([-np.sin(a) * np.cos(b), np.cos(a) * np.cos(b), np.sin(b)])


def _orientations() -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """The six ways to lay rows and columns along the axes, in all flips, and an oblique one."""
    axes = np.eye(3)
    signs = ((1, 1), (-1, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
    pairs = [
        (one * axes[row], other * axes[column])
        for (row, column), (one, other) in zip(permutations(range(3), 2), signs, strict=True)
    ]
    return [(tuple(map(float, row)), tuple(map(float, column))) for row, column in [*pairs, _oblique()]]


def _read_back(seg: SegObject) -> hd.seg.Segmentation:
    buffer = BytesIO()
    seg.dataset.save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    return hd.seg.segread(buffer)


def _segmented(recipe: SeriesRecipe, folder: Path, *labels: str) -> Segmentation:
    return segment(write_series(recipe, folder), *(labels or LABELS))


@pytest.mark.parametrize(("row", "column"), _orientations())
def test_every_orientation_reads_back_voxel_for_voxel(
    row: tuple[float, float, float], column: tuple[float, float, float], tmp_path: Path
) -> None:
    segmentation = _segmented(SeriesRecipe(row_cosines=row, column_cosines=column), tmp_path)
    dataset = _read_back(build_seg(segmentation, CLOCK))
    assert voxels_of_seg(dataset) == voxels_of_labels(segmentation)
    volume = dataset.get_volume(combine_segments=True, allow_missing_positions=True)
    assert (
        np.bincount(volume.array.ravel())[1:].tolist()
        == np.bincount(segmentation.labels.ravel())[1:].tolist()
    )


@pytest.mark.parametrize("tilt", [-2.5, 1.1])
def test_a_tilted_gantry_keeps_each_slice_s_own_position(tilt: float, tmp_path: Path) -> None:
    segmentation = _segmented(SeriesRecipe(step=(0.0, tilt, 4.0)), tmp_path)
    dataset = build_seg(segmentation, CLOCK).dataset
    assert voxels_of_seg(dataset) == voxels_of_labels(segmentation)
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert measures.SpacingBetweenSlices == 4  # between the planes, not along the table


def test_a_backslash_in_name_and_identifiers_is_no_obstacle(tmp_path: Path) -> None:
    def edit(header: Dataset) -> None:
        header.PatientName, header.PatientID, header.StudyID = ["A", "B"], ["P", "1"], ["S", "2"]

    dataset = _read_back(build_seg(_segmented(SeriesRecipe(edit=edit), tmp_path), CLOCK))
    assert (str(dataset.PatientName), dataset.PatientID, dataset.StudyID) == ("A^B", "P 1", "S 2")


def test_interpolated_slices_get_no_frame(tmp_path: Path) -> None:
    segmentation = _segmented(SeriesRecipe(without_slices=(2, 4)), tmp_path)
    seg = build_seg(segmentation, CLOCK)
    assert seg.planes.slices == [0, 1, 3, 5]
    assert voxels_of_seg(seg.dataset) == voxels_of_labels(segmentation, without=(2, 4))


@pytest.mark.parametrize("missing", [(), (2,)])
def test_an_enhanced_source_is_referred_to_by_frame(missing: tuple[int, ...], tmp_path: Path) -> None:
    recipe = SeriesRecipe(
        modality="MR", role=Role.MR_SAG, row_cosines=SAGITTAL[0], column_cosines=SAGITTAL[1], enhanced=True,
        without_slices=missing,
    )  # fmt: skip
    segmentation = _segmented(recipe, tmp_path, "L4 vertebral body", "spinal canal")
    header = segmentation.volume.series.headers[0]
    dataset = build_seg(segmentation, CLOCK).dataset
    assert voxels_of_seg(dataset) == voxels_of_labels(segmentation, without=missing)
    assert [item.ReferencedSOPInstanceUID for item in dataset.SourceImageSequence] == [header.SOPInstanceUID]
    for item in dataset.PerFrameFunctionalGroupsSequence:
        source = item.DerivationImageSequence[0].SourceImageSequence[0]
        frame = header.PerFrameFunctionalGroupsSequence[source.ReferencedFrameNumber - 1]
        assert (
            frame.PlanePositionSequence[0].ImagePositionPatient
            == item.PlanePositionSequence[0].ImagePositionPatient
        )


def test_single_frame_enhanced_objects_are_referred_to_one_by_one(tmp_path: Path) -> None:
    parts = [
        write_series(
            SeriesRecipe(
                modality="MR", enhanced=True, shape=(1, 20, 24), origin=(0.0, 0.0, 4.0 * index),
                edit=lambda header, index=index: setattr(header, "SOPInstanceUID", f"1.2.{index + 1}"),
            ),
            tmp_path / str(index),
        )
        for index in range(3)
    ]  # fmt: skip
    whole = write_series(
        SeriesRecipe(modality="MR", shape=(3, 20, 24), origin=(0.0, 0.0, 0.0)), tmp_path / "whole"
    )
    series = parts[0].series
    series = type(series)(
        series.study_uid, series.series_uid, "MR",
        tuple(part.series.headers[0] for part in parts), tuple(part.series.paths[0] for part in parts),
    )  # fmt: skip
    volume = type(whole)(whole.voxels, whole.affine, (0, 1, 2), Role.MR_AXIAL, series)
    segmentation = segment(volume, "left psoas major")
    dataset = build_seg(segmentation, CLOCK).dataset
    assert voxels_of_seg(dataset) == voxels_of_labels(segmentation)
    for item in dataset.PerFrameFunctionalGroupsSequence:
        source = item.DerivationImageSequence[0].SourceImageSequence[0]
        height = item.PlanePositionSequence[0].ImagePositionPatient[2]
        assert source.ReferencedSOPInstanceUID == f"1.2.{round(height / 4) + 1}"
    referred = dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert [item.ReferencedSOPInstanceUID for item in referred] == ["1.2.1", "1.2.2", "1.2.3"]


def test_compressed_sources_need_no_decoding(tmp_path: Path) -> None:
    segmentation = _segmented(SeriesRecipe(compressed=True), tmp_path)
    assert voxels_of_seg(build_seg(segmentation, CLOCK).dataset) == voxels_of_labels(segmentation)


def test_segments_say_what_they_are(tmp_path: Path) -> None:
    segmentation = _segmented(SeriesRecipe(), tmp_path)
    seg = build_seg(segmentation, CLOCK)
    vertebra, muscle, disc = seg.dataset.SegmentSequence
    assert seg.numbers == {label: number for number, label in enumerate(LABELS, start=1)}
    assert vertebra.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "91723000"
    assert vertebra.SegmentedPropertyTypeCodeSequence[0].CodeValue == "11994002"
    side = muscle.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0]
    assert side.CodeMeaning == "Left"
    assert disc.SegmentLabel == "disc 1 (level not determined)"
    algorithm = vertebra.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("lumbar-segmenter", "1.2.0")
    assert algorithm.AlgorithmParameters == f"sha256={'ab' * 32}"
    assert len({segment.TrackingUID for segment in seg.dataset.SegmentSequence}) == 3
    assert hd.color.CIELabColor.from_dicom_value(
        vertebra.RecommendedDisplayCIELabValue
    ).to_rgb() == pytest.approx((240, 228, 66), abs=1)


def test_it_is_a_binary_seg_of_the_source_s_patient_and_study(tmp_path: Path) -> None:
    dataset = build_seg(_segmented(SeriesRecipe(number=7), tmp_path), CLOCK).dataset
    assert dataset.SegmentationType == "BINARY"
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert dataset.SeriesNumber == 7901
    assert dataset.Manufacturer == "lumbar-node"
    assert dataset.ContentQualification == "RESEARCH"
    assert [item.CodingSchemeDesignator for item in dataset.CodingSchemeIdentificationSequence] == [
        "99LUMBAR"
    ]
    assert str(dataset.PatientName) == "Müller^Eva"
    assert (dataset.PatientID, dataset.IssuerOfPatientID, dataset.AccessionNumber) == (
        "P-0042",
        "HOSP",
        "ACC1",
    )


@pytest.mark.parametrize(("number", "expected"), [(None, 901), (0, 901), (12, 12901), (2_000_001, 901)])
def test_the_series_number_follows_the_source(number: int | None, expected: int, tmp_path: Path) -> None:
    segmentation = _segmented(SeriesRecipe(number=number), tmp_path)
    assert build_seg(segmentation, CLOCK).dataset.SeriesNumber == expected


def test_a_japanese_source_with_missing_attributes(tmp_path: Path) -> None:
    def edit(header: Dataset) -> None:
        header.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
        header.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
        header.PatientSex = "X"
        for keyword in (
            "AccessionNumber",
            "StudyID",
            "SliceThickness",
            "FrameOfReferenceUID",
            "PatientBirthDate",
        ):
            del header[keyword]

    with config.disable_value_validation():
        segmentation = _segmented(SeriesRecipe(study_uid=MR_STUDY, edit=edit), tmp_path)
    dataset = _read_back(build_seg(segmentation, CLOCK))
    assert str(dataset.PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    assert (dataset.PatientSex, dataset.AccessionNumber, dataset.PatientID) == ("O", "", "P-0042")
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert measures.SliceThickness == 4
    assert voxels_of_seg(dataset) == voxels_of_labels(segmentation)
    on_disk = dcmread(segmentation.volume.series.paths[0])
    assert "AccessionNumber" not in on_disk
    assert "AccessionNumber" not in segmentation.volume.series.headers[0]


def test_slices_that_write_their_orientation_a_little_differently(tmp_path: Path) -> None:
    def edit(header: Dataset) -> None:
        header.ImageOrientationPatient = [1, header.InstanceNumber * 1e-7, 0, 0, 1, 0]

    segmentation = _segmented(SeriesRecipe(edit=edit), tmp_path)
    assert len({tuple(h.ImageOrientationPatient) for h in segmentation.volume.series.headers}) > 1
    assert build_seg(segmentation, CLOCK).dataset.NumberOfFrames > 0


def test_an_empty_structure_is_refused_by_name(tmp_path: Path) -> None:
    volume = write_series(SeriesRecipe(), tmp_path)
    segmentation = segment(volume, "L4 vertebra", structures={1: "L4 vertebra", 9: "L5 vertebra"})
    with pytest.raises(SegmentationError, match="L5 vertebra") as caught:
        build_seg(segmentation, CLOCK)
    assert caught.value.code == "EMPTY_STRUCTURE"


def test_structures_only_in_interpolated_slices_are_left_out(tmp_path: Path) -> None:
    volume = write_series(SeriesRecipe(without_slices=(2,)), tmp_path)
    labels = np.zeros(volume.voxels.shape, np.uint8)
    labels[1:4, 3:6, 3:6] = 1
    labels[2, 10:12, 10:12] = 2
    both = {1: "L4 vertebra", 2: "L5 vertebra"}
    assert build_seg(segment(volume, labels=labels, structures=both), CLOCK).numbers == {"L4 vertebra": 1}
    labels[labels == 1] = 0
    with pytest.raises(SegmentationError) as caught:
        build_seg(segment(volume, labels=labels, structures={2: "L5 vertebra"}), CLOCK)
    assert caught.value.code == "NO_STRUCTURE"


def test_labels_on_another_grid_are_refused(tmp_path: Path) -> None:
    volume = write_series(SeriesRecipe(), tmp_path)
    smaller = type(volume)(volume.voxels[:, :-1], volume.affine, volume.sources, volume.role, volume.series)
    with pytest.raises(GeometryError) as caught:
        build_seg(segment(smaller, "L4 vertebra"), CLOCK)
    assert caught.value.code == "GRID_MISMATCH"


def test_a_volume_without_a_slice_of_its_own_is_refused(tmp_path: Path) -> None:
    volume = write_series(SeriesRecipe(), tmp_path)
    unreal = type(volume)(volume.voxels, volume.affine, (None,) * 6, volume.role, volume.series)
    with pytest.raises(PipelineError, match="no slice of its own"):
        build_seg(segment(unreal, "L4 vertebra"), CLOCK)
