"""The trail: messages as PS3.15 A.5 has them, appended by many at a time."""

import stat
import threading
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from node.audit import Trail
from node.settings import Settings, parse

UID = "1.2.3"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return parse({"data_dir": tmp_path}, "test")


def _messages(settings: Settings) -> list[Element]:
    (path,) = (settings.data_dir / "audit").glob("*.xml")
    return [fromstring(line) for line in path.read_bytes().splitlines()]


def _code(message: Element, path: str) -> tuple[str, str]:
    element = message.find(path)
    assert element is not None
    assert element.get("codeSystemName") == "DCM"
    return str(element.get("csd-code")), str(element.get("originalText"))


CASES = [
    (lambda trail: trail.started(), "110100", "E", "0"),
    (lambda trail: trail.stopped(), "110100", "E", "0"),
    (lambda trail: trail.refused("WHO", "192.0.2.9", "no peer"), "110113", "E", "4"),
    (lambda trail: trail.transferred("PACS", "LUMBARNODE", (UID,)), "110104", "C", "0"),
    (lambda trail: trail.transferred("LUMBARNODE", "PACS", (UID,), "refused"), "110104", "R", "4"),
    (lambda trail: trail.viewed("web", "::1", UID), "110103", "R", "0"),
    (lambda trail: trail.queried("PACS", UID), "110112", "E", "0"),
    (lambda trail: trail.deleted(UID, "2 objects"), "110105", "D", "0"),
    (lambda trail: trail.changed("ann", "asdeg 2.0 activated", "0" * 64), "110113", "U", "0"),
]


@pytest.mark.parametrize(("say", "event", "action", "outcome"), CASES)
def test_a_message_has_what_the_schema_asks_for(
    settings: Settings, say: object, event: str, action: str, outcome: str
) -> None:
    say(Trail(settings))
    (message,) = _messages(settings)
    assert message.tag == "AuditMessage"
    assert message[0].tag == "EventIdentification"
    about = message.find("EventIdentification")
    assert (about.get("EventActionCode"), about.get("EventOutcomeIndicator")) == (action, outcome)
    assert about.get("EventDateTime").endswith("+00:00")
    assert _code(message, "EventIdentification/EventID")[0] == event
    participants = message.findall("ActiveParticipant")
    assert participants
    assert all(one.get("UserID") and one.get("UserIsRequestor") in {"true", "false"} for one in participants)
    assert all(one.get("NetworkAccessPointTypeCode") in {None, "1", "2"} for one in participants)
    assert message.find("AuditSourceIdentification").get("AuditSourceID") == "LUMBARNODE"
    for thing in message.findall("ParticipantObjectIdentification"):
        assert thing.get("ParticipantObjectID")
        assert thing.get("ParticipantObjectTypeCode") in {"1", "2"}
        assert thing.find("ParticipantObjectIDTypeCode") is not None


def test_a_transfer_names_both_sides_and_the_study(settings: Settings) -> None:
    Trail(settings).transferred("PACS", "LUMBARNODE", (UID, "1.2.4"))
    (message,) = _messages(settings)
    roles = {
        one.get("UserID"): one.find("RoleIDCode").get("csd-code")
        for one in message.findall("ActiveParticipant")
    }
    assert roles == {"PACS": "110153", "LUMBARNODE": "110152"}
    things = message.findall("ParticipantObjectIdentification")
    assert [thing.get("ParticipantObjectID") for thing in things] == [UID, "1.2.4"]


def test_lines_of_many_threads_do_not_mix(settings: Settings) -> None:
    def write(number: int) -> None:
        for _ in range(20):
            Trail(settings).viewed(f"w{number}\n<&>", None, UID)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_messages(settings)) == 160


def test_the_file_is_its_owner_s_alone(settings: Settings) -> None:
    Trail(settings).started()
    (path,) = (settings.data_dir / "audit").glob("*.xml")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_can_be_turned_off(tmp_path: Path) -> None:
    Trail(parse({"data_dir": tmp_path, "audit": {"enabled": False}}, "test")).started()
    assert not (tmp_path / "audit").exists()


def test_a_trail_that_cannot_be_written_stops_nothing(settings: Settings) -> None:
    (settings.data_dir / "audit").write_text("a file")
    Trail(settings).started()
