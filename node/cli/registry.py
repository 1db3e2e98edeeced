"""`lumbar-node models list|show|verify|activate|retire|compare`: the site's own models."""

from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Config

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from node.registry.listing import Entry

Reference = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="asdeg, pain, ct …; asdeg@1.2")]


def list_(config: Config = None) -> None:
    """List the models: shipped and the site's own, what each is used for, and whether it verifies."""
    with one_line():
        from node.cli import models_tables
        from node.registry.listing import entries
        from node.settings import load

        models_tables.show_list(_console(), list(entries(load(config))))


def show(model: Reference, config: Config = None) -> None:
    """Show a model: what it is for, what it has learnt from, its figures, and where it is used."""
    with one_line():
        from node.cli import models_tables
        from node.registry.listing import entries
        from node.registry.usage import usage
        from node.settings import load

        settings = load(config)
        name, version = _parts(model)
        found = _some(entries(settings, name, version), model)
        for entry in found:
            models_tables.show_one(_console(), entry, usage(settings, entry))


def verify(
    model: Annotated[
        str | None, typer.Argument(metavar="[NAME[@VERSION]]", help="Without: every model.")
    ] = None,
    config: Config = None,
) -> None:
    """Check every file of the models against its digest, the types and tensors in it, and the profiles."""
    wrong = 0
    with one_line():
        from node.registry.listing import entries
        from node.settings import load

        name, version = _parts(model) if model else (None, None)
        for entry in _some(entries(load(config), name, version), model or ""):
            files = len(entry.manifest.files) if entry.manifest else 0
            if not entry.problems:
                typer.echo(f"{entry.name}@{entry.version}: {files} files verified, {entry.digest[:12]}…")
            for problem in entry.problems:
                typer.echo(f"lumbar-node: {entry.name}@{entry.version}: {problem}", err=True)
            wrong += bool(entry.problems)
    if wrong:
        raise fail(f"{wrong} of the models cannot be used as they are", ExitCode.NOT_USABLE)


def activate(
    model: Annotated[str, typer.Argument(metavar="DIR|NAME@VERSION", help="A folder that training wrote.")],
    config: Config = None,
    *,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Run it beside the active one: compared, not reported.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Let a demonstration take the place of the site's own.")
    ] = False,
) -> None:
    """Verify a predictor, copy it to the site's models, and use it from the next job on: no restart."""
    with one_line():
        from node.registry.activation import activate as put
        from node.settings import load

        done = put(load(config), model, shadow=shadow, force=force)
    use = "runs as a shadow: compared, not reported" if shadow else "is active from the next job on"
    before = f"; {done.name}@{done.instead_of} is kept" if done.instead_of else ""
    typer.echo(f"{done.name}@{done.version} ({done.digest[:12]}…) {use}{before}")


def retire(
    model: Annotated[str, typer.Argument(metavar="NAME@VERSION")],
    config: Config = None,
) -> None:
    """Take a model out of use; the one before it is active again, or the shipped one. Its files are kept."""
    with one_line():
        from node.registry.activation import retire as take
        from node.settings import load

        name, version = _parts(model)
        if version is None:
            raise fail(f"{model}: name the version too: {model}@VERSION", ExitCode.USAGE)
        done = take(load(config), name, version)
    for one in done.skipped:
        typer.echo(f"lumbar-node: passed over: {one}", err=True)
    typer.echo(f"{name}@{version} is retired; {_in_place(name, done.was_active, done.back_to)}")


def compare(
    name: Annotated[str, typer.Argument(help="What is predicted: asdeg, pain …")],
    config: Config = None,
) -> None:
    """Compare the shadow models of a name with the active one, on the studies that both have seen."""
    with one_line():
        from node.cli import models_tables
        from node.registry.usage import comparisons
        from node.settings import load

        found = comparisons(load(config), name)
        if not found:
            advice = (
                f"lumbar-node models activate DIR --shadow, then send studies (is {name} the right name?)"
            )
            raise fail(f"no shadow model has answered for {name!r} yet; {advice}", ExitCode.NOT_USABLE)
        for one in found:
            models_tables.show_comparison(_console(), one)


def _in_place(name: str, was_active: bool, back_to: str | None) -> str:
    if back_to:
        return f"{name}@{back_to} is active again"
    return f"{name}: the shipped default, if there is one, is used" if was_active else "nothing else changes"


def _some(entries: "Iterable[Entry]", asked: str) -> "list[Entry]":
    from node.errors import UnknownModel

    found = list(entries)
    if not found:
        raise UnknownModel(f"no model is called {asked!r}; lumbar-node models list says what there is")
    return found


def _parts(reference: str) -> tuple[str, str | None]:
    name, _, version = reference.partition("@")
    return name, version or None


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)
