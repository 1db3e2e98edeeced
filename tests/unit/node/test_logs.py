import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from node import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("info", stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_study_and_job_are_bound(stream: io.StringIO) -> None:
    log = logs.get("node.test")
    with logs.bound(study="1.2.3", job=7):
        log.info("claimed", worker="w1")
    log.info("idle")
    first, second = _lines(stream)
    assert (first["event"], first["study"], first["job"], first["worker"]) == ("claimed", "1.2.3", 7, "w1")
    assert "study" not in second


def test_no_patient_identifier_passes(stream: io.StringIO) -> None:
    logs.get("node.test").info("received", patient_name="DOE^JANE", PATIENT_ID="4711", study="1.2")
    assert "DOE" not in stream.getvalue()
    assert "4711" not in stream.getvalue()
    assert _lines(stream)[0]["study"] == "1.2"


def test_libraries_speak_in_the_same_format_and_only_when_it_matters(stream: io.StringIO) -> None:
    logging.getLogger("pynetdicom.assoc").info("(0010,0010) PN DOE^JANE")
    logging.getLogger("pynetdicom.assoc").warning("aborted")
    assert [line["event"] for line in _lines(stream)] == ["aborted"]


def test_level(stream: io.StringIO) -> None:
    logs.configure("error", stream)
    logs.get("node.test").warning("not said")
    assert stream.getvalue() == ""
