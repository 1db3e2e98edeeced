"""The report's chapters in their order."""

from datetime import datetime

from pipelines.report_training.blocks import Block, Chapter, Document, Text
from pipelines.report_training.chapters.answer import answer
from pipelines.report_training.chapters.checklists import checklists
from pipelines.report_training.chapters.comparison import comparison
from pipelines.report_training.chapters.methods import methods
from pipelines.report_training.chapters.patients import patients
from pipelines.report_training.chapters.performance import performance
from pipelines.report_training.chapters.selection import selection
from pipelines.report_training.chapters.trust import trust
from pipelines.report_training.markdown import blocks_of
from pipelines.report_training.study import Study
from pipelines.version import VERSION

_ORDER = (answer, performance, comparison, trust, patients, selection, methods)


def document_of(study: Study) -> Document:
    """Build the whole report; chapters without anything measured are left out."""
    chapters = [build(study) for build in _ORDER]
    chapters = [one for one in chapters if one.blocks]
    card = Chapter("card", "Model card", _card(study))
    titles = {one.key: one.title for one in (*chapters, card)} | {"checklists": "Checklists"}
    return Document(
        title=f"Training report: {study.metrics['title']}",
        subtitle=_subtitle(study),
        chapters=(*chapters, checklists(study, titles), card),
        foot=f"lumbar-node {VERSION} · RESEARCH USE ONLY",
    )


def _subtitle(study: Study) -> str:
    manifest = study.manifest
    parts = [f"predictor {study.metrics['predictor']}"]
    if manifest.get("version"):
        parts.append(f"version {manifest['version']}")
    if manifest.get("created"):
        parts.append(_day(str(manifest["created"])))
    if study.metrics.get("variant"):
        parts.append(f"inputs: {study.metrics['variant'].replace('_', ' ')}")
    return ", ".join(parts)


def _day(moment: str) -> str:
    try:
        return datetime.fromisoformat(moment).date().isoformat()
    except ValueError:
        return moment


def _card(study: Study) -> tuple[Block, ...]:
    if not study.card:
        return (Text("MODEL_CARD.md is not in the folder; it is written with the package."),)
    return blocks_of(study.card)
