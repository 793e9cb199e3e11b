#!/usr/bin/env bash
# test_search.sh GRADUS: what the options of a search change, for a recurrent model, a Transformer, and models of raw text.
set -uo pipefail
source "$(dirname "$0")/small_text.sh"

expect 0 "" train_m
expect 0 "" train_plain

# A Transformer, and what it shares with the others.
expect 1 "gradus: score: dot means nothing to a transformer; leave it at additive" \
  train --architecture transformer --score dot --model t
expect 1 "gradus: model: embedding is 16, hidden is 32; a transformer adds its layers to the word vectors: need the same size" \
  train --architecture transformer --model t
transformer=(--architecture transformer --hidden 16 --heads 2 --embedding-deviation 1 --model t)
expect 0 "" train "${transformer[@]}" --epochs 6
expect 0 "" "$gradus" train --resume --model t --epochs 12
check "it goes on" grep -q '^epoch 12 ' stdout
expect 0 "" "$gradus" info --model t
check "its parameters" grep -q '^encoder.transformer.layers.0.self_attn.in_proj_weight  *(48, 16)' stdout
printf 'ein zwei drei vier\n' >in.txt
expect 0 "" "$gradus" translate --model t --beam 5 <in.txt
check "it translates" test "$(cat stdout)" = "four three two one"
expect 0 "" "$gradus" translate --model t m --alignments <in.txt
check "together with a recurrent model, and with alignments" \
  grep -Eq '^four three two one \|\|\| [0-3]-0( [0-3]-[1-3])*$' stdout
expect 0 "" "$gradus" attend --model t "ein zwei drei vier"
check "it attends" grep -q '^three ' stdout
expect 0 "" "$gradus" evaluate --model t --test train.de train.en --beam 2
check "its BLEU" grep -Eq '^BLEU (9[0-9]|100)' stdout

# Raw text, as it comes: a byte order mark, Windows' line ends, an empty line, a line of 300 words, odd characters.
{ printf '\xef\xbb\xbf'; sed 's/^./\U&/; s/$/!\r/' train.de; printf '\r\n'; yes ein | head -300 | tr '\n' ' '; printf '\r\n"Ein" \U1F600 (zwei)...\r\n'; } >raw.de
{ sed 's/^./\U&/; s/$/!/' train.en; echo one; echo one; echo '"One" (two)...'; } >raw.en
declare -A unit=([words]=word [bpe]=subword [unigram]=subword)
for kind in words bpe unigram; do
  raw=(--preset defaults --valid-steps 1 --train raw.de raw.en --valid raw.de raw.en --tokenizer "$kind" --embedding 64 --hidden 64 --attention-size 64
       --embedding-deviation 1 --batch-size 8 --min-frequency 1 --learning-rate 0.003 --learning-rate-decay 1 --dropout 0
       --label-smoothing 0 --epochs 12 --model "$kind")
  expect 0 "" "$gradus" train "${raw[@]}" --joint
  check "skips are counted, $kind" test "$(grep -E "^(text|left out) " stdout)" = "text        257 pairs to train on, 258 to validate
left out    2 with an empty side
left out    1 longer than 100 ${unit[$kind]}s"
  printf 'Ein zwei drei vier!\r\n' >in.txt
  expect 0 "" "$gradus" translate --model "$kind" <in.txt
  check "raw text in, raw text out, $kind" test "$(cat stdout)" = "Four three two one!"
  expect 0 "" "$gradus" translate --model "$kind" --alignments <in.txt
  check "alignments of words, $kind" grep -Eq '^Four three two one! \|\|\| [0-3]-0( [0-3]-[1-3])*$' stdout
  expect 0 "" "$gradus" evaluate --model "$kind" --test raw.de raw.en
  expect 0 "" "$gradus" attend --model "$kind" "Ein zwei drei vier!"
  check "the line above the map, $kind" test "$(head -1 stdout)" = "Four three two one!"
  expect 0 "" "$gradus" info --model "$kind"
  check "tokenizer in info, $kind" grep -q "^  tokenizer  *$kind$" stdout
  check "one vocabulary, $kind" cmp -s "$kind"/source.* "$kind"/target.*
  mv "$kind" moved  # translating needs nothing but the folder
  check "a folder of its own, $kind" test "$("$gradus" translate --model moved <in.txt)" = "Four three two one!"
  mv moved "$kind"
done
cp -r bpe damaged; echo "not a model" >damaged/source.model
"$gradus" translate --model damaged </dev/null 2>stderr
check "a damaged model of subwords: message" grep -q '^gradus: damaged/source.model: not a sentencepiece model' stderr
expect 1 "gradus: train: --tokenizer: words differs from the bpe that the training began with; a resumed training keeps it" \
  "$gradus" train --resume --model bpe --tokenizer words
expect 0 "" "$gradus" train --resume --model bpe --epochs 13
check "a training on subwords goes on" grep -q '^epoch 13 .* BLEU 9' stdout
expect 0 "" "$gradus" train "${raw[@]}" --tokenizer whitespace --force --epochs 1
check "a hint for raw text" grep -q '^warning  *the text is raw' stdout
check "a file of each language" test "$(ls unigram)" = $'config.json\nlast.safetensors\nlog.jsonl\nmodel.safetensors\nsource.vocab\ntarget.vocab\ntokens.bin'
expect 0 "" train --model limited --epochs 1 --vocabulary-size 7
check "vocabulary of limited size" grep -q '^vocabulary  7 source words, 7 target words$' stdout
check "unknown words" grep -Eq '^unknown     [1-9][0-9.]* % of the source words to validate, [1-9][0-9.]* % of the target'"'"'s$' stdout
check "what to do about them" grep -q '^warning     many words are unknown; with --tokenizer bpe none would be$' stdout

# Search: every option changes what it says it changes.
printf 'ein zwei drei vier\n\nvier xyz\n' >in.txt
expect 0 "" translate --n-best 2
check "two translations a line, numbered from 0, an empty one with all fields for an empty line" \
  test "$(sed -E 's/-[0-9]+\.[0-9]{6}/N/g; s/\|\|\| [a-z ]* \|\|\| N/||| T ||| N/' stdout)" = \
  $'0 ||| T ||| N ||| N\n0 ||| T ||| N ||| N\n1 |||  ||| 0.000000 ||| 0.000000\n2 ||| T ||| N ||| N\n2 ||| T ||| N ||| N'
check "the best one first" grep -qm1 '^0 ||| four three two one ||| -0\.[0-9]* ||| -0\.[0-9]*$' stdout
expect 0 "" translate --alignments
check "alignments" grep -Eq '^four three two one \|\|\| [0-3]-0( [0-3]-[1-3])*$' stdout
check "and an empty one of an empty line" test "$(sed -n 2p stdout)" = " ||| "
expect 0 "" translate --alignments --n-best 2
check "both" test "$(sed -n 3p stdout)" = "1 |||  |||  ||| 0.000000 ||| 0.000000"
expect 0 "" translate --json --attention --alignments --n-best 2
check "a JSON object a line" test "$(grep -c '^{"source":"' stdout)" -eq 3
check "JSON holds what was asked for" grep -Eq '"translation":"four three two one","score":-0.*"tokens":\["four",.*"alignment":".*"attention":\[\[.*"n_best":\[\{' stdout
check "also of an empty line" test "$(sed -n 2p stdout)" = '{"source":"","source_tokens":[],"translation":"","score":0.0,"log_probability":0.0,"tokens":[],"alignment":"","attention":[],"n_best":[{"translation":"","score":0.0,"log_probability":0.0,"tokens":[],"alignment":"","attention":[]}]}'
printf ' \t\n' | "$gradus" translate --model m --n-best 1 >stdout
check "a line of blanks is as empty" test "$(cat stdout)" = "0 |||  ||| 0.000000 ||| 0.000000"
expect 0 "" translate --min-length 6
check "--min-length" test "$(head -1 stdout | wc -w)" -ge 6
expect 0 "" translate --max-length 2
check "--max-length" test "$(head -1 stdout | wc -w)" -le 2
expect 0 "" translate --min-length-ratio 2
check "--min-length-ratio" test "$(head -1 stdout | wc -w)" -ge 8
expect 0 "" translate --max-length-ratio 0.5
check "--max-length-ratio" test "$(head -1 stdout | wc -w)" -le 2
echo "vier vier vier vier" >in.txt
expect 0 "" translate
check "words repeat" grep -qx 'four four four four' stdout
expect 0 "" translate --no-repeat-ngram 1
check "--no-repeat-ngram" test -z "$(head -1 stdout | tr ' ' '\n' | sort | uniq -d)"
scores() { translate --n-best 1 "$@" | sed 's/.*||| //'; }
check "--length-power, --length-penalty and --coverage-penalty change the score" \
  test "$( (scores; scores --length-power 0; scores --length-penalty wu; scores --coverage-penalty 5) | sort -u | wc -l)" -eq 4
for i in 1 2 3 4 5 6 7 8; do echo "drei ein zwei vier"; done >in.txt
draw() { translate --sample --temperature 3 "$@"; }
draw --seed 4 >drawn.txt
check "samples of one sentence differ from line to line" test "$(sort -u drawn.txt | wc -l)" -gt 1
check "the same seed, the same samples" cmp -s drawn.txt <(draw --seed 4 --threads 1)
check "line by line as well" cmp -s drawn.txt <(while read -r line; do echo "$line"; sleep 0.02; done <in.txt | "$gradus" translate --model m --sample --temperature 3 --seed 4)
check "another seed, other samples" test "$(cat drawn.txt)" != "$(draw --seed 5)"
for option in "--temperature 0.001" "--top-k 1" "--top-p 0.001"; do
  # shellcheck disable=SC2086
  check "--sample $option is greedy" test "$(translate --sample $option | sort -u)" = "four two one three"
done
expect 2 "gradus: --n-best 6: the beam has only 5 hypotheses; need --beam 6 or more$(hint gradus translate)" translate --n-best 6
expect 2 "gradus: --min-length 5 is greater than --max-length 4$(hint gradus translate)" translate --min-length 5 --max-length 4
expect 2 "gradus: --min-length-ratio 2 is greater than --max-length-ratio 1$(hint gradus translate)" \
  translate --min-length-ratio 2 --max-length-ratio 1
expect 2 "gradus: --top-k requires --sample$(hint gradus translate)" translate --top-k 3
expect 2 "gradus: --attention requires --json$(hint gradus translate)" translate --attention
expect 2 "gradus: --beam excludes --sample$(hint gradus translate)" translate --sample --beam 3
expect 2 "gradus: --seed: -1 is too small; need a whole number from 0 to 18446744073709551615$(hint gradus translate)" \
  translate --sample --seed -1
expect 2 "gradus: --length-power: nan is no number; need a number from 0 to 100$(hint gradus translate)" translate --length-power nan
expect 1 "gradus: translate: no attention to use; the model was trained with --attention none" \
  "$gradus" translate --model plain --alignments <in.txt

# Unknown words.
expect 0 "" train_rare
echo "vier drei zwei vier" >in.txt
unknown() { "$gradus" translate --model rare "$@" <in.txt; }
expect 0 "" unknown
check "no unknown word is written" bash -c '! grep -Eq "unk|ein|zwei|drei|vier" stdout'
expect 0 "" unknown --replace-unknown
check "--replace-unknown" grep -Eq 'ein|zwei|drei|vier' stdout
printf 'ein\tfound it\nzwei\tfound it\ndrei\tfound it\nvier\tfound it\n' >words.tsv
expect 0 "" unknown --replace-unknown --dictionary words.tsv
check "--dictionary" grep -q 'found it' stdout
echo "no tab" >>words.tsv
expect 1 "gradus: words.tsv:5: not a dictionary entry: 'no tab'; need a source word, one tab, and its translation" \
  unknown --replace-unknown --dictionary words.tsv
expect 2 "gradus: --dictionary requires --replace-unknown$(hint gradus translate)" unknown --dictionary words.tsv

finish
