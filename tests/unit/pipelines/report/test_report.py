import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from phantoms.results import CLOCK, SeriesRecipe, analyse, gather, segment, write_series
from PIL import Image
from pydicom.dataset import Dataset

from pipelines.report import overlay_png, report_html, report_page, report_pdf, series_picture
from pipelines.report.content import page_of
from pipelines.report.draw import printable
from pipelines.types import Analysis, Finding, Measurement, Role, SeriesVerdict


def test_the_overlay_is_a_coloured_picture(phantom_case: Analysis, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "overlay.png"
    overlay_png(phantom_case, path)
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape[1] == 1540
    assert (pixels.max(axis=2) - pixels.min(axis=2) > 60).mean() > 0.005


def test_a_case_without_a_segmentation_still_has_a_picture(tmp_path: Path) -> None:
    overlay_png(gather({}), tmp_path / "overlay.png")
    with Image.open(tmp_path / "overlay.png") as picture:
        assert picture.size[0] == 1540


def test_a_series_picture_is_rgb_and_always_the_same(phantom_case: Analysis) -> None:
    segmentation = phantom_case.analyses[Role.CT].segmentation
    picture = series_picture(segmentation)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert np.array_equal(picture, series_picture(segmentation))


def test_the_pdf_is_one_page_and_always_the_same(phantom_case: Analysis) -> None:
    pdf = report_pdf(phantom_case, CLOCK)
    assert pdf == report_pdf(phantom_case, CLOCK)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert b"20261121093015" in pdf
    assert b"CreationDate" not in report_pdf(phantom_case)


def test_the_html_says_what_it_must_and_fetches_nothing(phantom_case: Analysis) -> None:
    html = report_html(phantom_case, CLOCK)
    for text in (
        "RESEARCH USE ONLY",
        "DEMONSTRATION MODEL - trained on simulated patients",
        "73.1 %",
        "High risk",
        "Not evaluable",
        "CLINICAL_MISSING",
        "asdeg-demo 0.1.0",
        "L4-L5 disc",
        "best mr_sag_t2 of the case",
        "2026-11-21T09:30:15",
        "data:image/png;base64,",
    ):
        assert text in html, text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", html)


def test_texts_of_the_source_cannot_become_markup(phantom_case: Analysis) -> None:
    verdict = replace(phantom_case.selection.verdicts[0], description="<script>alert(1)</script>")
    hostile = replace(phantom_case, selection=replace(phantom_case.selection, verdicts=(verdict,)))
    html = report_html(hostile)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_both_forms_are_written(phantom_case: Analysis, tmp_path: Path) -> None:
    report_page(phantom_case, tmp_path / "a" / "report.html", tmp_path / "b" / "report.pdf", CLOCK)
    assert (tmp_path / "a" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "b" / "report.pdf").read_bytes() == report_pdf(phantom_case, CLOCK)


def test_names_no_font_can_show_do_not_stop_the_report(tmp_path: Path) -> None:
    def edit(header: Dataset) -> None:
        header.SpecificCharacterSet = "ISO_IR 192"
        header.PatientName = "山田^太郎"
        header.SeriesDescription = "腰椎"

    volume = write_series(SeriesRecipe(edit=edit), tmp_path)
    case = gather({Role.CT: analyse(segment(volume, "L4 vertebra"))})
    assert report_pdf(case, CLOCK).startswith(b"%PDF")
    assert "山田 太郎" in report_html(case)
    assert printable("a山b") == "a?b"


def test_very_many_series_and_warnings_stay_on_one_page(phantom_case: Analysis) -> None:
    verdicts = tuple(
        SeriesVerdict("1.2", f"1.2.{n}", n, f"series {n} " + "x" * 60, None, Finding("NO", "y" * 300))
        for n in range(60)
    )
    warnings = tuple(Finding(f"W{n}", "z" * 400) for n in range(40))
    segmentation = replace(phantom_case.analyses[Role.CT].segmentation, warnings=warnings)
    one = replace(phantom_case.analyses[Role.CT], segmentation=segmentation)
    full = replace(
        phantom_case,
        analyses=dict(phantom_case.analyses) | {Role.CT: one},
        selection=replace(phantom_case.selection, verdicts=verdicts),
    )
    assert len(re.findall(rb"/Type\s*/Page\b", report_pdf(full, CLOCK))) == 1


def test_the_page_orders_used_series_first_and_tells_failures(phantom_case: Analysis) -> None:
    failed = replace(phantom_case, failures={Role.CT: Finding("NO_VERTEBRA", "no vertebra was found")})
    page = page_of(failed)
    assert page.demonstration
    assert page.series[0].reason == "no vertebra was found"
    assert not page.series[0].used
    assert "NO_VERTEBRA: no vertebra was found" in page.warnings
    assert dict(page.patient)["Name"] == "Müller Eva"
    assert dict(page.patient)["Born"] == "1960-01-31"


def test_nothing_at_all_is_a_page_too() -> None:
    html = report_html(gather({}, predictions=()))
    assert "No prediction was made." in html
    assert report_pdf(gather({}, predictions=())).startswith(b"%PDF")
    assert BytesIO(report_pdf(gather({}))).read(4) == b"%PDF"


def test_disc_and_body_heights_share_their_columns(tmp_path: Path) -> None:
    recipe = SeriesRecipe(modality="MR", role=Role.MR_SAG_T2)
    one = analyse(segment(write_series(recipe, tmp_path), "L4-L5 disc", "L4 vertebral body"))
    heights = [
        Measurement(Role.MR_SAG_T2, "L4-L5 disc", "disc_height", 9.0, "mm"),
        Measurement(Role.MR_SAG_T2, "L4 vertebral body", "body_height", 27.0, "mm"),
        Measurement(Role.MR_SAG_T2, "L4 vertebral body", "sd_signal", 12.0, "1"),
    ]
    table = page_of(gather({Role.MR_SAG_T2: replace(one, measurements=tuple(heights))})).tables[0]
    assert table.columns == ("SD signal", "height mm")
    assert table.rows == (("L4 vertebral body", ("12.0", "27.0")), ("L4-L5 disc", ("", "9.0")))
    assert table.main == (1,)
