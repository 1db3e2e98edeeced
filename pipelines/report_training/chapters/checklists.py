"""TRIPOD+AI and CLEAR, filled as far as a program can; what only the site knows is left open and said so."""

import tomllib
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Any, Final

from pipelines.readable import ROLES
from pipelines.report_training.blocks import Block, Chapter, Table, Text
from pipelines.report_training.study import Study

FILES: Final = ("tripod_ai.toml", "clear.toml")
SITE: Final = "To be filled by the site"
_LACKING: Final[Mapping[str, str]] = {
    "external": "no external patients were given",
    "sites": "one site only",
    "clinical": "no clinical variables were given",
    "flow": "no flow was recorded",
    "drift": "scanners are not known, or too few patients per scanner",
    "node": "the features were not computed by this node; describe how they were",
    "selection": "study/selection.json is not here",
    "comparisons": "there is one model only",
    "icc": "no stability table was given (--icc)",
}


def checklists(study: Study, chapters: Mapping[str, str]) -> Chapter:
    """Fill both lists.

    Parameters
    ----------
    study : Study
    chapters : mapping of str to str
        Key to title of the chapters that the report has.
    """
    met = measured(study)
    blocks: list[Block] = [
        Text(
            "Filled by the program as far as it can know. It cannot know how patients were chosen, treated "
            "and "
            f'followed: such items read "{SITE}".'
        )
    ]
    for name in FILES:
        text = files("pipelines.report_training").joinpath("checklists", name).read_text(encoding="utf-8")
        blocks.append(_table(tomllib.loads(text), met, chapters))
    return Chapter("checklists", "Checklists", tuple(blocks))


def measured(study: Study) -> frozenset[str]:
    """Name what was given and measured, of what the items need."""
    metrics, cohort = study.metrics, study.cohort
    features = [one for block in study.selection.values() for one in block.get("path") or ()]
    found = {
        "external": bool(study.of(study.headline).get("external")),
        "sites": len(study.of(study.headline).get("sites") or {}) > 1,
        "clinical": study.clinical is not None
        and any(str(name).startswith("clinical.") for name in study.clinical),
        "flow": bool(cohort.get("flow")),
        "drift": bool(cohort.get("drift")),
        "node": any(name.split(".", 1)[0] in ROLES for name in features),
        "selection": bool(study.selection),
        "comparisons": bool(metrics.get("comparisons")),
        "icc": bool(metrics.get("icc")),
    }
    return frozenset(name for name, there in found.items() if there)


def _table(checklist: Mapping[str, Any], met: Collection[str], chapters: Mapping[str, str]) -> Table:
    rows = tuple((one["no"], one["text"], _where(one, met, chapters)) for one in checklist["item"])
    open_ = sum(row[2].startswith(SITE) for row in rows)
    caption = f"{checklist['title']}: {len(rows)} items, {open_} to be filled by the site."
    return Table(
        ("Item", "Topic", "Where"), rows, caption, checklist["source"] + ".", (0.6, 3.4, 4), numeric=False
    )


def _where(one: Mapping[str, Any], met: Collection[str], chapters: Mapping[str, str]) -> str:
    note = f" ({one['note']})" if one.get("note") else ""
    if one.get("needs") and one["needs"] not in met:
        return f"{SITE}: {_LACKING[one['needs']]}"
    if one["chapter"] not in chapters:
        return SITE + note
    title = chapters[one["chapter"]]
    return f"{'Partly: ' if one.get('partly') else ''}{title}{note}"
