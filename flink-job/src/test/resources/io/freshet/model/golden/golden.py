"""Writer of golden files: each case is a paragraph of lines `name value...`, arrays row-major."""

import os

import torch


def number(value):
    """Returns 17 significant digits for float64 and 9 for float32, which parse to the same number."""
    if value.dtype == torch.int64:
        return str(value.item())
    if value.isnan():
        return "NaN"
    return format(value.item(), ".17g" if value.dtype == torch.float64 else ".9g")


def line(name, values):
    if torch.is_tensor(values):
        words = [number(value) for value in values.detach().flatten()]
    else:
        words = [str(value) for value in (values if isinstance(values, (list, tuple)) else [values])]
    return " ".join([name, *words]) + "\n"


def write(file, cases):
    """Writes cases, each a dictionary, to a file in this directory; entries of None are left out."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), file)
    with open(path, "w") as out:
        out.write(f"# Written by {file.replace('.txt', '.py')} with PyTorch {torch.__version__}.\n")
        for case in cases:
            out.write("\n")
            out.writelines(line(k, v) for k, v in case.items() if v is not None)
