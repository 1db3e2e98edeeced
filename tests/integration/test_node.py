"""A whole node in this process: real sockets, a real database, really spawned workers."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from archive import archive
from forgotten import FORGOTTEN_SOCKET
from integration.serving import ends, events, jobs, send, settings, study, until
from postgres_server import NoServerError, postgres_server
from pydicom import dcmread
from workers.images import image

from node.db import Delivery, Result
from node.dispatcher import retry
from node.engine import readers, sessions
from node.errors import ConfigurationError
from node.history import locked
from node.serve import Node, Role


def results(node: Node) -> list[Result]:
    with readers(node.engine)() as session:
        return list(session.query(Result).order_by(Result.id))


def test_a_ct_is_reported_at_once_and_the_mr_completes_the_case(tmp_path: Path) -> None:
    clinical = tmp_path / "clinical"
    clinical.mkdir()
    (clinical / "P1.json").write_text('{"age": 61}')
    with archive() as there:
        given = settings(tmp_path / "data", there.port, cases={"clinical_dir": clinical})
        with Node(given, function="workers.analyses:report") as node:
            send(node.port, image("1.2.3"), image("1.2.3", number=2))
            ends(node.engine, "1.2.3", "done")
            assert [d.StudyInstanceUID for d in there.received] == ["1.2.3", "1.2.3"]
            assert there.received[1].TextValue == "['1.2.3'] {'age': 61}"
            send(node.port, image("1.2.4", "MR", day="20260310"))
            ends(node.engine, "1.2.4", "done")
            assert study(node.engine, "1.2.3").state == "done"
            assert events(node.engine, "1.2.4")[-4:] == ["quiet", "claimed", "analysed", "delivered"]
    assert [(d.StudyInstanceUID, d.TextValue) for d in there.received[2:]] == [
        ("1.2.4", "['1.2.4']"),
        ("1.2.4", "['1.2.3', '1.2.4'] {'age': 61}"),
    ]


def test_another_patient_s_mr_is_a_case_of_its_own_and_the_page_tells(tmp_path: Path) -> None:
    from urllib.request import urlopen

    with (
        archive() as there,
        Node(settings(tmp_path, there.port), function="workers.analyses:report") as node,
    ):
        send(node.port, image("1.2.3"), image("1.2.4", "MR", patient_id="P2"))
        for uid in ("1.2.3", "1.2.4"):
            ends(node.engine, uid, "done")
        with urlopen(node.url) as page:
            assert b"1.2.4" in page.read()
    assert len(there.received) == 4
    assert {d.TextValue for d in there.received} == {
        "['1.2.3']",
        "['1.2.4']",
        "['1.2.3'] None",
        "['1.2.4'] None",
    }


@pytest.mark.filterwarnings(FORGOTTEN_SOCKET)
def test_a_dead_destination_delays_nobody_and_gets_its_share_when_it_is_back(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = free.getsockname()[1]
    with (
        archive() as there,
        Node(settings(tmp_path, dead, there.port), function="workers.analyses:report") as node,
    ):
        send(node.port, image("1.2.3"))
        there.wait_for(2)
        until(lambda: jobs(node.engine, "deliver")[0].attempts > 1)
        assert study(node.engine, "1.2.3").state == "delivering"
        with archive(dead) as back:
            ends(node.engine, "1.2.3", "done")
        assert [d.SOPInstanceUID for d in back.received] == [d.SOPInstanceUID for d in there.received]
    assert len(there.received) == 2


def test_a_retry_gives_the_same_bytes_and_sends_nothing_twice(tmp_path: Path) -> None:
    with (
        archive() as there,
        Node(settings(tmp_path, there.port), function="workers.analyses:report") as node,
    ):
        send(node.port, image("1.2.3"))
        ends(node.engine, "1.2.3", "done")
        before = {row.path: (tmp_path / row.path).read_bytes() for row in results(node)}
        with sessions(node.engine).begin() as session:
            retry(session, locked(session, study(node.engine, "1.2.3").id))
        until(lambda: events(node.engine, "1.2.3").count("delivered") == 2)
        assert {row.path: (tmp_path / row.path).read_bytes() for row in results(node)} == before
        assert len(before) == 2
    assert len(there.received) == 2
    clock = dcmread(tmp_path / next(iter(before))).ContentTime
    assert clock == jobs(node.engine, "analyse")[0].clock.strftime("%H%M%S.%f")


def test_a_late_instance_makes_a_new_revision(tmp_path: Path) -> None:
    with (
        archive() as there,
        Node(settings(tmp_path, there.port), function="workers.analyses:report") as node,
    ):
        send(node.port, image("1.2.3"))
        ends(node.engine, "1.2.3", "done")
        send(node.port, image("1.2.3", number=2))
        until(lambda: study(node.engine, "1.2.3").revision == 2)
        ends(node.engine, "1.2.3", "done")
        assert [job.revision for job in jobs(node.engine, "analyse")] == [1, 2]
        assert {row.revision for row in results(node)} == {2}
    assert len(there.received) == 2  # this analysis names its objects by the study alone


@pytest.mark.parametrize(
    ("function", "state", "reason", "attempts"),
    [
        ("refuse", "failed", "NOT_A_SPINE: the files show no spine; send others", 1),
        ("crash", "failed", "WORKER_DIED: the worker process ended by itself (exit code 7); see the log", 3),
        ("not_applicable", "ignored", "HEAD: this is a head", 1),
    ],
)
def test_studies_end_in_a_named_state_with_a_reason(
    tmp_path: Path, function: str, state: str, reason: str, attempts: int
) -> None:
    with Node(settings(tmp_path), function=f"workers.analyses:{function}") as node:
        send(node.port, image("1.2.3"))
        assert ends(node.engine, "1.2.3", state).reason == reason
        assert [job.attempts for job in jobs(node.engine, "analyse")] == [attempts]
        assert events(node.engine, "1.2.3").count("claimed") == attempts
        assert results(node) == []


def test_a_graceful_stop_hands_the_job_back_and_the_next_start_finishes_it(tmp_path: Path) -> None:
    with archive() as there:
        given = settings(tmp_path, there.port)
        with Node(given, function="workers.analyses:moody") as node:
            send(node.port, image("1.2.3"))
            until(lambda: [job.progress.get("stage") for job in jobs(node.engine, "analyse")] == ["hanging"])
        (job,) = jobs(node.engine, "analyse")
        assert (job.state, job.attempts, job.lease_until) == ("queued", 0, None)
        assert study(node.engine, "1.2.3").state == "complete"
        with Node(given, function="workers.analyses:moody") as node:
            ends(node.engine, "1.2.3", "done")
        assert not list((tmp_path / "results" / "1.2.3").glob(".*"))
    assert len(there.received) == 2


def test_results_that_cannot_be_written_fail_the_study_not_the_node(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("in the way")
    with Node(settings(tmp_path), function="workers.analyses:report") as node:
        send(node.port, image("1.2.3"))
        reason = ends(node.engine, "1.2.3", "failed").reason
        assert reason == "STORAGE: the results cannot be written: Not a directory"
        assert not node.died.is_set()


def test_a_second_node_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    given = settings(tmp_path)
    with Node(given, function="workers.analyses:report") as node:
        with pytest.raises(ConfigurationError, match="another process is delivery of"):
            Node(given, function="workers.analyses:report").start()
        send(node.port, image("1.2.3"))
        ends(node.engine, "1.2.3", "done")
    with Node(given, function="workers.analyses:report"):
        pass


@pytest.fixture
def postgres_url() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres_server())
        except NoServerError as error:
            pytest.skip(str(error))
        yield url


@pytest.mark.postgres
def test_roles_may_live_apart_and_share_a_postgresql(tmp_path: Path, postgres_url: str) -> None:
    with archive() as there:
        given = settings(tmp_path, there.port, database_url=postgres_url)
        with (
            Node(given, [Role.RECEIVER]) as receiver,
            Node(given, [Role.DISPATCHER]),
            Node(given, [Role.WORKER], "workers.analyses:report"),
            Node(given, [Role.DELIVERY]),
        ):
            send(receiver.port, image("1.2.3"))
            ends(receiver.engine, "1.2.3", "done")
            send(receiver.port, image("1.2.4", "MR"))
            ends(receiver.engine, "1.2.4", "done")
            with readers(receiver.engine)() as session:
                assert {row.state for row in session.query(Delivery)} == {"delivered"}
            receiver.engine.dispose()
    assert there.received[-1].TextValue == "['1.2.3', '1.2.4'] None"
