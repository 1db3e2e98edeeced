"""List, show and verify; what is damaged is explained, and asking changes nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import update

from models.manifest import WEIGHTS, read_manifest
from node import engine as database
from node.cli.errors import ExitCode
from node.db import Model
from node.doctor.registry import site_models
from node.settings import Settings

Models = Callable[..., Result]
Trained = Callable[..., Path]


def line(done: Result, *words: str) -> str:
    (found,) = [one for one in done.stdout.splitlines() if one.split()[: len(words)] == list(words)]
    return found


def test_a_fresh_site_has_the_shipped_models_and_stays_untouched(models: Models, settings: Settings) -> None:
    done = models("list")
    assert done.exit_code == ExitCode.OK
    for path in WEIGHTS.glob("*/manifest.json"):
        assert "shipped default" in line(done, path.parent.name) and line(done, path.parent.name).endswith(
            "yes"
        )
    assert "backbone" in line(done, "vit") and "segmentation" in line(done, "ct")
    assert "predictor" in line(done, "pain")
    assert not settings.data_dir.exists()


def test_states_of_the_site_s_own(models: Models, trained: Trained) -> None:
    for version in ("1.0", "1.1"):
        models("activate", trained(version))
    models("activate", trained("1.2"), "--shadow")
    done = models("list")
    assert "shipped, replaced" in line(done, "pain", read_manifest(WEIGHTS / "pain").version)
    assert "shipped default" in line(done, "asdeg")
    assert line(done, "pain", "1.0").split()[3:5] == ["candidate", "no"]
    assert line(done, "pain", "1.1").split()[3:5] == ["active", "no"]
    assert line(done, "pain", "1.2").split()[3] == "shadow"


def test_a_folder_copied_by_hand_is_a_candidate(models: Models, trained: Trained, settings: Settings) -> None:
    shutil.copytree(trained("3"), settings.models_folder / "pain" / "3")
    assert "candidate" in line(models("list"), "pain", "3")
    assert models("activate", "pain@3").exit_code == ExitCode.OK
    assert "active" in line(models("list"), "pain", "3")


def test_show_tells_use_figures_and_history(models: Models, trained: Trained) -> None:
    models("activate", trained())
    done = models("show", "pain@1.0")
    for text in ("active", "Tests of the node.", "train_patients", "activated by", "thresholds", "verified"):
        assert text in done.stdout
    assert models("show", "pain").stdout.count("intended use") == 2  # the shipped one too
    assert models("show", "ct").exit_code == ExitCode.OK


@pytest.mark.parametrize("command", ["show", "verify"])
def test_an_unknown_model_is_one_line(models: Models, command: str) -> None:
    done = models(command, "paint")
    assert done.exit_code == ExitCode.USAGE
    assert "no model is called 'paint'; lumbar-node models list" in done.stderr


def test_verify_names_every_file_and_says_what_to_do(
    models: Models, trained: Trained, settings: Settings
) -> None:
    models("activate", trained())
    folder = settings.models_folder / "pain" / "1.0"
    count = len(read_manifest(folder).files)
    assert f"pain@1.0: {count} files verified" in models("verify", "pain@1.0").stdout
    (folder / "predictor.json").write_text("{}")
    next(folder.glob("*.skops")).unlink()
    done = models("verify")
    assert done.exit_code == ExitCode.NOT_USABLE
    assert f"{folder}/predictor.json: damaged or replaced" in done.stderr
    assert ".skops: the model file is missing" in done.stderr
    assert "lumbar-node models retire pain@1.0" in done.stderr
    assert f"ct@{read_manifest(WEIGHTS / 'ct').version}: 1 files verified" in done.stdout
    assert "1 of the models cannot be used" in done.stderr


def test_a_missing_folder_and_a_row_that_names_none_are_explained(
    models: Models, trained: Trained, settings: Settings
) -> None:
    models("activate", trained())
    shutil.rmtree(settings.models_folder / "pain" / "1.0")
    done = models("list")
    assert done.exit_code == ExitCode.OK
    assert line(done, "pain", "1.0", "predictor", "active").endswith("NO")
    assert "pain/1.0/manifest.json: the model's manifest cannot be read" in done.stdout
    assert "models retire pain@1.0" in done.stdout
    assert models("show", "pain@1.0").exit_code == ExitCode.OK
    engine = database.create(settings)
    with database.sessions(engine).begin() as session:
        session.execute(update(Model).values(name="../../etc", version="x"))
    engine.dispose()
    assert models("verify", "../../etc@x").exit_code == ExitCode.NOT_USABLE
    assert models("retire", "../../etc@x").exit_code == ExitCode.OK


def test_a_damaged_database_is_one_line(models: Models, settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "node.db").write_bytes(b"no database " * 1000)
    done = models("list")
    assert done.exit_code == ExitCode.USAGE
    assert "file is not a database" in done.stderr and done.stderr.count("\n") == 1


def test_the_doctor_tells_active_models_from_shadows(
    models: Models, trained: Trained, settings: Settings
) -> None:
    assert [check.verdict for check in site_models(settings)] == ["ok"]
    models("activate", trained())
    models("activate", trained("1.1"), "--shadow")
    assert [(c.name, c.verdict) for c in site_models(settings)] == [
        ("active model pain@1.0", "ok"),
        ("shadow model pain@1.1", "ok"),
    ]
    for version in ("1.0", "1.1"):
        (settings.models_folder / "pain" / version / "predictor.json").write_text("{}")
    found = list(site_models(settings))
    assert [check.verdict for check in found] == ["failed", "warning"]
    assert all("predictor.json" in check.text for check in found)
