"""A day of a hospital in minutes: all that came in ended in a named state, and the receiver stays small."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from archive import archive
from dicom_peer import Peer
from integration.serving import settings
from served import Serve
from soak import truth
from soak.load import Acknowledged, Plan, Sender, plan
from sqlalchemy import Engine, func, select
from waiting import wait_until

from node import engine as database
from node.db import Instance, Refusal
from node.engine import readers
from node.worker.process import resident_bytes

STUDIES = 1000
SENDERS = 4
BYTES = 32 << 10
WARM = 0.05  #: of the studies, before the receiver's memory is looked at first
SR = "1.2.840.10008.5.1.4.1.1.88.33"

#: body part, modality, share; what the analyser makes of them
MIX = (("LSPINE", "CT", 0.4), ("LSPINE", "MR", 0.4), ("HEAD", "MR", 0.15), ("BROKEN", "CT", 0.05))

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def test_a_day_of_a_hospital(tmp_path: Path, serve: Serve, scale: float, note: dict[str, object]) -> None:
    plans = _plans(max(40, round(STUDIES * scale)))
    acknowledged = Acknowledged()
    with archive() as there:
        given = settings(
            tmp_path / "node",
            there.port,
            web={"enabled": False},
            completeness={"quiet_s": 5, "release_s": 0.2},
            worker={"retry_s": 0.1},
        )
        receiver = serve(given, "tally", "receiver")
        port = receiver.port
        serve(given, "tally", "dispatcher", "worker", "delivery")
        pid = receiver.process.pid
        early = round(len(plans) * WARM)
        _send(plans[:early], port, acknowledged)
        before = resident_bytes(pid)
        senders = _send(plans[early:], port, acknowledged)
        junk = _junk(port)
        engine = database.create(given)
        wait_until(lambda: _settled(engine) == len(plans), 1800)
        after = resident_bytes(pid)
        expected = _expected(plans)
        counts = _counts(engine)
        note |= {
            "studies sent": len(plans),
            "objects acknowledged": len(acknowledged.digests),
            "objects sent twice on purpose": sum(sender.duplicates for sender in senders),
            "objects that must be refused": junk,
            "studies by state": json.dumps(dict(sorted(truth.states(engine).items()))),
            "instances in the index": counts["instances"],
            "refusals on record": counts["refusals"],
            "acknowledged objects lost or altered": len(
                truth.lost(given.data_dir, engine, acknowledged.digests)
            ),
            "duplicate result sets": truth.result_sets_too_many(engine),
            "receiver's memory after the first studies, MiB": round(before / 2**20, 1),
            "receiver's memory at the end, MiB": round(after / 2**20, 1),
        }
    assert truth.states(engine) == expected
    assert counts == {"instances": len(acknowledged.digests), "refusals": junk}
    assert note["acknowledged objects lost or altered"] == 0
    assert note["duplicate result sets"] == 0
    assert after <= 1.2 * before


def _plans(count: int) -> list[Plan]:
    """Mix the studies of a day; a study has two to nine objects."""
    lot = random.Random(0)
    weights = [share for *_, share in MIX]
    kinds = lot.choices(MIX, weights, k=count)
    return [
        plan(f"1.4.{number}", lot.randint(2, 9), BYTES, BodyPartExamined=part, Modality=modality)
        for number, (part, modality, _) in enumerate(kinds)
    ]


def _send(plans: list[Plan], port: int, acknowledged: Acknowledged) -> list[Sender]:
    senders = [Sender(n, plans[n::SENDERS], lambda: port, acknowledged) for n in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return senders


def _junk(port: int) -> int:
    """Send what cannot be filed; return how much that was."""
    with Peer(port) as peer:
        statuses = [peer.store(b"\xff" * 200, f"9.9.{number}") for number in range(50)]
    assert 0x0000 not in statuses
    return len(statuses)


def _settled(engine: Engine) -> int:
    states = truth.states(engine)
    return states["done"] + states["ignored"] + states["failed"]


def _expected(plans: list[Plan]) -> Counter[str]:
    ends = {"HEAD": "ignored", "BROKEN": "failed"}
    parts = [
        next(part for part in ("HEAD", "BROKEN", "LSPINE") if part.encode() in one.objects[0][1])
        for one in plans
    ]
    return Counter(ends.get(part, "done") for part in parts)


def _counts(engine: Engine) -> dict[str, int]:
    with readers(engine)() as session:
        instances = session.scalar(select(func.count(Instance.id))) or 0
        return {"instances": instances, "refusals": session.scalar(select(func.count(Refusal.id))) or 0}
