#!/usr/bin/env python3
"""What bench_decode measures, in PyTorch: the greedy and the beam search of torch_seq2seq.py, with a model that Gradus trained.

    torch_decode.py MODEL TEXT [--sentences 1000] [--single 200] [--max-length 60] [--threads 2]

Both translate with the same weights, so they write the same words and take as many steps. Prints
    decode greedy b64: N sent/s
    decode greedy b1: N sent/s  p50 M ms  p99 M ms
"""
import argparse
import json
import time

import torch

import torch_seq2seq as peer

BOTH = {
    "encoder.embedding": "enc.emb", "encoder.rnn": "enc.rnn", "decoder.embedding": "dec.emb", "decoder.cell": "dec.cell",
    "decoder.bridge_hidden": "dec.bh", "decoder.bridge_cell": "dec.bc", "decoder.pre_output": "dec.pre",
    "decoder.output": "dec.out", "decoder.attentional": "dec.Wc",
}
BAHDANAU = {"decoder.attention.key": "dec.Ua", "decoder.attention.query": "dec.Wa", "decoder.attention.score": "dec.va"}
LUONG = {"decoder.attention.key": "dec.Wa"}


def read_safetensors(path):
    """-> {name: tensor}; by hand, since not every PyTorch comes with the package"""
    data = open(path, "rb").read()
    begin = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:begin]).items():
        if name != "__metadata__":
            first, last = (begin + offset for offset in entry["data_offsets"])
            tensors[name] = torch.frombuffer(bytearray(data[first:last]), dtype=torch.float32).reshape(entry["shape"])
    return tensors


def load_model(folder):
    parameters = read_safetensors(f"{folder}/model.safetensors")
    kind = "bahdanau" if "decoder.attention.score.weight" in parameters else "luong"
    names = {**BOTH, **(BAHDANAU if kind == "bahdanau" else LUONG)}
    hidden = parameters["decoder.bridge_hidden.weight"].shape[0]
    if kind == "luong":  # Gradus scales the score, the peer does not
        parameters["decoder.attention.key.weight"] *= hidden ** -0.5
    source_words, embedding = parameters["encoder.embedding.weight"].shape
    target_words = parameters["decoder.output.weight"].shape[0]
    model = peer.Seq2Seq(kind, source_words, target_words, embedding, hidden, 0.0, 1)
    renamed = {}
    for name, tensor in parameters.items():
        module, leaf = name.rsplit(".", 1)
        renamed[f"{names[module]}.{leaf}"] = tensor
    model.load_state_dict(renamed)
    return model.eval()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", help="folder of a trained model, with attention")
    arguments.add_argument("text", help="one sentence a line")
    arguments.add_argument("--sentences", type=int, default=1000)
    arguments.add_argument("--single", type=int, default=200, help="how many of them to translate one after the other")
    arguments.add_argument("--max-length", type=int, default=60)
    arguments.add_argument("--threads", type=int, default=2)
    a = arguments.parse_args()
    torch.set_num_threads(a.threads)
    model = load_model(a.model)
    words = {line.rstrip("\n"): i for i, line in enumerate(open(f"{a.model}/source.vocab", encoding="utf-8"))}
    pairs = []
    for line in open(a.text, encoding="utf-8"):
        pairs.append(([words.get(word, peer.UNK) for word in line.split()] + [peer.EOS], [peer.EOS]))
        if len(pairs) == a.sentences:
            break
    print(f"torch {torch.__version__}, {len(pairs)} sentences, {a.threads} threads", flush=True)

    def translate(search, batch):
        _, source, lengths, _, _ = peer.collate(pairs, batch)
        began = time.perf_counter()
        search(source, lengths, maxlen=a.max_length)
        return time.perf_counter() - began

    # As bench_decode: sorted by length, and in batches of equal size.
    order = sorted(range(len(pairs)), key=lambda i: -len(pairs[i][0]))
    count = -(-len(pairs) // 64)
    batches = [order[len(pairs) * i // count:len(pairs) * (i + 1) // count] for i in range(count)]
    translate(model.greedy, batches[0])  # to warm up
    searches = [("greedy", model.greedy), ("beam5", model.beam)]
    for name, search in searches:
        print(f"decode {name} b64: {len(pairs) / sum(translate(search, batch) for batch in batches):.1f} sent/s", flush=True)
    for name, search in searches:
        times = sorted(translate(search, [i]) for i in range(min(a.single, len(pairs))))
        print(f"decode {name} b1: {len(times) / sum(times):.1f} sent/s  p50 {times[len(times) // 2] * 1e3:.1f} ms  "
              f"p99 {times[len(times) * 99 // 100] * 1e3:.1f} ms", flush=True)


if __name__ == "__main__":
    main()
