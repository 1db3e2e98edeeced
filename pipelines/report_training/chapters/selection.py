"""What the models rest on: selected features, clinical variables, classifiers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pipelines.report_training import theme
from pipelines.report_training.blocks import Block, Chapter, Picture, Table, Text
from pipelines.report_training.figures.importance import MOST, importance_figure
from pipelines.report_training.figures.selection import selection_figure
from pipelines.report_training.names import feature_text, variable_text
from pipelines.report_training.numbers import figure, interval, p_value
from pipelines.report_training.study import Study

_SIGNATURES: Final = {"rad_sign": "radiomics", "dl_sign": "deep"}
_NAMES: Final = {"rad_sign": "Radiomics signature", "dl_sign": "Deep learning signature"}


def selection(study: Study) -> Chapter:
    """Build the chapter."""
    blocks: list[Block] = []
    for name, model in _SIGNATURES.items():
        if study.selection.get(name):
            blocks.extend(_signature(_NAMES[name], study.selection[name], theme.colour_of(model)))
    blocks.extend(_clinical(study))
    blocks.extend(_classifiers(study))
    return Chapter("selection", "What the models rest on", tuple(blocks))


def _signature(name: str, block: Mapping[str, Any], colour: str) -> Iterator[Block]:
    selected: Sequence[Mapping[str, Any]] = block.get("selected") or ()
    key = name.split(maxsplit=1)[0].lower()
    if block.get("lambdas") and block.get("path"):
        yield Picture(
            f"lasso_{key}",
            lambda: selection_figure(block, colour),
            f"{name}: LASSO coefficients over the penalty (left; selected ones coloured) and squared error "
            "in "
            f"cross-validation (right). Dashed: the chosen λ = {float(block['lambda']):.3g}.",
            f"LASSO path and error curve; {len(selected)} features selected.",
        )
    if not selected:
        yield Text(f"{name}: LASSO kept no feature; the signature says the same of everybody.")
    else:
        shown = f"the {MOST} strongest of " if len(selected) > MOST else ""
        yield Picture(
            f"importance_{key}",
            lambda: importance_figure(selected, colour),
            f"{name}: {shown}{_counted(len(selected))}. Beside a bar: share of the refits (folds and "
            "repeats) that selected the feature too; low shares mean that the choice is not stable.",
            "; ".join(
                f"{feature_text(one['feature'])} {figure(one['coefficient'], 3)}" for one in selected[:MOST]
            ),
        )


def _counted(n: int) -> str:
    return f"{n} selected feature{'s' if n != 1 else ''}"


def _clinical(study: Study) -> Iterator[Block]:
    found = study.of("clinical")
    for key, title in (("univariable", "one at a time"), ("multivariable", "together")):
        rows = tuple(_odds(one, study) for one in _entries(found.get(key)))
        if rows:
            yield Table(
                ("Variable", "Odds ratio", "95 % CI", "p"),
                rows,
                f"Clinical variables, {title} (logistic regression, {key}).",
                widths=(3, 1, 1.6, 0.8),
            )


def _entries(found: Any) -> list[Mapping[str, Any]]:
    """Take a list of entries, or a mapping of variable to entry, as a list."""
    if isinstance(found, Mapping):
        return [{"variable": name, **one} for name, one in found.items() if isinstance(one, Mapping)]
    return list(found or ())


def _odds(one: Mapping[str, Any], study: Study) -> tuple[str, ...]:
    ratio = one.get("odds_ratio", one.get("or"))
    ci = one.get("ci") or one.get("odds_ratio_ci")
    return (
        variable_text(one["variable"], study.description),
        figure(ratio),
        interval(ci),
        p_value(one.get("p")),
    )


def _classifiers(study: Study) -> Iterator[Block]:
    rows = []
    for model in study.models:
        found = study.of(model)
        chosen = found.get("chosen") or {}
        if found.get("classifier") or chosen:
            told = ", ".join(
                f"{words(name)} {n}" for name, n in sorted(chosen.items(), key=lambda one: -one[1])
            )
            rows.append((theme.name_of(model), words(str(found.get("classifier") or "–")), told or "–"))
    if rows:
        yield Table(
            ("Model", "Classifier of the final model", "Chosen in the folds (times)"),
            tuple(rows),
            "Classifiers, chosen by cross-validation inside the training patients of each fold.",
            widths=(1.2, 1.8, 4),
            numeric=False,
        )


def words(name: str) -> str:
    """Write a classifier's name: "svm_linear" is "SVM linear"."""
    text = name.replace("_", " ")
    for short in ("svm", "mlp"):
        text = text.replace(short, short.upper())
    return {"xgboost": "XGBoost", "lightgbm": "LightGBM", "adaboost": "AdaBoost"}.get(name, text)
