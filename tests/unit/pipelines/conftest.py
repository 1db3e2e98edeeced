"""One phantom case and its result objects, written once for all tests that only look at them."""

import pytest
from phantoms.results import ct_and_mr, request

from pipelines.results import write_results
from pipelines.types import Analysis, ResultFile


@pytest.fixture(scope="session")
def phantom_case(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return ct_and_mr(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="session")
def phantom_results(
    phantom_case: Analysis, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ResultFile, ...]:
    everything = request(tmp_path_factory.mktemp("results"), with_pdf=True, with_overlay=True)
    return write_results(phantom_case, everything)
