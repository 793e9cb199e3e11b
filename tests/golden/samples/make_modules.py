#!/usr/bin/env python3
"""Writes PyTorch's own samples of the modules that Gradus has, too: what PyTorch is tested with (`module_db`, and the older
lists of `common_nn`), and what it makes of it.

    make_modules.py OUT.safetensors

In float64, as make_samples.py writes those of ops; a sample is

    {"module": "Linear", "constructor": {"op": "Linear", "args": [], "kwargs": {"in_features": 10, "out_features": 8}},
     "forward": {"op": "Linear", "args": [{"tensor": {"shape": [4, 10], "at": 0}, "grad": true}], "kwargs": {}},
     "training": true, "state": {"weight": {"shape": [8, 10], "at": 40}}, "state_after": {…}, "outputs": […],
     "gradients": […], "parameter_gradients": {"weight": …}}

Arguments of the constructor all stand by name. Outputs in tuples follow each other; `state_after` has the buffers as they are
after the call. Needs torch (1.13 or later) with expecttest.
"""
import argparse
import inspect
import random

import numpy
import torch

from make_samples import MOST_NUMBERS, Writer, fresh, gradients_of
from torch.testing._internal import common_nn
from torch.testing._internal.common_modules import module_db

LAYERS = """AvgPool1d AvgPool2d BatchNorm1d BatchNorm2d Conv1d Conv2d Embedding LayerNorm Linear MaxPool1d MaxPool2d"""
SEQUENCES = """GRU GRUCell LSTM LSTMCell MultiheadAttention RNN RNNCell TransformerDecoderLayer TransformerEncoderLayer"""
ACTIVATIONS = """ELU GELU Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish ReLU ReLU6 SiLU Sigmoid Softmax Softmin
    Softplus Tanh"""
LOSSES = """BCELoss BCEWithLogitsLoss CrossEntropyLoss HuberLoss KLDivLoss L1Loss MSELoss NLLLoss SmoothL1Loss"""
MODULES = " ".join([LAYERS, SEQUENCES, ACTIVATIONS, LOSSES]).split()


def named(module, args, kwargs):
    """The arguments of a module's constructor, by name."""
    bound = inspect.signature(module.__init__).bind(None, *args, **kwargs).arguments
    by_name = {**{name: value for name, value in list(bound.items())[1:] if name != "kwargs"}, **bound.get("kwargs", {})}
    return {name: value.__name__ if callable(value) else value for name, value in by_name.items()}


def tensors_in(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for item in value for tensor in tensors_in(item)] if isinstance(value, (list, tuple)) else []


def write_sample(writer, name, constructor, args, kwargs, training):
    torch.manual_seed(len(writer.samples))
    module = getattr(torch.nn, name)(**constructor).double().train(training)
    args, kwargs, leaves = fresh(args), fresh(kwargs), []
    entry = {"module": name,
             "constructor": {"op": name, "args": [],
                             "kwargs": {key: writer.value(value, []) for key, value in constructor.items()}},
             "forward": {"op": name, "args": writer.value(args, leaves),
                         "kwargs": {key: writer.value(value, leaves) for key, value in kwargs.items()}},
             "training": training,
             "state": {key: writer.place(value) for key, value in module.state_dict().items()}}
    results = tensors_in([module(*args, **kwargs)])
    parameters = dict(module.named_parameters())
    entry["outputs"] = [writer.place(each) for each in results]
    gradients = gradients_of(writer, results, leaves + list(parameters.values())) or []
    entry["gradients"] = gradients[:len(leaves)]
    entry["parameter_gradients"] = dict(zip(parameters, gradients[len(leaves):]))
    entry["state_after"] = {key: writer.place(value) for key, value in module.named_buffers()}
    return entry


def from_module_db():
    """(module, arguments of its constructor, of its call, training) of the newer list."""
    for info in module_db:
        for training in (True, False) if info.train_and_eval_differ else (True,):
            for sample in info.module_inputs_func(info, "cpu", torch.float64, requires_grad=True, training=training):
                made = sample.constructor_input
                yield info.module_cls, made.args, made.kwargs, sample.forward_input.args, sample.forward_input.kwargs, training


class Described(common_nn.TestBase):
    """An entry of the older lists."""
    _required_arg_names = {"constructor_args", "input", "extra_args", "target"}

    def __init__(self, entry):
        entry = {"constructor": getattr(torch.nn, entry["module_name"]), **entry}
        if not any(key.startswith("target") for key in entry):
            entry["target"] = None
        super().__init__(**entry)

    def arguments(self):
        target = self._get_arg("target", False)
        inputs = self._get_input(False)
        inputs = inputs if isinstance(inputs, tuple) else (inputs,)
        return [*(as_double(each, True) for each in inputs), *([] if target is None else [as_double(target, False)]),
                *(as_double(each, False) for each in self.extra_args)]


def as_double(value, requires_grad):
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return value
    return value.detach().double().requires_grad_(requires_grad)


def from_older_lists():
    for entry in [*common_nn.module_tests, *common_nn.new_module_tests, *common_nn.criterion_tests]:
        if entry.get("module_name") not in MODULES:
            continue
        described = Described(entry)
        for training in (True, False) if "BatchNorm" in entry["module_name"] else (True,):
            yield described.constructor, described._get_arg("constructor_args", False), {}, described.arguments(), {}, training


def of_causal_decoders():
    """A decoder layer whose positions see none after themselves, which the lists do not have."""
    mask = torch.full((3, 3), -torch.inf, dtype=torch.float64).triu(1)
    for norm_first in (True, False):
        x, memory = (torch.randn(2, n, 4, dtype=torch.float64, requires_grad=True) for n in (3, 5))
        yield (torch.nn.TransformerDecoderLayer, (4, 2, 8), {"dropout": 0.0, "batch_first": True, "norm_first": norm_first},
               [x, memory], {"tgt_mask": mask}, True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("out")
    arguments = arguments.parse_args()
    torch.manual_seed(1)
    random.seed(1)
    numpy.random.seed(1)
    writer = Writer(MOST_NUMBERS)
    for source in (from_module_db, from_older_lists, of_causal_decoders):
        for module, made_args, made_kwargs, args, kwargs, training in source():
            name = module.__name__
            if name in MODULES:
                constructor = named(module, made_args, made_kwargs)
                writer.add(name, lambda: write_sample(writer, name, constructor, list(args), dict(kwargs), training))
    writer.save(arguments.out)


if __name__ == "__main__":
    main()
