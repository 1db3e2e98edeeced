"""A small training output as `lumbar-node train` writes it: models really fitted on simulated patients."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LassoCV, LogisticRegression, lasso_path
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.signatures.train import write_json
from models.validation.calibration import brier, calibration_line
from models.validation.decision import confusion
from models.validation.delong import auc, auc_interval, compare
from models.validation.readers import compare_readers

THRESHOLD = 0.4
_STRUCTURES = (
    "ct.vertebra",
    "mr_sag_t1.body",
    "mr_sag_t2.disc",
    "mr_sag_t2.adjacent_disc",
    "mr_axial_t2.multifidus",
    "mr_axial_t2.erector_spinae",
)
_FEATURES = (
    "original_firstorder_Median",
    "original_glcm_JointEntropy",
    "original_shape_SurfaceVolumeRatio",
    "wavelet-HHH_gldm_DependenceVariance",
    "wavelet-LLH_glszm_SmallAreaLowGrayLevelEmphasis",
    "original_ngtdm_Contrast",
)


@dataclass(frozen=True)
class Plan:
    """What the output holds."""

    patients: int = 200
    sites: tuple[str, ...] = ("North", "South", "East")
    external: int = 60
    blocks: tuple[str, ...] = ("radiomics", "deep", "clinical")
    readers: bool = True
    effect: float = 1.3
    repeats: int = 3
    extra_features: int = 0
    plain: bool = False  # feature names of a foreign table
    recipe: str = "nested"
    seed: int = 0


def write_training_output(directory, plan=Plan()):
    """Fit, predict and write; returns the metrics."""
    cohort = _cohort(plan)
    study = directory / "study"
    study.mkdir(parents=True)
    predictions = _predictions(cohort, plan)
    predictions.to_csv(study / "predictions.csv", index=False)
    cohort["clinical"].to_csv(study / "clinical.csv", index=False)
    write_json(study / "selection.json", _selection(cohort, plan))
    write_json(study / "cohort.json", _flow(cohort, plan))
    metrics = _metrics(cohort, predictions, plan)
    write_json(directory / "metrics.json", metrics)
    return metrics


def _cohort(plan):
    rng = np.random.default_rng(plan.seed)
    n = plan.patients + plan.external
    hidden = rng.normal(size=(n, 3))  # one signal per source
    risk = 1 / (1 + np.exp(-(plan.effect * hidden.sum(axis=1) - 0.6)))
    outcome = (rng.random(n) < risk).astype(int)
    names = {
        "radiomics": _radiomic_names(plan),
        "deep": [f"{place}.deep.deep_{i:03d}" for place in _STRUCTURES[:3] for i in range(8)],
    }
    blocks = {}
    for place, (kind, columns) in enumerate(names.items()):
        loading = rng.choice([0.0, 0.0, 0.9, -0.7], size=len(columns))
        blocks[kind] = pd.DataFrame(
            hidden[:, [place]] * loading + rng.normal(size=(n, len(columns))), columns=columns
        )
    clinical = _clinical(rng, hidden[:, 2], outcome, n, plan)
    blocks["clinical"] = pd.get_dummies(
        clinical.filter(like="clinical.").fillna({"clinical.bmi": clinical["clinical.bmi"].median()})
    ).astype(float)
    return {"blocks": blocks, "outcome": outcome, "clinical": clinical, "rng": rng}


def _radiomic_names(plan):
    if plan.plain:
        return [f"PREDICT_original_tf_GLCM_contrastd1.0A0.{i}mean" for i in range(36)]
    names = [f"{place}.radiomics.{feature}" for place in _STRUCTURES for feature in _FEATURES]
    return names + [
        f"ct.vertebra.radiomics_hu.wavelet-LHL_glrlm_RunVariance{i}" for i in range(plan.extra_features)
    ]


def _clinical(rng, signal, outcome, n, plan):
    external = np.arange(n) >= plan.patients
    frame = pd.DataFrame(
        {
            "patient": [f"P{i:04d}" for i in range(n)],
            "split": np.where(external, "test", "train"),
            "site": np.where(external, plan.sites[-1], rng.choice(list(plan.sites[:-1] or plan.sites), n)),
            "outcome": outcome,
            "clinical.age": np.round(rng.normal(61, 9, n)),
            "clinical.bmi": np.round(np.exp(rng.normal(3.25, 0.16, n)), 1),
            "clinical.sex": rng.choice(["M", "F"], n),
            "clinical.segments": rng.choice([1, 2, 3], n, p=[0.5, 0.35, 0.15]),
            "clinical.osteoporosis": (signal + 0.5 * rng.normal(size=n) > 0.8).astype(int),
            "clinical.diagnosis": rng.choice(["spinal_stenosis", "disc_herniation", "spondylolisthesis"], n),
        }
    )
    frame.loc[rng.random(n) < 0.07, "clinical.bmi"] = np.nan
    return frame


def _estimator(block):
    return make_pipeline(StandardScaler(), SelectKBest(k=min(8, block.shape[1])), LogisticRegression(C=0.3))


def _predictions(cohort, plan):
    train = (cohort["clinical"]["split"] == "train").to_numpy()
    y = cohort["outcome"]
    rows = []
    signatures = {}
    for name in plan.blocks:
        block = cohort["blocks"][name]
        folds = [StratifiedKFold(5, shuffle=True, random_state=repeat) for repeat in range(plan.repeats)]
        oof = [_out_of_fold(block[train], y[train], fold) for fold in folds]
        model = _estimator(block).fit(block[train], y[train])
        signatures[name] = (oof, model.predict_proba(block)[:, 1])
    if len(plan.blocks) > 1:
        signatures["combined"] = _combined(signatures, y, train, plan)
    if plan.recipe == "paper":
        rows += [_paper(cohort, train, name) for name in plan.blocks]
    for name, (oof, fitted) in signatures.items():
        for repeat, scores in enumerate(oof):
            rows.append(_rows(cohort, train, "nested", name, repeat, scores))
        rows.append(_rows(cohort, train, "in_sample", name, 0, fitted[train]))
        if plan.external:
            rows.append(_rows(cohort, ~train, "external", name, 0, fitted[~train]))
    return pd.concat(rows, ignore_index=True)


def _out_of_fold(x, y, fold, model=None):
    estimator = model or _estimator(x)
    return cross_val_predict(estimator, x, y, cv=fold, method="predict_proba")[:, 1]


def _combined(signatures, y, train, plan):
    def odds(p):
        return np.log(p / (1 - p))

    oof = []
    for repeat in range(plan.repeats):
        x = np.column_stack([odds(own[repeat]) for own, _ in signatures.values()])
        fold = StratifiedKFold(5, shuffle=True, random_state=100 + repeat)
        oof.append(_out_of_fold(x, y[train], fold, LogisticRegression()))
    x = np.column_stack([odds(own[0]) for own, _ in signatures.values()])
    model = LogisticRegression().fit(x, y[train])
    fitted = np.column_stack([odds(fitted) for _, fitted in signatures.values()])
    return oof, model.predict_proba(fitted)[:, 1]


def _paper(cohort, train, name):
    """Choose features with all training patients, fit on 70 % of them, "validate" on the others."""
    block, y = cohort["blocks"][name], cohort["outcome"]
    chosen = SelectKBest(k=min(8, block.shape[1])).fit(block[train], y[train])
    order = np.random.default_rng(0).permutation(np.flatnonzero(train))
    first, others = np.split(order, [int(0.7 * len(order))])
    values = StandardScaler().fit_transform(chosen.transform(block))
    model = LogisticRegression().fit(values[first], y[first])
    validation = np.isin(np.arange(len(y)), others)
    return _rows(cohort, validation, "paper", name, 0, model.predict_proba(values[validation])[:, 1])


def _rows(cohort, chosen, set_, model, repeat, probability):
    patients = cohort["clinical"].loc[chosen, ["patient", "site", "outcome"]]
    return patients.assign(set=set_, model=model, repeat=repeat, probability=probability)


def _selection(cohort, plan):
    train = (cohort["clinical"]["split"] == "train").to_numpy()
    names = {"radiomics": "rad_sign", "deep": "dl_sign"}
    found = {}
    for block, name in names.items():
        if block in plan.blocks:
            found[name] = _lasso(cohort["blocks"][block][train], cohort["outcome"][train])
    return found


def _lasso(block, y):
    x = StandardScaler().fit_transform(block)
    model = LassoCV(alphas=40, cv=5, max_iter=5000).fit(x, y)
    _, path, _ = lasso_path(x, y - y.mean(), alphas=model.alphas_, max_iter=5000)
    chosen = np.flatnonzero(model.coef_)
    halves = [np.random.default_rng(seed).choice(len(y), len(y) // 2, replace=False) for seed in range(10)]
    kept = [
        lasso_path(x[half], y[half] - y[half].mean(), alphas=[model.alpha_])[1][:, 0] != 0 for half in halves
    ]
    return {
        "lambda": model.alpha_,
        "lambdas": model.alphas_.tolist(),
        "mse_mean": model.mse_path_.mean(axis=1).tolist(),
        "mse_sd": model.mse_path_.std(axis=1).tolist(),
        "path": {name: path[i].tolist() for i, name in enumerate(block.columns)},
        "selected": [
            {
                "feature": block.columns[i],
                "coefficient": float(model.coef_[i]),
                "frequency": float(np.mean([one[i] for one in kept])),
            }
            for i in chosen
        ],
    }


def _flow(cohort, plan):
    clinical = cohort["clinical"]
    n = len(clinical)
    return {
        "flow": [
            {"step": "rows in the table", "n": n + 9},
            {"step": "with a known outcome", "n": n},
            {"step": "for training", "n": plan.patients},
            *([{"step": "kept out of training (external)", "n": plan.external}] if plan.external else []),
        ],
        "missing": clinical.filter(like="clinical.").isna().mean().to_dict(),
        "drift": {
            "mr_sag_t2: Siemens|Aera|1.5": {"n": 120, "psi": 0.06, "by_chance": 0.12},
            "mr_sag_t2: GE|Discovery MR750|3.0": {"n": 80, "psi": 0.31, "by_chance": 0.18},
        },
    }


def _metrics(cohort, predictions, plan):
    models = {name: _model_metrics(group, plan) for name, group in predictions.groupby("model", sort=False)}
    headline = "combined" if "combined" in models else next(iter(models))
    clinical = cohort["clinical"]
    train = clinical[clinical["split"] == "train"]
    if "clinical" in models:
        models["clinical"] |= _clinical_tables(cohort)
    return {
        "schema": 1,
        "predictor": "asdeg",
        "title": "Adjacent segment degeneration after lumbar fusion",
        "recipe": plan.recipe,
        "optimistic": plan.recipe == "paper",
        "outcome": {"column": "outcome", "positive": 1, "definition": "UCLA grade 2 or more at 6 months"},
        "n": len(train),
        "events": int(train["outcome"].sum()),
        "sites": {
            site: {"n": len(rows), "events": int(rows["outcome"].sum())}
            for site, rows in train.groupby("site")
        },
        "seed": plan.seed,
        "folds": 5,
        "repeats": plan.repeats,
        "threshold": THRESHOLD,
        "nested": {key: models[headline]["nested"][key] for key in ("auc", "auc_ci")},
        "headline": headline,
        "models": models,
        "comparisons": _comparisons(predictions, headline),
        "permutation": _permutation(cohort, models, headline),
        "learning_curve": _learning_curve(cohort),
        "readers": _readers(predictions, headline) if plan.readers else None,
        "events_per_variable": round(float(train["outcome"].sum()) / 12, 1),
        "warnings": [],
    }


def _model_metrics(group, plan):
    found = {"classifier": "logistic regression", "chosen": {"logistic regression": 5 * plan.repeats}}
    for set_ in ("nested", "in_sample", "external", "paper"):
        rows = group[group["set"] == set_]
        found[set_] = _figures(rows) if len(rows) else None
    nested = group[(group["set"] == "nested") & (group["repeat"] == 0)]
    found["sites"] = {site: _site(rows) for site, rows in nested.groupby("site")}
    return found


def _figures(rows):
    each = [
        _once(one["outcome"].to_numpy(), one["probability"].to_numpy()) for _, one in rows.groupby("repeat")
    ]
    mean = {key: float(np.mean([one[key] for one in each])) for key in each[0]}
    first = rows[rows["repeat"] == 0]
    ci = list(auc_interval(first["outcome"], first["probability"]))
    return mean | {"auc_ci": ci, "auc_by_repeat": [one["auc"] for one in each]}


def _once(outcome, probability):
    calls = confusion(outcome, probability >= THRESHOLD)
    slope, intercept = calibration_line(outcome, probability)
    return {
        "auc": auc(outcome, probability),
        "accuracy": calls.accuracy,
        "sensitivity": calls.sensitivity,
        "specificity": calls.specificity,
        "f1": calls.f1,
        "brier": brier(outcome, probability),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
    }


def _site(rows):
    known = {"n": len(rows), "events": int(rows["outcome"].sum()), "auc": None, "auc_ci": None}
    if not 0 < known["events"] < len(rows):
        return known
    ci = list(auc_interval(rows["outcome"], rows["probability"]))
    return known | {"auc": auc(rows["outcome"], rows["probability"]), "auc_ci": ci}


def _clinical_tables(cohort):
    """Odds ratios from logistic regressions, with Wald intervals."""
    train = (cohort["clinical"]["split"] == "train").to_numpy()
    frame = cohort["blocks"]["clinical"][train]
    y = cohort["outcome"][train]
    columns = ["clinical.age", "clinical.bmi", "clinical.osteoporosis"]
    univariable = [_odds(frame[[column]], y)[0] for column in columns]
    return {"univariable": univariable, "multivariable": _odds(frame[columns], y)}


def _odds(x, y):
    model = LogisticRegression(C=1e6, max_iter=1000).fit(x, y)
    p = model.predict_proba(x)[:, 1]
    design = np.column_stack([np.ones(len(x)), x])
    covariance = np.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]))
    error = np.sqrt(np.diag(covariance))[1:]
    return [
        {
            "variable": name,
            "odds_ratio": float(np.exp(b)),
            "ci": [float(np.exp(b - 1.96 * se)), float(np.exp(b + 1.96 * se))],
            "p": float(2 * stats.norm.sf(abs(b / se))),
        }
        for name, b, se in zip(x.columns, model.coef_[0], error, strict=True)
    ]


def _comparisons(predictions, headline):
    nested = predictions[(predictions["set"] == "nested") & (predictions["repeat"] == 0)]
    wide = nested.pivot(index="patient", columns="model", values="probability")
    y = nested.drop_duplicates("patient").set_index("patient")["outcome"].loc[wide.index]
    found = []
    for other in wide.columns.drop(headline):
        one = compare(y, wide[headline], wide[other])
        between = {"a": headline, "b": other, "set": "nested", "auc_difference": one.difference}
        found.append(between | {"ci": list(one.ci), "z": one.z, "p": one.p})
    return found


def _permutation(cohort, models, headline, n=12):
    train = (cohort["clinical"]["split"] == "train").to_numpy()
    block, y = cohort["blocks"]["radiomics"][train], cohort["outcome"][train]
    rng = np.random.default_rng(1)
    fold = StratifiedKFold(5, shuffle=True, random_state=0)
    aucs = []
    for _ in range(n):
        shuffled = rng.permutation(y)
        aucs.append(float(auc(shuffled, _out_of_fold(block, shuffled, fold))))
    beaten = sum(one >= models[headline]["nested"]["auc"] for one in aucs)
    return {"n": n, "p": (1 + beaten) / (1 + n), "auc": aucs}


def _learning_curve(cohort):
    train = np.flatnonzero(cohort["clinical"]["split"] == "train")
    block, y = cohort["blocks"]["radiomics"], cohort["outcome"]
    found = []
    for share in (0.5, 0.75, 1.0):
        n = int(share * len(train))
        aucs = []
        for seed in range(2):
            part = np.random.default_rng(seed).choice(train, n, replace=False)
            fold = StratifiedKFold(5, shuffle=True, random_state=seed)
            aucs.append(auc(y[part], _out_of_fold(block.iloc[part], y[part], fold)))
        found.append({"n": n, "auc": float(np.mean(aucs)), "sd": float(np.std(aucs))})
    return found


def _readers(predictions, headline):
    nested = predictions[(predictions["set"] == "nested") & (predictions["repeat"] == 0)]
    own = nested[nested["model"] == headline].set_index("patient")
    y = own["outcome"].to_numpy()
    rng = np.random.default_rng(3)
    wrong = {"Surgeon A": 0.3, "Surgeon B": 0.35}
    calls = {name: np.where(rng.random(len(y)) < share, 1 - y, y) for name, share in wrong.items()}
    by_patient = {name: dict(zip(own.index, call, strict=True)) for name, call in calls.items()}
    return compare_readers(own["outcome"].to_dict(), by_patient, own["probability"].to_dict())
