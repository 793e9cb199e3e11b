#!/usr/bin/env python3
"""Writes PyTorch's own samples of the ops that Gradus has too: what PyTorch is tested with (`op_db`), and what it makes of it.

    make_samples.py [--all] OUT.safetensors

Each op's `sample_inputs` and `reference_inputs` in float64, with the outputs and the gradients by all inputs, for the
cotangent that `cotangent` below says. The file holds one tensor, `numbers`, and in its metadata `samples`, JSON:

    {"op": "sum", "args": [{"tensor": {"shape": [2, 3], "at": 17}, "grad": true}, 1], "kwargs": {"keepdim": true},
     "outputs": [{"shape": [2, 1], "at": 23}], "gradients": [{"shape": [2, 3], "at": 25}]}

`at` is where its numbers begin in `numbers`; equal tensors stand there once. Without --all, samples with tensors of more than
MOST_NUMBERS are left out, and the metadata's `left_out` says how many those were. Needs torch (1.13 or later) with expecttest.
"""
import argparse
import collections
import json
import math
import random
import warnings

import numpy
import torch

warnings.filterwarnings("ignore")
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402

MOST_NUMBERS = 600

# PyTorch 1.13 draws from sets, which Python 3.11 refuses.
draw = random.sample
random.sample = lambda population, k: draw(sorted(population) if isinstance(population, set) else population, k)

ELEMENTWISE = """abs add clamp clamp_max clamp_min cos div eq erf erfc exp expm1 fmax fmin floor ceil ge gt le log log1p lt masked_fill
    max maximum min minimum mul ne neg pow float_power __radd__ __rdiv__ __rmul__ __rpow__ __rsub__ reciprocal round rsqrt rsub
    sigmoid sign sin sqrt square sub tanh true_divide where nn.functional.elu nn.functional.gelu nn.functional.leaky_relu
    nn.functional.relu nn.functional.silu nn.functional.softplus isnan isinf isfinite trunc nn.functional.dropout
    nn.functional.hardtanh nn.functional.relu6 nn.functional.logsigmoid nn.functional.mish positive logical_and logical_not logical_or"""
REDUCING = """amax amin argmax argmin argsort cumsum log_softmax logsumexp mean norm linalg.vector_norm prod softmax sort std sum topk
    var nn.functional.softmin var_mean std_mean"""
SHAPES = """cat expand expand_as flatten flip gather index_select narrow nn.functional.pad permute repeat reshape reshape_as select
    split split_with_sizes squeeze stack tile transpose unbind unsqueeze view view_as chunk movedim ravel clone contiguous T mT
    vstack hstack take_along_dim eye linspace arange full_like zeros_like ones_like"""
PRODUCTS = """addmm bmm dot einsum inner matmul mm mv outer nn.functional.linear nn.functional.conv1d nn.functional.conv2d"""
LAYERS = """nn.functional.avg_pool1d nn.functional.avg_pool2d nn.functional.batch_norm nn.functional.embedding
    nn.functional.layer_norm nn.functional.one_hot nn.functional._scaled_dot_product_attention
    nn.functional.scaled_dot_product_attention nn.functional.max_pool1d nn.functional.max_pool2d"""
LOSSES = """nn.functional.binary_cross_entropy nn.functional.binary_cross_entropy_with_logits nn.functional.cross_entropy
    nn.functional.huber_loss nn.functional.kl_div nn.functional.l1_loss nn.functional.mse_loss nn.functional.nll_loss
    nn.functional.smooth_l1_loss"""
OPS = " ".join([ELEMENTWISE, REDUCING, SHAPES, PRODUCTS, LAYERS, LOSSES]).split()
OF_WHOLE_NUMBERS = ["nn.functional.one_hot"]
MOST_OF_AN_OP = {"nn.functional.max_pool1d": 150, "nn.functional.max_pool2d": 150}  # of 864 and 1,440 that repeat each other


def cotangent(shape):
    """Numbers that any language makes alike: -1, -0.26, 0.48, ..."""
    return torch.tensor([(i * 37 % 101) / 50 - 1 for i in range(math.prod(shape))], dtype=torch.float64).reshape(shape)


class Writer:
    """A file of samples as it grows, without those with tensors of more than `most` numbers (0: of any size)."""

    def __init__(self, most):
        self.most, self.numbers, self.size, self.places = most, [], 0, {}
        self.samples, self.seen, self.left_out = [], set(), collections.Counter()

    def add(self, name, make):
        """Adds the sample that make() returns, unless it is there already or cannot be told; whether it did."""
        before = self.size, len(self.numbers)
        try:
            key = json.dumps(make())
        except (OverflowError, TypeError, RuntimeError):
            self.left_out[name] += 1
            self.numbers[before[1]:] = []
            self.size = before[0]
            self.places = {key: at for key, at in self.places.items() if at < self.size}
            return False
        if key in self.seen:
            return False
        self.seen.add(key)
        self.samples.append(key)
        return True

    def save(self, path):
        numbers = torch.from_numpy(numpy.concatenate(self.numbers))
        header = json.dumps({
            "__metadata__": {"torch": torch.__version__, "samples": "[" + ",\n".join(self.samples) + "]",
                             "left_out": json.dumps(self.left_out)},
            "numbers": {"dtype": "F64", "shape": [len(numbers)], "data_offsets": [0, 8 * len(numbers)]}}).encode()
        header += b" " * (-len(header) % 8)
        with open(path, "wb") as file:
            file.write(len(header).to_bytes(8, "little") + header + numbers.numpy().tobytes())
        print(f"{len(self.samples)} samples, {len(numbers)} numbers, {sum(self.left_out.values())} left out: "
              f"{dict(self.left_out)}")

    def place(self, tensor):
        """Where the tensor stands among the numbers."""
        array = tensor.detach().to(torch.float64).contiguous().numpy().reshape(-1)
        if self.most and array.size > self.most:
            raise OverflowError
        key = array.tobytes()
        if key not in self.places:
            self.places[key] = self.size
            self.numbers.append(array.copy())
            self.size += array.size
        return {"shape": list(tensor.shape), "at": self.places[key]}

    def value(self, value, leaves):
        if isinstance(value, torch.Tensor):
            if value.is_complex():
                raise TypeError("complex")
            entry = {"tensor": self.place(value), "dtype": str(value.dtype).removeprefix("torch.")}
            if value.requires_grad:
                entry["grad"] = True
                leaves.append(value)
            return entry
        if isinstance(value, (list, tuple)):
            return [self.value(item, leaves) for item in value]
        if isinstance(value, (torch.dtype, torch.layout, torch.device, torch.memory_format)):
            return {"torch": str(value)}
        if isinstance(value, float) and not math.isfinite(value):
            return {"number": str(value)}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, numpy.generic):
            return value.item()
        raise TypeError(type(value).__name__)


def fresh(value):
    """A copy of an argument whose tensors are leaves."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().contiguous().requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        return type(value)(fresh(item) for item in value)
    if isinstance(value, dict):
        return {name: fresh(item) for name, item in value.items()}
    return value


def write_sample(writer, op, sample):
    args, kwargs = [fresh(sample.input), *fresh(sample.args)], fresh(sample.kwargs)
    leaves = []
    entry = {"op": op.name, "args": writer.value(args, leaves),
             "kwargs": {name: writer.value(item, leaves) for name, item in kwargs.items()}}
    if op.variant_test_name:
        entry["variant"] = op.variant_test_name
    result = op(*args, **kwargs)
    results = [result] if isinstance(result, torch.Tensor) else list(result)
    entry["outputs"] = [writer.place(each) for each in results]
    entry["gradients"] = gradients_of(writer, results, leaves)
    return {key: value for key, value in entry.items() if value is not None}


def gradients_of(writer, results, leaves):
    """The places of the gradients; None if there are none."""
    loss = sum((each * cotangent(each.shape)).sum() for each in results if each.requires_grad)
    if not isinstance(loss, torch.Tensor) or not leaves:
        return None
    gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
    return [writer.place(torch.zeros_like(leaf) if g is None else g) for leaf, g in zip(leaves, gradients)]


def samples_of(op, source):
    """Some of an op's reference inputs ask for gradients of whole numbers, which PyTorch refuses: then it has none."""
    try:
        dtype = torch.float64 if torch.float64 in op.dtypes and op.name not in OF_WHOLE_NUMBERS else torch.int64
        yield from getattr(op, source)("cpu", dtype, requires_grad=op.supports_autograd and dtype.is_floating_point)
    except (ValueError, RuntimeError) as error:
        print(f"{op.name}: {source}: {error}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--all", action="store_true", help="large tensors too")
    arguments.add_argument("out")
    arguments = arguments.parse_args()
    torch.manual_seed(1)
    random.seed(1)
    numpy.random.seed(1)
    writer = Writer(0 if arguments.all else MOST_NUMBERS)
    for op in (op for name in OPS for op in op_db if op.name == name):
        of_op = 0
        for source in ("sample_inputs", "reference_inputs"):
            for sample in samples_of(op, source):
                if not arguments.all and of_op >= MOST_OF_AN_OP.get(op.name, math.inf):
                    writer.left_out[op.name] += 1
                    continue
                of_op += writer.add(op.name, lambda: write_sample(writer, op, sample))
    writer.save(arguments.out)


if __name__ == "__main__":
    main()
