"""Times of PyTorch and JAX for SGD event by event on a CUDA device, in float32 without TF32.

Usage: gpu_baselines.py ROWS,FEATURES,CLASSES,RATES...

Prints a line `framework shape microseconds` for each shape: the time of a block of ROWS events, each of which is
predicted before the step that it causes. Of each framework the faster plain way counts: for PyTorch the step of one
event in a CUDA graph that is replayed, for JAX a scan over the events, compiled. Rates are trained side by side in
both. Lines that begin with `#` are remarks.
"""

import os
import statistics
import sys
import time

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

ROUNDS = 7
RATE = 0.01


def pytorch(shapes):
    import torch

    if not torch.cuda.is_available():
        print("# PyTorch", torch.__version__, "sees no CUDA device")
        return
    torch.backends.cuda.matmul.allow_tf32 = False
    print("# PyTorch", torch.__version__)
    torch.manual_seed(1)
    for rows, features, classes, rates in shapes:
        columns = rates * classes
        x = torch.randn(1, features + 1, device="cuda")
        target = torch.zeros(1, rates, classes, device="cuda")
        target[:, :, 0] = 1
        weights = torch.zeros(features + 1, columns, device="cuda")
        steps = torch.full((rates, 1), -RATE, device="cuda")

        def step():
            logits = (x @ weights).view(1, rates, classes)
            gradient = (torch.softmax(logits, 2) - target) * steps
            weights.addmm_(x.t(), gradient.view(1, columns))

        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        times = []
        for _ in range(ROUNDS):
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            for _ in range(rows):
                graph.replay()
            end.record()
            torch.cuda.synchronize()
            times.append(begin.elapsed_time(end) * 1e3)
        print("pytorch", key(rows, features, classes, rates), round(statistics.median(times), 1), flush=True)


def jax(shapes):
    import jax
    import jax.numpy as jnp

    if all(device.platform == "cpu" for device in jax.devices()):
        print("# JAX", jax.__version__, "sees no CUDA device")
        return
    jax.config.update("jax_default_matmul_precision", "highest")
    print("# JAX", jax.__version__)
    for rows, features, classes, rates in shapes:
        x = jax.random.normal(jax.random.PRNGKey(1), (rows, features + 1))
        labels = jax.random.randint(jax.random.PRNGKey(2), (rows,), 0, classes)

        def step(weights, event):
            inputs, label = event
            logits = jnp.einsum("f,rfc->rc", inputs, weights)
            gradient = jax.nn.softmax(logits, axis=1).at[:, label].add(-1.0)
            return weights - RATE * inputs[None, :, None] * gradient[:, None, :], logits

        block = jax.jit(lambda weights: jax.lax.scan(step, weights, (x, labels)))
        weights = jnp.zeros((rates, features + 1, classes))
        jax.block_until_ready(block(weights))
        times = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            jax.block_until_ready(block(weights))
            times.append((time.perf_counter() - begin) * 1e6)
        print("jax", key(rows, features, classes, rates), round(statistics.median(times), 1), flush=True)


def key(*shape):
    return ",".join(str(size) for size in shape)


def main():
    shapes = [tuple(int(size) for size in shape.split(",")) for shape in sys.argv[1:]]
    for measure in (pytorch, jax):
        try:
            measure(shapes)
        except ImportError as error:
            print("#", error)


main()
