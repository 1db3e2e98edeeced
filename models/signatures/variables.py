"""Clinical variables of a predictor: what is allowed, and the columns of numbers that they become."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.signatures.clinical import PREFIX

#: How a table may write that something is so or is not.
_TRUE: Final = frozenset({"1", "1.0", "true", "yes", "y"})
_FALSE: Final = frozenset({"0", "0.0", "false", "no", "n"})
#: How a table may write that a value is not known.
NOT_KNOWN: Final = frozenset({"", "na", "n/a", "nan", "none", "null", "?"})


class _Variable(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = ""
    title: str = ""
    required: bool = False


class NumberVariable(_Variable):
    """A number with its unit and the range beyond which it is a mistake."""

    type: Literal["number"]
    unit: str = Field(min_length=1)
    range: Annotated[tuple[float, float], Field(strict=False)]
    whole: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.range[0] < self.range[1]:
            raise ValueError(f"range = [{self.range[0]:g}, {self.range[1]:g}]: the first must be the smaller")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the variable becomes."""
        return (PREFIX + self.name,)

    @property
    def rule(self) -> str:
        """What is allowed, in words."""
        kind = "a whole number" if self.whole else "a number"
        return f"must be {kind} from {self.range[0]:g} to {self.range[1]:g} ({self.unit})"

    def parse(self, raw: Any) -> float:
        """Read one value; ValueError says what is allowed."""
        try:
            value = float(raw)
        except (TypeError, ValueError):
            raise ValueError(self.rule) from None
        inside = math.isfinite(value) and self.range[0] <= value <= self.range[1]
        if isinstance(raw, bool) or not inside or (self.whole and not value.is_integer()):
            raise ValueError(self.rule)
        return value

    def encode(self, value: Any) -> dict[str, float]:
        """Turn a value into numbers by column."""
        return {PREFIX + self.name: float(value)}


class TruthVariable(_Variable):
    """Something that is so or is not."""

    type: Literal["truth"]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the variable becomes."""
        return (PREFIX + self.name,)

    @property
    def rule(self) -> str:
        """What is allowed, in words."""
        return "must be true or false (1 or 0, yes or no)"

    def parse(self, raw: Any) -> bool:
        """Read one value; ValueError says what is allowed."""
        text = str(raw).strip().lower()
        if text not in _TRUE | _FALSE:
            raise ValueError(self.rule)
        return text in _TRUE

    def encode(self, value: Any) -> dict[str, float]:
        """Turn a value into numbers by column."""
        return {PREFIX + self.name: float(self.parse(value))}


class CategoryVariable(_Variable):
    """One of several values; `reference` is the one that all others are compared with."""

    type: Literal["category"]
    values: Annotated[tuple[str, ...], Field(min_length=2, strict=False)]
    reference: str

    @model_validator(mode="after")
    def _known_reference(self) -> Self:
        if self.reference not in self.values:
            raise ValueError(f"reference = {self.reference!r}: must be one of {', '.join(self.values)}")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the variable becomes: one for each value but the reference."""
        return tuple(f"{PREFIX}{self.name}={value}" for value in self.values if value != self.reference)

    @property
    def rule(self) -> str:
        """What is allowed, in words."""
        return f"must be one of {', '.join(self.values)}"

    def parse(self, raw: Any) -> str:
        """Read one value; ValueError says what is allowed."""
        text = str(raw).strip()
        if text not in self.values:
            raise ValueError(self.rule)
        return text

    def encode(self, value: Any) -> dict[str, float]:
        """Turn a value into numbers by column."""
        return {column: float(column == f"{PREFIX}{self.name}={value}") for column in self.columns}


Variable = Annotated[NumberVariable | TruthVariable | CategoryVariable, Field(discriminator="type")]


def is_known(raw: Any) -> bool:
    """Whether a table's cell says anything."""
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return False
    return str(raw).strip().lower() not in NOT_KNOWN


def encode_all(variables: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, float]:
    """Turn the known ones of a patient's values into numbers by column; other keys add nothing.

    Parameters
    ----------
    variables : mapping of str to Variable
    values : mapping
        Name of the variable to its value; None where it is not known.
    """
    row: dict[str, float] = {}
    for name, variable in variables.items():
        if is_known(values.get(name)):
            row |= variable.encode(values[name])
    return row
