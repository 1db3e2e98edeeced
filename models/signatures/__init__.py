"""Signatures: from tables of features to a probability, and the files that carry them.

`selection` and `recipes` hold the steps of the two papers, `fusion` joins signatures and clinical variables,
`predictor` keeps what was fitted in files without pickle, `simulated` and `train_demo` make the
demonstration predictors.
"""
