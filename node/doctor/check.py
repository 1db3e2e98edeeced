"""What a check finds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report."""

    name: str
    verdict: Literal["ok", "warning", "failed"]
    text: str
    advice: str = ""  #: what to do; empty if all is well
