"""Other people's validators and readers on everything that is written."""

import shutil
import subprocess
from pathlib import Path

import highdicom as hd
import pytest
from phantoms.results import (
    SAGITTAL,
    SeriesRecipe,
    analyse,
    ct_and_mr,
    gather,
    request,
    segment,
    write_series,
)
from pydicom import dcmread

from pipelines.results import write_results
from pipelines.types import Finding, ResultFile, Role

pytestmark = pytest.mark.validators

PIXELMED = Path("/usr/share/java/pixelmed.jar")
JAVA = (
    "java",
    "-XX:TieredStopAtLevel=1",  # short runs: a third of the time
    "-XX:+UseSerialGC",
    "-Djdk.xml.xpathExprOpLimit=0",
    "-Djdk.xml.xpathTotalOpLimit=0",
    "-Djdk.xml.xpathExprGrpLimit=0",
    "-cp",
    str(PIXELMED),
)


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: dicom3tools, dcmtk, default-jre-headless)")
    return path


def _run(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[ResultFile]:
    """A fused case in both title modes, one with an enhanced, tilted, poor source, and one without result."""
    folder = tmp_path_factory.mktemp("validated")
    case = ct_and_mr(folder / "case")
    results = [*write_results(case, request(folder / "readable", with_pdf=True, with_overlay=True))]
    results += write_results(case, request(folder / "strict", title_mode="strict"))
    reports = tuple(one.path for one in results if one.kind == "measurement_sr")
    results += write_results(case, request(folder / "superseding", title_mode="strict", previous=reports[:2]))
    enhanced = SeriesRecipe(
        modality="MR", role=Role.MR_SAG_T1, row_cosines=SAGITTAL[0], column_cosines=SAGITTAL[1],
        step=(-4.0, 0.5, 0.0), enhanced=True, number=None, without_slices=(2,),
    )  # fmt: skip
    poor = segment(
        write_series(enhanced, folder / "enhanced"),
        "vertebral body 1 (level not determined)",
        "disc 1 (level not determined)",
        levels_determined=False,
        warnings=(Finding("NO_SACRUM", "the sacrum is not in view"),),
    )
    results += write_results(gather({Role.MR_SAG_T1: analyse(poor)}), request(folder / "enhanced_out"))
    nothing = gather({}, others=(poor.volume.series,), predictions=())
    strict_pdf = request(folder / "nothing", title_mode="strict", with_pdf=True)
    return [*results, *write_results(nothing, strict_pdf)]


def test_dciodvfy_finds_no_error(written: list[ResultFile]) -> None:
    tool = _tool("dciodvfy")
    for result in written:
        _, output = _run(tool, "-new", str(result.path))
        remarks = [line for line in output.splitlines() if line.startswith(("Error", "Warning"))]
        unexpected = [line for line in remarks if "Unrecognized defined term = <99LUMBAR>" not in line]
        assert not unexpected, (result.path.name, unexpected)


def test_pixelmed_finds_no_error_in_the_reports(written: list[ResultFile]) -> None:
    _tool("java")
    if not PIXELMED.is_file():
        pytest.skip(f"no {PIXELMED} (Debian: libpixelmed-java)")
    for path in _to_validate(written):
        _, output = _run(*JAVA, "com.pixelmed.validate.DicomSRValidator", str(path))
        assert "Root Template Validation Complete" in output, output
        assert "IOD validation complete" in output, output
        assert "Error" not in output, output


def _to_validate(written: list[ResultFile]) -> list[Path]:
    """Choose a few reports, as each takes seconds: only under the standard's title are templates checked."""
    strict = [result.path for result in written if "strict" in str(result.path) and "_sr" in result.kind]
    nothing = [result.path for result in written if "nothing" in str(result.path) and "_sr" in result.kind]
    readable = [result.path for result in written if "readable" in str(result.path)]
    return [*strict[-2:], *nothing, readable[1]]


def test_dcmtk_reads_the_reports_to_their_end(written: list[ResultFile]) -> None:
    dump, html = _tool("dsrdump"), _tool("dsr2html")
    for result in written:
        if result.kind.endswith("_sr"):
            code, text = _run(dump, "+Pu", str(result.path))
            assert code == 0, text
            assert "RESEARCH USE ONLY" in text
            code, page = _run(html, str(result.path))
            assert code == 0, page
            assert "</html>" in page


def test_highdicom_reads_everything_again(written: list[ResultFile]) -> None:
    for result in written:
        if result.kind == "seg":
            seg = hd.seg.segread(result.path)
            assert seg.number_of_segments == len(seg.SegmentSequence)
        elif result.kind.endswith("_sr"):
            report = hd.sr.srread(result.path)
            content = report.content
            volumetric = content.get_volumetric_roi_measurement_groups()
            planar = content.get_image_measurement_groups()
            assert bool(volumetric) != bool(planar)  # never TID 1411 and TID 1501 in one report


def test_poppler_reads_the_encapsulated_pdf(written: list[ResultFile], tmp_path: Path) -> None:
    tool = _tool("pdftotext")
    for result in written:
        if result.kind == "pdf":
            document = tmp_path / "report.pdf"
            document.write_bytes(dcmread(result.path).EncapsulatedDocument)
            code, text = _run(tool, str(document), "-")
            assert code == 0, text
            assert "RESEARCH USE ONLY" in text
