"""From what Pydantic finds wrong with the settings to lines that a person can act on."""

import json
import re
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

PREFIX = "LUMBAR_NODE_"
SEPARATOR = "__"
Place = tuple[int | str, ...]
SECRETS = frozenset({"token", "password"})  #: keys whose values are never shown

#: the password of a URL: from the user's colon to the last @ (it may hold a @ or / itself), or a parameter
_PASSWORD = re.compile(r"(://[^:/@]*:).*(?=@)|(password=)[^&]*")


def explain(error: ValidationError, model: type[BaseModel], environment: Mapping[str, str]) -> list[str]:
    """Return a line per problem: the variable it comes from, if any, the key, what is allowed, the value.

    Parameters
    ----------
    error : ValidationError
    model : type of BaseModel
        The settings.
    environment : mapping
        Environment variables; those that begin with `PREFIX` count.
    """
    return [_line(problem, model, environment) for problem in error.errors()]


def unknown_variables(model: type[BaseModel], environment: Mapping[str, str]) -> list[str]:
    """Return a line per variable that begins with `PREFIX` and names no setting."""
    names = [name for name in environment if name.upper().startswith(PREFIX)]
    known = {key.upper() for key in model.model_fields}
    allowed = ", ".join(f"{PREFIX}{key}" for key in sorted(known))
    return [
        f"{name}: no setting has this name; allowed: {allowed}, and {PREFIX}<SECTION>{SEPARATOR}<KEY>"
        for name in sorted(names)
        if _path(name)[0] not in known
    ]


def unreadable_variables(model: type[BaseModel], environment: Mapping[str, str]) -> list[str]:
    """Return a line per variable that stands for a section or a list and is not JSON."""
    return [
        f"{name}: not valid JSON (given: {environment[name]!r})"
        for name in sorted(environment)
        if name.upper().startswith(PREFIX)
        and _is_section(model, _path(name))
        and not _is_json(environment[name])
    ]


def masked(url: str) -> str:
    """Return a URL without its password, also where it is no valid one."""
    return _PASSWORD.sub(lambda found: f"{found[1] or found[2]}***", url)


def _line(problem: Any, model: type[BaseModel], environment: Mapping[str, str]) -> str:
    if not problem["loc"]:
        return str(problem["msg"])
    section, place = _follow(model, problem["loc"])
    message, given = str(problem["msg"]).removeprefix("Value error, "), f" (given: {_given(problem)})"
    if problem["type"] == "extra_forbidden":
        message = f"unknown key; allowed: {', '.join(section.model_fields)}"
    if problem["type"] == "missing":
        given = ""
    variable = _variable(place, environment)
    return f"{f'{variable}: ' if variable else ''}{'.'.join(map(str, place))}: {message}{given}"


def _given(problem: Any) -> str:
    place, value = problem["loc"], problem["input"]
    if place[-1] in SECRETS:
        return "***"
    return repr(_hide(value))


def _hide(value: Any) -> Any:
    """Return a value with its secrets replaced, in a section and in URLs."""
    if isinstance(value, str):
        return masked(value)
    if not isinstance(value, dict):
        return value
    return {key: "***" if key in SECRETS else _hide(inner) for key, inner in value.items()}


def _variable(place: Place, environment: Mapping[str, str]) -> str | None:
    """Return the variable that set a key, or the section or list around it; the closest one."""
    keys = [str(part).upper() for part in place]
    found = [n for n in environment if n.upper().startswith(PREFIX) and _path(n) == keys[: len(_path(n))]]
    return max(found, key=len, default=None)


def _path(variable: str) -> list[str]:
    return variable.upper().removeprefix(PREFIX).split(SEPARATOR)


def _follow(model: type[BaseModel], loc: Place) -> tuple[type[BaseModel], Place]:
    """Return the section that a place lies in, and the place without the kind of a list's entry."""
    candidates, section, place = [model], model, []
    for key in loc:
        kinds = {_kind(one): one for one in candidates} if len(candidates) > 1 else {}
        if key in kinds:
            candidates = [kinds[str(key)]]
            continue
        place.append(key)
        if isinstance(key, str) and candidates:
            section = candidates[0]
            field = section.model_fields.get(key)
            candidates = _models(field.annotation) if field else []
    return section, tuple(place)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a key may have: of a section, or of the entries of a list."""
    if get_origin(annotation) is None and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _kind(model: type[BaseModel]) -> str:
    """Return what `kind` has to be for a model that is one of several."""
    return str(get_args(model.model_fields["kind"].annotation)[0])


def _is_section(model: type[BaseModel], path: list[str]) -> bool:
    """Tell whether a variable stands for a whole section, one within a section, or a list of sections."""
    inner: Any = model
    for key in path:
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return False
        field = inner.model_fields.get(key.lower())
        inner = None if field is None else next(iter(_models(field.annotation)), None)
    return isinstance(inner, type) and issubclass(inner, BaseModel)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
