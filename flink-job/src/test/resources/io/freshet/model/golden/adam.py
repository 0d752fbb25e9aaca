"""Writes adam.txt: trajectories of torch.optim.Adam on linear models, step by step, in float64.

    python3 adam.py

Data, mini-batches and layout are those of sgd.py.
"""

import torch
import torch.nn.functional as F

import golden
import sgd

OPTIONS = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}


def trajectory(learning_rate, schedule, **changes):
    options = {**OPTIONS, **changes}
    weight = torch.zeros(sgd.NUM_FEATURES, sgd.NUM_OUTPUTS, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(sgd.NUM_OUTPUTS, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam(
        [weight, bias],
        lr=learning_rate,
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
        weight_decay=options["weight_decay"],
    )
    scheduler = sgd.schedule(schedule, optimizer)
    losses = []
    parameters = {}
    for step in range(sgd.STEPS):
        rows = [(step * sgd.BATCH_SIZE + i) % sgd.NUM_EXAMPLES for i in range(sgd.BATCH_SIZE)]
        optimizer.zero_grad()
        mean = F.cross_entropy(sgd.features[rows] @ weight + bias, sgd.classes[rows])
        mean.backward()
        optimizer.step()
        scheduler.step()
        losses.append(mean.item())
        if (step + 1) % sgd.EVERY == 0:
            both = torch.cat([weight, bias[None]])
            parameters[f"parameters.{step + 1}"] = both.detach().clone()
    return {
        "learning_rate": learning_rate,
        "schedule": schedule,
        **options,
        "losses": torch.tensor(losses, dtype=torch.float64),
        **parameters,
    }


def trajectories():
    yield {
        "shape": [sgd.NUM_EXAMPLES, sgd.NUM_FEATURES, sgd.NUM_OUTPUTS],
        "batch_size": sgd.BATCH_SIZE,
        "features": sgd.features.float(),
        "labels": sgd.classes,
    }
    yield trajectory(0.001, "constant")
    yield trajectory(0.1, "constant")
    yield trajectory(0.05, "exponential", beta1=0.5, beta2=0.9, epsilon=1e-3)
    yield trajectory(0.05, "constant", weight_decay=0.01)
    yield trajectory(0.05, "step", beta1=0.0)


if __name__ == "__main__":
    golden.write("adam.txt", trajectories())
