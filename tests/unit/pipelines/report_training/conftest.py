"""A small training output, fitted once; a test that changes it takes a copy."""

import shutil

import pytest
from phantoms.training_output import Plan, write_training_output


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    directory = tmp_path_factory.mktemp("training")
    plan = Plan(patients=100, external=40, repeats=2, recipe="paper", sites=("北京朝阳医院", "Köln", "Дом"))
    write_training_output(directory, plan)
    return directory


@pytest.fixture
def output(written, tmp_path):
    return shutil.copytree(written, tmp_path / "out")
