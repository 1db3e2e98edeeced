"""Scan after scan: segment it, score it, cut it; a row that fails is a row with a reason."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pipelines.errors import ModelError, PipelineError
from pipelines.evaluation.cuts import Point, cut, cut_points, on_whole
from pipelines.evaluation.manifest import Row, RowError
from pipelines.evaluation.naming import Naming
from pipelines.evaluation.pictures import write_picture
from pipelines.evaluation.readback import labels_on
from pipelines.evaluation.reference import Reference, found_as_reference, read_reference, require_inside
from pipelines.evaluation.score import Score, score
from pipelines.evaluation.way import Segment, load, write_seg
from pipelines.types import Finding, Role, Segmentation, Volume

Progress = Callable[[str], None]

NO_OVERLAP = "NO_OVERLAP: the reference overlaps nothing that was found; is this the reference of this scan?"


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """What a truncated field of view was answered with."""

    cut: str
    verdict: str  #: of Naming, or "refused"
    remark: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What became of a row.

    Attributes
    ----------
    row : Row
    status : {"scored", "refused", "error"}
        "refused": the node would give no segmentation. "error": the row itself is wrong.
    score : Score or None
        Only of a scored one.
    reason : Finding or None
        Of one that is not.
    role : Role or None
        That the series was taken for.
    seconds : float
        That the segmentation took.
    cuts : tuple of CutAnswer
    """

    row: Row
    status: Literal["scored", "refused", "error"]
    score: Score | None = None
    reason: Finding | None = None
    role: Role | None = None
    seconds: float | None = None
    cuts: tuple[CutAnswer, ...] = ()

    @property
    def verdict(self) -> str:
        """Whether levels or sides are right, or the status."""
        return self.score.naming.verdict if self.score else self.status

    @property
    def remark(self) -> str:
        """Why there is no score, that it may be no score of this scan, or what was named wrong."""
        if self.reason:
            return f"{self.reason.code}: {self.reason.text}"
        return self.warning or (describe(self.score.naming) if self.score else "")

    @property
    def warning(self) -> str:
        """What makes a score doubtful, which counts all the same; empty if nothing does."""
        return NO_OVERLAP if self.score and not self.score.everything.dice else ""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What to do with every row.

    Attributes
    ----------
    out : Path
        Gets `seg/` and `pictures/`.
    segment : callable
        Volume -> Segmentation.
    clock : datetime
        Aware; of the SEGs.
    with_cuts, with_pictures : bool
    """

    out: Path
    segment: Segment
    clock: datetime
    with_cuts: bool = False
    with_pictures: bool = True

    def run(self, rows: Sequence[Row], progress: Progress = lambda line: None) -> list[ScanResult]:
        """Evaluate every row; see `evaluate`."""
        results = []
        for count, row in enumerate(rows, start=1):
            results.append(self.evaluate(row))
            progress(f"{count} of {len(rows)}: {summary(results[-1])}")
        return results

    def evaluate(self, row: Row) -> ScanResult:
        """Evaluate one row.

        Raises
        ------
        ModelError
            If the network cannot be used: no row can.
        """
        try:
            reference = read_reference(row)
            with TemporaryDirectory(prefix="lumbar-node-") as scratch:
                return self._scan(row, reference, load(row, Path(scratch)))
        except RowError as error:
            reason = Finding(error.code, f"row {row.number}: {error}")
            return ScanResult(row, "error", reason=reason)
        except ModelError:
            raise
        except PipelineError as error:
            return ScanResult(row, "refused", reason=Finding(error.code, str(error)))

    def _scan(self, row: Row, reference: Reference, volume: Volume) -> ScanResult:
        require_inside(reference, volume)
        start = time.perf_counter()
        segmentation = self.segment(volume)
        seconds = time.perf_counter() - start
        scored = self._score(segmentation, reference, self._path(row, "seg", ".dcm"))
        if self.with_pictures:
            title = f"{row.set_name} {row.scan}: any (all) {scored.everything.dice:.3f}, white: reference"
            write_picture(segmentation, reference, title, self._path(row, "pictures", ".png"))
        cuts = self._cuts(row, reference, volume, scored.naming) if self.with_cuts else ()
        return ScanResult(row, "scored", scored, None, volume.role, seconds, cuts)

    def _score(self, segmentation: Segmentation, reference: Reference, path: Path) -> Score:
        write_seg(segmentation, path, self.clock)
        return score(reference, *labels_on(path, reference.geometry))

    def _cuts(self, row: Row, reference: Reference, volume: Volume, naming: Naming) -> tuple[CutAnswer, ...]:
        """Cut at the reference's levels; for those that it lacks, at those of the whole, if it is right."""
        shown = [reference]
        if naming.verdict == "right":
            shown.append(found_as_reference(self._path(row, "seg", ".dcm")))
        points = cut_points(*shown).items()
        answers = (self._cut(row, reference, volume, name, point) for name, point in points)
        return tuple(answer for answer in answers if answer)

    def _cut(
        self, row: Row, reference: Reference, volume: Volume, name: str, point: Point
    ) -> CutAnswer | None:
        part = cut(volume, point)
        if part is None:
            return None
        try:
            segmentation = on_whole(self.segment(part[0]), volume, part[1])
            path = self._path(row, "seg", f"_{name.replace(' ', '-')}.dcm")
            naming = self._score(segmentation, reference, path).naming
        except ModelError:
            raise
        except PipelineError as error:
            return CutAnswer(name, "refused", f"{error.code}: {error}")
        return CutAnswer(name, naming.verdict, describe(naming))

    def _path(self, row: Row, folder: str, ending: str) -> Path:
        return self.out / folder / f"{row.stem}{ending}"


def describe(naming: Naming) -> str:
    """Say what was named wrong; nothing if all is right."""
    return "; ".join(f"{given} is {truth}" for given, truth in naming.wrong)


def summary(result: ScanResult) -> str:
    """One line about a scan."""
    name = f"{result.row.set_name} {result.row.scan}"
    if result.score is None:
        return f"{name}: {result.status}, {result.remark}"
    scored = result.score
    dice = {"any (all)": scored.everything.dice, "any": scored.union, "levels": scored.levels}
    figures = ", ".join(f"{key} {value:.3f}" for key, value in dice.items() if value is not None)
    cuts = "".join(f"; {one.cut}: {one.verdict}" for one in result.cuts)
    warning = f"; {result.warning}" if result.warning else ""
    return f"{name}: {figures}; {scored.naming.verdict} ({result.seconds:.1f} s){warning}{cuts}"
