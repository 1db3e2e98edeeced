"""Settings of when a study is complete."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from node.settings.values import Section


def pattern(value: str) -> str:
    """Return a regular expression if it is one."""
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


class Required(Section):
    """What a study that has a series of this modality must have."""

    modality: str = Field(min_length=1)
    description: Annotated[str, AfterValidator(pattern)] = ""  #: found in SeriesDescription, in any case
    min_series: int = Field(default=1, ge=1)
    min_instances: int = Field(default=1, ge=1)  #: in each of these series


class Completeness(Section):
    """When a study counts as complete."""

    quiet_s: float = Field(default=60, ge=0)  #: after the newest instance
    release_s: float = Field(default=10, ge=0)  #: after the last association that brought it has ended
    required: tuple[Required, ...] = ()
    count_check: bool = False  #: ask the peer that sent a study, by C-FIND, how much of it there is
    ask_again_s: float = Field(default=30, gt=0)  #: while something is missing
    cap_s: float = Field(default=3600, gt=0)  #: after the first instance nothing is waited for any more
    incomplete: Literal["process", "hold"] = "process"  #: what becomes of a study that lacks something then
