"""Whether the site's own models that the workers use still are what was activated."""

from collections.abc import Iterator

from node.doctor.check import Check
from node.errors import ConfigurationError
from node.settings import Settings


def site_models(settings: Settings) -> Iterator[Check]:
    """Verify the active models and the shadows; a shadow that fails costs a comparison, not a job."""
    from node.registry.listing import entries  # noqa: PLC0415 - slow, and the other checks shall be seen first

    try:
        found = [entry for entry in entries(settings) if entry.in_use and not entry.shipped]
    except ConfigurationError as error:
        yield Check("site models", "failed", str(error))
        return
    if not found:
        yield Check("site models", "ok", f"none in use of {settings.models_folder}: the shipped ones are")
    for entry in found:
        name = f"{entry.state} model {entry.name}@{entry.version}"
        for problem in entry.problems:
            yield Check(name, "failed" if entry.state == "active" else "warning", problem)
        if not entry.problems:
            yield Check(name, "ok", f"verified, sha256 {entry.digest[:12]}…")
