"""Signatures: from tables of features to a probability, and the files that carry them.

`description` says what a predictor is, `table` reads patients, `builders` makes the estimators of the two
papers (`selection`, `classifiers`, `regression`, `combined`), `package` keeps what was fitted in files
without pickle, `predictor` answers for one patient; `simulated` and `train_demo` make the demonstration
predictors.
"""
