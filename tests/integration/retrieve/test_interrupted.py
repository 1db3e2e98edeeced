"""A node that is killed or stopped while a PACS has the word, and started again."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.retrieve.pacs import Pacs, serving
from integration.serving import ends, events, send, settings, study, until
from pynetdicom import AE
from served import Serve
from served import serving as nodes
from sqlalchemy import Engine, func, select
from workers.images import image

from node import engine as database
from node.db import Instance, Retrieval, Series, Study
from node.engine import readers
from node.settings import Settings

Given = Callable[..., tuple[Settings, Engine]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a node; what still runs afterwards is killed."""
    with nodes() as start:
        yield start


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """Settings without a page, and a look at the database."""

    def make(**changes: object) -> tuple[Settings, Engine]:
        quick = {"completeness": {"quiet_s": 0.5, "release_s": 0}, "web": {"enabled": False}, **changes}
        made = settings(tmp_path, **quick)  # type: ignore[arg-type]
        return made, database.create(made)

    return make


def _series(uid: str, modality: str, count: int) -> list[object]:
    made = [image(uid, modality, number) for number in range(1, count + 1)]
    for one in made:
        one.BodyPartExamined = "LSPINE"
    return list(made)


def _count(engine: Engine, uid: str) -> int:
    with readers(engine)() as session:
        query = select(func.count(Instance.id)).join(Series).join(Study)
        return session.scalar(query.where(Study.study_instance_uid == uid)) or 0


def _row(engine: Engine) -> Retrieval | None:
    with readers(engine)() as session:
        return session.scalars(select(Retrieval)).first()


def _send_from(title: str, port: int, *objects: object) -> None:
    entity = AE(title)
    entity.add_requested_context(objects[0].SOPClassUID)  # type: ignore[attr-defined]
    association = entity.associate("127.0.0.1", port, ae_title="LUMBARNODE")
    assert [association.send_c_store(one).Status for one in objects] == [0x0000] * len(objects)
    association.release()


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_a_retrieval_goes_on_where_it_was(given: Given, serve: Serve, signal_number: int) -> None:
    with serving(Pacs(_series("1.2.61", "MR", 5), counts=False)) as pacs:  # type: ignore[arg-type]
        pacs.find_gate.set()
        source = {
            "name": "pacs", "ae_title": "PACS", "host": "127.0.0.1", "port": pacs.port, "timeout_s": 1.5
        }  # fmt: skip
        made, engine = given(retrieval={"sources": [source], "retry_s": 0.1})
        node = serve(made, "report")
        send(node.port, image("1.2.60"))
        until(lambda: pacs.given >= 1)  # one object has gone, the PACS waits
        until(lambda: _count(engine, "1.2.61") == 1)
        node.end(signal_number)
        row = _row(engine)
        assert row is not None
        assert (row.state, row.found) == ("queued", ["1.2.61"])
        pacs.get_gate.set()
        serve(made, "report")
        until(lambda: (_row(engine) or row).state == "retrieved")
        ends(engine, "1.2.61", "done")
        until(lambda: _count(engine, "1.2.61") == 5)
        assert events(engine, "1.2.60").count("retrieval_begun") == 1
        with readers(engine)() as session:
            assert session.scalar(select(func.count(Retrieval.id))) == 1


def test_killed_while_a_study_is_counted_it_is_counted_again(given: Given, serve: Serve) -> None:
    objects = _series("1.2.63", "CT", 3)
    with serving(Pacs(objects)) as pacs:  # type: ignore[arg-type]
        peer = {"ae_title": "PACS", "host": "127.0.0.1", "port": pacs.port}
        made, engine = given(
            receiver={"port": 0, "min_free_bytes": 0, "peers": [peer]},
            completeness={
                "quiet_s": 0.5, "release_s": 0, "count_check": True, "ask_again_s": 0.5, "cap_s": 120
            },
        )  # fmt: skip
        node = serve(made, "tally")
        _send_from("PACS", node.port, *objects[:1])
        until(lambda: pacs.queries)  # the PACS has the word
        node.end(signal.SIGKILL)
        found = study(engine, "1.2.63")
        assert found is not None
        assert (found.state, found.checked_at) == ("receiving", None)
        pacs.find_gate.set()
        node = serve(made, "tally")
        until(lambda: events(engine, "1.2.63").count("counted") >= 1, 60)
        _send_from("PACS", node.port, *objects[1:])
        assert ends(engine, "1.2.63", "done", 60).incomplete is None
        assert _count(engine, "1.2.63") == 3


def test_a_source_that_answers_nonsense_or_fails_ends_nothing(given: Given, serve: Serve) -> None:
    with serving(Pacs(_series("1.2.65", "MR", 1), leaves_out="SeriesInstanceUID")) as pacs:  # type: ignore[arg-type]
        pacs.find_gate.set()
        source = {"name": "pacs", "ae_title": "PACS", "host": "127.0.0.1", "port": pacs.port}
        made, engine = given(retrieval={"sources": [source], "retry_s": 0.1, "max_attempts": 2})
        node = serve(made, "report")
        send(node.port, image("1.2.64"))
        until(lambda: "retrieval_ended" in events(engine, "1.2.64"))
        assert _last(engine) == (
            "failed",
            2,
            "a source answers with what cannot be understood: AttributeError",
        )
        pacs.status = 0xC001  # unable to process
        send(node.port, image("1.2.66", patient_id="P1", day="20250101"))
        until(lambda: "retrieval_ended" in events(engine, "1.2.66"))
        text = f"pacs: PACS at 127.0.0.1:{pacs.port} answers C-FIND with a failure, or not at all"
        assert _last(engine) == ("failed", 2, text)


def _last(engine: Engine) -> tuple[str, int, str | None]:
    with readers(engine)() as session:
        row = session.scalars(select(Retrieval).order_by(Retrieval.id.desc()).limit(1)).one()
    return row.state, row.attempts, row.error
