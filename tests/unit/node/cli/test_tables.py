"""A summary as tables."""

from io import StringIO
from typing import Any

from rich.console import Console

from node.cli.tables import show


def summary() -> dict[str, Any]:
    verdict = {
        "series_number": 2,
        "description": "SAG [T2]",
        "role": "ct",
        "reason": {"code": "CHOSEN", "text": "fits"},
    }
    measured = {"role": "ct", "structure": "L1 vertebra", "method": None}
    prediction = {
        "target": "asdeg",
        "status": "evaluated",
        "probability": 0.256,
        "category": "low",
        "reasons": [],
        "warnings": [],
        "inputs_missing": ["axial T2 MR"],
        "contributions": [{"name": "age", "value": -0.5}],
    }
    refused = {
        **prediction,
        "target": "pain",
        "status": "not_evaluable",
        "probability": None,
        "category": None,
    }
    return {
        "series": [
            verdict,
            {**verdict, "role": None, "series_number": None, "reason": {"code": "X", "text": "scout"}},
        ],
        "failures": {},
        "measurements": [
            {**measured, "name": "volume", "value": 31.74, "unit": "cm3"},
            {**measured, "name": "mean_hu", "value": 142.0, "unit": "[hnsf'U]"},
            {**measured, "structure": "sacrum", "name": "volume", "value": None, "unit": "cm3"},
        ],
        "predictions": [prediction, refused],
        "intended_use": "RESEARCH USE ONLY",
        "demonstration": "DEMONSTRATION MODEL",
    }


def test_everything_that_matters_is_shown() -> None:
    console = Console(width=140, record=True, file=StringIO())
    show(console, summary())
    text = console.export_text()
    for expected in ("SAG [T2]", "scout", "Volume cm³", "31.7", "Mean HU", "142.0", "26 %", "low"):
        assert expected in text
    for expected in (
        "not evaluable",
        "missing: axial T2 MR",
        "age -0.50",
        "RESEARCH USE ONLY · DEMONSTRATION MODEL",
    ):
        assert expected in text
