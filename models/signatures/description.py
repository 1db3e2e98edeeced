"""A predictor described by data: what it predicts, what it reads, how it is trained.

The two built-in descriptions are `models/predictors/asdeg.toml` and `pain.toml`; a site writes its own.
"""

import difflib
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.signatures.errors import DescriptionError
from models.signatures.toml_lines import line_at, lines_of
from models.signatures.variables import Variable, encode_all

BUILT_IN: Final = Path(__file__).parent.parent / "predictors"

Classifier = Literal[
    "logistic_shrunken",
    "logistic_regression",
    "naive_bayes",
    "svm_linear",
    "svm_rbf",
    "svm_poly",
    "svm_sigmoid",
    "random_forest",
    "extra_trees",
    "bagged_trees",
    "gradient_boosting",
    "adaboost",
    "xgboost",
    "lightgbm",
    "mlp",
    "decision_tree",
]
#: Every classifier that a recipe may name (`models.signatures.classifiers` makes them), the simplest first:
#: of two that are as good as each other the earlier one is taken.
CLASSIFIER_NAMES: Final[tuple[Classifier, ...]] = get_args(Classifier)
#: The 14 of Zou et al. 2025; bagged trees are Suo et al. 2026's, the shrunken regression is ours.
FOURTEEN: Final = tuple(
    name for name in CLASSIFIER_NAMES if name not in ("bagged_trees", "logistic_shrunken")
)

KINDS: Final = ("radiomics", "radiomics_hu", "deep")

Names = Annotated[tuple[str, ...], Field(strict=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Cutoff(_Part):
    """A measured scale that becomes the outcome by a cut-off: from `value` on the outcome is positive."""

    column: str
    unit: str
    range: Annotated[tuple[float, float], Field(strict=False)]
    value: float | None = None

    @model_validator(mode="after")
    def _inside(self) -> Self:
        low, high = self.range
        if self.value is not None and not low < self.value <= high:
            raise ValueError(
                f"value = {self.value:g}: must lie above {low:g} and be at most {high:g} ({self.unit})"
            )
        return self


class Outcome(_Part):
    """What is predicted.

    Attributes
    ----------
    column : str
        Column of the feature table.
    positive, negative : str
        How the column says that a patient had the outcome, and that they had not.
    definition : str
    modes : mapping of str to str
        Readings of the definition; `mode` names the one that the labels follow.
    cutoff : Cutoff, optional
    """

    column: str = "outcome"
    positive: str = "1"
    negative: str = "0"
    definition: str = Field(min_length=1)
    mode: str | None = None
    modes: dict[str, str] = Field(default_factory=dict)
    cutoff: Cutoff | None = None

    @model_validator(mode="after")
    def _known_mode(self) -> Self:
        if self.modes and self.mode not in self.modes:
            raise ValueError(f"mode = {self.mode!r}: must be one of {', '.join(self.modes)}")
        return self


class VariantPlan(_Part):
    """One availability pattern: the inputs that must all be there for its model to be used.

    `blocks` are `<role>.<group>.<kind>` (`pipelines.features.table`); a deep block is used where there is
    one, not asked for. `measurements` are single keys that enter the combined model beside the clinical
    variables.
    """

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    blocks: Names = ()
    measurements: Names = ()

    @model_validator(mode="after")
    def _well_formed(self) -> Self:
        for block in self.blocks:
            if block.count(".") != 2 or block.rpartition(".")[2] not in KINDS:
                raise ValueError(
                    f"block {block!r}: must read <role>.<group>.<kind>, kind {' or '.join(KINDS)}"
                )
        for key in self.measurements:
            if key.count(".") != 3 or key.split(".")[2] != "measurement":
                raise ValueError(f"measurement {key!r}: must read <role>.<group>.measurement.<name>")
        return self


class Recipe(_Part):
    """How it is trained.

    Attributes
    ----------
    alpha : float
        p above which the F-test, and the univariable regression of a clinical variable, drop.
    most : int
        So many features at most go on from the F-test, those with the smallest p.
    correlation : float
        |Pearson| above which one of two features goes.
    selection : {"lasso", "shrink"}
        "lasso": only what the LASSO keeps goes on to the classifier, as in the papers. "shrink": everything
        that is left after the correlation step does, and the classifier must shrink (`logistic_shrunken`);
        better where many features carry a little each. The LASSO is reported either way.
    folds : int
        Folds of the LASSO's penalty.
    search_folds : int
        Folds of the classifiers' grid search, and of the out-of-fold signatures.
    icc : float
        Least agreement of a feature (`lumbar-node stability`), where such a table is given.
    classifiers : tuple of str
    rule : {"one_se", "significant", "best"}
        Which classifier is taken: the simplest within one standard error of the best, the simplest that the
        best does not beat significantly, or the best.
    components : int
        Most principal components of the deep features.
    aggregation : {"mean", "adjacent"}
        Features over levels: their mean, or where the fused levels are known those of the adjacent levels.
    harmonise : bool
        Location and scale per scanner.
    """

    alpha: float = Field(default=0.05, gt=0, le=1, strict=False)
    most: int = Field(default=2000, ge=10)
    correlation: float = Field(default=0.9, gt=0, le=1, strict=False)
    selection: Literal["lasso", "shrink"] = "lasso"
    folds: int = Field(default=10, ge=2, le=20)
    search_folds: int = Field(default=5, ge=2, le=20)
    icc: float = Field(default=0.75, ge=0, le=1, strict=False)
    classifiers: Annotated[tuple[Classifier, ...], Field(min_length=1, strict=False)] = FOURTEEN
    rule: Literal["one_se", "significant", "best"] = "one_se"
    components: int = Field(default=32, ge=1)
    aggregation: Literal["mean", "adjacent"] = "mean"
    harmonise: bool = True


class Thresholds(_Part):
    """Probabilities from which a risk is moderate and high; share of inputs out of range that is too many."""

    moderate: float = Field(default=0.3, gt=0, lt=1, strict=False)
    high: float = Field(default=0.6, gt=0, lt=1, strict=False)
    uncertain_out_of_range: float = Field(default=0.2, gt=0, le=1, strict=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.moderate < self.high:
            raise ValueError(f"moderate = {self.moderate:g} must be below high = {self.high:g}")
        return self


class Description(_Part):
    """A whole predictor, as its TOML file says."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")
    title: str = Field(min_length=1, max_length=64)
    intended_use: str = Field(min_length=1)
    outcome: Outcome
    needs_levels: bool = False
    clinical: dict[str, Variable] = Field(default_factory=dict)
    variants: Annotated[tuple[VariantPlan, ...], Field(min_length=1, strict=False)]
    recipe: Recipe = Recipe()
    thresholds: Thresholds = Thresholds()

    @model_validator(mode="before")
    @classmethod
    def _named_variables(cls, data: Any) -> Any:
        """Tell every clinical variable its own name, which its table's header gives."""
        clinical = data.get("clinical") if isinstance(data, dict) else None
        if not isinstance(clinical, dict):
            return data
        named = {key: {"name": key, **v} if isinstance(v, dict) else v for key, v in clinical.items()}
        return {**data, "clinical": named}

    @cached_property
    def required_clinical(self) -> tuple[str, ...]:
        """Names of the clinical variables without which there is no answer."""
        return tuple(name for name, variable in self.clinical.items() if variable.required)

    @cached_property
    def optional_clinical(self) -> tuple[str, ...]:
        """Names of the clinical variables that may be missing."""
        return tuple(name for name, variable in self.clinical.items() if not variable.required)

    @property
    def clinical_columns(self) -> tuple[str, ...]:
        """The columns of numbers that the clinical variables become."""
        return tuple(column for variable in self.clinical.values() for column in variable.columns)

    def encode(self, values: dict[str, Any]) -> dict[str, float]:
        """Turn one patient's clinical variables into numbers by column; unknown ones add nothing."""
        return encode_all(self.clinical, values)

    def with_cutoff(self, value: float | None) -> "Description":
        """Give the description with this cut-off of the outcome's scale; None leaves it as it is.

        Raises
        ------
        DescriptionError
            If the outcome has no scale, or the value lies outside it.
        """
        if value is None:
            return self
        cutoff = self.outcome.cutoff
        if cutoff is None:
            raise DescriptionError(f"{self.name}: its outcome is no scale; give no cut-off")
        low, high = cutoff.range
        if not low < value <= high:
            raise DescriptionError(
                f"{self.name}: cut-off {value:g} must lie above {low:g} and be at most {high:g} "
                f"({cutoff.unit})"
            )
        outcome = self.outcome.model_copy(
            update={"cutoff": cutoff.model_copy(update={"value": float(value)})}
        )
        return self.model_copy(update={"outcome": outcome})

    def for_training(self) -> "Description":
        """Check that nothing is open which the source leaves to the site.

        Raises
        ------
        DescriptionError
            If the outcome's cut-off is not set.
        """
        cutoff = self.outcome.cutoff
        if cutoff is not None and cutoff.value is None:
            low, high = cutoff.range
            raise DescriptionError(
                f"{self.name}: the {cutoff.column} cut-off is not set; the source gives none, so state yours "
                f"with --vas-cutoff (above {low:g}, at most {high:g}, {cutoff.unit}) or as value under "
                "[outcome.cutoff]"
            )
        return self


def read_description(path: Path) -> Description:
    """Read a predictor's TOML file.

    Raises
    ------
    DescriptionError
        Names the file, the line and the key, and says what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise DescriptionError(f"{path}: is not UTF-8 text; a predictor is described in TOML") from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DescriptionError(f"{path}: not TOML: {error}") from None
    try:
        return Description.model_validate(values)
    except ValidationError as error:
        raise DescriptionError(_worded(path, text, error)) from None


def built_in(name: str) -> Description:
    """Read one of the descriptions that come with the package: "asdeg" or "pain".

    Raises
    ------
    DescriptionError
        If there is none of this name; names those there are.
    """
    if name not in built_in_names():
        near = difflib.get_close_matches(name, built_in_names(), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise DescriptionError(
            f"no predictor is called {name!r}{hint} There are {', '.join(built_in_names())}; one of your own "
            "is given as a .toml file"
        )
    return read_description(BUILT_IN / f"{name}.toml")


def built_in_names() -> tuple[str, ...]:
    """Name the descriptions that come with the package."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.toml")))


def plain(name: str = "table", *, outcome: str, positive: str = "1") -> Description:
    """Describe a plain feature table: every numeric column counts as radiomics, and nothing is clinical."""
    return Description(
        schema=1,
        name=name,
        title=f"{outcome} of a plain feature table"[:64],
        intended_use="Research use only; trained on a feature table of unknown origin.",
        outcome=Outcome(column=outcome, positive=positive, definition=f"column {outcome} is {positive}"),
        variants=(VariantPlan(name="table"),),
    )


def _worded(path: Path, text: str, error: ValidationError) -> str:
    """Give the first error in one line, and say how many more there are."""
    lines = lines_of(text)
    # what is missing comes last: it is often what an unknown key was meant to be
    placed = [(one["type"] == "missing", line_at(lines, _named(one["loc"])), one) for one in error.errors()]
    _, number, first = min(placed, key=lambda found: found[:2])
    place = ".".join(str(part) for part in _named(first["loc"]))
    given = first["input"] if first["type"] != "value_error" else None
    shown = f" = {given!r}" if isinstance(given, str | int | float | bool) else ""
    more = f" (and {len(placed) - 1} more)" if len(placed) > 1 else ""
    return f"{path}, line {number}: {place or 'the file'}{shown}: {_rule(first)}{more}"


def _named(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Leave out what pydantic adds to a clinical variable's place: the tag of its type."""
    if place[:1] == ("clinical",) and len(place) > 2 and place[2] in ("number", "truth", "category"):
        return (*place[:2], *place[3:])
    return place


def _rule(one: Any) -> str:
    """Say what is wrong in our own words where pydantic's are a programmer's."""
    place = _named(one["loc"])
    if one["type"] == "extra_forbidden":
        allowed = _allowed(place)
        near = difflib.get_close_matches(str(place[-1]), allowed, 1)
        return f"unknown key{f'; did you mean {near[0]}?' if near else ''} Allowed are {', '.join(allowed)}"
    if one["type"] == "missing":
        return "is missing"
    if one["type"] == "value_error":
        return str(one["ctx"]["error"])
    return str(one["msg"][0].lower() + one["msg"][1:])


def _allowed(place: tuple[int | str, ...]) -> list[str]:
    parts: dict[str, type[BaseModel]] = {
        "outcome": Outcome,
        "recipe": Recipe,
        "thresholds": Thresholds,
        "variants": VariantPlan,
    }
    if len(place) == 1:
        return [field.alias or name for name, field in Description.model_fields.items()]
    if place[0] == "clinical":
        return ["type", "title", "required", "unit", "range", "whole", "values", "reference"]
    if place[:2] == ("outcome", "cutoff"):
        return list(Cutoff.model_fields)
    return list(parts[str(place[0])].model_fields)
