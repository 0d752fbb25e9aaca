"""Predicts the rows of a CSV file with a model that `freshet models export --format npz` wrote.

Usage: predict.py MODEL.npz FILE.csv, with the features in the model's order
"""

import json
import sys

import numpy
import pandas


def probabilities(model, x):
    """Returns the probabilities (n, classes) for features (n, features); NaN is a missing value."""
    if x.shape[1] != model["num_features"]:
        sys.exit(f"the rows have {x.shape[1]} columns; the model has {model['num_features']} features")
    missing = json.loads(model["hyper_parameters"].item()).get("features.missing")
    if missing == "zero":
        x = numpy.nan_to_num(x, nan=0)
    elif missing != "mean" and numpy.isnan(x).any():
        sys.exit("the model accepts no missing values")
    if "columns" in model:  # sparse: only the features that occurred have weights
        x = x[:, model["columns"]]
        if "scales" in model:
            limit = model["scale_limit"].item() or numpy.inf
            x = numpy.clip(x / model["scales"], -limit, limit)
    elif "mean" in model:
        deviation = numpy.sqrt(model["variance"])
        x = (x - model["mean"]) / numpy.where(deviation > 0, deviation, numpy.inf)
        x[numpy.isnan(x)] = 0
        x = numpy.clip(x, -model["limit"], model["limit"]) if "limit" in model else x
    # One matrix for each learning rate, whose predictions are mixed.
    logits = numpy.einsum("nf,rfc->rnc", x, model["weights"]) + model["bias"][:, numpy.newaxis]
    if model["activation"].item() == "softmax":
        powers = numpy.exp(logits - logits.max(axis=2, keepdims=True))
        each = powers / powers.sum(axis=2, keepdims=True)
    else:
        each = 1 / (1 + numpy.exp(-logits))
    mixed = numpy.einsum("r,rnc->nc", model["mixture"], each) / model["mixture"].sum()
    return numpy.hstack([1 - mixed, mixed]) if mixed.shape[1] < len(model["classes"]) else mixed


if __name__ == "__main__":
    model = numpy.load(sys.argv[1])
    rows = pandas.read_csv(sys.argv[2]).to_numpy(dtype=float)
    found = pandas.DataFrame(probabilities(model, rows), columns=model["classes"])
    found.insert(0, "label", found.idxmax(axis=1))
    print(found.to_csv(index=False), end="")
