"""Names of features, models and variables in the report, foreign tables' among them."""

from collections.abc import Mapping
from typing import Any, Final

from models.signatures.clinical import PREFIX
from pipelines.readable import ROLES, block_name, feature_name

_UNITS: Final = {"age": "years", "bmi": "kg/m²", "height": "cm", "weight": "kg", "vas": "0 to 10"}
_KNOWN: Final = {"bmi": "BMI", "vas": "Pain (VAS)", "segments": "Segments to be fused"}
_UNIT_SIGNS: Final = {"kg/m2": "kg/m²", "kg/m^2": "kg/m²", "1": "", "count": ""}


def feature_text(key: str) -> str:
    """Name a feature of the node in words; one of a foreign table keeps its own name."""
    if key.startswith(PREFIX):
        return variable_text(key)
    if key.startswith("component "):
        return f"principal {key}"
    known = key.count(".") >= 3 and key.split(".", 1)[0] in ROLES
    return feature_name(key) if known else key


def block_of(key: str) -> str | None:
    """Name the block that a feature of the node belongs to: "CT vertebra radiomics"; None for any other."""
    parts = key.split(".", 3)
    return block_name(".".join(parts[:3])) if len(parts) == 4 and parts[0] in ROLES else None


def variable_text(column: str, description: Mapping[str, Any] | None = None) -> str:
    """Name a clinical variable with its unit: "clinical.age" is "Age (years)"."""
    name, _, level = column.removeprefix(PREFIX).partition("=")
    text = _KNOWN.get(name) or name.replace("_", " ").capitalize()
    if level:
        return f"{text}: {level_text(level)}"
    unit = unit_of(name, description or {})
    return f"{text} ({unit})" if unit and unit.lower() != text.lower() else text


def level_text(level: str) -> str:
    """Name a category: "disc_herniation" is "disc herniation", "M" is "male"."""
    return {"M": "male", "F": "female"}.get(level, level.replace("_", " "))


def unit_of(name: str, description: Mapping[str, Any]) -> str:
    """Give a variable's unit, from the predictor's description if it says so."""
    variables = description.get("clinical") or description.get("variables") or {}
    told = variables.get(name) if isinstance(variables, Mapping) else None
    unit = told.get("unit") if isinstance(told, Mapping) else None
    return _UNIT_SIGNS.get(unit, unit) if isinstance(unit, str) else _UNITS.get(name, "")
