"""Put a model to use, or take it out of use: verified, copied, and recorded, in this order.

Loads the pipelines; only commands import this module. Workers see the change with their next job.
"""

import getpass
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from node import engine as database
from node.db import Model
from node.errors import ModelRefused, UnknownModel
from node.registry import records
from node.registry.folders import folder_of, install
from node.registry.packages import admitted, problems
from node.registry.records import Described, State
from node.settings import Settings


@dataclass(frozen=True, slots=True)
class Change:
    """What an order to the registry has come to."""

    name: str
    version: str
    digest: str
    was_active: bool = False  #: whether it was before
    instead_of: str | None = None  #: version of the model that was active before
    back_to: str | None = None  #: version that is active again
    skipped: tuple[str, ...] = ()  #: earlier models that do not verify, and why


def activate(settings: Settings, source: str, *, shadow: bool = False, force: bool = False) -> Change:
    """Make a model active, or a shadow, from the next job on.

    Parameters
    ----------
    settings : Settings
    source : str
        A folder, as training writes it, or NAME@VERSION of one that the site has already.
    shadow : bool
        Run it beside the active one, compared and not reported.
    force : bool
        Let a demonstration take the place of a model of the site's own.

    Raises
    ------
    UnknownModel
        Neither a folder nor a model of the site's own.
    ModelRefused
        The model does not verify, lacks something, or must not take the other's place.
    ConfigurationError
        The database cannot be used.
    """
    folder = located(settings, source)
    model, manifest = admitted(folder)
    engine = _opened(settings)
    try:
        _check_known(engine, model)
        if not (shadow or force):
            _check_no_demonstration_replaces(engine, model)
        target = folder_of(settings.models_folder, model.name, model.version)
        if folder.resolve() != target:
            install(folder, manifest.files, target, admitted)  # the copy is what the workers will read
        state = State.SHADOW if shadow else State.ACTIVE
        with database.sessions(engine).begin() as session:
            before = records.put(session, model, state, person())
            replaced = before.version if before else None
    finally:
        engine.dispose()
    return Change(model.name, model.version, model.digest, instead_of=replaced)


def retire(settings: Settings, name: str, version: str) -> Change:
    """Take a model out of use; its files are kept.

    The model that was active before it is active again if it still verifies, else the one before that, in the
    end the shipped one.

    Raises
    ------
    UnknownModel, ModelRefused, ConfigurationError
    """
    engine = _opened(settings)
    try:
        with database.readers(engine)() as session:
            row = records.find(session, name, version)
            was_active = row.state == State.ACTIVE
            earlier = records.previous(session, name) if was_active else ()
        back_to, skipped = _first_sound(settings, earlier)
        with database.sessions(engine).begin() as session:
            again = records.retire(session, name, version, back_to, person())
            restored = again.version if again else None
    finally:
        engine.dispose()
    return Change(name, version, row.digest, was_active, back_to=restored, skipped=skipped)


def located(settings: Settings, source: str) -> Path:
    """Return the folder that an argument means: a folder, or NAME@VERSION of the site's own.

    Raises
    ------
    UnknownModel
        Saying what it was looked for as.
    """
    if Path(source).is_dir():
        return Path(source)
    name, at, version = source.partition("@")
    folder = folder_of(settings.models_folder, name, version)
    if at and name and version and "/" not in source and folder.is_dir():
        return folder
    where = f"no folder, and no NAME@VERSION in {settings.models_folder}"
    raise UnknownModel(f"{source}: {where}; lumbar-node models list says what there is")


def person() -> str:
    """Return who is at work: user@host, for the history."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"[:128]


def _opened(settings: Settings) -> Engine:
    engine = database.create(settings)
    database.migrate(engine)
    return engine


def _check_no_demonstration_replaces(engine: Engine, model: Described) -> None:
    with database.readers(engine)() as session:
        active = records.active(session, model.name)
    if model.demonstration and active is not None and not active.demonstration:
        raise ModelRefused(
            f"{model.name}@{model.version} is a demonstration, trained on simulated patients, and would take "
            f"the place of the site's own {model.name}@{active.version}; --force if you mean it"
        )


def _check_known(engine: Engine, model: Described) -> None:
    """Refuse two models under one version: results name a model by it. The same one again mends damage."""
    with database.readers(engine)() as session:
        row = records.lookup(session, model.name, model.version)
    if row is not None and row.sha256 != model.sha256:
        raise ModelRefused(
            f"{model.name}@{model.version} is known with another manifest (sha256 {row.sha256[:12]}…, not "
            f"{model.sha256[:12]}…); activate what it came from, or train with another --version-name"
        )


def _first_sound(settings: Settings, earlier: tuple[Model, ...]) -> tuple[Model | None, tuple[str, ...]]:
    """Return the first that verifies, and what is wrong with those before it."""
    skipped: list[str] = []
    for row in earlier:
        wrong = problems(folder_of(settings.models_folder, row.name, row.version))
        if not wrong:
            return row, tuple(skipped)
        skipped.append(f"{row.name}@{row.version} does not verify: {wrong[0]}")
    return None, tuple(skipped)
