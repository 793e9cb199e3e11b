#!/usr/bin/env python3
"""Writes bleu.json, the values that test_bleu.cpp expects, with sacreBLEU.

    pip install sacrebleu==2.6.0
    make_bleu.py > bleu.json
"""
import json
import random

import sacrebleu
from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

random.seed(20)

HAND_MADE = [
    ("", "A dog runs."), ("A dog runs.", ""), ("", ""), ("   ", "\t"), ("dog", "dog"), ("a b", "a b"), ("a b c", "a b c d"),
    ("The price is 1,234.56 dollars.", "The price is 1,234.56 dollars ."),
    ("Version 2.0, not 2. or .5", "Version 2.0 , not 2. or .5"), ("3-4 and x-ray, 10-year-old", "3 - 4 and x-ray, 10 -year-old"),
    ("...", ". . ."), ("..,,..", ", ."), ("1..2,,3.", "1 . . 2"), ("a.b.c,d", "a . b . c , d"),
    ("He said &quot;no&quot; &amp; left &lt;quickly&gt;", 'He said "no" & left <quickly>'),
    ("&amp;quot; and &amp;lt;", '&quot; and <'), ("<skipped>one two three four", "one two three four"),
    ("one-\ntwo\nthree four", "onetwo three four"), ("trailing dash -\n", "trailing dash -"),
    ("don't can't it's o'clock", "don ' t can 't it's o'clock"), ("[x] {y} (z) `w` ~v~ ^u^ _t_", "[ x ] { y } ( z ) `w` ~v~ ^u^ _t_"),
    ("a/b\\c|d@e#f$g%h*i+j=k;l:m?n!o", "a / b \\ c | d @ e # f $ g % h * i + j = k ; l : m ? n ! o"),
    ("Der Mann läuft über die Straße.", "Ein Mann läuft über die Straße ."), ("ÄPFEL UND ÖL", "Äpfel und Öl"),
    ("l'œuf n'est pas là…", "L'Œuf n'est pas là …"), ("„Gut“, sagte sie – „ja“.", "„ Gut “ , sagte sie – „ ja “ ."),
    ("日本語のテキスト。", "日本語 の テキスト。"), ("Привет, МИР!", "привет , мир !"), ("ΟΔΟΣ ΣΟΦΟΣ. ΑΣ", "οδος σοφος. ας"),
    ("İstanbul ve ISPARTA", "i̇stanbul ve isparta"), ("ẞ ĲSSEL ŁÓDŹ ŐR Ÿ", "ß ĳssel łódź őr ÿ"),
    ("no\u00a0break thin\u2009space ideographic\u3000space", "no break thin space ideographic space"),
    ("zero\u200bwidth next\u0085line", "zero width next line"), ("emoji 😀 👍🏽 end", "emoji 😀 👍 end"),
    ("é.5 ü,7 5.é 7,ü", "é .5 ü ,7 5. é 7, ü"), ("a\tb\x1cc\x0bd", "a b c d"),
    ("the the the the the the", "the cat the mat"), ("a a a b b b", "a b a b a b"),
]

WORDS = ("a the dog man woman two children red blue ball street runs jumps sits is are in on under near with and of water "
         "Über Straße déjà l'eau 3.5 1,000 10-15 -7 U.S. e.g. don't x-ray &amp; &quot;hi&quot; (left) [1] 50% $20 a/b").split()
ENDS = [".", " .", "!", "?", "...", "", ",", ";", " :"]


def sentence():
    return " ".join(random.choices(WORDS, k=random.randint(0, 14))) + random.choice(ENDS)


def disturbed(text):
    """A hypothesis for the reference: some words dropped, doubled, replaced or moved."""
    words = []
    for word in text.split(" "):
        chance = random.random()
        if chance < 0.08:
            continue
        words.append(random.choice(WORDS) if chance < 0.18 else word.upper() if chance < 0.22 else word)
        if chance > 0.96:
            words.append(word)
    if len(words) > 2 and random.random() < 0.3:
        i = random.randrange(len(words) - 1)
        words[i], words[i + 1] = words[i + 1], words[i]
    return " ".join(words)


def values(score):
    return {"score": score.score, "precisions": score.precisions, "brevity_penalty": score.bp,
            "system_length": score.sys_len, "reference_length": score.ref_len}


pairs = list(HAND_MADE)
while len(pairs) < 260:
    reference = sentence()
    pairs.append((disturbed(reference), reference))
hypotheses, references = [p[0] for p in pairs], [p[1] for p in pairs]
second = [disturbed(r) for r in references]

corpora = []
count = len(pairs)
ranges = [(0, count), (0, len(HAND_MADE)), (len(HAND_MADE), count), (100, 107), (200, 203), (4, 6), (0, 1), (2, 3)]
for tokenizer in ("13a", "none"):
    for lowercase in (False, True):
        bleu = BLEU(tokenize=tokenizer, lowercase=lowercase)
        options = {"tokenizer": tokenizer, "lowercase": lowercase}
        for first, last in ranges:
            h, r, s = hypotheses[first:last], references[first:last], second[first:last]
            corpora.append({**options, "first": first, "last": last, "references": 1, **values(bleu.corpus_score(h, [r]))})
            corpora.append({**options, "first": first, "last": last, "references": 2, **values(bleu.corpus_score(h, [r, s]))})

tokenize = Tokenizer13a()
bleu = BLEU()
print(json.dumps({
    "sacrebleu": sacrebleu.__version__,
    "segments": [{"hypothesis": h, "reference": r, "second": s, "words": tokenize(h.rstrip()).split(),
                  "score": bleu.corpus_score([h], [[r]]).score} for h, r, s in zip(hypotheses, references, second)],
    "corpora": corpora,
}, ensure_ascii=True, indent=0, separators=(",", ":")))
