"""The tables: per set, scan and structure, as CSV for machines and Markdown for people."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from pipelines.evaluation.cuts import ABOVE, THROUGH_S1
from pipelines.evaluation.evaluate import CutAnswer, ScanResult
from pipelines.evaluation.score import Fit, Score

Line = Mapping[str, Any]

WHOLE = "whole"  #: the field of view as it is, among the cuts

NOTES = """\
Strict volume Dice on the reference's grid, through DICOM in and DICOM SEG out: no region of interest, no
tolerance. "any" is the union of the reference's structures against those found under the same names, "any
(all)" against everything found of these kinds whatever its name, "levels" the mean over the named structures.
A scan that was refused counts as 0 in all three, a level that was not determined as 0 in "any" and "levels".
"95 % surface" (mm) and "volume ratio" (found / reference) are those of "any (all)", over the scans that were
not refused."""


def write_tables(results: Sequence[ScanResult], folder: Path) -> None:
    """Write sets.csv, scans.csv, structures.csv, cuts.csv (if anything was cut) and evaluation.md.

    Parameters
    ----------
    results : sequence of ScanResult
    folder : Path
        Exists.
    """
    tables = {
        "sets": [_set_line(name, of_set) for name, of_set in by_set(results).items()],
        "scans": [_scan_line(one) for one in results],
        "structures": [line for one in results for line in _structure_lines(one)],
        "cuts": [_cut_line(one, answer) for one in results for answer in one.cuts],
    }
    for name, lines in tables.items():
        if lines:
            _write_csv(folder / f"{name}.csv", lines)
    (folder / "evaluation.md").write_text(_page(results, tables), encoding="utf-8")


def by_set(results: Iterable[ScanResult]) -> dict[str, list[ScanResult]]:
    """Group by set, in the manifest's order; rows that could not be used are left out."""
    sets: dict[str, list[ScanResult]] = {}
    for one in results:
        if one.status != "error":
            sets.setdefault(one.row.set_name, []).append(one)
    return sets


def _set_line(name: str, results: Sequence[ScanResult]) -> Line:
    scores = [one.score for one in results if one.score]
    verdicts = [one.verdict for one in results]
    return {
        "set": name,
        "scans": len(results),
        "refused": verdicts.count("refused"),
        "levels right": verdicts.count("right"),
        "not determined": verdicts.count("not determined"),
        "WRONG": verdicts.count("wrong"),
        "any (all)": _mean([s.everything.dice for s in scores], len(results)),
        "any": _mean([s.union for s in scores], len(results)),
        "levels": _mean([s.levels for s in scores], len(results)),
        "levels (determined)": _mean([s.levels for s in scores if s.naming.right or s.naming.wrong]),
        "95 % surface": _mean([s.everything.surface_mm for s in scores]),
        "volume ratio": _mean([s.everything.ratio for s in scores]),
    }


def _scan_line(one: ScanResult) -> Line:
    fit = one.score.everything if one.score else None
    return {
        "set": one.row.set_name,
        "scan": one.row.scan,
        "role": one.role or "",
        "status": one.status,
        "levels or sides": one.verdict,
        "any (all)": _of(one.score, lambda s: s.everything.dice),
        "any": _of(one.score, lambda s: s.union),
        "levels": _of(one.score, lambda s: s.levels),
        "95 % surface": fit and fit.surface_mm,
        "volume ratio": fit and fit.ratio,
        "seconds": one.seconds,
        "reason": one.remark,
    }


def _structure_lines(one: ScanResult) -> Iterable[Line]:
    for structure, fit in (one.score.structures if one.score else {}).items():
        yield {
            "set": one.row.set_name,
            "scan": one.row.scan,
            "structure": structure,
            "dice": fit.dice,
            "95 % surface": fit.surface_mm,
            "volume ratio": fit.ratio,
            "reference cm3": fit.reference_cm3,
            "found cm3": fit.found_cm3,
        }


def _cut_line(one: ScanResult, answer: CutAnswer) -> Line:
    return {
        "set": one.row.set_name,
        "scan": one.row.scan,
        "cut": answer.cut,
        "answer": answer.verdict,
        "remark": answer.remark,
    }


def _page(results: Sequence[ScanResult], tables: Mapping[str, Sequence[Line]]) -> str:
    parts = ["# Segmentation, measured", NOTES, _markdown(tables["sets"])]
    if tables["cuts"]:
        parts += ["## Truncated fields of view", _markdown(_cut_counts(results))]
        wrong = [line for line in tables["cuts"] if line["answer"] == "wrong"]
        parts += ["### Wrong", _markdown(wrong)] if wrong else []
    parts += ["## Structures", _markdown(_structure_means(results)), "## Scans", _markdown(tables["scans"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _structure_means(results: Iterable[ScanResult]) -> list[Line]:
    """Means over the scans of a set that show a structure; Dice counts one that was not found as 0."""
    fits: dict[tuple[str, str], list[Fit]] = {}
    for one in results:
        for structure, fit in (one.score.structures if one.score else {}).items():
            fits.setdefault((one.row.set_name, structure), []).append(fit)
    return [
        {
            "set": name,
            "structure": structure,
            "scans": len(found),
            "found": sum(fit.found_cm3 > 0 for fit in found),
            "dice": _mean([fit.dice for fit in found]),
            "95 % surface": _mean([fit.surface_mm for fit in found]),
            "volume ratio": _mean([fit.ratio for fit in found]),
        }
        for (name, structure), found in fits.items()
    ]


def _cut_counts(results: Sequence[ScanResult]) -> list[Line]:
    """Answers per set and cut."""
    lines: list[Line] = []
    for name, of_set in by_set(results).items():
        for cut in (WHOLE, THROUGH_S1, *ABOVE):
            answers = _answers([one for one in of_set if one.cuts], cut)
            counts = {
                "right": "right",
                "not determined": "not determined",
                "refused": "refused",
                "WRONG": "wrong",
            }
            if answers:
                lines.append(
                    {"set": name, "cut": cut, "scans": len(answers)}
                    | {column: answers.count(verdict) for column, verdict in counts.items()}
                )
    return lines


def _answers(results: Iterable[ScanResult], cut: str) -> list[str]:
    if cut == WHOLE:
        return [one.verdict for one in results]
    return [answer.verdict for one in results for answer in one.cuts if answer.cut == cut]


def _of(score: Score | None, value: Callable[[Score], float | None]) -> float | None:
    return value(score) if score else None


def _mean(values: Iterable[float | None], count: int | None = None) -> float | None:
    """Mean over the values there are, or over `count` scans, of which the others count as 0."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return fmean(known) if count is None else sum(known) / count


def _write_csv(path: Path, lines: Sequence[Line]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(lines[0])
        writer.writerows([_text(value, 4) for value in line.values()] for line in lines)


def _markdown(lines: Sequence[Line]) -> str:
    if not lines:
        return ""
    rows = [list(lines[0]), ["---"] * len(lines[0])]
    rows += [[_text(value, 3).replace("|", "\\|") for value in line.values()] for line in lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _text(value: Any, digits: int) -> str:
    if value is None:
        return ""
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)
