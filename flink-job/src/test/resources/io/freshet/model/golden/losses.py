"""Writes losses.txt: PyTorch's losses and their gradients, in float64 and float32.

    python3 losses.py

Inputs, targets and weights are floats, so that both precisions start from the same numbers. With p
one of float64 and float32:

    p.losses          reduction none
    p.sum, p.mean     the other reductions
    p.mean_gradient   gradient of the mean at the inputs
    p.sum_gradient    gradient of the sum at the inputs, in small cases
    p.logit_gradient  gradient of the sum at logits, in the cases of a model: there the inputs are
                      the logits' log-softmax or sigmoid

PyTorch's losses have no example weights. Here the weights multiply the losses of reduction none.
The mean is their sum divided by PyTorch's divisor. Where that divisor is a sum of the labels' class
weights, each is multiplied by the example weight, as if the example were repeated.
"""

import itertools

import torch
import torch.nn.functional as F

import golden

SHAPES = [(1, 2), (5, 3), (7, 10)]
SMALL = 15
NO_CLASS = -100

torch.set_num_threads(1)
generator = torch.Generator().manual_seed(20)


def normal(size, width):
    return 2 * torch.randn(size, width, generator=generator)


def uniform(*shape):
    return torch.rand(*shape, generator=generator)


def saturated(size, width):
    """Returns ordinary logits, and logits of 10,000 and -10,000."""
    extreme = torch.where(uniform(size, width) < 0.5, 1e4, -1e4)
    return torch.where(uniform(size, width) < 0.5, extreme, normal(size, width))


def weights(count, zero=False):
    values = 0.25 + 2 * uniform(count)
    if zero:
        values[-1] = 0
    return values


def labels(size, num_classes, ignore_index):
    """Returns every class in turn; in larger batches every third example is ignored."""
    values = (torch.arange(size) + 1) % num_classes
    if size > 1:
        values[1::3] = ignore_index
    return values


def distributions(size, num_classes):
    return torch.softmax(normal(size, num_classes), dim=1)


def multi_label(size, num_outputs):
    """Returns targets of 0 and 1, and some in between."""
    hard = torch.where(uniform(size, num_outputs) < 0.5, 1.0, 0.0)
    return torch.where(uniform(size, num_outputs) < 0.7, hard, uniform(size, num_outputs))


def probabilities(size, num_outputs):
    """Returns probabilities, among them exactly 0 and 1 and values near them."""
    values = torch.sigmoid(normal(size, num_outputs))
    edges = torch.tensor([0, 1, 1e-30, 1e-6, 1 - 2**-20])
    chosen = edges[torch.randint(len(edges), (size, num_outputs), generator=generator)]
    return torch.where(uniform(size, num_outputs) < 0.4, chosen, values)


def case(name, loss, x, y, example_weights=None, divisor=None, options=None, of_logits=None):
    """Returns one case.

    loss(x, y, reduction, cast) is PyTorch's; cast brings the options to the precision of x.
    divisor(y, example_weights, cast) is the mean's where examples have weights; of_logits turns
    logits x into the loss's inputs.
    """
    lines = {"loss": name, "shape": list(x.shape), **(options or {})}
    lines["logits" if of_logits else "inputs"] = x
    lines["targets" if y.is_floating_point() else "labels"] = y
    lines["example_weights"] = example_weights
    for precision, dtype in (("float64", torch.float64), ("float32", torch.float32)):

        def cast(tensor):
            return None if tensor is None else tensor.to(dtype)

        inputs = cast(x).requires_grad_()
        targets = cast(y) if y.is_floating_point() else y
        if of_logits:
            total = loss(of_logits(inputs), targets, "sum", cast)
            (lines[precision + ".logit_gradient"],) = torch.autograd.grad(total, inputs)
            continue
        losses = loss(inputs, targets, "none", cast)
        if example_weights is None:
            total = loss(inputs, targets, "sum", cast)
            mean = loss(inputs, targets, "mean", cast)
        else:
            factors = cast(example_weights)
            losses = losses * factors.reshape(-1, *[1] * (losses.dim() - 1))
            total = losses.sum()
            mean = total / divisor(targets, factors, cast)
        lines[precision + ".losses"] = losses
        lines[precision + ".sum"] = total
        lines[precision + ".mean"] = mean
        (gradient,) = torch.autograd.grad(mean, inputs, retain_graph=True)
        lines[precision + ".mean_gradient"] = gradient
        if x.numel() <= SMALL:
            (gradient,) = torch.autograd.grad(total, inputs)
            lines[precision + ".sum_gradient"] = gradient
    return lines


def of_labels(class_weights, ignore_index):
    def divisor(y, example_weights, cast):
        kept = y != ignore_index
        each = example_weights[kept]
        return (each if class_weights is None else each * cast(class_weights)[y[kept]]).sum()

    return divisor


def cross_entropy(x, y, class_weights, ignore_index, smoothing, example_weights=None):
    def loss(x, y, reduction, cast):
        return F.cross_entropy(
            x,
            y,
            weight=cast(class_weights),
            ignore_index=ignore_index,
            label_smoothing=smoothing,
            reduction=reduction,
        )

    def of_size(y, example_weights, cast):
        return len(y)

    return case(
        "CrossEntropy",
        loss,
        x,
        y,
        example_weights,
        of_size if y.is_floating_point() else of_labels(class_weights, ignore_index),
        {
            "class_weights": class_weights,
            "ignore_index": ignore_index,
            "label_smoothing": smoothing,
        },
    )


def negative_log_likelihood(
    x, y, class_weights, ignore_index, example_weights=None, of_logits=None
):
    def loss(x, y, reduction, cast):
        return F.nll_loss(
            x, y, weight=cast(class_weights), ignore_index=ignore_index, reduction=reduction
        )

    return case(
        "NegativeLogLikelihood",
        loss,
        x,
        y,
        example_weights,
        of_labels(class_weights, ignore_index),
        {"class_weights": class_weights, "ignore_index": ignore_index},
        of_logits,
    )


def of_elements(y, example_weights, cast):
    return y.numel()


def bce_with_logits(x, y, weight, pos_weight, example_weights=None):
    def loss(x, y, reduction, cast):
        return F.binary_cross_entropy_with_logits(
            x, y, weight=cast(weight), pos_weight=cast(pos_weight), reduction=reduction
        )

    options = {"output_weights": weight, "positive_weights": pos_weight}
    return case(
        "BinaryCrossEntropyWithLogits", loss, x, y, example_weights, of_elements, options
    )


def bce(x, y, weight, example_weights=None, of_logits=None):
    def loss(x, y, reduction, cast):
        return F.binary_cross_entropy(x, y, weight=cast(weight), reduction=reduction)

    options = {"output_weights": weight}
    return case(
        "BinaryCrossEntropy", loss, x, y, example_weights, of_elements, options, of_logits
    )


def log_softmax(x):
    return torch.log_softmax(x, dim=1)


def softmax_cases():
    for size, width in SHAPES:
        grid = itertools.product(
            (None, weights(width, zero=width > 2)), (None, weights(size)), (normal, saturated)
        )
        for class_weights, example_weights, logits in grid:
            for smoothing in (0.0, 0.1, 1.0):
                for ignore_index in (NO_CLASS, width - 2):
                    yield cross_entropy(
                        logits(size, width),
                        labels(size, width, ignore_index),
                        class_weights,
                        ignore_index,
                        smoothing,
                        example_weights,
                    )
                yield cross_entropy(
                    logits(size, width),
                    distributions(size, width),
                    class_weights,
                    NO_CLASS,
                    smoothing,
                    example_weights,
                )
            for ignore_index in (NO_CLASS, width - 2):
                y = labels(size, width, ignore_index)
                x = logits(size, width)
                yield negative_log_likelihood(
                    log_softmax(x), y, class_weights, ignore_index, example_weights
                )
                yield negative_log_likelihood(
                    x, y, class_weights, ignore_index, of_logits=log_softmax
                )


def softmax_edge_cases():
    """Yields cases whose mean has the divisor 0: all examples ignored, or of classes of weight 0."""
    size, width = 4, 3
    for class_weights in (None, weights(width, zero=True)):
        for ignore_index, label in ((NO_CLASS, NO_CLASS), (1, 1), (NO_CLASS, width - 1)):
            y = torch.full((size,), label)
            for smoothing in (0.0, 0.1):
                yield cross_entropy(
                    normal(size, width), y, class_weights, ignore_index, smoothing
                )
            yield negative_log_likelihood(
                log_softmax(normal(size, width)), y, class_weights, ignore_index
            )


def many_classes():
    size, width = 4, 1000
    yield cross_entropy(
        normal(size, width),
        torch.tensor([0, 999, 500, 7]),
        weights(width),
        NO_CLASS,
        0.1,
        weights(size),
    )


def sigmoid_cases():
    for size, width in ((5, 1), *SHAPES):
        grid = itertools.product((None, weights(width, zero=width > 2)), (None, weights(size)))
        for weight, example_weights in grid:
            for pos_weight, logits in itertools.product(
                (None, 2 * weights(width)), (normal, saturated)
            ):
                yield bce_with_logits(
                    logits(size, width),
                    multi_label(size, width),
                    weight,
                    pos_weight,
                    example_weights,
                )
            yield bce(
                probabilities(size, width), multi_label(size, width), weight, example_weights
            )
        # Logits of -30 have probabilities below the bound of the gradient, exact to the last bits.
        x = torch.where(uniform(size, width) < 0.3, torch.tensor(-30.0), normal(size, width))
        x = torch.where(uniform(size, width) < 0.2, torch.tensor(1e4), x)
        yield bce(x, multi_label(size, width), weights(width), of_logits=torch.sigmoid)


if __name__ == "__main__":
    golden.write(
        "losses.txt",
        itertools.chain(softmax_cases(), softmax_edge_cases(), many_classes(), sigmoid_cases()),
    )
