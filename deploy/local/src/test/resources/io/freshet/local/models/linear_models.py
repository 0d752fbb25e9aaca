"""Writes the files beside it: linear models as PyTorch and NumPy save them.

Needs torch 1.13 and numpy. The tests do not run it.
"""

import os

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(HERE, name)


def fill(linear, seed):
    random = np.random.RandomState(seed)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(random.randn(*linear.weight.shape)))
        linear.bias.copy_(torch.tensor(random.randn(*linear.bias.shape)))
    return linear


def export(module, features, name):
    torch.onnx.export(
        module,
        torch.zeros(1, features),
        path(name),
        input_names=["features"],
        output_names=["outputs"],
        dynamic_axes={"features": {0: "n"}, "outputs": {0: "n"}},
    )


linear = fill(torch.nn.Linear(4, 3), 1)
export(linear, 4, "linear.onnx")
export(torch.nn.Sequential(linear, torch.nn.LogSoftmax(dim=1)), 4, "log_softmax.onnx")

single = fill(torch.nn.Linear(4, 1), 2)
export(torch.nn.Sequential(single, torch.nn.Sigmoid()), 4, "sigmoid.onnx")

network = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
export(network, 4, "network.onnx")

weight = linear.weight.detach().numpy()
bias = linear.bias.detach().numpy()
np.savez(path("linear.npz"), weight=weight, bias=bias)
np.savez_compressed(
    path("transposed.npz"),
    **{
        "layer.weight": np.asfortranarray(weight.T.astype(">f8")),
        "layer.bias": bias.astype(np.float64),
        "classes": np.array(["ant", "naïve", "𝔸"]),
        "mean": np.array([0.5, -1.0, 2.0, 1e6]),
        "variance": np.array([1.0, 4.0, 0.25, 0.0]),
        "count": np.array(1000),
        "limit": np.array([2, 2, 2, 2], dtype=np.float32),
    },
)

inputs = np.random.RandomState(3).randn(5, 4).astype(np.float32)
with torch.no_grad():
    tensor = torch.tensor(inputs)
    rows = np.hstack(
        [
            inputs,
            torch.softmax(linear(tensor), dim=1).numpy(),
            torch.sigmoid(single(tensor)).numpy(),
        ]
    )
np.savetxt(
    path("predictions.csv"),
    rows,
    delimiter=",",
    fmt="%.9g",
    header="x0,x1,x2,x3,softmax0,softmax1,softmax2,sigmoid",
    comments="",
)
