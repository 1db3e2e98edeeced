"""The combined model: signatures, clinical variables and single measurements.

It is fitted on *out-of-fold* signatures. Fitted on in-sample signatures, as in the paper, it believes
signatures that have seen the outcome: on images of pure noise that shows as a training AUC of .937 where the
truth is .562.
"""

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from models.signatures.classifiers import BestClassifier

Matrix = NDArray[np.float64]

RAD_SIGN = "rad_sign"
DL_SIGN = "dl_sign"


class CombinedModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Stack signatures, then join them with variables that enter directly.

    Signatures enter as log-odds, not as the paper's probabilities: the order of patients in each signature is
    the same, and a linear signature makes the whole model linear, so that its contributions are exact.

    Parameters
    ----------
    signatures : list of (name, BestClassifier)
        Each reads the data frame's columns that it names itself.
    direct : tuple of str
        Columns that enter the final model directly (clinical variables, fat infiltration).
    final : BestClassifier
        Reads the signatures' log-odds, then the direct columns.

    Attributes
    ----------
    signatures_ : list of (name, fitted BestClassifier)
        Fitted on all samples; the final model has seen their out-of-fold values only.
    final_ : BestClassifier
    classes_ : ndarray of shape (2,)
    """

    def __init__(
        self, signatures: list[tuple[str, BestClassifier]], direct: tuple[str, ...], final: BestClassifier
    ) -> None:
        self.signatures = signatures
        self.direct = direct
        self.final = final

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit on X (n_samples, any columns), which may hold NaN, and y (n_samples,) in {0, 1}.

        Rows of one group (a patient's) stay together in every fold.
        """
        outcome = np.asarray(y, dtype=np.int64)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = X.shape[1]
        self.signatures_ = [
            (name, clone(model).fit(X, outcome, groups=groups)) for name, model in self.signatures
        ]
        unseen = [log_odds(model.out_of_fold_) for _, model in self.signatures_]
        self.final_ = clone(self.final).fit(self._joined(unseen, X), outcome, groups=groups)
        return self

    @property
    def out_of_fold_(self) -> Matrix | None:
        """Probability of each training sample from parts that had not seen it, shape (n_samples,)."""
        found: Matrix | None = self.final_.out_of_fold_
        return found

    def predict_proba(self, X: pd.DataFrame) -> Matrix:  # noqa: N803
        """Give the probabilities of both classes, shape (n_samples, 2)."""
        return np.asarray(self.final_.predict_proba(self.final_inputs(X)), dtype=np.float64)

    def predict(self, X: pd.DataFrame) -> NDArray[np.int64]:  # noqa: N803
        """Give the more probable class, shape (n_samples,)."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.int64)

    def signature_proba(self, X: pd.DataFrame) -> dict[str, Matrix]:  # noqa: N803
        """Give each signature's probability, shape (n_samples,)."""
        return {name: model.predict_proba(X)[:, 1] for name, model in self.signatures_}

    def final_inputs(self, X: pd.DataFrame) -> Matrix:  # noqa: N803
        """Give what the final model reads, shape (n_samples, n_signatures + n_direct)."""
        return self._joined([log_odds(p) for p in self.signature_proba(X).values()], X)

    def _joined(self, signatures: list[Matrix], X: pd.DataFrame) -> Matrix:  # noqa: N803
        direct = X[list(self.direct)].to_numpy(dtype=np.float64)
        return np.column_stack([*signatures, direct]) if signatures else direct


def log_odds(probability: Matrix) -> Matrix:
    """Log-odds of probabilities, kept finite."""
    return np.asarray(logit(np.clip(probability, 1e-6, 1 - 1e-6)), dtype=np.float64)
