#!/usr/bin/env bash
# test_formats.sh GRADUS: folders of models that earlier versions wrote (formats/) translate and score as they did then, a configuration
# from before a field was there means what it meant, and a training that an earlier version began goes on.
set -u
formats=$(realpath "$(dirname "$0")/formats")
gradus=$(realpath "$1")
source "$(dirname "$0")/../support/expect.sh"

# The text that the models have learned: each word has one translation, and the order is turned round.
words=(ein zwei drei vier) translations=(one two three four)
for a in 0 1 2 3; do for b in 0 1 2 3; do for c in 0 1 2 3; do for d in 0 2; do
  echo "${words[a]} ${words[b]} ${words[c]} ${words[d]}" >>train.de
  echo "${translations[d]} ${translations[c]} ${translations[b]} ${translations[a]}" >>train.en
done; done; done; done
head -8 train.de >few.de
head -8 train.en >few.en
head -16 train.de >valid.de
head -16 train.en >valid.en

# The same words, and log-probabilities that differ in their last digits at most: those depend on the machine.
as_then() {
  "$gradus" translate --model "$1" --beam 3 <train.de 2>/dev/null | diff - "$1/translations.txt" &&
    "$gradus" score --model "$1" few.de few.en 2>/dev/null | paste - "$1/scores.txt" |
    awk '{ d = $1 - $2; if (NF != 2 || d < -0.001 || d > 0.001) exit 1; ++n } END { exit n != 8 }'
}
for model in "$formats"/*/; do
  cp -r "$model" .
  check "the model $(basename "$model") is what it was" as_then "$(basename "$model")"
done

for config in "$formats"/*.json; do
  cp "$config" 0.1.0-words/config.json
  check "a model with the configuration $(basename "$config") is what it was" as_then 0.1.0-words
done

cp "$formats/0.1.0-words/config.json" 0.1.0-words/
resumed() { "$gradus" train --model 0.1.0-words --resume --epochs 27 2>&1 | tail -1 | grep -q "holds the model of epoch"; }
check "a training that 0.1.0 began goes on" resumed
finish
