"""Numbers and names as people read them."""

import pytest

from pipelines.report_training.markdown import blocks_of
from pipelines.report_training.names import feature_text, level_text, variable_text
from pipelines.report_training.numbers import count_of, figure, interval, p_value, with_interval
from pipelines.report_training.theme import readable_text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0004, "< .001"), (0.0432, ".043"), (0.5, ".50"), (1.0, "1"), (None, "–"), (float("nan"), "–")],
)
def test_p(p, text):
    assert p_value(p) == text


def test_figures():
    assert figure(-0.126) == "−0.13"
    assert figure(True) == "–"
    assert interval([0.5, None]) == "–"
    assert with_interval(0.7312, [0.61, 0.84]) == "0.73 (0.61 to 0.84)"
    assert with_interval(0.7, None) == "0.70"
    assert count_of(3, 0) == "3"


def test_feature_names():
    assert feature_text("mr_sag_t2.disc.deep.deep_004") == "sagittal T2 MR disc: 004 (deep)"
    assert (
        feature_text("PREDICT_original_sf_compactness_avg_2.5D") == "PREDICT_original_sf_compactness_avg_2.5D"
    )
    assert feature_text("a.b.c.d") == "a.b.c.d"
    assert feature_text("component 3") == "principal component 3"
    assert feature_text("clinical.bmi") == "BMI (kg/m²)"


def test_variable_names_take_the_described_unit():
    described = {"clinical": {"odi": {"type": "number", "unit": "%"}, "bmi": {"unit": "kg/m2"}}}
    assert variable_text("clinical.odi", described) == "Odi (%)"
    assert variable_text("clinical.bmi", described) == "BMI (kg/m²)"
    assert variable_text("clinical.diagnosis=disc_herniation") == "Diagnosis: disc herniation"
    assert level_text("F") == "female"


def test_what_no_font_shows_is_written_in_latin_letters():
    assert readable_text("北京 Köln Дом κ") == "BeiJing Köln Дом κ"


def test_markdown_becomes_blocks():
    text = "# Card\n\nA *short*\ntext.\n\n- one `code`\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    heading, paragraph, bullets, table = blocks_of(text)
    assert (heading.text, paragraph.text) == ("Card", "A short text.")
    assert bullets.items == ("one code", "two")
    assert (table.columns, table.rows) == (("a", "b"), (("1", "2"),))
