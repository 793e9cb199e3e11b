#!/usr/bin/env python3
"""Writes the golden values of products, losses, masks, projections, norms and convolutions, as make_golden.py does for
the rest. It needs torch 1.13 or newer and safetensors."""
import types

import torch
import torch.nn.functional as F
from torch import nn

if not hasattr(torch, "func"):  # before torch 2
    torch.func = types.SimpleNamespace(functional_call=nn.utils.stateless.functional_call)

from make_golden import File, uniform


def make_products():
    f = File("products")
    for name, a, b in (("batches", (5, 1, 2, 3), (4, 3, 2)), ("matrix", (2, 2, 3), (3, 4)), ("row", (3,), (2, 3, 4)),
                       ("column", (2, 2, 3), (3,)), ("dot", (3,), (3,)), ("six", (2, 1, 1, 2, 2, 3), (1, 2, 1, 2, 3, 1))):
        f.add(f"matmul_{name}", torch.matmul, {"input": uniform(*a), "other": uniform(*b)})
    f.add("outer", torch.outer, {"input": uniform(3), "vec2": uniform(4)})
    f.add("einsum_batch", lambda a, b: torch.einsum("bhtd,bhsd->bhts", a, b),
          {"a": uniform(2, 2, 3, 4), "b": uniform(2, 2, 2, 4)})
    f.add("einsum_mixed", lambda a, b: torch.einsum("aib,cbi->ca", a, b), {"a": uniform(2, 3, 4), "b": uniform(5, 4, 3)})
    f.add("einsum_sums", lambda a, b: torch.einsum("aij,bk->kb", a, b), {"a": uniform(2, 3, 2), "b": uniform(3, 2)})
    f.add("einsum_one", lambda a: torch.einsum("abc->cb", a), {"a": uniform(2, 3, 4)})
    f.add("einsum_implicit", lambda a, b: torch.einsum("ki,jk", a, b), {"a": uniform(3, 2), "b": uniform(4, 3)})
    f.save()


def make_losses():
    f = File("losses")
    weight, pos_weight = torch.tensor([0.5, 1, 2, 1.5]), torch.tensor([3.0, 1, 0.5, 2])
    for reduction in "none", "mean", "sum":
        pair = lambda **limits: {"input": uniform(3, 4, low=-3, high=3), "target": uniform(3, 4, **limits)}
        more = {"reduction": reduction}
        f.add(f"mse_loss_{reduction}", lambda input, target: F.mse_loss(input, target, **more), pair())
        f.add(f"l1_loss_{reduction}", lambda input, target: F.l1_loss(input, target, **more), pair())
        f.add(f"huber_loss_{reduction}", lambda input, target: F.huber_loss(input, target, delta=0.7, **more), pair())
        f.add(f"smooth_l1_loss_{reduction}", lambda input, target: F.smooth_l1_loss(input, target, beta=0.4, **more),
              pair())
        logits = lambda input, target, **weights: F.binary_cross_entropy_with_logits(input, target, **weights, **more)
        f.add(f"logits_{reduction}", logits, pair(low=0))
        f.add(f"logits_weighted_{reduction}",
              lambda input, target: logits(input, target, weight=weight, pos_weight=pos_weight), pair(low=0))
        target = uniform(3, 4, low=0)
        f.add(f"binary_cross_entropy_{reduction}",
              lambda input: F.binary_cross_entropy(input, target, weight=weight, **more),
              {"input": uniform(3, 4, low=0.01, high=0.99)}, target=target)
        f.add(f"kl_div_{reduction}", lambda input, target: F.kl_div(input, target, **more),
              {"input": uniform(3, 4, low=-3, high=0), "target": uniform(3, 4, low=0.01)})
        f.add(f"kl_div_log_{reduction}", lambda input, target: F.kl_div(input, target, log_target=True, **more),
              {"input": uniform(3, 4, low=-3, high=0), "target": uniform(3, 4, low=-3, high=0)})

        for name, shape in ("rows", (5, 4)), ("places", (2, 4, 3)), ("pictures", (2, 4, 3, 2)), ("one", (4,)):
            targets = torch.randint(4, shape[:1] + shape[2:] if len(shape) > 1 else ())
            if targets.numel() > 1:
                targets.view(-1)[1] = -100
            x = uniform(*shape, low=-3, high=3)
            f.add(f"nll_loss_{name}_{reduction}", lambda input: F.nll_loss(input, targets, weight, **more), {"input": x},
                  targets=targets)
            for smoothing in 0.0, 0.1:
                f.add(f"cross_entropy_{name}_{smoothing}_{reduction}",
                      lambda input: F.cross_entropy(input, targets, weight, label_smoothing=smoothing, **more),
                      {"input": x}, targets=targets)
                f.add(f"distributions_{name}_{smoothing}_{reduction}",
                      lambda input, target: F.cross_entropy(input, target, weight, label_smoothing=smoothing, **more),
                      {"input": x, "target": uniform(*shape, low=0)})
    f.save()


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    make_products()
    make_losses()


if __name__ == "__main__":
    main()
