"""SEG and SRs attribute by attribute, against texts that are part of the repository.

A wanted change: UPDATE_GOLDEN=1 pytest tests/golden/test_result_objects.py, then read the difference.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from phantoms.readback import content_lines
from phantoms.results import (
    SeriesRecipe,
    analyse,
    evaluated,
    gather,
    not_evaluable,
    request,
    segment,
    write_series,
)
from pydicom import dcmread
from pydicom.dataset import Dataset

from pipelines.results import write_results
from pipelines.types import ResultFile, Role

FOLDER = Path(__file__).parent / "result_objects"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ResultFile]:
    folder = tmp_path_factory.mktemp("golden")
    recipe = SeriesRecipe(modality="MR", number=4, role=Role.MR_AXIAL_T2, shape=(3, 20, 24))
    volume = write_series(recipe, folder / "source")
    segmentation = segment(
        volume, "left multifidus", "disc 1 (level not determined)", levels_determined=False
    )
    case = gather({Role.MR_AXIAL_T2: analyse(segmentation)}, predictions=(evaluated(), not_evaluable()))
    return {result.path.stem: result for result in write_results(case, request(folder))}


def _attributes(dataset: Dataset, depth: int = 0) -> Iterator[str]:
    for element in dataset:
        name = f"{'  ' * depth}{element.tag} {element.VR} {element.keyword}"
        if element.VR == "SQ":
            for number, item in enumerate(element.value, start=1):
                yield f"{name} [{number}]"
                yield from _attributes(item, depth + 1)
        elif element.keyword == "PixelData":
            yield f"{name} = sha256 {hashlib.sha256(element.value).hexdigest()}"
        else:
            yield f"{name} = {element.value}"


def _lines(result: ResultFile) -> list[str]:
    dataset = dcmread(result.path)
    if result.kind == "seg":
        return [*_attributes(dataset.file_meta), *_attributes(dataset)]
    tree = list(content_lines(dataset))
    for keyword in ("ContentSequence", "ConceptNameCodeSequence", "ContentTemplateSequence"):
        del dataset[keyword]
    return [*_attributes(dataset), "", *tree]


@pytest.mark.parametrize("name", ["seg_mr_axial_t2", "measurements_mr_axial_t2", "risk"])
def test_the_object_is_as_agreed(name: str, written: dict[str, ResultFile]) -> None:
    found = "\n".join(line.rstrip() for line in _lines(written[name])) + "\n"
    golden = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")
