"""What a case lacks, and how a need is worked off; on both databases."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from node.db import Event, Instance, Retrieval, Series, Study
from node.retrieve import ledger, needs
from node.settings import Retrieval as Limits
from node.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)
SOURCE = {"name": "pacs", "ae_title": "PACS", "host": "127.0.0.1", "port": 104}
Writers = sessionmaker[Session]
Row = Callable[..., Study]


@pytest.fixture
def filed(study_row: Row) -> Row:
    """Make a study with an instance: `filed(session, "1.2.3", "CT", state="complete")`."""

    def make(
        session: Session, uid: str, modality: str = "CT", sender: str = "CT1", **values: object
    ) -> Study:
        study = study_row(session, uid, **values)
        series = Series(study_id=study.id, series_instance_uid=f"{uid}.1", modality=modality)
        series.instances = [
            Instance(
                sop_instance_uid=f"{uid}.1.1",
                sop_class_uid="1.2",
                transfer_syntax_uid="1.2",
                sha256="0",
                size=1,
                path="x",
                calling_ae="CT1",
            )
        ]
        session.add(series)
        session.flush()
        return study

    return make


def asking(**source: object) -> Settings:
    """Return settings with a source."""
    return Settings.model_validate({"retrieval": {"sources": [{**SOURCE, **source}]}})


def noted(session: Session) -> list[str]:
    """Return the modality of each need."""
    return list(session.scalars(select(Retrieval.modality).order_by(Retrieval.id)))


def test_a_ct_alone_lacks_an_mr_and_is_noted_once(writers: Writers, filed: Row) -> None:
    with writers.begin() as session:
        study = filed(session, "1.2", "CT", state="complete")
        assert needs.lacking(session, study, 180) == {"MR"}
        needs.note(session, study, asking())
        needs.note(session, study, asking())
        assert noted(session) == ["MR"]


@pytest.mark.parametrize("settings", [Settings(), asking(senders=["CT9"])], ids=["no source", "other sender"])
def test_where_nobody_may_be_asked_nothing_is_noted(writers: Writers, filed: Row, settings: Settings) -> None:
    with writers.begin() as session:
        needs.note(session, filed(session, "1.2"), settings)
        assert noted(session) == []


@pytest.mark.parametrize(
    ("other", "lacking"),
    [
        ({"state": "receiving"}, set()),
        ({"state": "done"}, set()),
        ({"state": "failed"}, {"MR"}),
        ({"state": "purged"}, {"MR"}),
        ({"patient_key": "q"}, {"MR"}),
        ({"study_date": date(2026, 8, 27)}, set()),
        ({"study_date": date(2026, 8, 29)}, {"MR"}),
    ],
)
def test_what_another_study_brings(
    writers: Writers, filed: Row, other: dict[str, object], lacking: set[str]
) -> None:
    with writers.begin() as session:
        study = filed(session, "1.2")
        filed(session, "1.3", "MR", **other)
        assert needs.lacking(session, study, 180) == lacking


@pytest.mark.parametrize(
    "values", [{"patient_key": None}, {"study_date": None}, {"modality": "OT"}], ids=["nobody", "never", "OT"]
)
def test_what_cannot_be_paired_lacks_nothing(writers: Writers, filed: Row, values: dict[str, object]) -> None:
    with writers.begin() as session:
        assert needs.lacking(session, filed(session, "1.2", **values), 180) == frozenset()


def test_what_was_fetched_lacks_nothing(writers: Writers, filed: Row) -> None:
    """The study that asked has failed since: the one that was fetched must not ask for another."""
    with writers.begin() as session:
        asked = filed(session, "1.2", "CT", state="failed")
        session.add(Retrieval(study_id=asked.id, modality="MR", found=["1.3"]))
        assert needs.lacking(session, filed(session, "1.3", "MR"), 180) == frozenset()
        assert needs.lacking(session, filed(session, "1.4", "MR"), 180) == {"CT"}


def test_a_purged_study_is_not_here(writers: Writers, filed: Row) -> None:
    with writers.begin() as session:
        filed(session, "1.2", state="purged")
        filed(session, "1.3", state="ignored")
        assert needs.here(session, {"1.2", "1.3", "1.4"}) == {"1.3"}


def test_the_window_ends_with_the_calendar() -> None:
    assert needs.window(date(2026, 3, 1), 2) == (date(2026, 2, 27), date(2026, 3, 3))
    assert needs.window(date(1, 1, 2), 5)[0] == date.min
    assert needs.window(date(9999, 12, 30), 5)[1] == date.max


def claimed(session: Session, now: datetime = NOW) -> ledger.Need:
    """Claim a need."""
    need = ledger.claim(session, LEASE, now)
    assert need is not None
    return need


def queued(session: Session, study: Study) -> None:
    """Note a need that has been due for a while."""
    session.add(Retrieval(study_id=study.id, modality="MR", run_after=NOW - LEASE))
    session.flush()


def test_a_need_is_attended_to_once_its_study_is_analysed(writers: Writers, filed: Row) -> None:
    with writers.begin() as session:
        study = filed(session, "1.2", state="analysing")
        queued(session, study)
        assert ledger.next_due(session) is None
        assert ledger.claim(session, LEASE, NOW) is None
        study.state = "delivering"
        session.flush()
        assert ledger.next_due(session) == NOW - LEASE
        need = claimed(session)
        assert (need.study_uid, need.modality, need.attempts, need.found) == ("1.2", "MR", 1, ())


def test_a_claim_holds_for_its_lease_and_is_taken_over_then(writers: Writers, filed: Row) -> None:
    with writers.begin() as session:
        queued(session, filed(session, "1.2", state="done"))
        first = claimed(session)
        ledger.plan(session, first, "pacs", ["1.3"])
        assert ledger.claim(session, LEASE, NOW + LEASE / 2) is None
        ledger.keep(session, first, NOW + 2 * LEASE)
        assert ledger.claim(session, LEASE, NOW + LEASE) is None
        second = claimed(session, NOW + 2 * LEASE)
        assert (second.attempts, second.found) == (2, ("1.3",))
        ledger.keep(session, first, NOW)  # its word no longer counts
        assert ledger.claim(session, LEASE, NOW + 2 * LEASE) is None


def test_a_failure_waits_longer_and_longer_and_is_given_up(writers: Writers, filed: Row) -> None:
    limits = Limits(retry_s=10, max_attempts=3)
    with writers.begin() as session:
        study = filed(session, "1.2", state="done")
        queued(session, study)
        now = NOW
        for pause in (10, 20):
            assert ledger.fail(session, claimed(session, now), "down", limits, now)
            assert ledger.next_due(session) == now + timedelta(seconds=pause)
            now += timedelta(seconds=pause)
        assert not ledger.fail(session, claimed(session, now), "down", limits, now)
        assert ledger.next_due(session) is None
        row = session.scalars(select(Retrieval)).one()
        assert (row.state, row.error) == ("failed", "down")
        assert session.scalars(select(Event.name)).all() == ["retrieval_ended"]
        assert needs.again(session, study) == 1
        assert claimed(session, datetime.now(UTC)).attempts == 1


def test_what_was_handed_back_has_not_been_tried(writers: Writers, filed: Row) -> None:
    with writers.begin() as session:
        queued(session, filed(session, "1.2", state="done"))
        ledger.release(session, claimed(session), NOW)
        assert claimed(session).attempts == 1


def test_how_it_ended_is_on_record(writers: Writers, filed: Row) -> None:
    with writers.begin() as session:
        study = filed(session, "1.2", state="done")
        queued(session, study)
        need = claimed(session)
        ledger.plan(session, need, "pacs", ["1.3"])
        ledger.settle(session, need, "retrieved", "3 instance(s)")
        assert needs.again(session, study) == 0
        details = [(one.name, one.detail) for one in session.scalars(select(Event).order_by(Event.id))]
        assert details == [
            ("retrieval_begun", {"modality": "MR", "source": "pacs", "studies": ["1.3"]}),
            ("retrieval_ended", {"modality": "MR", "outcome": "retrieved", "remark": "3 instance(s)"}),
        ]
