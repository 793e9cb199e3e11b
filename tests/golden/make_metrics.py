#!/usr/bin/env python3
"""Writes metrics.json, the values that test_metrics.cpp expects, with sacreBLEU.

    pip install sacrebleu==2.6.0 numpy regex==2026.5.9
    make_metrics.py > metrics.json
"""
import itertools
import json
import logging
import multiprocessing
import random

import numpy
import sacrebleu
from metric_segments import HAND_MADE, make_segments, other_system
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import _compute_p_value, estimate_ci
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sacrebleu.tokenizers.tokenizer_char import TokenizerChar
from sacrebleu.tokenizers.tokenizer_intl import TokenizerV14International
from sacrebleu.tokenizers.tokenizer_ter import TercomTokenizer

logging.disable()  # a warning that text looks tokenised, for every metric
METRICS = {"bleu": BLEU, "chrf": CHRF, "ter": TER}
SEGMENTS = make_segments()
SINGLE = len(HAND_MADE) + 60  # so many of the first segments are corpora of their own
SLICES = ([(i, i + 1) for i in range(SINGLE)] + [(i, min(i + 10, len(SEGMENTS))) for i in range(SINGLE, len(SEGMENTS), 10)] +
          [(0, len(SEGMENTS))])


def streams(segments, most):
    """References as sacreBLEU wants them: a list for the first of each segment, one for the second, ..."""
    return [[segment[1 + r] if 1 + r < len(segment) else None for segment in segments] for r in range(most)]


def short(number):
    """Exact enough for 1e-9, and integers without a point."""
    return int(number) if number == int(number) else round(float(number), 11)


def statistics_of(metric, segments, most=3):
    return metric._extract_corpus_statistics([segment[0] for segment in segments], streams(segments, most))


def record(kind, options, most=3, with_statistics=False, with_sentences=False):
    metric = METRICS[kind](**options)
    statistics = statistics_of(metric, SEGMENTS, most)
    scores = [metric._aggregate_and_compute(statistics[first:last]).score for first, last in SLICES]
    entry = {"metric": kind, **options, "references": most, "scores": [short(score) for score in scores],
             "signature": metric.get_signature().format().rsplit("|", 1)[0], "name": metric._aggregate_and_compute(statistics).name}
    if with_statistics:  # without the numbers of n-grams in BLEU's, which follow from the length
        width = {"bleu": 6, "ter": 2}[kind]
        entry["statistics"] = [[short(number) for number in row[:width]] for row in statistics]
    if with_sentences:
        entry["sentences"] = [short(metric._aggregate_and_compute([row]).score) for row in statistics]
    return entry


def record_of(arguments):
    return record(**arguments)


def all_records():
    """The arguments of every record."""
    for tokenizer, lowercase, most in itertools.product(("13a", "intl", "char", "none"), (False, True), (1, 3)):
        with_statistics = most == 3 and (not lowercase or tokenizer in ("13a", "intl"))
        yield dict(kind="bleu", options={"tokenize": tokenizer, "lowercase": lowercase}, most=most, with_statistics=with_statistics)
    for smoothing in ({"smooth_method": "exp"}, {"smooth_method": "none"}, {"smooth_method": "floor"},
                      {"smooth_method": "floor", "smooth_value": 0.37}, {"smooth_method": "add-k"},
                      {"smooth_method": "add-k", "smooth_value": 0.37}):
        yield dict(kind="bleu", options={**smoothing, "effective_order": True})
        yield dict(kind="bleu", options={**smoothing, "effective_order": False})
    for order, effective in itertools.product((1, 2, 6), (False, True)):
        yield dict(kind="bleu", options={"max_ngram_order": order, "effective_order": effective})

    for word_order, lowercase, whitespace, most in itertools.product((0, 2), (False, True), (False, True), (1, 3)):
        yield dict(kind="chrf", options={"word_order": word_order, "lowercase": lowercase, "whitespace": whitespace}, most=most,
                   with_sentences=most == 3 and not lowercase and not whitespace)
    for options in ({"char_order": 3, "beta": 1}, {"char_order": 4, "word_order": 1, "beta": 3}, {"char_order": 0, "word_order": 2},
                    {"eps_smoothing": True}, {"word_order": 2, "eps_smoothing": True}):
        yield dict(kind="chrf", options=options)

    for normalized, no_punct, asian_support in itertools.product((False, True), repeat=3):
        yield dict(kind="ter", options={"normalized": normalized, "no_punct": no_punct, "asian_support": asian_support},
                   with_statistics=normalized == asian_support)
    yield dict(kind="ter", options={"case_sensitive": True}, with_statistics=True)
    yield dict(kind="ter", options={"case_sensitive": True, "normalized": True}, most=1)
    yield dict(kind="ter", options={}, most=1, with_statistics=True)


def tokenized():
    """How the tokenisers split the hand-made lines, and the characters of many scripts."""
    lines = [line for segment in SEGMENTS[:len(HAND_MADE)] for line in segment[:2]] + [segment[1] for segment in SEGMENTS[-60:]]
    tercom = {"tercom": {}, "tercom normalized asian": {"normalized": True, "asian_support": True},
              "tercom no_punct": {"no_punct": True}, "tercom case_sensitive no_punct asian":
              {"case_sensitive": True, "no_punct": True, "asian_support": True}}
    splitters = {"13a": Tokenizer13a(), "intl": TokenizerV14International(), "char": TokenizerChar(),
                 **{name: TercomTokenizer(**options) for name, options in tercom.items()}}
    return {"lines": lines, "lower": [line.lower() for line in lines],
            **{name: [" ".join(splitter(line.rstrip()).split()) for line in lines] for name, splitter in splitters.items()}}


def significance():
    """Both tests for fixed resamples and exchanges. The package draws its own, and adds up in single precision."""
    segments = SEGMENTS[200:300]
    baseline_hypotheses = other_system(segments)
    count, samples = len(segments), 60
    rng = random.Random(25)
    resamples = [[rng.randrange(count) for _ in range(count)] for _ in range(samples)]
    exchanges = [[rng.randrange(2) for _ in range(count)] for _ in range(samples)]
    tests = []
    for kind, metric in (("bleu", BLEU()), ("chrf", CHRF()), ("ter", TER())):
        def score(rows):
            return metric._compute_score_from_stats([float(sum(column)) for column in zip(*rows)]).score

        system = statistics_of(metric, segments)
        baseline = statistics_of(metric, [[other, *segment[1:]] for other, segment in zip(baseline_hypotheses, segments)])
        difference = abs(score(system) - score(baseline))
        system_scores = numpy.array([score([system[i] for i in drawn]) for drawn in resamples])
        baseline_scores = numpy.array([score([baseline[i] for i in drawn]) for drawn in resamples])
        mean, half_width = estimate_ci(system_scores)
        differences = abs(system_scores - baseline_scores)
        first = numpy.array([score([(a, b)[swap] for a, b, swap in zip(system, baseline, e)]) for e in exchanges])
        second = numpy.array([score([(b, a)[swap] for a, b, swap in zip(system, baseline, e)]) for e in exchanges])
        tests.append({"metric": kind, "difference": difference, "system_scores": list(system_scores),
                      "baseline_scores": list(baseline_scores), "mean": mean, "half_width": half_width,
                      "bootstrap_p": _compute_p_value(differences - differences.mean(), difference),
                      "first": list(first), "second": list(second),
                      "randomisation_p": _compute_p_value(abs(first - second), difference)})
    return {"first_segment": 200, "baseline": baseline_hypotheses, "resamples": resamples,
            "exchanges": ["".join(map(str, exchange)) for exchange in exchanges], "tests": tests}


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


with multiprocessing.Pool() as pool:
    records = pool.map(record_of, all_records(), chunksize=1)
fields = {"sacrebleu": sacrebleu.__version__, "segments": SEGMENTS, "slices": SLICES, "tokenized": tokenized(),
          "records": records, "significance": significance()}
print("{" + ",\n".join(f"{dump(key)}:{dump(value)}" for key, value in fields.items()) + "}")
