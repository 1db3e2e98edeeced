"""One attempt at a need: look for what is lacking, decide, fetch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from node.audit import Trail
from node.db import Study
from node.engine import readers
from node.errors import NothingToAsk, RetrievalError
from node.retrieve import needs
from node.retrieve.ledger import Need
from node.retrieve.patient import patient_of
from node.retrieve.questions import Candidate, Client, Keep, Question, is_lumbar, nearest
from node.settings import Settings, Source
from node.store import Store

Plan = Callable[[str, list[str]], None]  #: takes a source's name and StudyInstanceUIDs, before the transfer


@dataclass(frozen=True, slots=True)
class Case:
    """What an attempt has to know of the study whose case lacks something."""

    question: Question
    sources: tuple[Source, ...]
    taken: frozenset[str]  #: studies fetched for this patient, or about to be


class Attending:
    """Attends to needs.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    clients : mapping from a source's name to Client
    """

    def __init__(self, settings: Settings, engine: Engine, clients: dict[str, Client]) -> None:
        self._settings = settings
        self._readers = readers(engine)
        self._store = Store(settings.data_dir)
        self._clients = clients
        self._trail = Trail(settings)

    def attend(self, need: Need, plan: Plan, keep: Keep) -> str:
        """Fetch what a need asks for; return what was done, for people.

        Raises
        ------
        NothingToAsk
            Nobody has it, it has come by itself, or it is not to be fetched.
        RetrievalError
            A source failed, or did not give everything.
        """
        with self._readers() as session:
            case = self._case(session, need)
        source, chosen = self._search(need, case, keep)
        if not need.found:
            plan(source.name, [one.study_uid for one in chosen])
        for candidate in chosen:
            self._clients[source.name].fetch(candidate, keep)
        return f"{sum(one.instances for one in chosen)} instance(s) of {len(chosen)} study(ies)"

    def _case(self, session: Session, need: Need) -> Case:
        study, days = session.get_one(Study, need.study_id), self._settings.cases.pairing_days
        if study.study_date is None or study.patient_key is None:
            raise NothingToAsk("the study has no date, or no one patient")
        if not need.found and need.modality not in needs.lacking(session, study, days):
            raise NothingToAsk("it has come by itself")
        question = Question(
            patient_of(session, study, self._store),
            need.modality,
            study.study_date,
            *needs.window(study.study_date, days),
        )
        sources = tuple(needs.sources_for(session, study, self._settings))
        return Case(question, sources, frozenset(needs.spoken_for(session, study.patient_key)))

    def _search(self, need: Need, case: Case, keep: Keep) -> tuple[Source, list[Candidate]]:
        """Ask one source after the other; a failure counts only if none of the others has anything."""
        failures: list[str] = []
        for source in case.sources:
            keep()
            self._trail.queried(source.name, need.study_uid)
            try:
                candidates = self._clients[source.name].search(case.question)
            except RetrievalError as error:
                failures.append(str(error))
                continue
            if chosen := self._choose(need, case, candidates):
                return source, chosen
        if failures:
            raise RetrievalError("; ".join(failures))
        raise NothingToAsk("no source has a study of the lumbar spine that would help")

    def _choose(self, need: Need, case: Case, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return what to fetch: what an earlier attempt has begun, else the nearest.

        The nearest are what counts, wherever they are: if one of them is here, no other is fetched instead.
        """
        if need.found:
            return [one for one in candidates if one.study_uid in need.found]
        limits = self._settings.retrieval
        fitting = [
            one for one in candidates if one.instances <= limits.max_instances and is_lumbar(one, limits)
        ]
        chosen = nearest(fitting, case.question.day)[: limits.max_studies]
        with self._readers() as session:
            here = needs.here(session, {one.study_uid for one in chosen})
        return [one for one in chosen if one.study_uid not in here | case.taken]
