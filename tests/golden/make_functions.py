#!/usr/bin/env python3
"""Writes functions.safetensors: the ops of numbers, axes and shapes, as make_golden.py writes the other files."""
import torch
import torch.nn.functional as F

from make_golden import File, put_steps, uniform


def make_functions():
    """The ops of one tensor, named as in test_golden_functions.cpp, then those of several."""
    f = File("functions")
    x, positive, z = uniform(3, 7, low=-4, high=4), uniform(3, 7, low=0.1, high=4), uniform(2, 3, 4, low=-3, high=3)
    equal = torch.tensor([[3.0, 1, 3, 1], [2, 2, 2, 2], [0, 5, 0, 0]])
    functions = {
        "abs": (x, torch.abs), "ceil": (x, torch.ceil), "cos": (x, torch.cos), "erf": (x, torch.erf),
        "elu": (x, lambda x: F.elu(x, 0.7)), "exponential": (x, lambda x: torch.pow(1.5, x)), "expm1": (x, torch.expm1),
        "floor": (x, torch.floor), "leaky_relu": (x, lambda x: F.leaky_relu(x, 0.2)),
        "log1p": (positive, torch.log1p), "masked_fill": (x, lambda x: x.masked_fill(x.detach() > 1, 9)),
        "reciprocal": (x, lambda x: 3 / x), "round": (x, torch.round), "rsqrt": (positive, torch.rsqrt),
        "sign": (x, torch.sign), "silu": (x, F.silu), "sin": (x, torch.sin),
        "softplus": (x, lambda x: F.softplus(x, 2, 5)),
        "amax": (equal, lambda x: x.amax(1)), "amax_all": (equal, lambda x: x.max()),
        "amin": (equal, lambda x: x.amin((0, 1), True)), "min": (x, lambda x: x.min(0)[0]),
        "mean_axes": (z, lambda x: x.mean((0, 2))), "sum_axes": (z, lambda x: x.sum((-1, 0), True)),
        "prod": (equal, lambda x: x.prod(1)), "prod_all": (z, lambda x: x.prod()),
        "var": (z, lambda x: x.var((0, 2), False)), "var_all": (z, lambda x: x.var()),
        "stddev": (z, lambda x: x.std((1, 2), keepdim=True)), "stddev_equal": (equal, lambda x: x.std(1)),
        "norm": (z, lambda x: x.norm(2, (0, 2))), "norm_1": (z, lambda x: x.norm(1, 1)),
        "norm_3": (z, lambda x: x.norm(3, 1)), "norm_inf": (equal, lambda x: x.norm(torch.inf, 1)),
        "norm_half": (equal, lambda x: x.norm(0.5, 1)), "norm_zero": (torch.zeros(2, 3), lambda x: x.norm(2, 1)),
        "logsumexp": (z, lambda x: x.logsumexp((0, 2))), "cumsum": (z, lambda x: x.cumsum(1)),
        "softmax_axis": (z, lambda x: x.softmax(1)), "log_softmax_axis": (z, lambda x: x.log_softmax(0)),
        "sort": (z, lambda x: x.sort(1, descending=True)[0]), "topk": (z, lambda x: x.topk(2, 2, largest=False)[0]),
        "permute": (z, lambda x: x.permute(2, 0, 1)), "flip": (z, lambda x: x.flip(0, 2)),
        "slice": (z, lambda x: x[:, 1:, ::2]), "select": (z, lambda x: x[:, -1]),
        "expand": (z, lambda x: x[:, :1].expand(2, -1, 3, 4)), "repeat": (z, lambda x: x.repeat(2, 1, 3, 1)),
        "tile": (z, lambda x: x.tile(3, 2)), "pad": (z, lambda x: F.pad(x, (1, -1, 0, 2), value=3)),
        "stack": (z, lambda x: torch.stack([x, 2 * x], 2)),
    }
    for name, (input, function) in functions.items():
        f.add(name, lambda input: function(input), {"input": input})

    ones, others = torch.tensor([[1.0, 2, 3], [3, 2, 1]]), torch.tensor([2.0, 2, 2])
    f.add("maximum", torch.maximum, {"input": ones, "other": others})
    f.add("minimum", torch.minimum, {"input": ones, "other": others})
    f.add("pow", torch.pow, {"input": uniform(2, 3, low=0.1, high=3), "exponent": uniform(4, 1, 3, low=-2, high=2)})
    f.add("clamp", torch.clamp, {"input": uniform(4, 3), "min": uniform(3), "max": uniform(4, 1)})
    f.add("where", lambda input, other: torch.where(torch.tensor([[True], [False]]), input, other),
          {"input": uniform(3), "other": uniform(2, 1)})
    f.save()


def make_rmsprop():
    f = File("rmsprop")
    kinds = {
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1),
        "rmsprop_momentum": lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, momentum=0.8, weight_decay=0.1),
        "rmsprop_centered": lambda p: torch.optim.RMSprop(p, lr=0.1, centered=True, momentum=0.5),
    }
    put_steps(f, kinds)
    f.save()


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    make_functions()
    make_rmsprop()
