"""Writes scores.txt: examples as a job scores them, and their scores by scikit-learn.

Each case is a paragraph of lines `name value...`. The job uses these values of every example: label,
predicted class, loss, weight, confidence (largest probability), brier (sum of squared distances of
probabilities and one-hot label) and rank (classes more probable than the label). scikit-learn
uses the probabilities themselves.
"""

import os

import numpy as np
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)


def beyond(accuracy, reference):
    return (accuracy - reference) / (1 - reference)


def majorities(labels, num_classes):
    """Returns the most frequent label before each example, ties to the lowest class."""
    counts = np.zeros(num_classes, int)
    found = []
    for label in labels:
        found.append(int(np.argmax(counts)))
        counts[label] += 1
    return np.array(found)


def case(seed, num_classes, bins, top_k):
    random = np.random.default_rng(seed)
    n = 200
    labels = random.choice(num_classes, n, p=random.dirichlet(np.ones(num_classes)))
    logits = random.normal(size=(n, num_classes)) * 2
    logits[np.arange(n), labels] += 1.5
    probabilities = np.exp(logits - logits.max(1, keepdims=True))
    probabilities /= probabilities.sum(1, keepdims=True)
    weights = random.choice([0.5, 1, 3], n)
    predicted = probabilities.argmax(1)
    confidence = probabilities.max(1)
    at_label = probabilities[np.arange(n), labels]
    one_hot = np.eye(num_classes)[labels]
    brier = ((probabilities - one_hot) ** 2).sum(1)
    rank = (probabilities > at_label[:, None]).sum(1)

    every = np.arange(num_classes)
    accuracy = accuracy_score(labels, predicted)
    no_change = accuracy_score(labels[1:], labels[:-1])
    majority = accuracy_score(labels, majorities(labels, num_classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=0
    )
    hit = (labels == predicted).astype(int)
    right, sure = calibration_curve(hit, confidence, n_bins=bins)
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence), minlength=bins)
    calibration_error = np.sum(counts[counts > 0] / n * np.abs(right - sure))
    return {
        "classes": [num_classes],
        "bins": [bins],
        "topK": [top_k],
        "labels": labels,
        "predicted": predicted,
        "losses": -np.log(at_label),
        "weights": weights,
        "confidences": confidence,
        "briers": brier,
        "ranks": rank,
        "loss": [log_loss(labels, probabilities, labels=every, sample_weight=weights)],
        "accuracy": [accuracy],
        "noChangeAccuracy": [no_change],
        "majorityAccuracy": [majority],
        "kappa": [cohen_kappa_score(labels, predicted)],
        "kappaTemporal": [beyond(accuracy, no_change)],
        "kappaM": [beyond(accuracy, majority)],
        "balancedAccuracy": [balanced_accuracy_score(labels, predicted)],
        "topKAccuracy": [top_k_accuracy_score(labels, probabilities, k=top_k, labels=every)],
        "brierScore": [np.mean(brier)],
        "meanConfidence": [np.mean(confidence)],
        "calibrationError": [calibration_error],
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "support": support,
        "confusion": confusion_matrix(labels, predicted, labels=every).flatten(),
    }


def word(value):
    return str(value) if isinstance(value, (int, np.integer)) else format(value, ".17g")


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scores.txt")
    with open(path, "w") as out:
        out.write(f"# Written by scores.py with scikit-learn {sklearn.__version__}.\n")
        for seed, (num_classes, bins, top_k) in enumerate([(3, 10, 2), (10, 15, 3), (60, 4, 5)]):
            out.write("\n")
            for name, values in case(seed, num_classes, bins, top_k).items():
                out.write(" ".join([name, *map(word, values)]) + "\n")


if __name__ == "__main__":
    main()
