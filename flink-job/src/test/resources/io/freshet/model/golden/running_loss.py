"""Writes running_loss.txt: the running loss that the training loop of PyTorch's tutorials prints.

    python3 running_loss.py

Step s (from 0) uses the rows batch_size * s, ... of the data, modulo num_examples. Parameters start
at zero. Features, targets and weights are floats; all computation is in float64. The loop is that
of the tutorial "Training with PyTorch":

    running_loss += loss.item()
    if step % every == every - 1:
        print(running_loss / every)
        running_loss = 0

reduction weights: the loss is PyTorch's, with reduction="mean". PyTorch has no example weights; in a
case that has them, the mean divides by their sum, each multiplied by the class weight of its label.

reduction examples: the loss is (example_weights * losses).mean() of the losses with
reduction="none", which for several outputs are means over the outputs.
"""

import itertools

import torch
import torch.nn.functional as F

import golden

NUM_EXAMPLES, NUM_FEATURES, NUM_OUTPUTS, BATCH_SIZE, STEPS, EVERY = 40, 4, 3, 5, 60, 6
LEARNING_RATE = 0.1

torch.set_num_threads(1)
generator = torch.Generator().manual_seed(11)
features = torch.randn(NUM_EXAMPLES, NUM_FEATURES, generator=generator).double()
scores = features @ torch.randn(NUM_FEATURES, NUM_OUTPUTS, generator=generator).double()
scores += torch.randn(NUM_EXAMPLES, NUM_OUTPUTS, generator=generator).double()
labels = scores.argmax(dim=1)
binary = (scores[:, :1] > 0).double()
multi_label = (scores > 0).double()
probabilities = torch.softmax(scores, dim=1).float().double()
example_weights = (0.5 + torch.randint(4, (NUM_EXAMPLES,), generator=generator) / 2).double()
class_weights = torch.tensor([0.5, 1.0, 2.25], dtype=torch.float64)
pos_weight = torch.tensor([1.0, 3.0, 0.75], dtype=torch.float64)
TARGETS = {
    "class": labels,
    "binary": binary,
    "multi_label": multi_label,
    "probabilities": probabilities,
}


def of_size(y):
    return torch.ones(len(y), dtype=torch.float64)


def running_losses(loss, y, options, reduction, weighted, divisor=of_size):
    """Returns one case; loss(x, y, reduction) is PyTorch's, divisor(y) that of its mean by example."""
    num_outputs = y.shape[1] if y.dim() > 1 else NUM_OUTPUTS
    weight = torch.zeros(NUM_FEATURES, num_outputs, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(num_outputs, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], lr=LEARNING_RATE)
    printed = []
    running_loss = 0.0
    for step in range(STEPS):
        rows = [(step * BATCH_SIZE + i) % NUM_EXAMPLES for i in range(BATCH_SIZE)]
        optimizer.zero_grad()
        x = features[rows] @ weight + bias
        if reduction == "weights" and not weighted:
            mean = loss(x, y[rows], "mean")
        else:
            losses = loss(x, y[rows], "none")
            losses = losses.mean(dim=1) if losses.dim() > 1 else losses
            factors = example_weights[rows] if weighted else of_size(rows)
            total = (factors * losses).sum()
            mean = total / (
                BATCH_SIZE if reduction == "examples" else (factors * divisor(y[rows])).sum()
            )
        mean.backward()
        optimizer.step()
        running_loss += mean.item()
        if step % EVERY == EVERY - 1:
            printed.append(running_loss / EVERY)
            running_loss = 0.0
    return {
        **options,
        "targets": next(name for name, targets in TARGETS.items() if targets is y),
        "reduction": reduction,
        "weighted": str(weighted).lower(),
        "running_losses": torch.tensor(printed, dtype=torch.float64),
    }


def cases():
    yield {
        "shape": [NUM_EXAMPLES, NUM_FEATURES, NUM_OUTPUTS],
        "batch_size": BATCH_SIZE,
        "every": EVERY,
        "learning_rate": LEARNING_RATE,
        "features": features.float(),
        "example_weights": example_weights.float(),
        **{name: y.float() if y.is_floating_point() else y for name, y in TARGETS.items()},
    }
    for reduction, weighted in itertools.product(("weights", "examples"), (False, True)):
        for weights in (None, class_weights):

            def of_labels(y):
                return of_size(y) if weights is None else weights[y]

            for smoothing in (0.0, 0.1):

                def cross_entropy(x, y, reduction):
                    return F.cross_entropy(
                        x, y, weight=weights, label_smoothing=smoothing, reduction=reduction
                    )

                options = {
                    "loss": "CrossEntropy",
                    "class_weights": weights,
                    "ignore_index": -100,
                    "label_smoothing": smoothing,
                }
                yield running_losses(
                    cross_entropy, labels, options, reduction, weighted, of_labels
                )
                yield running_losses(cross_entropy, probabilities, options, reduction, weighted)

            def nll(x, y, reduction):
                return F.nll_loss(
                    torch.log_softmax(x, dim=1), y, weight=weights, reduction=reduction
                )

            options = {
                "loss": "NegativeLogLikelihood",
                "class_weights": weights,
                "ignore_index": -100,
            }
            yield running_losses(nll, labels, options, reduction, weighted, of_labels)
            for positive in (None, pos_weight):

                def with_logits(x, y, reduction):
                    return F.binary_cross_entropy_with_logits(
                        x, y, weight=weights, pos_weight=positive, reduction=reduction
                    )

                options = {
                    "loss": "BinaryCrossEntropyWithLogits",
                    "output_weights": weights,
                    "positive_weights": positive,
                }
                yield running_losses(with_logits, multi_label, options, reduction, weighted)

            def bce(x, y, reduction):
                return F.binary_cross_entropy(
                    torch.sigmoid(x), y, weight=weights, reduction=reduction
                )

            options = {"loss": "BinaryCrossEntropy", "output_weights": weights}
            yield running_losses(bce, multi_label, options, reduction, weighted)

        def single(x, y, reduction):
            return F.binary_cross_entropy_with_logits(x, y, reduction=reduction)

        options = {"loss": "BinaryCrossEntropyWithLogits"}
        yield running_losses(single, binary, options, reduction, weighted)


if __name__ == "__main__":
    golden.write("running_loss.txt", cases())
