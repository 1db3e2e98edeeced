"""A case's summary.json as tables for a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: columns and the measurements that may fill them, the first found; the rest is in summary.json and the SR
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Volume": ("volume",),
    "Mean": ("mean_hu",),
    "Trabecular": ("mean_hu_trabecular",),
    "Signal": ("mean_signal",),
    "Height": ("body_height", "disc_height"),
    "Area": ("cross_section_area",),
    "Fat": ("fat_fraction_dixon", "fat_fraction"),
    "Fat (Otsu)": ("fat_fraction_otsu",),
}
UNITS = {"cm3": "cm³", "cm2": "cm²", "mm2": "mm²", "[hnsf'U]": "HU", "1": ""}
TARGETS = {"asdeg": "Adjacent segment degeneration", "pain": "Severe low back pain"}
STYLES = {"low": "green", "moderate": "yellow", "high": "red", "uncertain": "magenta"}


def show(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the series and their roles, the measurements, and the risks last.

    Parameters
    ----------
    console : Console
    summary : mapping
        The content of summary.json.
    """
    console.print()
    console.print(_series(summary["series"], summary["failures"]))
    for role in dict.fromkeys(one["role"] for one in summary["measurements"]):
        console.print(_measurements(role, [m for m in summary["measurements"] if m["role"] == role]))
    console.print(_risks(summary["predictions"]))
    note = " · ".join(text for text in (summary["intended_use"], summary["demonstration"]) if text)
    console.print(Text(note, style="bold yellow"))


def _series(verdicts: Iterable[Mapping[str, Any]], failures: Mapping[str, Any]) -> Table:
    table = _table("Series", "No.", "Description", "Role", "Why")
    for one in verdicts:
        failed = one["role"] in failures
        role = Text(one["role"] or "–", style="red" if failed else "cyan" if one["role"] else "dim")
        number = "" if one["series_number"] is None else str(one["series_number"])
        table.add_row(number, Text(one["description"]), role, Text(one["reason"]["text"], style="dim"))
    return table


def _measurements(role: str, found: Sequence[Mapping[str, Any]]) -> Table:
    """Return one row per structure, one column per kind of measurement that occurs."""
    units = {one["name"]: UNITS.get(one["unit"], one["unit"]) for one in found}
    columns = {name: keys for name, keys in COLUMNS.items() if units.keys() & set(keys)}
    table = _table(f"Measurements · {role}", "Structure")
    for name, keys in columns.items():
        table.add_column(f"{name} {_first(units, keys) or ''}".strip(), justify="right")
    for structure in dict.fromkeys(one["structure"] for one in found):
        values = {one["name"]: one["value"] for one in found if one["structure"] == structure}
        table.add_row(structure, *(_number(_first(values, keys)) for keys in columns.values()))
    return table


def _first(values: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((values[key] for key in keys if values.get(key) is not None), None)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _risks(predictions: Iterable[Mapping[str, Any]]) -> Table:
    table = _table("Risk", "Target", "Probability", "Category", "Inputs and remarks")
    for one in predictions:
        evaluated = one["probability"] is not None
        probability = f"{100 * one['probability']:.0f} %" if evaluated else "–"
        category = one["category"] or one["status"].replace("_", " ")
        style = STYLES.get(category, "dim")
        name = TARGETS.get(one["target"], one["target"])
        table.add_row(
            name, Text(probability, style=f"bold {style}"), Text(category, style=style), _remarks(one)
        )
    return table


def _remarks(prediction: Mapping[str, Any]) -> Text:
    """Return the reasons and warnings, and what was missing."""
    lines = [finding["text"] for finding in (*prediction["reasons"], *prediction["warnings"])]
    if prediction["inputs_missing"]:
        lines.append(f"missing: {', '.join(prediction['inputs_missing'])}")
    strongest = [f"{c['name']} {c['value']:+.2f}" for c in prediction["contributions"][:3]]
    if strongest:
        lines.append(f"strongest (log-odds): {'; '.join(strongest)}")
    return Text("\n".join(lines), style="dim")


def _table(title: str, *columns: str) -> Table:
    table = Table(
        *columns, title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD
    )
    table.columns[0].no_wrap = True
    return table
