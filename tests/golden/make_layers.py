#!/usr/bin/env python3
"""Writes the golden values of products, losses, masks, projections, norms and convolutions, as make_golden.py does for
the rest. It needs torch 1.13 or newer and safetensors."""
import types

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

if not hasattr(torch, "func"):  # before torch 2
    torch.func = types.SimpleNamespace(functional_call=nn.utils.stateless.functional_call)

from safetensors.torch import save_file

from make_golden import FOLDER, File, uniform


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


def make_masks():
    """A Transformer's layers with masks of any kind: x (B, T, H), memory (B, S, H), masks (B, heads, T, S)."""
    f = File("masks")
    batch, steps, size, heads = 2, 4, 6, 2
    lengths = torch.tensor([4, 3])
    padding = torch.arange(steps) >= lengths.unsqueeze(1)
    future = torch.triu(torch.ones(steps, steps), 1).bool()
    masked = lambda y: y.masked_fill(padding.unsqueeze(2), 0)
    no = lambda *shape: (torch.rand(shape) < 0.4) & (torch.arange(steps) > 0)  # True: not attended
    minus = lambda mask: torch.zeros(mask.shape).masked_fill(mask, -torch.inf)

    attention = nn.MultiheadAttention(size, heads, batch_first=True)
    more = {"key_padding_mask": padding, "need_weights": False}
    each, one = no(batch, heads, steps, steps), no(steps, steps)
    f.add_module("attention_each", attention,
                 lambda m, x: masked(m(x, x, x, attn_mask=each.flatten(0, 1), **more)[0]), {"x": uniform(2, steps, size)},
                 lengths=lengths, allowed=~each)
    f.add_module("attention_bias", attention,
                 lambda m, x, bias: masked(m(x, x, x, attn_mask=bias.flatten(0, 1), **more)[0]),
                 {"x": uniform(2, steps, size), "bias": uniform(batch, heads, steps, steps)}, lengths=lengths)
    options = {"d_model": size, "nhead": heads, "dim_feedforward": 5, "dropout": 0.0, "batch_first": True}
    f.add_module("encoder", nn.TransformerEncoderLayer(**options),
                 lambda m, x: masked(m(x, src_mask=one, src_key_padding_mask=padding)), {"x": uniform(2, steps, size)},
                 lengths=lengths, allowed=~one)
    memory_mask = no(steps, steps)
    f.add_module("decoder", nn.TransformerDecoderLayer(**options),
                 lambda m, x, memory: masked(m(x, memory, tgt_mask=one | future, tgt_key_padding_mask=padding,
                                               memory_mask=memory_mask, memory_key_padding_mask=padding)),
                 {"x": uniform(2, steps, size), "memory": uniform(2, steps, size)}, lengths=lengths, allowed=~one,
                 memory_allowed=~memory_mask)
    f.save()


class ModuleFile(File):
    """A File whose modules keep their own parameters: torch 1.13 cannot call its recurrent layers with others."""

    def add_module(self, case, module, function, inputs, **index):
        own = dict(module.named_parameters())
        for parameter in own.values():
            parameter.data.uniform_(-1, 1)
        inputs = {name: tensor.detach().clone().requires_grad_() for name, tensor in inputs.items()}
        outputs = function(module, **inputs)
        outputs = {"y": outputs} if isinstance(outputs, torch.Tensor) else outputs
        cotangents = {name: uniform(*y.shape) for name, y in outputs.items()}
        self.put(case, "input", {**inputs, **own})
        torch.autograd.backward(list(outputs.values()), list(cotangents.values()))
        self.put(case, "index", index)
        self.put(case, "output", outputs)
        self.put(case, "cotangent", cotangents)
        self.put(case, "gradient", {name: tensor.grad for name, tensor in {**inputs, **own}.items()})


def make_recurrent():
    """Layers as in make_golden.py, with projections, without bias, and with an initial state of padded sequences."""
    f = ModuleFile("recurrent_more")
    batch, inputs, hidden = 4, 3, 4
    lengths = torch.tensor([3, 5, 1, 3])

    def run(rnn, x, *state):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, final = rnn(packed, (state if len(state) == 2 else state[0]) if state else None)
        output, _ = pad_packed_sequence(output, batch_first=True)
        final = {"hidden": final[0], "cell": final[1]} if isinstance(rnn, nn.LSTM) else {"hidden": final}
        return {"output": output, **final}

    for layers in 1, 2:
        for bidirectional in False, True:
            for proj in 0, 2:
                if proj == 0 and layers == 1:
                    continue
                D = layers * (1 + bidirectional)
                rnn = nn.LSTM(inputs, hidden, layers, batch_first=True, bidirectional=bidirectional, proj_size=proj,
                              bias=proj > 0)
                f.add_module(f"lstm_{layers}_{int(bidirectional)}_{proj}", rnn,
                             lambda rnn, x, h, c: run(rnn, x, h, c),
                             {"x": uniform(batch, 5, inputs), "h": uniform(D, batch, proj or hidden),
                              "c": uniform(D, batch, hidden)}, lengths=lengths)
    state = lambda: uniform(2, batch, hidden)
    for name, make in ("gru", nn.GRU), ("rnn", nn.RNN):
        f.add_module(f"{name}_without_bias", make(inputs, hidden, 1, batch_first=True, bidirectional=True, bias=False),
                     lambda rnn, x, h: run(rnn, x, h), {"x": uniform(batch, 5, inputs), "h": state()}, lengths=lengths)
    x, h, c = uniform(batch, inputs), uniform(batch, hidden), uniform(batch, hidden)
    f.add_module("lstm_cell", nn.LSTMCell(inputs, hidden, bias=False),
                 lambda cell, x, h, c: dict(zip(("hidden", "cell"), cell(x, (h, c)))), {"x": x, "h": h, "c": c})
    f.add_module("gru_cell", nn.GRUCell(inputs, hidden, bias=False), lambda cell, x, h: cell(x, h), {"x": x, "h": h})
    f.add_module("rnn_cell", nn.RNNCell(inputs, hidden, bias=False), lambda cell, x, h: cell(x, h), {"x": x, "h": h})
    f.save()


def make_norms():
    f = File("norms")
    ids = torch.tensor([3, 0, 6, 3, 3, 1])
    f.add("embedding_padding", lambda weight: F.embedding(ids, weight, padding_idx=3), {"weight": uniform(7, 4)}, ids=ids)
    x = lambda: uniform(2, 3, 4, low=-3, high=5)
    f.add("layer_norm_two", lambda input, weight, bias: F.layer_norm(input, (3, 4), weight, bias),
          {"input": x(), "weight": uniform(3, 4), "bias": uniform(3, 4)})
    f.add("layer_norm_weight", lambda input, weight: F.layer_norm(input, (4,), weight), {"input": x(), "weight": uniform(4)})
    f.add("layer_norm_plain", lambda input: F.layer_norm(input, (2, 3, 4)), {"input": x()})
    f.save()


def make_convolution():
    f = File("convolution")
    for name, channels, outputs, kernel, more in (
            ("plain", 2, 3, (3, 2), {}), ("strided", 2, 3, (3, 3), {"stride": 2, "padding": 1}),
            ("uneven", 2, 3, (2, 3), {"stride": (2, 1), "padding": (0, 3), "dilation": (1, 2)}),
            ("groups", 4, 6, (3, 3), {"groups": 2, "padding": 1}), ("depthwise", 4, 4, (2, 2), {"groups": 4})):
        weight = uniform(outputs, channels // more.get("groups", 1), *kernel)
        f.add(f"conv2d_{name}", lambda input, weight, bias: F.conv2d(input, weight, bias, **more),
              {"input": uniform(2, channels, 6, 5), "weight": weight, "bias": uniform(outputs)})
    f.add("conv1d", lambda input, weight: F.conv1d(input, weight, None, 2, 1, 2, 2),
          {"input": uniform(2, 4, 9), "weight": uniform(6, 2, 3)})
    x = lambda: uniform(2, 3, 6, 5)
    f.add("max_pool2d", lambda input: F.max_pool2d(input, 2), {"input": x()})
    f.add("max_pool2d_more", lambda input: F.max_pool2d(input, (3, 2), (2, 1), 1, (1, 2)), {"input": x()})
    f.add("max_pool1d", lambda input: F.max_pool1d(input, 3, 2, 1), {"input": uniform(2, 3, 8)})
    f.add("avg_pool2d", lambda input: F.avg_pool2d(input, 2), {"input": x()})
    f.add("avg_pool2d_more", lambda input: F.avg_pool2d(input, (3, 2), (2, 1), 1), {"input": x()})
    f.add("avg_pool2d_inside", lambda input: F.avg_pool2d(input, (3, 2), 2, 1, False, False), {"input": x()})
    f.add("avg_pool1d", lambda input: F.avg_pool1d(input, 3, 2, 1), {"input": uniform(2, 3, 8)})
    more = lambda: uniform(2, 3, 8, 6)
    f.add("max_pool2d_ceil", lambda input: F.max_pool2d(input, 3, 2, 1, 1, True), {"input": more()})
    f.add("avg_pool2d_ceil", lambda input: F.avg_pool2d(input, 3, 2, 1, True), {"input": more()})
    f.add("avg_pool2d_ceil_inside", lambda input: F.avg_pool2d(input, 3, 2, 0, True, False), {"input": more()})
    for training in False, True:
        for shape in (4, 3), (2, 3, 4), (2, 3, 2, 3):
            mean, var = torch.tensor([0.5, -1.0, 2.0]), torch.tensor([1.0, 0.25, 4.0])

            def norm(input, weight, bias):
                y = F.batch_norm(input, mean, var, weight, bias, training, 0.3, 1e-3)
                return {"y": y}

            case = f"batch_norm_{len(shape)}_{int(training)}"
            f.add(case, norm, {"input": uniform(*shape, low=-2, high=5), "weight": uniform(3), "bias": uniform(3)})
            f.put(case, "running", {"mean": mean, "var": var})

    net = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Flatten(), nn.Linear(4 * 3 * 2, 3))
    f.add_module("net", net, lambda net, x: net(x), {"x": uniform(3, 2, 6, 5)})
    f.save()

    # The state of a module after two batches as PyTorch saves it, and what it computes then in evaluation mode.
    for _ in range(2):
        net(uniform(3, 2, 6, 5))
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, FOLDER / "net_state.safetensors")
    f = File("net_output")
    x = uniform(3, 2, 6, 5)
    f.put("eval", "input", {"x": x})
    f.put("eval", "output", {"y": net.eval()(x)})
    f.save()


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    make_products()
    make_losses()
    make_masks()
    make_recurrent()
    make_norms()
    make_convolution()


if __name__ == "__main__":
    main()
