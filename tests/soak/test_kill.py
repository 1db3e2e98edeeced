"""kill -9 at random moments, under load: nothing acknowledged is lost, nothing is done twice."""

import random
import threading
from pathlib import Path

import pytest
from archive import archive
from integration.serving import settings
from served import Serve, Served
from soak import truth
from soak.load import Acknowledged, Sender, plan
from waiting import wait_until

from node import engine as database

KILLS = 100
SENDERS = 4
OBJECTS, BYTES = 12, 64 << 10
LONGEST_LIFE_S = 8.0  #: of a node, once it listens

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def test_killed_at_random_moments(
    tmp_path: Path, serve: Serve, scale: float, note: dict[str, object]
) -> None:
    kills = max(2, round(KILLS * scale))
    plans = [plan(f"1.2.{number}", OBJECTS, BYTES) for number in range(SENDERS * 4 * kills)]
    acknowledged = Acknowledged()
    with archive() as there:
        given = settings(
            tmp_path / "node",
            there.port,
            web={"enabled": False},
            completeness={"quiet_s": 1, "release_s": 0.2},
            worker={"retry_s": 0.1, "max_attempts": 100},  # a kill counts as an attempt
        )
        running: list[Served] = [serve(given, "tally")]
        senders = [
            Sender(number, plans[number::SENDERS], lambda: running[-1].port, acknowledged)
            for number in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        _kill_again_and_again(running, given, serve, kills)
        for sender in senders:
            sender.enough()
        for sender in senders:
            sender.join()
        begun = [one for one in plans if any(uid in acknowledged.digests for uid, _ in one.objects)]
        engine = database.create(given)
        wait_until(lambda: truth.states(engine) == {"done": len(begun)}, 300)
        received = there.wait_for(0)
        note |= {
            "kill -9": kills,
            "senders": SENDERS,
            "studies": len(begun),
            "objects acknowledged": len(acknowledged.digests),
            "answers with success": acknowledged.answers,
            "sent twice on purpose": sum(sender.duplicates for sender in senders),
            "associations aborted on purpose": sum(sender.aborts for sender in senders),
            "acknowledged objects lost or altered": len(
                truth.lost(given.data_dir, engine, acknowledged.digests)
            ),
            "studies done": truth.states(engine)["done"],
            "endings of one version, at most": truth.most_endings(engine),
            "duplicate result sets": truth.result_sets_too_many(engine),
            "studies whose last result lacks an object": len(truth.incomplete(engine, begun, received)),
        }
    assert note["acknowledged objects lost or altered"] == 0
    assert note["endings of one version, at most"] == 1
    assert note["duplicate result sets"] == 0
    assert note["studies whose last result lacks an object"] == 0


def _kill_again_and_again(running: list[Served], given: object, serve: Serve, kills: int) -> None:
    moments = random.Random(0)
    pause = threading.Event()
    for _ in range(kills):
        assert running[-1].port
        pause.wait(moments.uniform(0, LONGEST_LIFE_S))
        running[-1].kill()
        running.append(serve(given, "tally"))
