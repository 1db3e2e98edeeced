"""The pipelines behind Rad-sign and DL-sign; every step is refitted wherever the pipeline is."""

from collections.abc import Callable, Mapping
from typing import Final

from sklearn.base import ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.svm import SVC

from models.signatures.selection import Clip, CorrelationPruning, LassoSelection, UnivariateFilter


def _logistic(seed: int) -> ClassifierMixin:
    return LogisticRegression(C=1.0, max_iter=2000, random_state=seed)


def _linear_svm(seed: int) -> ClassifierMixin:
    return CalibratedClassifierCV(SVC(kernel="linear", random_state=seed), cv=5, ensemble=False)


#: Classifiers by name; each takes the seed.
CLASSIFIERS: Final[Mapping[str, Callable[[int], ClassifierMixin]]] = {
    "logistic": _logistic,
    "linear_svm": _linear_svm,
}

# In units of the IQR: 3 IQR are 4 standard deviations of a normal distribution.
_RADIOMICS_LIMIT = 3.0
_DEEP_LIMIT = 4.0


def radiomics_signature(classifier: str = "logistic", seed: int = 0) -> Pipeline:
    """Build the pipeline of Rad-sign: robust scaling, F-test, correlation, LASSO, classifier.

    The steps are grouped as "standardise", "select" and "classify". A missing value becomes the training
    median, which adds nothing to a linear signature.
    """
    return Pipeline(
        [
            ("standardise", _standardise(RobustScaler(), _RADIOMICS_LIMIT)),
            ("select", _select(UnivariateFilter(), CorrelationPruning(), LassoSelection(seed=seed))),
            ("classify", CLASSIFIERS[classifier](seed)),
        ]
    )


def deep_signature(classifier: str = "logistic", seed: int = 0, components: int = 32) -> Pipeline:
    """Build the pipeline of DL-sign: z-score, PCA, LASSO, classifier.

    `components` is at most the number of deep features; it bounds the size of the file too.
    """
    return Pipeline(
        [
            ("standardise", _standardise(StandardScaler(), _DEEP_LIMIT)),
            ("reduce", PCA(n_components=components, svd_solver="full")),
            ("select", _select(LassoSelection(seed=seed))),
            ("classify", CLASSIFIERS[classifier](seed)),
        ]
    )


def _standardise(scaler: RobustScaler | StandardScaler, limit: float) -> Pipeline:
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("impute", impute), ("scale", scaler), ("clip", Clip(limit))])


def _select(*steps: UnivariateFilter | CorrelationPruning | LassoSelection) -> Pipeline:
    return Pipeline([(type(step).__name__, step) for step in steps])
