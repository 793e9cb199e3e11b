"""A Bahdanau translator in plain Python, from a model's folder and the papers' formulas alone: what a page must agree with."""
import json
import math
import struct


def read_parameters(path):
    with open(path, 'rb') as file:
        header = json.loads(file.read(struct.unpack('<Q', file.read(8))[0]))
        data = file.read()
    result = {}
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        begin, end = entry['data_offsets']
        numbers = struct.unpack(f'<{(end - begin) // 4}f', data[begin:end])
        width = entry['shape'][-1]
        rows = [numbers[i:i + width] for i in range(0, len(numbers), width)]
        result[name] = rows if len(entry['shape']) == 2 else rows[0]
    return result


def product(matrix, x):
    return [sum(w * v for w, v in zip(row, x)) for row in matrix]


def add(*vectors):
    return [sum(numbers) for numbers in zip(*vectors)]


def tanh(x):
    return [math.tanh(v) for v in x]


def sigmoid(x):
    return [1 / (1 + math.exp(-v)) for v in x]


def softmax(x):
    exps = [math.exp(v - max(x)) for v in x]
    return [e / sum(exps) for e in exps]


def lstm(p, prefix, suffix, x, hidden, cell):
    """i f g o, as PyTorch's LSTM."""
    weights = [p[f'{prefix}.{name}{suffix}'] for name in ('weight_ih', 'weight_hh', 'bias_ih', 'bias_hh')]
    a = add(product(weights[0], x), product(weights[1], hidden), weights[2], weights[3])
    size = len(hidden)
    i, f, o = sigmoid(a[:size]), sigmoid(a[size:2 * size]), sigmoid(a[3 * size:])
    g = tanh(a[2 * size:3 * size])
    cell = [fk * ck + ik * gk for fk, ck, ik, gk in zip(f, cell, i, g)]
    return [ok * math.tanh(ck) for ok, ck in zip(o, cell)], cell


class ReferenceTranslator:
    def __init__(self, folder):
        self.p = read_parameters(folder + '/model.safetensors')
        self.words = {}
        for side in ('source', 'target'):
            with open(f'{folder}/{side}.vocab', encoding='utf-8') as file:
                self.words[side] = file.read().split('\n')

    def encode(self, source):
        """The states [→h; ←h] of the words, and the decoder's first state and cell."""
        p, ids = self.p, [self.words['source'].index(word) for word in source]
        size = len(p['encoder.rnn.weight_hh_l0'][0])
        directions, last = [], []
        for suffix, order in (('_l0', ids), ('_l0_reverse', ids[::-1])):
            hidden = cell = [0.0] * size
            states = []
            for word in order:
                hidden, cell = lstm(p, 'encoder.rnn', suffix, p['encoder.embedding.weight'][word], hidden, cell)
                states.append(hidden)
            directions.append(states if suffix == '_l0' else states[::-1])
            last.append((hidden, cell))
        states = [list(a) + list(b) for a, b in zip(*directions)]
        first = [tanh(add(product(p[f'decoder.bridge_{name}.weight'], last[0][k] + last[1][k]), p[f'decoder.bridge_{name}.bias']))
                 for k, name in enumerate(('hidden', 'cell'))]
        return states, first

    def steps(self, source, target, other_weights=None):
        """Of each word of the target: scores, weights, and the probabilities of all words. `other_weights[t]` take the
        place of the weights of step t, for what that step predicts."""
        p, result = self.p, []
        states, (hidden, cell) = self.encode(source)
        keys = [product(p['decoder.attention.key.weight'], h) for h in states]
        previous = '<s>'
        for t, word in enumerate(target):
            query = add(product(p['decoder.attention.query.weight'], hidden), p['decoder.attention.query.bias'])
            scores = [product(p['decoder.attention.score.weight'], tanh(add(query, key)))[0] for key in keys]
            weights = softmax(scores)
            embedded = list(p['decoder.embedding.weight'][self.words['target'].index(previous)])

            def predict(weights):
                context = add(*([w * v for v in h] for w, h in zip(weights, states)))
                h, c = lstm(p, 'decoder.cell', '', embedded + context, hidden, cell)
                readout = tanh(add(product(p['decoder.pre_output.weight'], h + context + embedded), p['decoder.pre_output.bias']))
                return h, c, softmax(add(product(p['decoder.output.weight'], readout), p['decoder.output.bias']))

            next_hidden, next_cell, probabilities = predict(weights)
            if other_weights and t in other_weights:
                probabilities = predict(other_weights[t])[2]
            result.append({'scores': scores, 'weights': weights, 'probabilities': probabilities})
            hidden, cell, previous = next_hidden, next_cell, word
        return result
