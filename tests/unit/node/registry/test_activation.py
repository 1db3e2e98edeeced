"""Activate and retire, with the command line, real packages and a real database."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from models.manifest import read_manifest, write_manifest
from node import engine as database
from node.cli.errors import ExitCode
from node.db import Model, ModelEvent
from node.registry import records
from node.registry.folders import folder_of
from node.settings import Settings

Models = Callable[..., Result]
Trained = Callable[..., Path]


def states(settings: Settings) -> dict[str, str]:
    engine = database.create(settings)
    with database.readers(engine)() as session:
        found = {row.version: row.state for row in session.scalars(select(Model))}
    engine.dispose()
    return found


def history(settings: Settings) -> list[tuple[str, str]]:
    engine = database.create(settings)
    with database.readers(engine)() as session:
        rows = session.scalars(select(ModelEvent).order_by(ModelEvent.id)).all()
    engine.dispose()
    assert all(len(row.digest) == 64 and "@" in row.who for row in rows)
    return [(row.version, row.action) for row in rows]


def refused(done: Result, *texts: str, code: ExitCode = ExitCode.NOT_USABLE) -> None:
    """One line, which says what is wrong; nothing else happened."""
    assert done.exit_code == code, done.output
    assert done.stderr.count("\n") == 1
    assert [text for text in texts if text not in done.stderr] == []


def rewrite(folder: Path, **changes: object) -> None:
    """Write a manifest anew, digests and all, with other values at its top; None takes a key away."""
    values = json.loads((folder / "manifest.json").read_text())
    kept = {key: value for key, value in {**values, **changes}.items() if value is not None}
    write_manifest(folder, kept)


def test_a_package_is_verified_copied_and_used(models: Models, trained: Trained, settings: Settings) -> None:
    done = models("activate", trained())
    assert done.exit_code == ExitCode.OK, done.output
    assert "pain@1.0" in done.stdout and "is active from the next job on" in done.stdout
    folder = settings.models_folder / "pain" / "1.0"
    names = {path.name for path in folder.iterdir()}
    assert names == {*read_manifest(folder).files, "manifest.json", "MODEL_CARD.md"}  # no patient's row
    assert states(settings) == {"1.0": "active"}
    assert history(settings) == [("1.0", "activated")]


def test_the_newer_takes_its_place_and_retiring_goes_back_step_by_step(
    models: Models, trained: Trained, settings: Settings
) -> None:
    for version in ("1.0", "1.1", "1.2"):
        done = models("activate", trained(version))
        assert done.exit_code == ExitCode.OK, done.output
    assert "pain@1.1 is kept" in done.stdout
    assert states(settings) == {"1.0": "candidate", "1.1": "candidate", "1.2": "active"}
    assert "pain@1.1 is active again" in models("retire", "pain@1.2").stdout
    assert "pain@1.0 is active again" in models("retire", "pain@1.1").stdout
    assert "shipped default" in models("retire", "pain@1.0").stdout
    assert set(states(settings).values()) == {"retired"}
    assert history(settings)[-3:] == [("1.1", "retired"), ("1.0", "restored"), ("1.0", "retired")]
    assert all((settings.models_folder / "pain" / version).is_dir() for version in states(settings))
    refused(models("retire", "pain@1.0"), "retired already")


def test_a_retired_model_comes_back_by_its_name(models: Models, trained: Trained, settings: Settings) -> None:
    models("activate", trained())
    models("retire", "pain@1.0")
    assert models("activate", "pain@1.0").exit_code == ExitCode.OK
    assert states(settings) == {"1.0": "active"}


def test_what_does_not_verify_is_passed_over_when_going_back(
    models: Models, trained: Trained, settings: Settings
) -> None:
    for version in ("1.0", "1.1", "1.2"):
        models("activate", trained(version))
    (settings.models_folder / "pain" / "1.1" / "predictor.json").write_text("{}")
    done = models("retire", "pain@1.2")
    assert "passed over: pain@1.1 does not verify" in done.stderr and "predictor.json" in done.stderr
    assert "pain@1.0 is active again" in done.stdout


def test_a_shadow_stands_beside_the_active_one(models: Models, trained: Trained, settings: Settings) -> None:
    models("activate", trained())
    assert "compared, not reported" in models("activate", trained("1.1"), "--shadow").stdout
    assert states(settings) == {"1.0": "active", "1.1": "shadow"}
    refused(models("activate", "pain@1.0", "--shadow"), "pain@1.0 is active", "retire pain@1.0")
    assert models("activate", "pain@1.1").exit_code == ExitCode.OK
    assert states(settings) == {"1.0": "candidate", "1.1": "active"}
    assert "nothing else changes" in models("retire", "pain@1.0").stdout
    assert states(settings) == {"1.0": "retired", "1.1": "active"}


def test_damaged_files_are_named_and_nothing_changes(
    models: Models, trained: Trained, settings: Settings
) -> None:
    folder = trained()
    file = next(folder.glob("*.skops"))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    refused(models("activate", folder), str(file), "damaged or replaced")
    file.unlink()
    refused(models("activate", folder), str(file), "missing")
    assert not settings.models_folder.exists()


def test_another_profile_is_refused(models: Models, trained: Trained) -> None:
    folder = trained(profiles={"paper@1": "0" * 64})
    refused(models("activate", folder), "trained on features of paper@1", "train it anew")


@pytest.mark.parametrize("key", ["profiles", "thresholds", "demonstration"])
def test_a_setting_that_is_not_said_is_refused(models: Models, trained: Trained, key: str) -> None:
    folder = trained()
    values = json.loads((folder / "manifest.json").read_text())["settings"]
    del values[key]
    rewrite(folder, settings=values)
    refused(models("activate", folder), str(folder), key)


@pytest.mark.parametrize("key", ["license", "intended_use", "training_data", "version", "files"])
def test_a_manifest_without_a_field_is_refused(models: Models, trained: Trained, key: str) -> None:
    folder = trained()
    path = folder / "manifest.json"
    values = json.loads(path.read_text())
    del values[key]
    path.write_text(json.dumps(values))
    refused(models("activate", folder), f"{path}: the manifest lacks {key}")


@pytest.mark.parametrize("version", ["../1", "1/2", ".hidden", "", "x" * 65, "1 0"])
def test_a_version_that_is_no_folder_is_refused(
    models: Models, trained: Trained, settings: Settings, version: str
) -> None:
    folder = trained()
    rewrite(folder, version=version)
    refused(models("activate", folder), "the model's version is", "allowed: 1 to 64 letters")
    assert not settings.models_folder.exists()


def test_a_demonstration_takes_no_place_of_the_site_s_own_unless_forced(
    models: Models, trained: Trained, settings: Settings
) -> None:
    demonstration = trained("2.0", demonstration=True)
    assert models("activate", demonstration).exit_code == ExitCode.OK  # instead of the shipped one
    assert models("activate", trained()).exit_code == ExitCode.OK
    refused(models("activate", "pain@2.0"), "pain@2.0 is a demonstration", "site's own pain@1.0", "--force")
    assert states(settings)["1.0"] == "active"
    assert models("activate", "pain@2.0", "--force").exit_code == ExitCode.OK
    assert states(settings)["2.0"] == "active"


def test_another_model_under_a_known_version_is_refused_and_the_same_mends(
    models: Models, trained: Trained, settings: Settings, tmp_path: Path
) -> None:
    first = trained()
    models("activate", first)
    other = tmp_path / "other"
    shutil.copytree(trained("1.1"), other)
    rewrite(other, version="1.0")
    refused(models("activate", other), "pain@1.0 is known with another manifest", "another --version-name")
    copy = folder_of(settings.models_folder, "pain", "1.0")
    (copy / "predictor.json").unlink()
    assert models("verify", "pain@1.0").exit_code == ExitCode.NOT_USABLE
    assert models("activate", first).exit_code == ExitCode.OK
    assert models("verify", "pain").exit_code == ExitCode.OK


def test_thresholds_changed_by_hand_are_noticed(models: Models, trained: Trained, settings: Settings) -> None:
    models("activate", trained())
    copy = folder_of(settings.models_folder, "pain", "1.0")
    rewrite(copy, settings=read_manifest(copy).settings | {"thresholds": {"moderate": 0.1, "high": 0.2}})
    done = models("verify", "pain@1.0")
    assert (done.exit_code, "changed since it was activated" in done.stderr) == (ExitCode.NOT_USABLE, True)
    refused(models("activate", "pain@1.0"), "known with another manifest")


def test_only_predictors_are_activated(models: Models, settings: Settings) -> None:
    from models.manifest import WEIGHTS

    refused(models("activate", WEIGHTS / "vit"), "a backbone model")
    refused(models("activate", WEIGHTS / "ct"), "a segmentation model", "[segmentation]")


@pytest.mark.parametrize("source", ["none", "pain@9", "pain", "@1", "pain@", "../x@1", "a/b@c"])
def test_what_is_not_there_is_said(models: Models, source: str) -> None:
    refused(models("activate", source), f"{source}: no folder, and no NAME@VERSION", code=ExitCode.USAGE)


def test_a_folder_that_is_no_model(models: Models, tmp_path: Path) -> None:
    refused(models("activate", tmp_path), f"{tmp_path}/manifest.json: the model's manifest cannot be read")


def test_retire_names_what_there_is(models: Models, trained: Trained) -> None:
    models("activate", trained())
    refused(models("retire", "pain@7"), "no model pain@7", "pain@1.0", code=ExitCode.USAGE)
    refused(models("retire", "asdeg@0.1.0"), "none of this name", code=ExitCode.USAGE)
    refused(models("retire", "pain"), "name the version too", code=ExitCode.USAGE)


def test_no_two_models_of_a_name_are_active(models: Models, trained: Trained, settings: Settings) -> None:
    from sqlalchemy.exc import IntegrityError

    models("activate", trained())
    models("activate", trained("1.1"))
    engine = database.create(settings)
    with pytest.raises(IntegrityError), database.sessions(engine).begin() as session:
        records.find(session, "pain", "1.0").state = "active"
    engine.dispose()


def test_a_copy_that_cannot_be_made_leaves_everything_as_it_was(
    models: Models, trained: Trained, settings: Settings
) -> None:
    settings.data_dir.mkdir()
    settings.models_folder.write_text("in the way")
    refused(models("activate", trained()), str(settings.models_folder), code=ExitCode.FAILED)
    settings.models_folder.unlink()
    assert states(settings) == {}
