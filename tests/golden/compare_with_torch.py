#!/usr/bin/env python3
"""Compares the logits that Gradus computed with those of the same model in PyTorch.

    compare_with_torch.py MODEL_DIR LOGITS_FILE

MODEL_DIR holds a model.safetensors saved by Gradus. LOGITS_FILE is a safetensors with the tensors source (B, S) and
target_input (B, T), ids padded with 0, and logits (B, T, V); logits at padding are not looked at. Prints the largest
difference and ends with status 1 if it is above the tolerance.
"""
import argparse
import pathlib
import sys

import torch
from safetensors.torch import load_file

import torch_models


def largest_difference(model_dir, logits_file):
    """-> the largest |difference|, the largest |logit|, and how many words were compared"""
    model = torch_models.load(pathlib.Path(model_dir) / "model.safetensors")
    given = load_file(logits_file)
    source, target_input = given["source"].long(), given["target_input"].long()
    with torch.no_grad():
        expected = model(source, target_input)
    if given["logits"].shape != expected.shape:
        sys.exit(f"logits are {tuple(given['logits'].shape)}, expected {tuple(expected.shape)}")
    words = target_input != torch_models.PAD
    difference = (given["logits"] - expected)[words].abs().max().item()
    return difference, expected[words].abs().max().item(), int(words.sum())


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model_dir")
    arguments.add_argument("logits_file")
    arguments.add_argument("--tolerance", type=float, default=1e-4)
    a = arguments.parse_args()
    difference, scale, words = largest_difference(a.model_dir, a.logits_file)
    print(f"{words} words: largest difference {difference:.3g}, largest logit {scale:.3g}, torch {torch.__version__}")
    if not difference <= a.tolerance:  # also when it is NaN
        sys.exit(f"the difference is above {a.tolerance:g}")


if __name__ == "__main__":
    main()
