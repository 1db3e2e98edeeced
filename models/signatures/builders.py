"""From a description to the estimators that are trained; every step is refitted wherever they are.

All read a data frame (`models.signatures.table.FeatureTable.frame`) and take from it the columns they name.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, Literal

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from models.signatures.classifiers import BestClassifier
from models.signatures.clinical import PREFIX
from models.signatures.combined import DL_SIGN, RAD_SIGN, CombinedModel
from models.signatures.description import Description, Recipe, VariantPlan
from models.signatures.errors import TrainingInputError
from models.signatures.harmonise import Harmonise, TakeColumns
from models.signatures.regression import ClinicalScreen
from models.signatures.scaling import Clip, Components, MeanStandard, RobustStandard
from models.signatures.selection import CorrelationPruning, LassoSelection, UnivariateFilter

Kind = Literal["radiomics", "deep", "clinical", "combined"]

KINDS: Final[tuple[Kind, ...]] = ("radiomics", "deep", "clinical", "combined")

# In units of the IQR: 3 IQR are 4 standard deviations of a normal distribution.
_RADIOMICS_LIMIT = 3.0
_DEEP_LIMIT = 4.0


def build(
    description: Description,
    kind: Kind,
    columns: Sequence[str],
    *,
    seed: int = 0,
    classifier: str | None = None,
    variant: VariantPlan | None = None,
    stable: Collection[str] | None = None,
) -> Any:
    """Build an unfitted estimator.

    Parameters
    ----------
    description : Description
    kind : {"radiomics", "deep", "clinical", "combined"}
        Rad-sign, DL-sign, the clinical regression, or all of them joined.
    columns : sequence of str
        What the table has (`FeatureTable.columns`); what the variant does not name is not read.
    seed : int
    classifier : str, optional
        This one only, in place of the best of the recipe's.
    variant : VariantPlan, optional
        By default the description's most complete one whose blocks are in the table.
    stable : collection of str, optional
        Features that `lumbar-node stability` found stable; others of the groups it knows are left out.

    Returns
    -------
    estimator
        `fit(X, y, groups=None)` with X a data frame, `predict_proba(X)`. "radiomics" and "deep" are a
        `BestClassifier`, "clinical" a Pipeline (whose `fit` takes no groups), "combined" a `CombinedModel`,
        whose `signatures_` are the fitted "rad_sign" and "dl_sign": fit it once to have all three.

    Raises
    ------
    TrainingInputError
        If the table has no columns of this kind.
    """
    plan = variant or best_variant(description, columns)
    recipe = description.recipe
    if classifier is not None:
        recipe = recipe.model_copy(update={"classifiers": (classifier,)})
    if kind == "clinical":
        return clinical_model(_clinical(description, columns), recipe)
    if kind == "combined":
        return _combined(description, plan, columns, recipe=recipe, seed=seed, stable=stable)
    chosen = columns_of_kind(plan, columns, kind, stable)
    if not chosen:
        raise TrainingInputError(f"{description.name}: the table has no {kind} features")
    return _signature(kind, chosen, recipe, seed)


def kinds_in(
    description: Description, columns: Sequence[str], variant: VariantPlan | None = None
) -> list[Kind]:
    """Name the kinds of model that the table can give, "combined" last and only where there are several."""
    plan = variant or best_variant(description, columns)
    found: list[Kind] = [kind for kind in KINDS[:2] if columns_of_kind(plan, columns, kind)]
    direct = [name for name in plan.measurements if name in columns]
    if _clinical(description, columns):
        found.append("clinical")
    return [*found, "combined"] if len(found) + len(direct) > 1 else found


def best_variant(description: Description, columns: Sequence[str]) -> VariantPlan:
    """Give the most complete variant whose blocks, deep ones apart, and measurements are in the table.

    Raises
    ------
    TrainingInputError
        If there is none; says what the least demanding one lacks.
    """
    for variant in description.variants:
        if not absent(variant, columns):
            return variant
    lacking = ", ".join(absent(description.variants[-1], columns))
    raise TrainingInputError(f"{description.name}: the table has no {lacking}")


def absent(variant: VariantPlan, columns: Sequence[str]) -> list[str]:
    """Name what of the variant the table lacks; deep features are used where there are any, not asked for."""
    blocks = {name.rpartition(".")[0] for name in columns}
    there = set(columns)
    lacking = [block for block in variant.blocks if not block.endswith(".deep") and block not in blocks]
    return lacking + [name for name in variant.measurements if name not in there]


def columns_of_kind(
    variant: VariantPlan, columns: Sequence[str], kind: str, stable: Collection[str] | None = None
) -> tuple[str, ...]:
    """Name the table's columns of one kind, in the order of the variant's blocks.

    A variant without blocks is a plain table's: every column that is neither clinical nor a scanner is
    radiomics. `stable` leaves a feature out only where its group was measured at all.
    """
    if not variant.blocks:
        chosen = [name for name in columns if not name.startswith((PREFIX, "scanner."))]
        chosen = chosen if kind == "radiomics" else []
    else:
        by_block: dict[str, list[str]] = {}
        for name in columns:
            by_block.setdefault(name.rpartition(".")[0], []).append(name)
        blocks = [block for block in variant.blocks if _kind_of(block) == kind]
        chosen = [name for block in blocks for name in sorted(by_block.get(block, ()))]
    if stable is not None:
        measured = {name.rpartition(".")[0] for name in stable}
        chosen = [name for name in chosen if name in stable or name.rpartition(".")[0] not in measured]
    return tuple(chosen)


def radiomics_selection(columns: tuple[str, ...], recipe: Recipe, seed: int = 0) -> Pipeline:
    """Build the preparation of Rad-sign: scanners, robust scaling, F-test, correlation, LASSO.

    The steps are "inputs", "standardise", "clip", "univariate", "correlation" and "lasso". A missing value
    becomes the training median, which adds nothing to a linear signature.
    """
    return Pipeline(
        [
            ("inputs", _inputs(columns, recipe)),
            ("standardise", RobustStandard()),
            ("clip", Clip(_RADIOMICS_LIMIT)),
            ("univariate", UnivariateFilter(recipe.alpha, recipe.most)),
            ("correlation", CorrelationPruning(recipe.correlation)),
            ("lasso", _lasso(recipe, seed)),
        ]
    )


def deep_selection(columns: tuple[str, ...], recipe: Recipe, seed: int = 0) -> Pipeline:
    """Build the preparation of DL-sign: scanners, z-score, principal components, LASSO.

    The steps are "inputs", "standardise", "clip", "components" and "lasso".
    """
    return Pipeline(
        [
            ("inputs", _inputs(columns, recipe)),
            ("standardise", MeanStandard()),
            ("clip", Clip(_DEEP_LIMIT)),
            ("components", Components(recipe.components)),
            ("lasso", _lasso(recipe, seed)),
        ]
    )


def clinical_model(columns: tuple[str, ...], recipe: Recipe) -> Pipeline:
    """Build the clinical model: univariable screening, then one logistic regression of what is left.

    The regression is drawn a little towards nothing (C = 1 on z-scores): a column that separates the classes
    in a small cohort would else get a coefficient without bound.
    """
    if not columns:
        raise TrainingInputError("the table has no clinical variables that the description names")
    return Pipeline(
        [
            ("inputs", TakeColumns(columns)),
            ("screen", ClinicalScreen(columns, recipe.alpha)),
            ("standardise", MeanStandard()),
            ("classify", LogisticRegression(C=1.0, max_iter=2000)),
        ]
    )


def _signature(kind: str, columns: tuple[str, ...], recipe: Recipe, seed: int) -> BestClassifier:
    prepare = (radiomics_selection if kind == "radiomics" else deep_selection)(columns, recipe, seed)
    return BestClassifier(prepare, recipe.classifiers, recipe.search_folds, recipe.rule, seed)


def _combined(
    description: Description,
    plan: VariantPlan,
    columns: Sequence[str],
    *,
    recipe: Recipe,
    seed: int,
    stable: Collection[str] | None,
) -> CombinedModel:
    signatures = []
    for name, kind in ((RAD_SIGN, "radiomics"), (DL_SIGN, "deep")):
        if chosen := columns_of_kind(plan, columns, kind, stable):
            signatures.append((name, _signature(kind, chosen, recipe, seed)))
    there = set(columns)
    direct = (*(name for name in plan.measurements if name in there), *_clinical(description, columns))
    if not signatures and not direct:
        raise TrainingInputError(f"{description.name}: the table has nothing that the combined model reads")
    names = (*(name for name, _ in signatures), *direct)
    # Every clinical variable of the description stays: dropping those with p > .05 in a small cohort, as the
    # paper does, costs .02 to .03 of the AUC (docs/training.md). `--recipe paper` drops them.
    prepare = Pipeline([("screen", ClinicalScreen(names, 1.0)), ("standardise", MeanStandard())])
    final = BestClassifier(prepare, recipe.classifiers, recipe.search_folds, recipe.rule, seed)
    return CombinedModel(signatures, direct, final)


def _lasso(recipe: Recipe, seed: int) -> LassoSelection:
    return LassoSelection(recipe.folds, seed=seed, keep_all=recipe.selection == "shrink")


def _inputs(columns: tuple[str, ...], recipe: Recipe) -> TakeColumns:
    return Harmonise(columns) if recipe.harmonise else TakeColumns(columns)


def _clinical(description: Description, columns: Sequence[str]) -> tuple[str, ...]:
    there = set(columns)
    return tuple(name for name in description.clinical_columns if name in there)


def _kind_of(block: str) -> str:
    """Give a block's kind of signature: the HU profile's features are radiomics too."""
    kind = block.rpartition(".")[2]
    return "radiomics" if kind == "radiomics_hu" else kind
