"""An asymmetric series on disk and an analysis of it, for the tests of the result objects.

The phantom differs along every axis, so that a flip, a transposition or a shift cannot go unnoticed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    RLELossless,
)

from pipelines.dicom.uids import derived_uid
from pipelines.types import (
    Analysis,
    AnalysisRequest,
    Contribution,
    FeatureVector,
    Finding,
    Measurement,
    ModelIdentity,
    Prediction,
    Role,
    Segmentation,
    SeriesAnalysis,
    SeriesSelection,
    SeriesVerdict,
    SourceSeries,
    Volume,
)

CLOCK = datetime(2026, 11, 21, 9, 30, 15, tzinfo=UTC)
CT_STUDY, MR_STUDY = derived_uid("phantom", "ct-study"), derived_uid("phantom", "mr-study")
SEGMENTER = ModelIdentity("lumbar-segmenter", "1.2.0", "ab" * 32)
PREDICTOR = ModelIdentity("asdeg-demo", "0.1.0", "cd" * 32)
NO_DIXON = Finding("NO_ROLE", "series 9 is a localizer: 3 slices in 3 orientations")

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


@dataclass(frozen=True, kw_only=True)
class SeriesRecipe:
    """How a series lies in the patient and what its headers say."""

    modality: str = "CT"
    number: int | None = 3
    role: Role = Role.CT
    study_uid: str = CT_STUDY
    shape: tuple[int, int, int] = (6, 20, 24)  # slices, rows, columns
    pixel_spacing: tuple[float, float] = (1.5, 2.5)  # between rows, between columns
    row_cosines: tuple[float, float, float] = AXIAL[0]  # direction of rising column index
    column_cosines: tuple[float, float, float] = AXIAL[1]
    origin: tuple[float, float, float] = (-31.0, 17.5, -222.0)
    step: tuple[float, float, float] | None = None  # None: 4 mm along the normal
    without_slices: tuple[int, ...] = ()  # missing on disk, interpolated in the volume
    enhanced: bool = False
    compressed: bool = False
    edit: Callable[[Dataset], None] = field(default=lambda header: None)

    @property
    def affine(self) -> NDArray[np.float64]:
        affine = np.eye(4)
        normal = np.cross(self.row_cosines, self.column_cosines)
        affine[:3, 0] = self.step if self.step is not None else 4.0 * normal
        affine[:3, 1] = np.array(self.column_cosines) * self.pixel_spacing[0]
        affine[:3, 2] = np.array(self.row_cosines) * self.pixel_spacing[1]
        affine[:3, 3] = self.origin
        return affine


def write_series(recipe: SeriesRecipe, folder: Path) -> Volume:
    """Write a series and read its headers back, as a volume."""
    folder.mkdir(parents=True, exist_ok=True)
    voxels = _voxels(recipe.shape)
    kept = [index for index in range(recipe.shape[0]) if index not in recipe.without_slices]
    if recipe.enhanced:
        paths = [_save(_enhanced(recipe, voxels, kept), folder / "enhanced.dcm", recipe)]
    else:
        paths = [_save(_slice(recipe, voxels, i), folder / f"{i:03d}.dcm", recipe) for i in kept]
    headers = tuple(dcmread(path, stop_before_pixels=True) for path in paths)
    series = SourceSeries(
        recipe.study_uid, str(headers[0].SeriesInstanceUID), recipe.modality, headers, tuple(paths)
    )
    place = {index: position for position, index in enumerate(kept)}
    sources = tuple(place.get(index) for index in range(recipe.shape[0]))
    return Volume(voxels, recipe.affine, sources, recipe.role, series)


def draw(shape: tuple[int, int, int], count: int) -> NDArray[np.uint8]:
    """Draw `count` boxes, every one of another size, and one voxel that breaks every symmetry."""
    labels = np.zeros(shape, np.uint8)
    slices, rows, columns = shape
    for value in range(1, count + 1):
        left = (value - 1) * columns // count
        labels[
            value % 2 : slices - 1, 2 + value : 6 + 2 * value, left : left + max(columns // count - 1, 1)
        ] = value
    labels[slices - 1, rows - 1, 1] = 1
    return labels


def segment(volume: Volume, *names: str, levels_determined: bool = True, **changes: Any) -> Segmentation:
    labels = draw(volume.voxels.shape, len(names))
    structures = dict(enumerate(names, start=1))
    arguments = {"labels": labels, "structures": structures} | changes
    return Segmentation(volume=volume, model=SEGMENTER, levels_determined=levels_determined, **arguments)


def analyse(segmentation: Segmentation) -> SeriesAnalysis:
    """Give every structure a volume, a mean, and features."""
    role = segmentation.volume.role
    mean, unit = ("mean_hu", "[hnsf'U]") if role is Role.CT else ("mean_signal", "1")
    measurements: list[Measurement] = []
    features: list[FeatureVector] = []
    for value, name in segmentation.structures.items():
        inside = segmentation.labels == value
        cm3 = float(inside.sum()) * segmentation.volume.voxel_volume / 1000
        measurements.append(Measurement(role, name, "volume", round(cm3, 3), "cm3"))
        measurements.append(
            Measurement(role, name, mean, float(segmentation.volume.voxels[inside].mean()), unit)
        )
        if name.endswith("disc"):
            measurements.append(Measurement(role, name, "disc_height", 9.25, "mm"))
        if name.endswith("multifidus"):
            measurements.append(Measurement(role, name, "fat_fraction", 0.213, "1", "gaussian-mixture-3"))
        features.append(
            FeatureVector(
                role,
                name,
                "radiomics",
                "zscore@1",
                "ef" * 32,
                {
                    "original_shape_Sphericity": 0.61,
                    "original_firstorder_Mean": 12.5,
                    "original_glcm_JointEntropy": 4.2171,
                    "original_glcm_Contrast": float("nan"),
                    "wavelet-HHH_gldm_DependenceVariance": 3.908,
                    "wavelet-LLL_glcm_JointEntropy": 3.1,
                },
            )
        )
    return SeriesAnalysis(segmentation, tuple(measurements), tuple(features))


def evaluated(**changes: Any) -> Prediction:
    arguments: dict[str, Any] = {
        "target": "asdeg",
        "status": "evaluated",
        "reasons": (),
        "probability": 0.731,
        "category": "high",
        "model": PREDICTOR,
        "demonstration": True,
        "inputs_used": ("ct", "mr_sag_t2", "clinical"),
        "inputs_missing": ("mr_axial_t2",),
        "signatures": {"rad_sign": 0.412, "dl_sign": 0.377},
        "contributions": (
            Contribution("rad_sign", 0.91),
            Contribution("clinical: osteoporosis", -0.32),
            Contribution("mr_sag_t2.disc.radiomics.wavelet-HHH_gldm_DependenceVariance", 0.2),
        ),
        "warnings": (Finding("SLICE_THICKNESS", "slice thickness 4 mm is above the training range (3 mm)"),),
    }
    return Prediction(**arguments | changes)


def not_evaluable(target: str = "pain") -> Prediction:
    return Prediction(
        target=target,
        status="not_evaluable",
        reasons=(Finding("CLINICAL_MISSING", "age and BMI are needed; pass them with --clinical"),),
        probability=None,
        category=None,
        model=ModelIdentity("pain-demo", "0.1.0", "ee" * 32),
        demonstration=True,
        inputs_missing=("age", "bmi"),
    )


def gather(
    analyses: Mapping[Role, SeriesAnalysis],
    *,
    others: tuple[SourceSeries, ...] = (),
    predictions: tuple[Prediction, ...] | None = None,
    failures: Mapping[Role, Finding] = MappingProxyType({}),
    completing_study_uid: str = CT_STUDY,
    clinical: Mapping[str, Any] = MappingProxyType({}),
) -> Analysis:
    """Put a case together from its analysed series."""
    chosen = {role: one.segmentation.volume.series for role, one in analyses.items()}
    verdicts = [_verdict(series, role) for role, series in chosen.items()]
    verdicts += [_verdict(series, None) for series in others]
    return Analysis(
        series=(*chosen.values(), *others),
        rejected=(),
        selection=SeriesSelection(chosen, tuple(verdicts)),
        analyses=analyses,
        failures=failures,
        predictions=(evaluated(), not_evaluable()) if predictions is None else predictions,
        completing_study_uid=completing_study_uid,
        timings={"read": 0.5, "segmentation": 12.25},
        clinical=clinical,
    )


def request(out_dir: Path, **changes: Any) -> AnalysisRequest:
    return AnalysisRequest(**{"files": (), "out_dir": out_dir, "clock": CLOCK} | changes)


def ct_and_mr(folder: Path) -> Analysis:
    """A CT study and an MR study (sagittal T2, axial T2) of one patient; the MR study completes the case."""
    ct = write_series(SeriesRecipe(), folder / "ct")
    sagittal = write_series(
        SeriesRecipe(
            modality="MR",
            number=5,
            role=Role.MR_SAG_T2,
            study_uid=MR_STUDY,
            row_cosines=SAGITTAL[0],
            column_cosines=SAGITTAL[1],
        ),
        folder / "sag",
    )
    axial = write_series(
        SeriesRecipe(modality="MR", number=7, role=Role.MR_AXIAL_T2, study_uid=MR_STUDY), folder / "ax"
    )
    analyses = {
        Role.CT: analyse(segment(ct, "L4 vertebra", "L5 vertebra", "sacrum")),
        Role.MR_SAG_T2: analyse(segment(sagittal, "L4 vertebral body", "L4-L5 disc", "spinal canal")),
        Role.MR_AXIAL_T2: analyse(segment(axial, "left multifidus", "right multifidus")),
    }
    return gather(analyses, completing_study_uid=MR_STUDY, clinical={"age": 61})


def _verdict(series: SourceSeries, role: Role | None) -> SeriesVerdict:
    header = series.headers[0]
    reason = NO_DIXON if role is None else Finding("CHOSEN", f"best {role} of the case")
    number = header.get("SeriesNumber")
    return SeriesVerdict(
        series.study_uid, series.series_uid, number, str(header.get("SeriesDescription", "")), role, reason
    )


def _voxels(shape: tuple[int, int, int]) -> NDArray[np.float32]:
    slices, rows, columns = np.indices(shape)
    return (40 * slices + 3 * rows + 2 * columns).astype(np.float32)


def _common(recipe: SeriesRecipe) -> Dataset:
    header = Dataset()
    study = derived_uid(recipe.study_uid, recipe.number, recipe.role)
    header.SpecificCharacterSet = "ISO_IR 100"
    header.Modality = recipe.modality
    header.StudyInstanceUID = recipe.study_uid
    header.SeriesInstanceUID = derived_uid(study, "series")
    header.FrameOfReferenceUID = derived_uid(study, "frame")
    header.PositionReferenceIndicator = ""
    header.PatientName, header.PatientID, header.PatientSex = "Müller^Eva", "P-0042", "F"
    header.PatientBirthDate, header.IssuerOfPatientID = "19600131", "HOSP"
    header.StudyDate, header.StudyTime, header.StudyID = "20261101", "101500", "S1"
    header.AccessionNumber, header.ReferringPhysicianName = "ACC1", "Ref^Dr"
    header.StudyDescription, header.SeriesDescription = "Lumbar spine", f"{recipe.role} phantom"
    header.Manufacturer, header.ManufacturerModelName = "SYNTH", "PHANTOM"
    header.BodyPartExamined = "LSPINE"
    if recipe.number is not None:
        header.SeriesNumber = recipe.number
    header.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated = header.BitsStored = 16
    header.HighBit, header.PixelRepresentation = 15, 1
    header.Rows, header.Columns = recipe.shape[1:]
    return header


def _position(recipe: SeriesRecipe, index: int) -> list[float]:
    return [round(float(x), 8) for x in recipe.affine[:3] @ (index, 0, 0, 1)]


def _slice(recipe: SeriesRecipe, voxels: NDArray[np.float32], index: int) -> Dataset:
    header = _common(recipe)
    header.SOPClassUID = CTImageStorage if recipe.modality == "CT" else MRImageStorage
    header.SOPInstanceUID = derived_uid(header.SeriesInstanceUID, index)
    header.InstanceNumber = index + 1
    header.SliceThickness = 4
    header.PixelSpacing = list(recipe.pixel_spacing)
    header.ImageOrientationPatient = [*recipe.row_cosines, *recipe.column_cosines]
    header.ImagePositionPatient = _position(recipe, index)
    header.PixelData = voxels[index].astype("<i2").tobytes()
    recipe.edit(header)
    return header


def _enhanced(recipe: SeriesRecipe, voxels: NDArray[np.float32], kept: list[int]) -> Dataset:
    header = _common(recipe)
    header.SOPClassUID = EnhancedMRImageStorage
    header.SOPInstanceUID = derived_uid(header.SeriesInstanceUID, "enhanced")
    header.InstanceNumber, header.NumberOfFrames = 1, len(kept)
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = list(recipe.pixel_spacing), 4
    orientation.ImageOrientationPatient = [*recipe.row_cosines, *recipe.column_cosines]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    header.SharedFunctionalGroupsSequence = [shared]
    header.PerFrameFunctionalGroupsSequence = [_frame(recipe, index) for index in kept]
    header.PixelData = voxels[kept].astype("<i2").tobytes()
    recipe.edit(header)
    return header


def _frame(recipe: SeriesRecipe, index: int) -> Dataset:
    position, frame = Dataset(), Dataset()
    position.ImagePositionPatient = _position(recipe, index)
    frame.PlanePositionSequence = [position]
    return frame


def _save(header: Dataset, path: Path, recipe: SeriesRecipe) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(path, header, file_meta=meta, preamble=b"\0" * 128)
    if recipe.compressed:
        file.compress(RLELossless)
    file.save_as(path, enforce_file_format=True)
    return path
