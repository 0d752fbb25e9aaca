"""Writes sgd.txt: trajectories of torch.optim.SGD on linear models, step by step, in float64.

    python3 sgd.py

Step s (from 0) uses the rows batch_size * s, ... of the data, modulo num_examples; its loss is the
mean over the mini-batch under the parameters before the step. Parameters are (num_features + 1,
num_outputs) row-major, the bias in the last row, and start at zero. Features, targets and weights
are floats.

    losses            the mean loss of each step
    parameters.s      the parameters after s steps
"""

import torch
import torch.nn.functional as F

import golden

NUM_EXAMPLES, NUM_FEATURES, NUM_OUTPUTS, BATCH_SIZE, STEPS, EVERY = 40, 4, 3, 5, 200, 50
LEARNING_RATE = 0.1
MOMENTUM = {"momentum": 0.9}
NESTEROV = {"momentum": 0.9, "nesterov": True}
DECAY = {"weight_decay": 0.01}

torch.set_num_threads(1)
generator = torch.Generator().manual_seed(7)
features = torch.randn(NUM_EXAMPLES, NUM_FEATURES, generator=generator).double()
scores = features @ torch.randn(NUM_FEATURES, NUM_OUTPUTS, generator=generator).double()
scores += torch.randn(NUM_EXAMPLES, NUM_OUTPUTS, generator=generator).double()
classes = scores.argmax(dim=1)
multi_label = (scores > 0).double()
class_weights = torch.tensor([0.5, 1.0, 2.25], dtype=torch.float64)
pos_weight = torch.tensor([1.0, 3.0, 0.75], dtype=torch.float64)


def schedule(name, optimizer):
    schedulers = torch.optim.lr_scheduler
    if name == "step":
        return schedulers.StepLR(optimizer, step_size=50, gamma=0.5)
    if name == "exponential":
        return schedulers.ExponentialLR(optimizer, gamma=0.99)
    if name == "inverse_time":
        return schedulers.LambdaLR(optimizer, lambda t: 1 / (1 + 0.05 * t))
    return schedulers.LambdaLR(optimizer, lambda t: 1.0)


def trajectory(loss, targets, options, sgd=None, learning_rate_schedule="constant"):
    sgd = {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0, **(sgd or {})}
    weight = torch.zeros(NUM_FEATURES, NUM_OUTPUTS, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(NUM_OUTPUTS, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], lr=LEARNING_RATE, **sgd)
    scheduler = schedule(learning_rate_schedule, optimizer)
    losses = []
    parameters = {}
    for step in range(STEPS):
        rows = [(step * BATCH_SIZE + i) % NUM_EXAMPLES for i in range(BATCH_SIZE)]
        optimizer.zero_grad()
        mean = loss(features[rows] @ weight + bias, targets[rows])
        mean.backward()
        optimizer.step()
        scheduler.step()
        losses.append(mean.item())
        if (step + 1) % EVERY == 0:
            both = torch.cat([weight, bias[None]])
            parameters[f"parameters.{step + 1}"] = both.detach().clone()
    return {
        **options,
        "learning_rate": LEARNING_RATE,
        "schedule": learning_rate_schedule,
        **{k: str(v).lower() for k, v in sgd.items()},
        "losses": torch.tensor(losses, dtype=torch.float64),
        **parameters,
    }


def trajectories():
    yield {
        "shape": [NUM_EXAMPLES, NUM_FEATURES, NUM_OUTPUTS],
        "batch_size": BATCH_SIZE,
        "features": features.float(),
        "labels": classes,
        "targets": multi_label.float(),
    }

    def plain(*args):
        return trajectory(F.cross_entropy, classes, {"loss": "CrossEntropy"}, *args)

    yield plain()
    yield plain(MOMENTUM)
    yield plain({**MOMENTUM, "dampening": 0.3})
    yield plain(NESTEROV)
    yield plain(DECAY)
    yield plain({**NESTEROV, **DECAY})
    for name in ("step", "exponential", "inverse_time"):
        yield plain({}, name)

    def smoothed(x, y):
        return F.cross_entropy(x, y, weight=class_weights, label_smoothing=0.1)

    options = {
        "loss": "CrossEntropy",
        "class_weights": class_weights,
        "ignore_index": -100,
        "label_smoothing": 0.1,
    }
    yield trajectory(smoothed, classes, options, MOMENTUM)

    def positive(x, y):
        return F.binary_cross_entropy_with_logits(x, y, pos_weight=pos_weight)

    options = {"loss": "BinaryCrossEntropyWithLogits", "positive_weights": pos_weight}
    yield trajectory(positive, multi_label, options, MOMENTUM)


if __name__ == "__main__":
    golden.write("sgd.txt", trajectories())
