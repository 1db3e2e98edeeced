"""The combined model: signatures and clinical variables in one logistic regression.

The regression is fitted on *out-of-fold* signatures. Fitted on in-sample signatures, as in the paper, it
believes signatures that have seen the outcome: on images of pure noise that shows as a training AUC of .937
where the truth is .562.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

Matrix = NDArray[np.float64]


class FusedModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Stack signatures, then join them with variables that enter directly.

    Signatures enter as log-odds, not as the paper's probabilities: the order of patients in each signature is
    the same, and a linear signature makes the whole model linear, so that its contributions are exact.

    Parameters
    ----------
    signatures : list of (name, estimator, columns)
        `columns` are the indices of X that the signature reads, as in a ColumnTransformer.
    direct : list of int
        Indices of X that enter the combined regression directly (clinical variables, fat infiltration).
    folds, seed : int
        Stratified folds that the out-of-fold signatures come from.

    Attributes
    ----------
    signatures_ : list of (name, fitted estimator, columns)
        Refitted on all samples.
    final_ : Pipeline
        Reads the signatures' log-odds, then the direct variables: "impute", "scale", "classify".
    classes_ : ndarray of shape (2,)
    """

    def __init__(
        self, signatures: list[tuple[str, Any, list[int]]], direct: list[int], folds: int = 5, seed: int = 0
    ) -> None:
        self.signatures = signatures
        self.direct = direct
        self.folds = folds
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Fit on X (n_samples, n_features), which may hold NaN, and y (n_samples,) in {0, 1}."""
        values, outcome = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.int64)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = values.shape[1]
        unseen = [
            self._out_of_fold(model, values[:, columns], outcome) for _, model, columns in self.signatures
        ]
        self.signatures_ = [
            (name, clone(model).fit(values[:, columns], outcome), columns)
            for name, model, columns in self.signatures
        ]
        self.final_ = _final(self.seed).fit(self._joined(unseen, values), outcome)
        return self

    def predict_proba(self, X: ArrayLike) -> Matrix:  # noqa: N803
        """Give the probabilities of both classes, shape (n_samples, 2)."""
        return np.asarray(self.final_.predict_proba(self.final_inputs(X)), dtype=np.float64)

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:  # noqa: N803
        """Give the more probable class, shape (n_samples,)."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.int64)

    def signature_proba(self, X: ArrayLike) -> dict[str, Matrix]:  # noqa: N803
        """Give each signature's probability, shape (n_samples,)."""
        values = np.asarray(X, dtype=np.float64)
        return {
            name: model.predict_proba(values[:, columns])[:, 1] for name, model, columns in self.signatures_
        }

    def final_inputs(self, X: ArrayLike) -> Matrix:  # noqa: N803
        """Give what the combined regression reads, shape (n_samples, n_signatures + n_direct)."""
        values = np.asarray(X, dtype=np.float64)
        return self._joined([log_odds(p) for p in self.signature_proba(values).values()], values)

    def _out_of_fold(self, model: Any, values: Matrix, outcome: NDArray[np.int64]) -> Matrix:
        folds = StratifiedKFold(self.folds, shuffle=True, random_state=self.seed)
        unseen = cross_val_predict(clone(model), values, outcome, cv=folds, method="predict_proba")
        return log_odds(unseen[:, 1])

    def _joined(self, signatures: list[Matrix], values: Matrix) -> Matrix:
        return np.column_stack([*signatures, values[:, self.direct]])


def log_odds(probability: Matrix) -> Matrix:
    """Log-odds of probabilities, kept finite."""
    return np.asarray(logit(np.clip(probability, 1e-9, 1 - 1e-9)), dtype=np.float64)


def _final(seed: int) -> Pipeline:
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    classify = LogisticRegression(C=1.0, max_iter=2000, random_state=seed)
    return Pipeline([("impute", impute), ("scale", StandardScaler()), ("classify", classify)])
