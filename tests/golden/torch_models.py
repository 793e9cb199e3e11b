#!/usr/bin/env python3
"""The translator's models in PyTorch, under the parameter names of Gradus.

A model saved by Gradus loads here with `load`, and one saved from here loads in Gradus. Run as a program, it shows
what a saved model says:

    torch_models.py --model DIR/model.safetensors --source 17 5 242 3                # greedy translation, as ids
    torch_models.py --model DIR/model.safetensors --source 17 5 3 --target 2 9 11    # logits after each of these
    torch_models.py --model DIR/model.safetensors --randomize                        # new parameters, saved by PyTorch

Ids are rows of the embeddings. A source ends with </s> (3); what the decoder reads begins with <s> (2). Needs the
packages torch and safetensors.
"""
import argparse
import json
import pathlib

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

PAD, UNKNOWN, BEGIN, END = 0, 1, 2, 3


class Encoder(nn.Module):
    def __init__(self, vocabulary, embedding, hidden, layers=1):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.rnn = nn.LSTM(embedding, hidden // 2, layers, batch_first=True, bidirectional=True)

    def forward(self, source):
        """source: (B, S) ids -> memory (B, S, H), last hidden and cell state of both directions (B, H)"""
        lengths = (source != PAD).sum(1)
        packed = pack_padded_sequence(self.embedding(source), lengths, batch_first=True, enforce_sorted=False)
        output, state = self.rnn(packed)
        memory, _ = pad_packed_sequence(output, batch_first=True, total_length=source.size(1))
        return (memory, *(torch.cat([s[-2], s[-1]], -1) for s in state))


class AdditiveAttention(nn.Module):
    """v^T tanh(W query + b + U key)"""

    def __init__(self, hidden, size):
        super().__init__()
        self.query = nn.Linear(hidden, size)
        self.key = nn.Linear(hidden, size, bias=False)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, query, memory, mask):
        scores = self.score(torch.tanh(self.query(query).unsqueeze(1) + self.key(memory))).squeeze(-1)
        return attend(scores, memory, mask)


class ConcatAttention(nn.Module):
    """v^T tanh(W [query; key]), where W is in two parts"""

    def __init__(self, hidden, size):
        super().__init__()
        self.query = nn.Linear(hidden, size, bias=False)
        self.key = nn.Linear(hidden, size, bias=False)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, query, memory, mask):
        both = torch.cat([query.unsqueeze(1).expand_as(memory), memory], -1)
        weight = torch.cat([self.query.weight, self.key.weight], 1)
        return attend(self.score(torch.tanh(both @ weight.T)).squeeze(-1), memory, mask)


class CosineAttention(nn.Module):
    """exp(w^T query + b) cos(W query, key)"""

    def __init__(self, hidden):
        super().__init__()
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.strength = nn.Linear(hidden, 1)

    def forward(self, query, memory, mask):
        cosine = nn.functional.cosine_similarity(self.query(query).unsqueeze(1), memory, dim=-1)
        return attend(torch.exp(self.strength(query)) * cosine, memory, mask)


class LocationAttention(nn.Module):
    """W query, a score for each of the first positions"""

    def __init__(self, hidden, positions):
        super().__init__()
        self.position = nn.Linear(hidden, positions, bias=False)

    def forward(self, query, memory, mask):
        scores = self.position(query)
        beyond = scores.new_full((len(scores), memory.size(1) - scores.size(1)), -torch.inf)
        return attend(torch.cat([scores, beyond], 1), memory, mask)


class MultiHeadAttention(nn.Module):
    """torch.nn.MultiheadAttention with a name for each of its layers; the weights are the mean of the heads'"""

    def __init__(self, hidden, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(hidden, hidden) for _ in range(4))

    def forward(self, query, memory, mask):
        three = self.query, self.key, self.value
        context, weights = nn.functional.multi_head_attention_forward(
            query.unsqueeze(0), memory.transpose(0, 1), memory.transpose(0, 1), query.size(-1), self.heads,
            torch.cat([layer.weight for layer in three]), torch.cat([layer.bias for layer in three]),
            None, None, False, 0.0, self.out.weight, self.out.bias, training=False, key_padding_mask=~mask)
        return context.squeeze(0), weights.squeeze(1)


class GeneralAttention(nn.Module):
    """scale * query^T W key"""

    def __init__(self, hidden, scale=1.0):
        super().__init__()
        self.scale = scale
        self.key = nn.Linear(hidden, hidden, bias=False)

    def forward(self, query, memory, mask):
        return attend(torch.einsum("bh,bsh->bs", query, self.key(memory)) * self.scale, memory, mask)


def attend(scores, memory, mask):
    """scores and mask: (B, S), memory: (B, S, H) -> context (B, H), weights (B, S)"""
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    return torch.einsum("bs,bsh->bh", weights, memory), weights


class Decoder(nn.Module):
    def __init__(self, kind, vocabulary, embedding, hidden, attention, dropout=0.0):
        super().__init__()
        self.kind = kind
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.bridge_hidden = nn.Linear(hidden, hidden)
        self.bridge_cell = nn.Linear(hidden, hidden)
        if kind == "bahdanau":
            self.attention = AdditiveAttention(hidden, attention)
        if kind == "luong":
            self.attention = GeneralAttention(hidden, hidden**-0.5)
            self.attentional = nn.Linear(2 * hidden, hidden, bias=False)
        self.cell = nn.LSTMCell(embedding if kind == "none" else embedding + hidden, hidden)
        self.pre_output = nn.Linear(2 * hidden + embedding if kind == "bahdanau" else hidden, embedding)
        self.output = nn.Linear(embedding, vocabulary)

    def start(self, memory, hidden, cell):
        state = torch.tanh(self.bridge_hidden(hidden)), torch.tanh(self.bridge_cell(cell))
        return state, torch.zeros_like(hidden)

    def step(self, e, state, fed, memory, mask):
        """One word. e: (B, E) its embedding, fed: (B, H) the attentional vector of the word before (Luong)
        -> the next state, the next fed, logits (B, V)"""
        if self.kind == "bahdanau":
            context, _ = self.attention(state[0], memory, mask)
            state = self.cell(torch.cat([e, context], -1), state)
            features = torch.cat([state[0], context, e], -1)
        elif self.kind == "luong":
            state = self.cell(torch.cat([e, fed], -1), state)
            context, _ = self.attention(state[0], memory, mask)
            features = fed = self.dropout(torch.tanh(self.attentional(torch.cat([context, state[0]], -1))))
        else:
            state = self.cell(e, state)
            features = state[0]
        return state, fed, self.output(self.dropout(torch.tanh(self.pre_output(features))))


class Translator(nn.Module):
    """kind: bahdanau, luong or none. hidden is the decoder's size; the encoder has half of it in each direction."""

    def __init__(self, kind, source_vocabulary, target_vocabulary, embedding, hidden, attention, layers=1, dropout=0.0):
        super().__init__()
        self.encoder = Encoder(source_vocabulary, embedding, hidden, layers)
        self.decoder = Decoder(kind, target_vocabulary, embedding, hidden, attention, dropout)

    def forward(self, source, target_input):
        """source: (B, S), target_input: (B, T) ids, padded with 0 -> logits (B, T, V)"""
        memory, *final = self.encoder(source)
        mask = source != PAD
        state, fed = self.decoder.start(memory, *final)
        embedded = self.decoder.embedding(target_input)
        steps = []
        for t in range(target_input.size(1)):
            state, fed, logits = self.decoder.step(embedded[:, t], state, fed, memory, mask)
            steps.append(logits)
        return torch.stack(steps, 1)


class TransformerTranslator(nn.Module):
    """The same of torch.nn's Transformer: words times the root of their size, plus sinusoidal positions."""

    def __init__(self, source_vocabulary, target_vocabulary, size, heads, feed_forward, encoder_layers, decoder_layers,
                 norm_first=True):
        super().__init__()
        options = {"dim_feedforward": feed_forward, "dropout": 0.0, "batch_first": True, "norm_first": norm_first}
        norm = lambda: nn.LayerNorm(size) if norm_first else None
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.embedding = nn.Embedding(source_vocabulary, size)
        self.encoder.transformer = nn.TransformerEncoder(nn.TransformerEncoderLayer(size, heads, **options),
                                                         encoder_layers, norm(), enable_nested_tensor=False)
        self.decoder.embedding = nn.Embedding(target_vocabulary, size)
        self.decoder.transformer = nn.TransformerDecoder(nn.TransformerDecoderLayer(size, heads, **options),
                                                         decoder_layers, norm())
        self.decoder.output = nn.Linear(size, target_vocabulary)

    @staticmethod
    def words(embedding, ids):
        """ids: (B, T) -> (B, T, size)"""
        size = embedding.embedding_dim
        angles = torch.arange(ids.size(1)).double().unsqueeze(1) / 10000 ** (torch.arange(0, size, 2).double() / size)
        positions = torch.stack([angles.sin(), angles.cos()], -1).flatten(1)
        return embedding(ids) * size**0.5 + positions.to(embedding.weight.dtype)

    def forward(self, source, target_input):
        """source: (B, S), target_input: (B, T) ids, padded with 0 -> logits (B, T, V)"""
        memory = self.encoder.transformer(self.words(self.encoder.embedding, source),
                                          src_key_padding_mask=source == PAD)
        future = torch.ones(target_input.size(1), target_input.size(1)).triu(1).bool()
        return self.decoder.output(self.decoder.transformer(
            self.words(self.decoder.embedding, target_input), memory, tgt_mask=future,
            tgt_key_padding_mask=target_input == PAD, memory_key_padding_mask=source == PAD))


# What the models here are. A configuration in which one of these options has another value is of a model that is not
# here; the names and shapes of parameters say the rest.
RECURRENT = {"cell": "lstm", "bidirectional": True, "residual": False, "layer_norm": False, "reverse_source": False,
             "decoder_layers": 1, "bridge": "last", "fixed_context": False, "readout": "tanh"}
ATTENTION = {"scope": "global", "normalizer": "softmax", "coverage": False, "context_gate": False}
KINDS = {"bahdanau": {**ATTENTION, "score": "additive", "attend": "before", "input_feeding": False},
         "luong": {**ATTENTION, "score": "scaled-general", "attend": "after", "input_feeding": True},
         "none": {}}

# Left out of a file if they are tied to the output layer's.
TABLES = "encoder.embedding.weight", "decoder.embedding.weight"


def make(config, source_vocabulary, target_vocabulary):
    """The model of a configuration."""
    if config.get("architecture") == "transformer":
        return TransformerTranslator(source_vocabulary, target_vocabulary, config["hidden"], config["heads"],
                                     config["feed_forward"], config["encoder_layers"], config["decoder_layers"],
                                     config["pre_norm"])
    kind = config["attention"]
    for key, value in {**RECURRENT, **KINDS[kind]}.items():
        if config.get(key, value) != value:
            raise SystemExit(f"torch_models: no model with {key} {config[key]} here; need {value}")
    return Translator(kind, source_vocabulary, target_vocabulary, config["embedding"], config["hidden"],
                      config["attention_size"], config["encoder_layers"])


def load(path):
    """A model.safetensors as Gradus saves it, with the config.json beside it; strict about names and shapes."""
    config = json.loads(pathlib.Path(path).with_name("config.json").read_text())
    state = load_file(path)
    output = state["decoder.output.weight"]
    model = make(config, len(state.get(TABLES[0], output)), len(output)).to(output.dtype)
    for name in set(TABLES) - state.keys():
        model.get_submodule(name.removesuffix(".weight")).weight = model.decoder.output.weight
        state[name] = output
    model.load_state_dict(state)
    return model.eval()


def save(model, path):
    """The other way: over the model.safetensors of a folder whose configuration and vocabularies fit."""
    output = model.decoder.output.weight
    tied = {name for name in TABLES if model.get_parameter(name) is output}
    save_file({name: value for name, value in model.state_dict().items() if name not in tied}, path,
              metadata={"format": "pt"})


@torch.no_grad()
def greedy(model, source, limit=100):
    """source: a list of ids -> the most probable next word, again and again, until </s>"""
    words = [BEGIN]
    while len(words) <= limit and words[-1] != END:
        words.append(model(torch.tensor([source]), torch.tensor([words]))[0, -1].argmax().item())
    return words[1:]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", required=True, help="a model.safetensors")
    arguments.add_argument("--source", type=int, nargs="+", help="ids, ending with 3 (</s>)")
    arguments.add_argument("--target", type=int, nargs="+", help="ids that the decoder reads, beginning with 2 (<s>)")
    arguments.add_argument("--randomize", action="store_true", help="overwrite the parameters with random ones")
    a = arguments.parse_args()
    if not a.randomize and not a.source:
        arguments.error("--source or --randomize is missing")
    model = load(a.model)
    if a.randomize:
        for parameter in model.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)
        save(model, a.model)
    elif a.target:
        with torch.no_grad():
            logits = model(torch.tensor([a.source]), torch.tensor([a.target]))[0]
        for word, row in zip(a.target, logits):
            print(f"after {word}:", " ".join(f"{number:.6f}" for number in row.tolist()))
    else:
        print(*greedy(model, a.source))


if __name__ == "__main__":
    main()
