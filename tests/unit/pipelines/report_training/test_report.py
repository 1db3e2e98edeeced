"""The report as a whole: both forms, on a training that was really made."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from pipelines.report_training import write_report
from pipelines.report_training.document import document_of
from pipelines.report_training.study import read_study


@pytest.fixture(scope="module")
def report(written):
    return write_report(written)


class _Page(HTMLParser):
    """Tags, and everything that a tag would fetch."""

    def __init__(self):
        super().__init__()
        self.tags, self.fetched, self.ids = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "data") and not value.startswith("#"):
                self.fetched.append(value)
            if name == "id":
                self.ids.append(value)


def test_the_page_is_one_file(report):
    text = report[0].read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert not page.fetched
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    assert "url(http" not in text and "@import" not in text
    assert len(page.ids) == len(set(page.ids))


def test_figures_follow_light_and_dark(report):
    text = report[0].read_text(encoding="utf-8")
    body = text[text.index("<body>") :]
    assert body.count("<svg") >= 8
    assert "var(--ink)" in body and "#1d2329" not in body


def test_names_keep_their_own_script_on_the_page(report):
    text = report[0].read_text(encoding="utf-8")
    assert "北京朝阳医院" in text and "Köln" in text


def test_pages_are_a4_and_fonts_are_inside(report):
    data = report[1].read_bytes()
    boxes = set(re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", data))
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}
    assert data.count(b"/FontFile2") == 2 and b"/Helvetica" not in data
    assert b"/Outlines" in data


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not installed")
def test_both_forms_say_the_same(report, written):
    said = subprocess.run(["pdftotext", "-layout", report[1], "-"], capture_output=True, check=True)
    text = " ".join(said.stdout.decode().split())
    document = document_of(read_study(written))
    assert all(chapter.title in text for chapter in document.chapters)
    pages = text.count("RESEARCH USE ONLY Page") or len(re.findall(r"Page \d+ of (\d+)", text))
    assert f"Page {pages} of {pages}" in text
    assert "BeiJingChaoYangYiYuan" in text  # no font of ours has these signs; the page has them
    metrics = json.loads((written / "metrics.json").read_text())
    assert f"AUC {metrics['nested']['auc']:.2f}" in text


def test_no_network_is_loaded():
    code = (
        "import sys, pipelines.report_training; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'monai', 'highdicom', 'SimpleITK')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_patients_rows_the_report_says_so_twice_alike(output):
    shutil.rmtree(output / "study")
    html, pdf = write_report(output)
    text = html.read_text(encoding="utf-8")
    assert "study/ is not beside the metrics" in text
    assert "Figures of every model." in text and "ROC curves" not in text
    first = html.read_bytes(), pdf.read_bytes()
    assert "<svg" in text  # chance, learning curve, sites: those need no rows
    assert tuple(path.read_bytes() for path in write_report(output)) == first


@pytest.mark.parametrize(
    "gone", ["comparisons", "permutation", "learning_curve", "readers", "sites", "warnings"]
)
def test_what_was_not_measured_is_left_out(output, gone):
    path = output / "metrics.json"
    metrics = json.loads(path.read_text())
    del metrics[gone]
    path.write_text(json.dumps(metrics))
    assert document_of(read_study(output)).chapters
