"""Measures one step of the training loop of PyTorch's tutorials, on one thread.

Prints a line for each shape: batch x features x classes, and the median time of a step in
microseconds. Arguments are shapes, such as 256x512x10; --device cuda before them selects a GPU,
with the batch in its memory already.
"""

import argparse
import statistics
import time

import torch

REPEATS = 15
SECONDS_A_REPEAT = 0.1


def step_micros(device, batch, features, classes):
    model = torch.nn.Linear(features, classes, device=device)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss()
    inputs = torch.randn(batch, features, device=device)
    labels = torch.randint(0, classes, (batch,), device=device)

    def finish():
        if device == "cuda":
            torch.cuda.synchronize()

    def step():
        optimiser.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimiser.step()

    for _ in range(50):
        step()
    finish()
    times = []
    for _ in range(REPEATS):
        steps = 0
        begin = time.perf_counter()
        while time.perf_counter() - begin < SECONDS_A_REPEAT:
            step()
            steps += 1
        finish()
        times.append((time.perf_counter() - begin) / steps * 1e6)
    return statistics.median(times)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
parser.add_argument("shapes", nargs="+")
arguments = parser.parse_args()
torch.manual_seed(1)
torch.set_num_threads(1)
print("torch", torch.__version__)
for shape in arguments.shapes:
    print(shape, f"{step_micros(arguments.device, *map(int, shape.split('x'))):.2f}", flush=True)
