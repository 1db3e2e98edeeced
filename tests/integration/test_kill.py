"""A node that is killed or stopped in the middle of things, and started again."""

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from archive import archive
from integration.serving import ends, events, jobs, send, settings, study, until
from served import Serve
from sqlalchemy import Engine
from workers.images import image

from node import engine as database
from node.settings import Settings


@pytest.fixture
def quick(tmp_path: Path) -> Callable[..., tuple[Settings, Engine]]:
    """Settings without a page, and a look at the database."""

    def make(*ports: int, **changes: object) -> tuple[Settings, Engine]:
        given = settings(tmp_path, *ports, web={"enabled": False}, **changes)
        return given, database.create(given)

    return make


Quick = Callable[..., tuple[Settings, Engine]]


def is_hanging(engine: Engine) -> bool:
    return [job.progress.get("stage") for job in jobs(engine, "analyse")] == ["hanging"]


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_killed_in_every_window_a_study_is_analysed_and_delivered_once(quick: Quick, serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given, engine = quick(port, completeness={"quiet_s": 3, "release_s": 3})

    in_quiet_window = serve(given, "moody")
    send(in_quiet_window.port, image("1.2.3"))
    until(lambda: study(engine, "1.2.3") is not None)
    assert in_quiet_window.end(signal.SIGKILL) == -signal.SIGKILL
    assert study(engine, "1.2.3").state == "receiving"

    analysing = serve(given, "moody")
    until(lambda: is_hanging(engine))
    children = analysing.children()
    analysing.end(signal.SIGKILL)
    until(lambda: all(is_gone(pid) for pid in children))
    assert jobs(engine, "analyse")[0].state == "running"

    delivering = serve(given, "moody")  # the archive is not there
    until(lambda: [job.attempts > 1 for job in jobs(engine, "deliver")] == [True])
    delivering.end(signal.SIGKILL)
    assert study(engine, "1.2.3").state == "delivering"

    with archive(port) as there:
        serve(given, "moody")
        ends(engine, "1.2.3", "done")
    assert [job.attempts for job in jobs(engine, "analyse")] == [2]
    expected = ["opened", "quiet", "claimed", "released", "claimed", "analysed", "delivered"]
    assert events(engine, "1.2.3") == expected
    assert len(there.received) == 2
    assert len({d.SOPInstanceUID for d in there.received}) == 2


def test_sigterm_stops_it_gracefully(quick: Quick, serve: Serve) -> None:
    given, engine = quick()
    node = serve(given, "hang")
    send(node.port, image("1.2.3"))
    until(lambda: is_hanging(engine))
    children = node.children()
    assert node.end(signal.SIGTERM) == 0
    until(lambda: all(is_gone(pid) for pid in children))
    (job,) = jobs(engine, "analyse")
    assert (job.state, job.attempts) == ("queued", 0)
    assert study(engine, "1.2.3").state == "complete"
