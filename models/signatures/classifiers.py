"""The classifiers of the two papers, and the one that is chosen among them by cross-validation.

The 14 of Zou et al. 2025, and the bagged trees of Suo et al. 2026, each with a small grid. All are
deterministic for a seed and use one thread.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import ParameterGrid, StratifiedGroupKFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from models.signatures.description import CLASSIFIER_NAMES, FOURTEEN
from models.signatures.selection import usable_folds

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """A classifier and the settings that the grid search tries.

    `calibrated` ones give scores, not probabilities: a sigmoid is fitted to their out-of-fold scores.
    """

    make: Callable[[int], ClassifierMixin]
    grid: Mapping[str, Sequence[Any]]
    calibrated: bool = False


def _svm(kernel: str, grid: Mapping[str, Sequence[Any]]) -> Kind:
    # scikit-learn 1.9: CalibratedClassifierCV(SVC()) in place of probability=True
    return Kind(lambda seed: SVC(kernel=kernel, random_state=seed), grid, calibrated=True)


def _boosted_trees(seed: int) -> ClassifierMixin:
    return XGBClassifier(
        n_estimators=60, learning_rate=0.1, subsample=0.8, n_jobs=1, random_state=seed, tree_method="exact"
    )


def _light_trees(seed: int) -> ClassifierMixin:
    return LGBMClassifier(
        n_estimators=60,
        learning_rate=0.1,
        min_child_samples=10,
        n_jobs=1,
        random_state=seed,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )


def _shrunken(seed: int) -> ClassifierMixin:
    """Ridge logistic regression; the log-loss says how far to shrink, because that is calibration."""
    return LogisticRegressionCV(
        Cs=np.logspace(-4, 0, 9),
        cv=StratifiedKFold(5, shuffle=True, random_state=seed),
        scoring="neg_log_loss",
        l1_ratios=(0,),
        max_iter=2000,
        use_legacy_attributes=False,
    )


#: From weak to strong settings: of two that are as good as each other the earlier one is taken.
KINDS: Final[Mapping[str, Kind]] = {
    "logistic_regression": Kind(
        lambda seed: LogisticRegression(max_iter=2000, random_state=seed), {"C": [0.1, 1.0, 10.0]}
    ),
    "naive_bayes": Kind(lambda _: GaussianNB(), {"var_smoothing": [0.1, 1e-9]}, calibrated=True),
    "svm_linear": _svm("linear", {"C": [0.01, 0.1, 1.0]}),
    "svm_rbf": _svm("rbf", {"C": [0.3, 1.0, 3.0]}),
    "svm_poly": _svm("poly", {"degree": [2, 3], "coef0": [1.0], "C": [0.1, 1.0]}),
    "svm_sigmoid": _svm("sigmoid", {"C": [0.1, 1.0]}),
    "random_forest": Kind(
        lambda seed: RandomForestClassifier(n_estimators=100, n_jobs=1, random_state=seed),
        {"min_samples_leaf": [8, 2]},
    ),
    "extra_trees": Kind(
        lambda seed: ExtraTreesClassifier(n_estimators=100, n_jobs=1, random_state=seed),
        {"min_samples_leaf": [8, 2]},
    ),
    "bagged_trees": Kind(
        lambda seed: BaggingClassifier(
            DecisionTreeClassifier(random_state=seed), n_estimators=50, n_jobs=1, random_state=seed
        ),
        {"estimator__min_samples_leaf": [8, 2]},
    ),
    "gradient_boosting": Kind(
        lambda seed: GradientBoostingClassifier(n_estimators=50, subsample=0.8, random_state=seed),
        {"max_depth": [1, 2]},
    ),
    "adaboost": Kind(
        lambda seed: AdaBoostClassifier(n_estimators=30, random_state=seed),
        {"learning_rate": [0.1, 0.5]},
        calibrated=True,
    ),
    "xgboost": Kind(_boosted_trees, {"max_depth": [1, 2]}),
    "lightgbm": Kind(_light_trees, {"num_leaves": [3, 7]}),
    "mlp": Kind(
        lambda seed: MLPClassifier((8,), solver="lbfgs", max_iter=400, random_state=seed),
        {"alpha": [10.0, 1.0]},
    ),
    "logistic_shrunken": Kind(_shrunken, {}),
    "decision_tree": Kind(
        lambda seed: DecisionTreeClassifier(min_samples_leaf=5, random_state=seed), {"max_depth": [2, 4]}
    ),
}


def candidates(names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every classifier with every setting, the simplest first."""
    for name in sorted(names, key=CLASSIFIER_NAMES.index):
        grid = KINDS[name].grid
        # ParameterGrid sorts the keys, not the values: those stay from weak to strong
        for setting in ParameterGrid({key: list(values) for key, values in grid.items()}):
            yield name, dict(setting)


def make(name: str, setting: Mapping[str, Any], seed: int) -> ClassifierMixin:
    """Make a classifier that gives probabilities."""
    plain = KINDS[name].make(seed).set_params(**setting)
    if not KINDS[name].calibrated:
        return plain
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(plain, cv=folds, ensemble=False)


class BestClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Prepare the inputs, then take the classifier that cross-validation finds best.

    The preparation (selection of features) is fitted once per fold, on that fold's training part, and shared
    by all classifiers: none is judged on samples that its features were chosen with.

    Parameters
    ----------
    prepare : transformer, optional
        E.g. a Pipeline of scaling and selection; the inputs go in as they are without one.
    classifiers : tuple of str
        Names out of `KINDS`.
    folds : int
        Stratified folds of the search; fewer where the rarer class has fewer samples.
    rule : {"one_se", "significant", "best"}
        Of the classifiers, the simplest first: "one_se" takes the first whose mean AUC over the folds is not
        lower than the best one's by more than one standard error of the difference; "significant" the first
        that the best does not beat by more than chance (`_beaten`); "best" the best. The best of a grid is
        often so by chance.
    seed : int

    Attributes
    ----------
    name_ : str
    setting_ : dict
    scores_ : dict of str to float
        Best mean AUC of each classifier.
    out_of_fold_ : ndarray of shape (n_samples,), or None
        Probability of each sample from a fold that it was not in; None in a model that was shipped.
    prepare_, classifier_ : fitted on all samples
    classes_ : ndarray of shape (2,)
    """

    def __init__(
        self,
        prepare: Any = None,
        classifiers: tuple[str, ...] = FOURTEEN,
        folds: int = 5,
        rule: str = "one_se",
        seed: int = 0,
    ) -> None:
        self.prepare = prepare
        self.classifiers = classifiers
        self.folds = folds
        self.rule = rule
        self.seed = seed

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit on X (n_samples, n_features) and y (n_samples,) in {0, 1}; rows of one group stay together."""
        outcome = np.asarray(y, dtype=np.int64)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = X.shape[1]
        parts = [self._part(X, outcome, *split) for split in self._splits(outcome, groups)]
        tried = list(candidates(self.classifiers))
        areas = np.array([[_area(part, *one, self.seed) for part in parts] for one in tried])
        self.scores_ = {
            name: float(areas[[i for i, one in enumerate(tried) if one[0] == name]].mean(axis=1).max())
            for name in dict.fromkeys(name for name, _ in tried)
        }
        self.name_, self.setting_ = tried[_chosen(tried, areas, self.rule)]
        self.out_of_fold_: Matrix | None = self._out_of_fold(parts, len(outcome))
        self.prepare_: Any = None if self.prepare is None else clone(self.prepare).fit(X, outcome)
        self.classifier_ = _fitted(make(self.name_, self.setting_, self.seed), self.prepared(X), outcome)
        return self

    def prepared(self, X: Any) -> Matrix:  # noqa: N803
        """Give what the classifier reads, shape (n_samples, n_selected)."""
        return np.asarray(X if self.prepare_ is None else self.prepare_.transform(X), dtype=np.float64)

    def predict_proba(self, X: Any) -> Matrix:  # noqa: N803
        """Give the probabilities of both classes, shape (n_samples, 2)."""
        return np.asarray(self.classifier_.predict_proba(self.prepared(X)), dtype=np.float64)

    def predict(self, X: Any) -> NDArray[np.int64]:  # noqa: N803
        """Give the more probable class, shape (n_samples,)."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.int64)

    def _splits(self, outcome: NDArray[np.int64], groups: ArrayLike | None) -> Iterator[tuple[Any, Any]]:
        number = usable_folds(self.folds, outcome)
        together = None if groups is None else np.asarray(groups)
        if together is None or len(set(together.tolist())) == len(together):
            folds = StratifiedKFold(number, shuffle=True, random_state=self.seed)
            return iter(folds.split(np.zeros(len(outcome)), outcome))
        grouped = StratifiedGroupKFold(number, shuffle=True, random_state=self.seed)
        return iter(grouped.split(np.zeros(len(outcome)), outcome, together))

    def _part(self, X: Any, outcome: NDArray[np.int64], train: Any, test: Any) -> "_Part":  # noqa: N803
        first, second = _rows(X, train), _rows(X, test)
        if self.prepare is not None:
            prepare = clone(self.prepare).fit(first, outcome[train])
            first, second = prepare.transform(first), prepare.transform(second)
        return _Part(
            np.asarray(first, dtype=np.float64),
            outcome[train],
            np.asarray(second, dtype=np.float64),
            outcome[test],
            test,
        )

    def _out_of_fold(self, parts: list["_Part"], n_samples: int) -> Matrix:
        result = np.empty(n_samples)
        for part in parts:
            model = _fitted(make(self.name_, self.setting_, self.seed), part.train, part.train_outcome)
            result[part.places] = model.predict_proba(part.test)[:, 1]
        return result


@dataclass(frozen=True, eq=False)
class _Part:
    """A fold, its inputs prepared."""

    train: Matrix
    train_outcome: NDArray[np.int64]
    test: Matrix
    test_outcome: NDArray[np.int64]
    places: NDArray[np.int64]


def _fitted(model: ClassifierMixin, values: Matrix, outcome: NDArray[np.int64]) -> ClassifierMixin:
    """Fit; that the network's training was stopped before its end is what limits it, and no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(values, outcome)


def _area(part: _Part, name: str, setting: Mapping[str, Any], seed: int) -> float:
    """AUC on the fold's held-out part; by the plain score, whose order calibration does not change."""
    if len(set(part.test_outcome.tolist())) < 2:
        return 0.5
    model = _fitted(KINDS[name].make(seed).set_params(**setting), part.train, part.train_outcome)
    if hasattr(model, "decision_function"):
        score = model.decision_function(part.test)
    else:
        score = model.predict_proba(part.test)[:, 1]
    return float(roc_auc_score(part.test_outcome, score))


def _chosen(tried: Sequence[tuple[str, Any]], areas: Matrix, rule: str) -> int:
    """Choose among candidates, areas of shape (n_candidates, n_folds)."""
    means = areas.mean(axis=1)
    best = int(means.argmax())
    if rule == "best":
        return best
    leaders: dict[str, int] = {}
    for i, (name, _) in enumerate(tried):
        if name not in leaders or means[i] > means[leaders[name]]:
            leaders[name] = i
    beaten = _beaten if rule == "significant" else _beyond_one_standard_error
    return next((i for i in leaders.values() if not beaten(areas[best] - areas[i])), best)


def _beyond_one_standard_error(difference: Matrix) -> bool:
    return bool(difference.mean() > difference.std(ddof=1) / np.sqrt(len(difference)))


def _beaten(difference: Matrix) -> bool:
    """Test whether AUCs differ over the folds, one-sided at .05, with the corrected resampled t-test.

    The training parts of k folds overlap, so that their differences vary less than those of k cohorts would:
    the variance is taken 1/k + 1/(k - 1) times in place of 1/k (Nadeau and Bengio, Machine Learning 2003).
    """
    folds = len(difference)
    spread = np.sqrt((1 / folds + 1 / (folds - 1)) * difference.var(ddof=1))
    return bool(difference.mean() > t.ppf(0.95, folds - 1) * spread)


def _rows(X: Any, places: Any) -> Any:  # noqa: N803
    return X.iloc[places] if isinstance(X, pd.DataFrame) else np.asarray(X)[places]
