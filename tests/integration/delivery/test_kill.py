"""A node that is killed while a destination holds an object that the node knows nothing of yet."""

import signal
from pathlib import Path

import pytest
from archive import SOP_CLASSES
from integration.delivery.pacs import COMMITMENT, running
from integration.serving import ends, events, send, settings
from served import Serve
from sqlalchemy import select
from workers.images import image

from node import engine as database
from node.db import Delivery
from node.settings import Settings


def _settings(data_dir: Path, port: int, commitment: str) -> Settings:
    to = {"name": "pacs", "ae_title": "PACS", "host": "127.0.0.1", "port": port, "retry_s": 0.1}
    return settings(data_dir, web={"enabled": False}, destinations=[{**to, "commitment": commitment}])


@pytest.mark.parametrize("commitment", ["none", "storage-commitment"])
def test_killed_between_sending_and_noting_it_sends_again_and_is_confirmed_once(
    serve: Serve, tmp_path: Path, commitment: str
) -> None:
    with running(COMMITMENT, classes=SOP_CLASSES) as pacs:
        given = _settings(tmp_path, pacs.port, commitment)
        first = serve(given, "report")
        pacs.before_answer = first.kill  # the object is stored; its C-STORE is never answered
        send(first.port, image("1.2.3"))
        assert first.process.wait(60) == -signal.SIGKILL
        pacs.before_answer = None
        serve(given, "report")
        engine = database.create(given)
        ends(engine, "1.2.3", "done")
        with database.readers(engine)() as session:
            found = {row.state: row.confirmed_by for row in session.scalars(select(Delivery))}
        by = "commitment" if commitment == "storage-commitment" else "c-store"
        assert found == {"delivered": by}
        assert len(set(pacs.stored)) == 2
        assert len(pacs.stored) == 3  # the one that was under way came twice, under one UID
        names = events(engine, "1.2.3")
        assert (names.count("analysed"), names.count("delivered")) == (1, 1)
        engine.dispose()


def test_killed_while_it_waits_for_a_report_it_asks_anew(serve: Serve, tmp_path: Path) -> None:
    with running(COMMITMENT, classes=SOP_CLASSES) as pacs:
        given = _settings(tmp_path, pacs.port, "storage-commitment")
        first = serve(given, "report")
        pacs.before_report = first.kill
        send(first.port, image("1.2.3"))
        assert first.process.wait(60) == -signal.SIGKILL
        pacs.before_report = None
        serve(given, "report")
        engine = database.create(given)
        ends(engine, "1.2.3", "done")
        assert len({transaction for transaction, _ in pacs.requests}) == 2
        assert len(pacs.stored) == 2  # nothing was sent twice
        engine.dispose()
