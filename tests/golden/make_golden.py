#!/usr/bin/env python3
"""Writes the golden values of this folder, computed by PyTorch in float64. The tests only read the files; run this
again after changing a case (it needs torch 2 and safetensors), and the diff shows what changed.

A case is a group of tensors with a common prefix, all float64, ids and lengths included:

    case/input/NAME        what goes in, parameters among it; all have a gradient
    case/index/NAME        ids, lengths, masks
    case/output/NAME       what comes out
    case/cotangent/NAME    random: the loss is the sum of cotangent * output over all outputs
    case/gradient/NAME     of that loss, by each input
"""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import torch_models
from torch_models import BEGIN, END, PAD

FOLDER = pathlib.Path(__file__).parent


def uniform(*shape, low=-1.0, high=1.0):
    return torch.empty(shape).uniform_(low, high)


class File:
    def __init__(self, name):
        self.name, self.tensors = name, {}
        torch.manual_seed(sum(name.encode()))

    def put(self, case, group, tensors):
        for name, tensor in tensors.items():
            self.tensors[f"{case}/{group}/{name}"] = torch.as_tensor(tensor).detach().double().clone().contiguous()

    def add(self, case, function, inputs, **index):
        """Differentiates function(**inputs), which returns a dictionary of outputs or the only output, y."""
        inputs = {name: tensor.detach().clone().requires_grad_() for name, tensor in inputs.items()}
        outputs = function(**inputs)
        if isinstance(outputs, torch.Tensor):
            outputs = {"y": outputs}
        cotangents = {name: uniform(*y.shape) for name, y in outputs.items()}
        torch.autograd.backward(list(outputs.values()), list(cotangents.values()))
        self.put(case, "input", inputs)
        self.put(case, "index", index)
        self.put(case, "output", outputs)
        self.put(case, "cotangent", cotangents)
        self.put(case, "gradient", {name: tensor.grad for name, tensor in inputs.items()})

    def add_module(self, case, module, function, inputs, **index):
        """The same for a module, whose parameters are inputs under their own names. function(module, **inputs)."""
        parameters = {name: uniform(*p.shape) for name, p in module.named_parameters()}

        def call(**every):
            own = {name: every.pop(name) for name in parameters}
            return torch.func.functional_call(Call(module, function), {f"module.{n}": p for n, p in own.items()}, every)

        self.add(case, call, {**inputs, **parameters}, **index)

    def save(self):
        path = FOLDER / f"{self.name}.safetensors"
        save_file(self.tensors, path, metadata={"torch": torch.__version__})
        print(f"{path.name}: {len(self.tensors)} tensors, {path.stat().st_size} bytes")


class Call(nn.Module):
    """What a function of a module computes, as a module."""

    def __init__(self, module, function):
        super().__init__()
        self.module, self.function = module, function

    def forward(self, values):
        return self.function(self.module, **values)


def make_ops():
    f = File("ops")
    a, b = uniform(2, 3, 4), uniform(3, 1, low=0.5, high=2.0)
    f.add("add", torch.add, {"input": a, "other": b})
    f.add("sub", torch.sub, {"input": a, "other": b})
    f.add("mul", torch.mul, {"input": a, "other": b})
    f.add("div", torch.div, {"input": a, "other": b})

    x, positive = uniform(3, 7, low=-4, high=4), uniform(3, 7, low=0.01, high=4)
    f.add("exp", torch.exp, {"input": x})
    f.add("tanh", torch.tanh, {"input": x})
    f.add("sigmoid", torch.sigmoid, {"input": x})
    f.add("relu", torch.relu, {"input": x})
    f.add("square", torch.square, {"input": x})
    f.add("clamp", lambda input: input.clamp(-1.5, 2), {"input": x})
    f.add("log", torch.log, {"input": positive})
    f.add("sqrt", torch.sqrt, {"input": positive})
    f.add("pow", lambda input: input.pow(2.5), {"input": positive})

    f.add("sum", lambda input: input.sum(1), {"input": a})
    f.add("mean", lambda input: input.mean(0), {"input": a})
    f.add("max", lambda input: input.amax(-1), {"input": a})

    f.add("matmul", torch.matmul, {"input": uniform(3, 5), "other": uniform(5, 4)})
    f.add("batched_matmul", torch.bmm, {"input": uniform(2, 3, 5), "mat2": uniform(2, 5, 4)})
    f.add("linear", F.linear, {"input": uniform(2, 3, 5), "weight": uniform(4, 5), "bias": uniform(4)})
    f.add("layer_norm", lambda input, weight, bias: F.layer_norm(input, (6,), weight, bias),
          {"input": uniform(2, 3, 6, low=-3, high=5), "weight": uniform(6), "bias": uniform(6)})

    ids = torch.tensor([3, 0, 6, 3, 3, 1])
    f.add("embedding", lambda weight: F.embedding(ids, weight), {"weight": uniform(7, 4)}, ids=ids)

    x = uniform(4, 6, low=-5, high=5)
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [0, 1, 1, 0, 1, 0], [1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]]).bool()
    f.add("softmax", lambda input: input.softmax(-1), {"input": x})
    f.add("log_softmax", lambda input: input.log_softmax(-1), {"input": x})
    f.add("masked_softmax", lambda input: input.masked_fill(~mask, -torch.inf).softmax(-1), {"input": x}, mask=mask)

    x, weight, bias = uniform(6, 5), uniform(9, 5), uniform(9)
    targets = torch.tensor([4, 0, 8, 0, 2, 7])
    for smoothing in 0.0, 0.1:
        suffix = "_smoothed" if smoothing else ""

        def loss(logits, **more):
            return F.cross_entropy(logits, targets, ignore_index=PAD, label_smoothing=smoothing, **more)

        f.add(f"cross_entropy{suffix}", loss, {"logits": uniform(6, 9, low=-3, high=3)}, targets=targets)
        f.add(f"cross_entropy{suffix}_sum", lambda logits: loss(logits, reduction="sum") / 11,
              {"logits": uniform(6, 9, low=-3, high=3)}, targets=targets, divisor=11)
        f.add(f"linear_cross_entropy{suffix}", lambda x, weight, bias: loss(F.linear(x, weight, bias)),
              {"x": x, "weight": weight, "bias": bias}, targets=targets)
    f.add("gelu", F.gelu, {"input": uniform(3, 7, low=-4, high=4)})
    f.save()


def make_recurrent():
    """Whole layers over ragged sequences: x (B, S, D), output (B, S, directions * H), final states
    (layers * directions, B, H)."""
    f = File("recurrent")
    batch, inputs, hidden = 4, 3, 4
    lengths, sorted_lengths = torch.tensor([3, 5, 1, 3]), torch.tensor([5, 3, 3, 1])

    def run(rnn, x, *state):
        packed = pack_padded_sequence(x, sorted_lengths if state else lengths, batch_first=True, enforce_sorted=False)
        output, final = rnn(packed, *state)
        output, _ = pad_packed_sequence(output, batch_first=True)
        final = {"hidden": final[0], "cell": final[1]} if isinstance(rnn, nn.LSTM) else {"hidden": final}
        return {"output": output, **final}

    for name, kind in ("lstm", nn.LSTM), ("gru", nn.GRU):
        for layers in 1, 2:
            for bidirectional in False, True:
                case = f"{name}_{layers}_{'bi' if bidirectional else 'uni'}"
                rnn = kind(inputs, hidden, layers, batch_first=True, bidirectional=bidirectional)
                f.add_module(case, rnn, run, {"x": uniform(batch, 5, inputs)}, lengths=lengths)

    state = lambda: uniform(1, batch, hidden)
    f.add_module("lstm_initial", nn.LSTM(inputs, hidden, batch_first=True), lambda rnn, x, h, c: run(rnn, x, (h, c)),
                 {"x": uniform(batch, 5, inputs), "h": state(), "c": state()}, lengths=sorted_lengths)
    f.add_module("gru_initial", nn.GRU(inputs, hidden, batch_first=True), lambda rnn, x, h: run(rnn, x, h),
                 {"x": uniform(batch, 5, inputs), "h": state()}, lengths=sorted_lengths)

    x, h, c = uniform(batch, inputs), uniform(batch, hidden), uniform(batch, hidden)
    f.add_module("lstm_cell", nn.LSTMCell(inputs, hidden),
                 lambda cell, x, h, c: dict(zip(("hidden", "cell"), cell(x, (h, c)))), {"x": x, "h": h, "c": c})
    f.add_module("gru_cell", nn.GRUCell(inputs, hidden), lambda cell, x, h: cell(x, h), {"x": x, "h": h})

    for nonlinearity in "tanh", "relu":
        for layers in 1, 2:
            for bidirectional in False, True:
                case = f"rnn_{nonlinearity}_{layers}_{'bi' if bidirectional else 'uni'}"
                rnn = nn.RNN(inputs, hidden, layers, nonlinearity, batch_first=True, bidirectional=bidirectional)
                f.add_module(case, rnn, run, {"x": uniform(batch, 5, inputs)}, lengths=lengths)
        f.add_module(f"rnn_{nonlinearity}_initial", nn.RNN(inputs, hidden, 1, nonlinearity, batch_first=True),
                     lambda rnn, x, h: run(rnn, x, h), {"x": uniform(batch, 5, inputs), "h": state()},
                     lengths=sorted_lengths)
        f.add_module(f"rnn_{nonlinearity}_cell", nn.RNNCell(inputs, hidden, nonlinearity=nonlinearity),
                     lambda cell, x, h: cell(x, h), {"x": x, "h": h})
    f.save()


def make_attention():
    """One query a sentence over a ragged memory: context (B, H) and weights (B, S), 0 beyond a length."""
    f = File("attention")
    batch, longest, hidden = 4, 5, 6
    lengths = torch.tensor([5, 2, 3, 1])
    mask = torch.arange(longest) < lengths.unsqueeze(1)
    named = lambda pair: dict(zip(("context", "weights"), pair))
    inputs = lambda: {"query": uniform(batch, hidden), "memory": uniform(batch, longest, hidden)}

    def dot(query, memory, scale=1.0):
        return named(torch_models.attend(torch.einsum("bh,bsh->bs", query, memory) * scale, memory, mask))

    def scaled_dot(query, memory):
        ours = dot(query, memory, hidden**-0.5)
        theirs = F.scaled_dot_product_attention(query.unsqueeze(1), memory, memory, mask.unsqueeze(1)).squeeze(1)
        torch.testing.assert_close(ours["context"], theirs, rtol=1e-12, atol=1e-12)
        return {"context": theirs, "weights": ours["weights"]}

    def call(module, query, memory):
        return named(module(query, memory, mask))

    f.add("dot", dot, inputs(), lengths=lengths)
    f.add("scaled_dot", scaled_dot, inputs(), lengths=lengths)
    f.add_module("general", torch_models.GeneralAttention(hidden), call, inputs(), lengths=lengths)
    f.add_module("additive", torch_models.AdditiveAttention(hidden, 3), call, inputs(), lengths=lengths)
    f.add_module("concat", torch_models.ConcatAttention(hidden, 3), call, inputs(), lengths=lengths)
    f.add_module("multi_head", torch_models.MultiHeadAttention(hidden, 2), call, inputs(), lengths=lengths)
    f.add_module("cosine", torch_models.CosineAttention(hidden), call, inputs(), lengths=lengths)
    f.add_module("location", torch_models.LocationAttention(hidden, 4), call, inputs(), lengths=lengths)
    f.save()


def make_transformer():
    """Attention and layers over ragged sentences: x (B, T, H) and memory (B, S, H) -> y (B, T, H), 0 in the padding."""
    f = File("transformer")
    batch, size, heads, inner = 3, 6, 2, 5
    lengths, memory_lengths = torch.tensor([4, 2, 1]), torch.tensor([5, 3, 3])
    index = {"lengths": lengths, "memory_lengths": memory_lengths}
    real = lambda lengths: torch.arange(lengths.max()) < lengths.unsqueeze(1)
    padding, memory_padding = ~real(lengths), ~real(memory_lengths)
    future = nn.Transformer.generate_square_subsequent_mask(4) == -torch.inf
    x, memory = (lambda: uniform(batch, 4, size)), (lambda: uniform(batch, 5, size))
    masked = lambda y: y.masked_fill(padding.unsqueeze(2), 0)

    attention = nn.MultiheadAttention(size, heads, batch_first=True)
    plain, causal = ({"key_padding_mask": padding, "attn_mask": m, "need_weights": False} for m in (None, future))
    f.add_module("self_attention", attention, lambda m, x: masked(m(x, x, x, **plain)[0]), {"x": x()}, **index)
    f.add_module("causal_attention", attention, lambda m, x: masked(m(x, x, x, **causal)[0]), {"x": x()}, **index)
    f.add_module("cross_attention", attention,
                 lambda m, x, memory: masked(m(x, memory, memory, key_padding_mask=memory_padding)[0]),
                 {"x": x(), "memory": memory()}, **index)
    f.add_module("step", attention,
                 lambda m, x, memory: dict(zip(("context", "weights"), (
                     y.squeeze(1) for y in m(x.unsqueeze(1), memory, memory, key_padding_mask=memory_padding)))),
                 {"x": uniform(batch, size), "memory": memory()}, **index)

    options = {"d_model": size, "nhead": heads, "dim_feedforward": inner, "dropout": 0.0, "batch_first": True}
    encode = lambda m, x: masked(m(x, src_key_padding_mask=padding))
    decode = lambda m, x, memory: masked(m(x, memory, tgt_mask=future, tgt_key_padding_mask=padding,
                                           memory_key_padding_mask=memory_padding))
    for name, more in {"paper": {}, "norm_first_gelu": {"norm_first": True, "activation": "gelu"}}.items():
        f.add_module(f"encoder_layer_{name}", nn.TransformerEncoderLayer(**options, **more), encode, {"x": x()}, **index)
        f.add_module(f"decoder_layer_{name}", nn.TransformerDecoderLayer(**options, **more), decode,
                     {"x": x(), "memory": memory()}, **index)
    options["norm_first"] = True
    f.add_module("encoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(**options), 2, nn.LayerNorm(size),
                                                  enable_nested_tensor=False), encode, {"x": x()}, **index)
    f.add_module("decoder", nn.TransformerDecoder(nn.TransformerDecoderLayer(**options), 2, nn.LayerNorm(size)), decode,
                 {"x": x(), "memory": memory()}, **index)
    f.save()


def put_steps(f, kinds, steps=10):
    """Ten steps with given gradients of each kind of optimiser, a function of the parameters: start (3, 4), gradients (10, 3, 4) ->
    values (10, 3, 4) after each step."""
    for case, make in kinds.items():
        start, gradients, values = uniform(3, 4), uniform(steps, 3, 4), []
        parameter = start.clone().requires_grad_()
        optimizer = make([parameter])
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimizer.step()
            values.append(parameter.detach().clone())
        f.put(case, "input", {"start": start, "gradients": gradients})
        f.put(case, "output", {"values": torch.stack(values)})


def make_optimizers():
    f = File("optimizers")
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.1),
        "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
        "adagrad_decay": lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.2, weight_decay=0.1),
        "adadelta": lambda p: torch.optim.Adadelta(p),
        "adadelta_decay": lambda p: torch.optim.Adadelta(p, rho=0.95, weight_decay=0.1),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01),
        "adam_decay": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), weight_decay=0.1),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
    }
    put_steps(f, kinds)

    for case, limit in ("clip", 0.5), ("clip_not_needed", 50.0):
        gradients = {"a": uniform(3, 4), "b": uniform(5), "c": uniform(2, 2)}
        parameters = {name: torch.zeros_like(g).requires_grad_() for name, g in gradients.items()}
        for name, parameter in parameters.items():
            parameter.grad = gradients[name].clone()
        norm = nn.utils.clip_grad_norm_(parameters.values(), limit)
        f.put(case, "input", gradients)
        f.put(case, "index", {"limit": limit})
        f.put(case, "output", {"norm": norm, **{name: p.grad for name, p in parameters.items()}})
    f.save()


SOURCES = [[7, 4, 12, END], [5, 11, 4, 9, 6, END], [END], [10, 5, 8, END]]
TARGETS = [[6, 9, 6, 4, END], [10, 5, END], [7, 4, 8, END], [END]]


def padded(rows):
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


class ModelFile(File):
    """A whole model on four pairs: logits (B, T, V), loss and all gradients."""

    def __init__(self, kind, make):
        super().__init__(f"model_{kind}")
        self.model = make()
        self.parameters = dict(self.model.named_parameters())
        self.source, self.target = padded(SOURCES), padded(TARGETS)
        self.target_input = padded([[BEGIN] + row[:-1] for row in TARGETS])

    def differentiate(self):
        logits = self.model(self.source, self.target_input)
        summed = F.cross_entropy(logits.flatten(0, 1), self.target.flatten(), ignore_index=PAD, label_smoothing=0.1,
                                 reduction="sum")
        loss = summed / (self.target != PAD).sum()
        self.model.zero_grad()
        loss.backward()
        return logits, loss

    def redraw(self):
        """New parameters -> their smallest gradient"""
        for parameter in self.parameters.values():
            parameter.detach().uniform_(-1, 1)
        self.put("start", "output", dict(zip(("logits", "loss"), self.differentiate())))
        gradients = torch.cat([p.grad.flatten() for p in self.parameters.values()]).abs()
        return gradients[gradients > 0].min()

    def put_start(self):
        self.put("start", "parameter", self.parameters)
        self.put("start", "gradient", {name: p.grad for name, p in self.parameters.items()})
        self.put("start", "index", {"source": self.source, "target": self.target})


def make_transformer_model():
    """No steps of Adam: keys' biases have no gradient but rounding errors, which would decide where they go."""
    f = ModelFile("transformer", lambda: torch_models.TransformerTranslator(
        source_vocabulary=13, target_vocabulary=11, size=6, heads=2, feed_forward=5, encoder_layers=2,
        decoder_layers=2))
    f.redraw()
    f.put_start()
    f.save()


def make_model(kind, steps=10, clip=0.5):
    """And ten Adam steps, clipped."""
    f = ModelFile(kind, lambda: torch_models.Translator(kind, source_vocabulary=13, target_vocabulary=11, embedding=4,
                                                        hidden=6, attention=5))
    while f.redraw() < 1e-5:  # Adam's first steps go by the sign, which the rounding of float must not decide
        pass
    f.put_start()

    optimizer = torch.optim.Adam(f.model.parameters(), lr=1e-3)
    losses, norms = [], []
    for step in range(1, steps + 1):
        _, loss = f.differentiate()
        losses.append(loss.detach())
        norms.append(nn.utils.clip_grad_norm_(f.model.parameters(), clip))
        optimizer.step()
        if step in (1, steps):
            f.put(f"step_{step}", "parameter", f.parameters)
    assert min(norms) > clip, "clipping must matter"
    f.put("run", "index", {"clip": clip})
    f.put("run", "output", {"losses": torch.stack(losses), "norms": torch.stack(norms)})
    f.save()


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    make_ops()
    make_recurrent()
    make_attention()
    make_transformer()
    make_optimizers()
    for kind in "bahdanau", "luong", "none":
        make_model(kind)
    make_transformer_model()


if __name__ == "__main__":
    main()
