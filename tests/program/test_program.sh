#!/usr/bin/env bash
# test_program.sh GRADUS: runs the program as its users do, right and wrong, and compares what it prints and returns.
set -uo pipefail
gradus=$(realpath "$1")
source "$(dirname "$0")/../support/expect.sh"

# A small text: each word has one translation, and the order is turned round.
words=(ein zwei drei vier vier) translations=(one two three four)
for a in 0 1 2 3; do for b in 0 1 2 3; do for c in 0 1 2 3; do for d in 0 1 2 3; do
  echo "${words[a]} ${words[b]} ${words[c]} ${words[d]}" >>train.de
  echo "${translations[d]} ${translations[c]} ${translations[b]} ${translations[a]}" >>train.en
done; done; done; done
head -16 train.de >valid.de
head -16 train.en >valid.en
small=(--valid valid.de valid.en --embedding 16 --hidden 32 --attention-size 16 --batch-size 16 --min-frequency 1
       --learning-rate 0.01 --dropout 0 --label-smoothing 0 --epochs 12 --patience 12)
train() { "$gradus" train --train train.de train.en "${small[@]}" "$@"; }

# What it says about itself.
expect 0 "" "$gradus" --version
check "version" grep -qx 'gradus [0-9.]*' stdout
for command in train translate score evaluate attend info; do
  expect 0 "" "$gradus" "$command" --help
  check "examples in the help of $command" grep -q "^  gradus $command --" stdout
done
expect 0 "" "$gradus" train --help
check "a flag with its opposite" grep -q '^  --\[no-\]toy  ' stdout
expect 0 "" "$gradus" bleu --help
check "examples in the help of bleu" grep -q '^  gradus bleu hyp.en ref1.en ref2.en' stdout

# Wrong command lines.
expect 2 "gradus: a command is missing: train, translate, score, evaluate, bleu, aer, attend, info, report, average or toy$(hint gradus)" "$gradus"
expect 2 "gradus: unknown argument trian; did you mean train?$(hint gradus)" "$gradus" trian
expect 2 "gradus: unknown argument trian; did you mean train?$(hint gradus)" "$gradus" trian --model m
expect 2 "gradus: --model is required$(hint gradus train)" "$gradus" train --toy
expect 2 "gradus: unknown option --atention; did you mean --attention?$(hint gradus train)" train --model m --atention luong
expect 2 "gradus: unknown option --frobnicate$(hint gradus train)" train --model m --frobnicate
expect 2 "gradus: unknown option --modle; did you mean --model?$(hint gradus train)" "$gradus" train --toy --modle m
expect 2 "gradus: --attention: dot not in {none,bahdanau,luong}$(hint gradus train)" train --model m --attention dot
expect 2 "gradus: --beam: Value 0 not in range 1 to 1000$(hint gradus translate)" "$gradus" translate --model m --beam 0
expect 2 "gradus: train: --train SRC TGT is missing (or --toy, for the built-in language)$(hint gradus train)" "$gradus" train --model m
expect 2 "gradus: train: --valid SRC TGT is missing; validation decides which model is best$(hint gradus train)" \
  "$gradus" train --model m --train train.de train.en
expect 2 "gradus: train: --toy brings its own text; leave out --train and --valid$(hint gradus train)" train --model m --toy
expect 1 "gradus: hidden: 1 is too small; need at least 2" train --model m --hidden 1
check "no model is left behind by a wrong command line" test ! -e m

# Wrong text.
expect 1 "gradus: none.de: cannot read the file: No such file or directory" \
  "$gradus" train --model m --train none.de train.en "${small[@]}"
head -255 train.en >short.en
expect 1 "gradus: parallel text: train.de has 256 lines, short.en has 255; line n of one must translate line n of the other" \
  "$gradus" train --model m --train train.de short.en "${small[@]}"
sed '17s/.*/ein \xff zwei/' train.de >invalid.de
expect 1 "gradus: invalid.de:17: invalid UTF-8 at byte 5" "$gradus" train --model m --train invalid.de train.en "${small[@]}"
sed 's/.*//' train.de >empty.de
expect 1 "gradus: empty.de, train.en: no sentence pair to use; 256 have an empty side" \
  "$gradus" train --model m --train empty.de train.en "${small[@]}"
expect 1 "gradus: train.de, train.en: no sentence pair to use; 256 have more than 3 words on a side; raise --max-length" \
  train --model m --max-length 3
printf '\xff\xfee\0\n\0' >utf16.de
expect 1 "gradus: utf16.de: the text is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8" \
  "$gradus" train --model m --train utf16.de train.en "${small[@]}"
expect 1 "gradus: source language: vocabulary_size: 90 is too small for the characters and bytes of the text; need at least 269" \
  train --model m --tokenizer bpe --vocabulary-size 90
expect 1 "gradus: both languages: vocabulary_size: 9000 is too large for the text; need at most 328" \
  train --model m --tokenizer bpe --vocabulary-size 9000 --joint
expect 2 "gradus: train: --toy brings its own words; leave out --tokenizer and --joint$(hint gradus train)" \
  "$gradus" train --model m --toy --tokenizer words
check "no model is left behind by wrong text" test ! -e m

expect 1 "gradus: source language: no word is left with min_frequency 100000 and vocabulary_size 0; lower the one or raise the other" \
  train --model m --min-frequency 100000

# Wrong configurations.
echo '{"hidden": 1e400}' >config.json
expect 1 "gradus: config.json: malformed JSON: number overflow parsing '1e400'" train --model m --config config.json
echo '{"hiden": 8}' >config.json
expect 1 'gradus: config.json: unknown key "hiden"; did you mean "hidden"?' train --model m --config config.json
echo '{"hidden": 8' >config.json
expect 1 "gradus: config.json: malformed JSON: parse error at line 2, column 1: syntax error while parsing object - unexpected end of input; expected '}'" \
  train --model m --config config.json

# Wrong models.
expect 1 "gradus: m: no such folder; need the folder of a model" "$gradus" translate --model m
mkdir nothing
expect 1 "gradus: nothing: the folder holds no model; nothing/config.json is missing" "$gradus" info --model nothing

# A training, with skipped pairs counted.
{ cat train.de; echo; echo "ein ein ein ein ein"; } >more.de
{ cat train.en; echo "one"; echo "one"; } >more.en
expect 0 "" "$gradus" train --train more.de more.en "${small[@]}" --max-length 4 --model m
check "skips are counted" grep -q 'text  *256 pairs to train on, 16 to validate; left out: 1 with an empty side, 1 longer than 4 words' stdout
check "the best model is named" grep -q '^m holds the model of epoch [0-9]*, validation BLEU 100.00$' stdout
expect 1 "gradus: train: m holds a model already; --resume goes on with its training, --force replaces it" train --model m
expect 1 "gradus: train: --hidden: 64 differs from the 32 that the training began with; a resumed training keeps it" \
  "$gradus" train --model m --resume --hidden 64
expect 0 "" "$gradus" info --model m
check "info" grep -q '^  attention  *bahdanau$' stdout
check "parameters in info" grep -q '^decoder.attention.query.weight  *(16, 32)  *512  *2048$' stdout

# Translating: order, empty lines, line ends, no end at the last line; unknown words do no harm.
printf 'ein zwei drei vier\n\n \t\nvier vier ein ein\r\nxyz\nzwei ein ein ein' >in.txt
translate() { "$gradus" translate --model m "$@" <in.txt; }
expect 0 "" translate
cp stdout out.txt
check "order and empty lines" test "$(sed -n '1,4p' out.txt)" = $'four three two one\n\n\none one four four'
check "as many lines out as in" test "$(wc -l <out.txt)" -eq 6
check "the last line" test "$(tail -1 out.txt)" = "one one one two"
expect 0 "" translate --threads 1
check "the same with one thread" cmp -s stdout out.txt
for line in 1 2 3 4 5 6; do sed -n "${line}p" in.txt | "$gradus" translate --model m; done >single.txt
check "the same line by line" cmp -s single.txt out.txt
expect 0 "" "$gradus" translate --model m </dev/null
check "no line in, no line out" test ! -s stdout
printf 'ein\nzw\xc3\n' >in.txt
expect 1 "gradus: stdin:2: invalid UTF-8 at byte 3" translate
printf '\xff\xfee\0\n\0' >in.txt
expect 1 "gradus: stdin: the text is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8" translate
printf 'ein zwei drei vier\n' >in.txt
expect 1 "gradus: cannot write the output: No space left on device" bash -c "'$gradus' translate --model m <in.txt >/dev/full"
yes "ein zwei drei vier" | head -20000 >in.txt
check "a reader that stops early" test "$(translate 2>stderr | head -1)" = "four three two one"
check "and no complaint about it" test ! -s stderr

# A program that waits for each answer gets it.
mkfifo questions answers
"$gradus" translate --model m <questions >answers &
exec {ask}>questions {answer}<answers
echo "ein zwei drei vier" >&"$ask"
read -r -t 60 line <&"$answer"
check "a line is answered before the next one comes" test "$line" = "four three two one"
echo "vier ein ein zwei" >&"$ask"
read -r -t 60 line <&"$answer"
check "and the next one too" test "$line" = "two one one four"
exec {ask}>&-
wait $!
check "and the end of the input ends it" test $? -eq 0
exec {answer}<&-

# Evaluating.
expect 0 "" "$gradus" evaluate --model m --test train.de train.en
check "BLEU" grep -q '^BLEU 100.00 100.0/100.0/100.0' stdout
check "chrF" grep -q '^chrF2 100.00$' stdout
check "signature" grep -q '^  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:gradus-[0-9.]*$' stdout
check "perplexity" grep -q '^perplexity 1\.[0-9]* (cross-entropy' stdout
expect 0 "" "$gradus" evaluate --model m --test more.de more.en
check "skips of the test are counted" grep -q '^left out 1 pairs with an empty side$' stdout
expect 2 "gradus: evaluate: --test SRC REF is missing$(hint gradus evaluate)" "$gradus" evaluate --model m
expect 1 "gradus: parallel text: train.de has 256 lines, short.en has 255; line n of one must translate line n of the other" \
  "$gradus" evaluate --model m --test train.de short.en

tac train.en >turned.en
expect 0 "" "$gradus" evaluate --model m --test train.de turned.en train.en --metrics bleu ter --bootstrap 50
check "two references" grep -q '^BLEU 100.00 100.0' stdout
check "TER" grep -q '^TER 0.00 (0 edits, 1024.0 reference words)$' stdout
check "an interval" grep -q '^  100.00 ± 0.00, from 100.00 to 100.00 in 95 % of 50 resamples$' stdout
check "a signature of both" grep -q '^  nrefs:2|bs:50|seed:12345|case:mixed|eff:no|tok:13a' stdout
expect 1 "gradus: parallel text: train.de has 256 lines, short.en has 255; line n of one must translate line n of the other" \
  "$gradus" evaluate --model m --test train.de train.en short.en
expect 2 "gradus: --metrics: bleu is given twice$(hint gradus evaluate)" "$gradus" evaluate --model m --metrics bleu bleu

# By the length of the source, as a table and as curves.
expect 0 "" "$gradus" evaluate --model m m --test train.de train.en --by-length --bin-width 4 --svg lengths.svg
check "a row a bin" test "$(tail -3 stdout | tr -s ' ')" = $' source words sentences BLEU m BLEU m\n 1 to 4 256 100.00 100.00\ncurves written to lengths.svg'
check "a curve a model" test "$(grep -c '<path.*fill="none"' lengths.svg)" -eq 2
{ head -2 train.de; echo "ein ein ein ein ein ein ein ein ein"; } >lengths.de
expect 0 "" "$gradus" evaluate --model m --test lengths.de <(head -3 train.en) --by-length --bin-width 3
check "no row for lengths that no sentence has" test "$(tail -3 stdout | cut -c-12)" = $'  source wor\n  4 to 6    \n  7 to 9    '
expect 1 "gradus: no/lengths.svg: cannot write the file: No such file or directory" \
  "$gradus" evaluate --model m --test train.de train.en --by-length --svg no/lengths.svg
expect 2 "gradus: --svg requires --by-length$(hint gradus evaluate)" "$gradus" evaluate --model m --test train.de train.en --svg a.svg
expect 2 "gradus: --bin-width: Value 0 not in range 1 to 10000$(hint gradus evaluate)" \
  "$gradus" evaluate --model m --test train.de train.en --by-length --bin-width 0

# Scores of translations in files.
printf 'a b c d x f g\nThe cat sat.\n' >hyp.txt
printf 'a b c d e f g h\nThe cat sat.\n' >ref.txt
printf 'a b c d x f g\nThe cat sits.\n' >ref2.txt
bleu() { "$gradus" bleu "$@"; }
expect 0 "" bleu hyp.txt ref.txt
check "score and signature" test "$(cat stdout)" = "BLEU 57.89 90.9/77.8/57.1/40.0 (brevity penalty 0.913, 11 words, reference 12)
  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:$("$gradus" --version | tr ' ' -)"
cp stdout expected
check "from standard input" cmp -s expected <("$gradus" bleu - ref.txt <hyp.txt)
check "the same metric by name, before the files" cmp -s expected <("$gradus" bleu --metrics bleu hyp.txt ref.txt)
expect 0 "" bleu hyp.txt ref.txt ref2.txt --metrics bleu,chrf,ter --word-order 2 --lowercase
check "two references in one score" grep -q '^BLEU 100.00 ' stdout
check "chrF++" grep -q '^chrF2++ 100.00$' stdout
check "TER of two references" grep -q '^TER 0.00 (0 edits, 10.5 reference words)$' stdout
expect 0 "" bleu hyp.txt ref.txt --sentences --metrics bleu ter
check "a line a sentence" test "$(cat stdout)" = $'42.38\t25.00\n100.00\t0.00'
expect 0 "" bleu train.en train.en --baseline turned.en --systems train.en --metrics chrf --trials 100
check "a star for a difference" grep -q '^  train.en  *100.00  *100.00 ± 0.00  *+[0-9.]*  *0.0010\*  *0.0099\*$' stdout
check "the draws in the signature" grep -q '|bs:1000|ar:100|seed:12345|' stdout
expect 0 "" bleu train.en train.en --baseline turned.en --systems train.en --metrics bleu ter --json --paired bootstrap
check "JSON of all systems" test "$(grep -c '"name": "BLEU"' stdout) $(grep -c '"bootstrap_p": 0.00099' stdout)" = "3 4"
check "and of the test asked for" test "$(grep -c randomisation_p stdout)" -eq 0
expect 0 "" bleu hyp.txt ref.txt --baseline hyp.txt
check "no star where nothing differs" grep -q '^  hyp.txt  57.89  .*  +0.00$' stdout
expect 1 "gradus: bleu: hyp.txt has 2 lines, train.en has 256; line n of one must translate line n of the other" bleu hyp.txt train.en
expect 1 "gradus: none.txt: cannot read the file: No such file or directory" bleu hyp.txt none.txt
: >nothing.txt
expect 1 "gradus: nothing.txt: no line; need a translation a line" bleu nothing.txt nothing.txt
expect 1 "gradus: stdin: no line; need a translation a line" bash -c "'$gradus' bleu - ref.txt </dev/null"
expect 1 "gradus: invalid.de:17: invalid UTF-8 at byte 5" bleu train.en invalid.de
expect 2 "gradus: ref is required$(hint gradus bleu)" bleu hyp.txt
expect 2 "gradus: bleu: standard input (-) can stand for one file only$(hint gradus bleu)" bleu - -
expect 2 "gradus: --metrics: meteor is not one of bleu, chrf, ter (files come before --metrics)$(hint gradus bleu)" \
  bleu hyp.txt ref.txt --metrics meteor
expect 2 "gradus: --smooth-value: --smooth exp takes no value; floor and add-k do$(hint gradus bleu)" bleu hyp.txt ref.txt --smooth-value 1
expect 2 "gradus: bleu: --trials is about differences to a --baseline, which is missing$(hint gradus bleu)" bleu hyp.txt ref.txt --trials 5
expect 2 "gradus: bleu: --sentences goes without --baseline, --systems and --bootstrap$(hint gradus bleu)" \
  bleu hyp.txt ref.txt --sentences --bootstrap 10
sed 's/$/ ./' train.en >tokenized.en
expect 0 "gradus: tokenized.en: 256 lines end in \" .\" and look tokenised; BLEU is meant for plain text, and --tokenize none takes words as they stand" \
  bleu tokenized.en tokenized.en
expect 0 "" bleu tokenized.en tokenized.en --tokenize none

# Alignments. A true one turns the words round.
yes "0-3 1-2 2-1 3?0" | head -256 >train.align
expect 0 "" "$gradus" aer train.align train.align
check "AER" grep -qx 'AER 0.0000 (precision 1.0000, recall 1.0000, 1024 links, 768 sure ones)' stdout
sed 's/2-1/2-2/' train.align >wrong.align
expect 0 "" "$gradus" aer wrong.align train.align
check "a wrong link" grep -qx 'AER 0.2857 (precision 0.7500, recall 0.6667, 1024 links, 768 sure ones)' stdout
sed '7s/$/ 2:1/' train.align >wrong.align
expect 1 "gradus: wrong.align:7: '2:1' is no link; need SOURCE-TARGET, or SOURCE?TARGET for a possible one" \
  "$gradus" aer wrong.align train.align
head -3 train.align >short.align
: >none.align
expect 1 "gradus: aer: none.align, none.align: no link to compare" "$gradus" aer none.align none.align
expect 1 "gradus: aer: short.align has 3 lines, train.align has 256; line n of one must translate line n of the other" \
  "$gradus" aer short.align train.align
evaluate() { "$gradus" evaluate --model m --test train.de train.en "$@"; }
expect 0 "" evaluate --alignments train.align
check "the attention of a model" grep -Eq '^AER 0\.[0-9]{4} \(precision .*, [0-9]+ links, 768 sure ones\)$' stdout
expect 1 "gradus: alignments: train.de has 256 lines, short.align has 3; line n of one must translate line n of the other" \
  evaluate --alignments short.align
sed '9s/$/ 4?1/' train.align >wrong.align
expect 1 "gradus: wrong.align:9: link 4-1 is outside of a pair of 4 and 4 words; words count from 0" \
  evaluate --alignments wrong.align
{ cat train.align; echo; echo; } >more.align
expect 0 "" "$gradus" evaluate --model m --test more.de more.en --alignments more.align
check "pairs with an empty side have no alignment" grep -Eq '^AER 0.* 768 sure ones\)$' stdout
expect 2 "gradus: --alignments requires --test$(hint gradus evaluate)" "$gradus" evaluate --model m --alignments train.align

# The toy language in files.
expect 0 "" "$gradus" toy text
check "as many alignments as sentences" test "$(wc -l <text/train.en) $(wc -l <text/train.fr) $(wc -l <text/train.align)" = "25000 25000 25000"
check "its first test sentence" test "$(head -qn1 text/test.en text/test.fr text/test.align)" = $'the men broke your red keys that fell\nles hommes ont cassé tes clés rouges qui sont tombées\n0-0 1-1 2-2 2-3 3-4 4-6 5-5 6-7 7-8 7-9'
expect 1 "gradus: toy: the folder text is not empty; need an empty one or a new one" "$gradus" toy text
expect 1 "gradus: train.de/text: cannot make the folder: Not a directory" "$gradus" toy train.de/text

# Attention.
expect 0 "" "$gradus" attend --model m "ein zwei drei vier"
check "the translation stands above the map" test "$(head -1 stdout)" = "four three two one"
check "a line a word" grep -q '^three ' stdout
expect 0 "" "$gradus" attend --model m ein zwei drei vier --out map.svg
check "the picture" grep -q '<svg' map.svg
expect 1 "gradus: attend: the sentence has no word" "$gradus" attend --model m " "
expect 1 "gradus: no/map.svg: cannot write the file: No such file or directory" \
  "$gradus" attend --model m ein --out no/map.svg
expect 0 "" train --attention none --epochs 1 --model plain
expect 1 "gradus: attend: the model in plain has no attention to show; it was trained with --attention none" \
  "$gradus" attend --model plain ein
expect 1 "gradus: evaluate: the model in plain has no attention to align with; it was trained with --attention none" \
  "$gradus" evaluate --model plain --test train.de train.en --alignments train.align

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
for kind in words bpe unigram; do
  raw=(--train raw.de raw.en --valid raw.de raw.en --tokenizer "$kind" --embedding 64 --hidden 64 --attention-size 64
       --embedding-deviation 1 --batch-size 8 --min-frequency 1 --learning-rate 0.003 --learning-rate-decay 1 --dropout 0
       --label-smoothing 0 --epochs 12 --model "$kind")
  expect 0 "" "$gradus" train "${raw[@]}" --joint
  check "skips are counted, $kind" grep -q '^text  *257 pairs to train on, .*; left out: 2 with an empty side, 1 longer than 100' stdout
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
check "a hint for raw text" grep -q '^note  *full stops touch words' stdout
check "a file of each language" test "$(ls unigram)" = $'config.json\nlast.safetensors\nlog.jsonl\nmodel.safetensors\nsource.vocab\ntarget.vocab'
expect 0 "" train --model limited --epochs 1 --vocabulary-size 7
check "vocabulary of limited size" grep -q '^vocabulary  7 source words, 7 target words; unknown in the validation text: [1-9]' stdout

# A model of a time before there were tokenizers.
cp -r m old
sed -i '/"tokenizer"/d; /"vocabulary_size"/d; /"joint"/d' old/config.json
check "an old model translates as before" test "$(echo 'ein zwei drei vier' | "$gradus" translate --model old)" = "four three two one"

# Search: every option changes what it says it changes.
printf 'ein zwei drei vier\n\nvier xyz\n' >in.txt
expect 0 "" translate --n-best 2
check "two translations a line, numbered from 0, an empty line for an empty one" \
  test "$(sed -E 's/-?[0-9]+\.[0-9]{6}/N/g; s/\|\|\| [a-z ]* \|\|\| N/||| T ||| N/' stdout)" = \
  $'0 ||| T ||| N ||| N\n0 ||| T ||| N ||| N\n\n2 ||| T ||| N ||| N\n2 ||| T ||| N ||| N'
check "the best one first" grep -qm1 '^0 ||| four three two one ||| -0\.[0-9]* ||| -0\.[0-9]*$' stdout
expect 0 "" translate --alignments
check "alignments" grep -Eq '^four three two one \|\|\| [0-3]-0( [0-3]-[1-3])*$' stdout
check "and none of an empty line" test -z "$(sed -n 2p stdout)"
expect 0 "" translate --json --attention --alignments --n-best 2
check "a JSON object a line" test "$(grep -c '^{"source":"' stdout)" -eq 3
check "JSON holds what was asked for" grep -Eq '"translation":"four three two one","score":-0.*"tokens":\["four",.*"alignment":".*"attention":\[\[.*"n_best":\[\{' stdout
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
expect 2 "gradus: --seed: -1 is negative$(hint gradus translate)" translate --sample --seed -1
expect 2 "gradus: --seed: -1 is negative$(hint gradus train)" train --model never --seed -1
expect 2 "gradus: --length-power: Value nan not in range 0 to 100$(hint gradus translate)" translate --length-power nan
expect 1 "gradus: translate: no attention to use; the model was trained with --attention none" \
  "$gradus" translate --model plain --alignments <in.txt

# Unknown words: a model that has to write <unk> for vier, whose translations are all rare.
awk '{ for (i = 1; i <= NF; ++i) if ($i == "four") $i = "four" NR; print }' train.en >rare.en
expect 0 "" "$gradus" train --train train.de rare.en "${small[@]}" --min-frequency 50 --model rare
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

# Ensembles, and the scores of given translations.
expect 0 "" "$gradus" translate --model m --model plain --json <in.txt
check "an ensemble is another model" test "$(cat stdout)" != "$("$gradus" translate --model m --json <in.txt)"
expect 1 "gradus: m, rare: they write 8 and 7 different words; the models of an ensemble must have the same target vocabulary" \
  "$gradus" translate --model m --model rare
{ head -3 train.de; echo; tail -n +4 train.de; } >gap.de
{ head -3 train.en; echo one; tail -n +4 train.en; } >gap.en
"$gradus" score --model m gap.de gap.en >scores 2>stderr
check "the perplexity is that of evaluate" \
  test "$(cut -d' ' -f1-7 stderr)" = "$("$gradus" evaluate --model m --test train.de train.en | grep perplexity | cut -d' ' -f1-6) word),"
check "what was left out is counted" grep -q ', 256 sentences, 1280 words; left out 1 pairs with an empty side$' stderr
check "a line of scores for each pair, empty for an empty one" test "$(wc -l <scores) $(sed -n 4p scores)" = "257 "
expect_tokens() { awk -F'\t' '$1 != "" { n = split($2, part, " "); s = 0; for (i = 2; i <= n; i += 2) s += part[i]; d = s - $1; if (d > 1e-4 || d < -1e-4 || n != 10) exit 1 }'; }
check "--tokens add up" expect_tokens < <("$gradus" score --model m gap.de gap.en --tokens 2>stderr)
check "score --json" grep -q '^{"log_probability":-0.*"tokens":\["one","one","one","one","</s>"\],"log_probabilities":\[-' \
  < <("$gradus" score --model m --json --tokens gap.de gap.en 2>stderr)
check "an ensemble scores otherwise" test "$(cat scores)" != "$("$gradus" score --model m --model plain gap.de gap.en 2>stderr)"
expect 1 "gradus: parallel text: train.de has 256 lines, gap.en has 257; line n of one must translate line n of the other" \
  "$gradus" score --model m train.de gap.en
expect 1 "gradus: empty.de, train.en: no sentence pair to score" "$gradus" score --model m empty.de train.en

# A report, and the mean of the last epochs.
expect 0 "" "$gradus" report m --out page.html
check "a page with the sample's heat map" grep -q '</svg></p>' <(tr -d '\n' <page.html)
expect 1 "gradus: /nowhere: no such folder; need the folder of a model" "$gradus" report /nowhere
expect 1 "gradus: train.de: not a folder; need the folder of a model" "$gradus" report train.de
expect 1 "gradus: average: m keeps no epochs; train with --keep-epochs N" "$gradus" average m --out mean
expect 0 "" train --model kept --keep-epochs 3 --force
check "three epochs are kept" test "$(cd kept && echo epoch-*)" = "epoch-0010.safetensors epoch-0011.safetensors epoch-0012.safetensors"
expect 1 "gradus: average: kept keeps 3 epochs; --last is 4" "$gradus" average kept --out mean --last 4
expect 1 "gradus: average: --out kept is the folder of the model itself; need another one" "$gradus" average kept --out kept
expect 0 "" "$gradus" average kept --out mean --last 2
check "the mean translates" test "$(echo 'ein zwei drei vier' | "$gradus" translate --model mean)" = "four three two one"
check "info tells what it is" grep -q '^the mean of epoch-0011.safetensors, epoch-0012.safetensors$' <("$gradus" info --model mean)
expect 1 "gradus: average: mean holds a model already; --force replaces it" "$gradus" average kept --out mean
expect 1 "gradus: report: mean/log.jsonl is missing; a mean, or a model of another program, has no training to report" \
  "$gradus" report mean
mkdir others; echo mine >others/log.jsonl
expect 1 "gradus: average: others/log.jsonl is there already; --force replaces it" "$gradus" average kept --out others
expect 1 "gradus: train: others/log.jsonl is there already; --force replaces it" train --model others
check "what is not a model's stays" grep -q mine others/log.jsonl
cp -r kept cut; truncate -s 2000 cut/epoch-0011.safetensors
"$gradus" average cut --out never 2>/dev/null
check "a mean that failed: code" test $? -eq 1
check "a mean that failed leaves nothing" test ! -e never

# Damaged models.
damaged() { rm -rf damaged; cp -r m damaged; }
damaged; rm damaged/source.vocab
expect 1 "gradus: damaged/source.vocab: cannot read the file: No such file or directory" "$gradus" translate --model damaged
damaged; rm damaged/model.safetensors
expect 1 "gradus: damaged/model.safetensors: not there yet: the training stopped before its first validation; gradus train --resume --model damaged" \
  "$gradus" translate --model damaged
damaged; truncate -s 2000 damaged/model.safetensors
"$gradus" translate --model damaged </dev/null 2>stderr
check "a cut-off model: code" test $? -eq 1
check "a cut-off model: message" grep -q '^gradus: safetensors: damaged/model.safetensors: the file is cut off' stderr
damaged; sed -i 's/"hidden": 32/"hidden": 16/' damaged/config.json
"$gradus" translate --model damaged </dev/null 2>stderr
check "a model of another shape: message" grep -q '^gradus: safetensors: damaged/model.safetensors: it does not fit: ' stderr
damaged
header=$(($(od -An -tu8 -N8 damaged/model.safetensors) + 8)) size=$(stat -c %s damaged/model.safetensors)
{ head -c $header damaged/model.safetensors; head -c $((size - header)) /dev/zero | tr '\0' '\377'; } >nan
mv nan damaged/model.safetensors
expect 1 "gradus: damaged/model.safetensors: encoder.embedding.weight holds a number that is not finite; the file is damaged, or its training went wrong" \
  "$gradus" translate --model damaged
damaged; rm damaged/last.safetensors
expect 1 "gradus: damaged/last.safetensors: missing; without it no training can be resumed" \
  "$gradus" train --resume --model damaged

# The same words, but not the same text.
damaged; sed '1d;$p' train.de >other.de; cp train.en other.en
expect 1 "gradus: train: damaged began with another training or validation text; a resumed training keeps them" \
  "$gradus" train --resume --model damaged --train other.de other.en --epochs 100
check "the configuration is as it was" cmp damaged/config.json m/config.json

# Ctrl-C: the step ends, a checkpoint is saved, and resuming ends with the same model as an undisturbed training.
train --model whole --epochs 100 --patience 100 >/dev/null
set -m  # else the shell makes what runs in the background ignore SIGINT
"$gradus" train --train train.de train.en "${small[@]}" --model parts --epochs 100 --patience 100 >progress &
for _ in $(seq 3000); do grep -qs '^epoch' progress && break; sleep 0.02; done
kill -INT $! 2>/dev/null
wait $!
check "exit code after Ctrl-C" test $? -eq 130
check "how to resume" grep -q '; go on with: gradus train --resume --model parts$' progress
expect 0 "" "$gradus" train --resume --model parts
check "the same result" cmp -s <("$gradus" evaluate --model whole --test train.de train.en | head -5) \
                               <("$gradus" evaluate --model parts --test train.de train.en | head -5)

# Several seeds: each is the training that it would be alone. Ctrl-C in the first one, then in the second one.
seeds() { "$gradus" train --train train.de train.en "${small[@]}" --epochs 40 --patience 40 "$@"; }
losses() { grep -o '"loss":[^,]*' "$1/log.jsonl"; }
# interrupt PATTERN COMMAND...: Ctrl-C when the pattern stands in what it prints.
interrupt() {
  local pattern=$1
  shift
  : >progress
  "$@" >progress &
  for _ in $(seq 3000); do grep -qs "$pattern" progress && break; sleep 0.02; done
  kill -${signal:-INT} $! 2>/dev/null
  wait $!
  check "exit code after Ctrl-C at $pattern" test $? -eq 130
  check "how to resume after Ctrl-C at $pattern" grep -q '; go on with: gradus train --resume --model several$' progress
}
interrupt '^epoch' "$gradus" train --train train.de train.en "${small[@]}" --epochs 40 --patience 40 --seed 7 --seeds 2 --model several
check "folders of all seeds" test "$(ls several)" = $'seed-7\nseed-8'
signal=HUP interrupt '^seed 8' env --default-signal=HUP "$gradus" train --resume --model several
expect 0 "" "$gradus" train --resume --model several
check "the table of all seeds" test "$(tail -6 stdout | sed -E 's/ +[0-9.]+\*?$//')" = \
  $'  model               validation BLEU\n  several/seed-7\n  several/seed-8\n  mean\n  standard deviation\n  * the best'
for seed in 7 8; do
  expect 0 "" seeds --seed "$seed" --model alone --force
  check "seed $seed is what it is alone" cmp -s <(losses alone) <(losses "several/seed-$seed")
  check "its configuration too" cmp -s alone/config.json "several/seed-$seed/config.json"
done
losses several/seed-7 >before
expect 0 "" "$gradus" train --resume --model several --seeds 3
check "finished seeds are kept" cmp -s before <(losses several/seed-7)
check "one seed more" test "$(ls several)" = $'seed-7\nseed-8\nseed-9'
expect 1 "gradus: train: --seeds: 2 is less than the 3 that several holds" "$gradus" train --resume --model several --seeds 2
expect 1 "gradus: train: --seeds: m holds a single model, not those of several seeds" "$gradus" train --resume --model m --seeds 2
expect 1 "gradus: train: several holds models already; --resume goes on with their training, --force replaces them" \
  seeds --seeds 2 --model several
expect 1 "gradus: train: several holds the models of several seeds; a single one needs another folder" seeds --model several --force
expect 1 "gradus: train: m holds a model itself; those of several seeds need another folder" seeds --seeds 2 --model m --force
expect 1 "gradus: several: the folder holds the models of several seeds; name one of them, such as several/seed-7" \
  "$gradus" translate --model several
expect 0 "" seeds --seeds 2 --epochs 1 --model several --force
check "--force leaves no seed of the old ones" test "$(ls several)" = $'seed-1\nseed-2'

# Several models: one by one with their mean, or together.
check "an ensemble of a list" test "$(echo ein | "$gradus" translate --model m alone --json)" = \
  "$(echo ein | "$gradus" translate --model m --model alone --json)"
expect 0 "" "$gradus" evaluate --model several/seed-* m --test train.de train.en --metrics bleu ter
check "each model has its scores" test "$(grep -c '^BLEU ' stdout) $(grep -cx 'several/seed-[12]' stdout)" = "3 2"
check "mean and deviation" awk '/^BLEU / { n++; s += $2; q += $2 * $2 } $1 == "mean" { mean = $2 } $1 == "standard" { deviation = $3 }
  END { m = s / n; d = sqrt((q - n * m * m) / (n - 1)); exit !(n == 3 && (mean - m) ^ 2 < 1e-3 && (deviation - d) ^ 2 < 1e-3) }' stdout
check "the best of each" grep -Eq '^  m  .* 100\.00\*  +0\.00\*  +1\.[0-9]+\*$' stdout
expect 0 "" "$gradus" evaluate --model m several/seed-1 --ensemble --test train.de train.en
check "an ensemble has one score" test "$(grep -c '^BLEU ' stdout)" -eq 1
check "and the perplexity of its mean probabilities" test "$(grep '^perplexity' stdout)" =   "$("$gradus" score --model m --model several/seed-1 train.de train.en 2>&1 >/dev/null | sed 's/,.*//')"
expect 0 "" "$gradus" evaluate --model m rare --test train.de train.en
check "no perplexities side by side of different words" test "$(tail -1 stdout)" = "  without perplexities: the models do not write the same words"
expect 1 "gradus: nothing: the folder holds no model; nothing/config.json is missing"   "$gradus" evaluate --model m nothing --test train.de train.en
expect 2 "gradus: evaluate: --test SRC REF is missing$(hint gradus evaluate)" "$gradus" evaluate --model m alone
expect 0 "" train --tokenizer words --epochs 1 --model worded
expect 1 "gradus: m, worded: their tokenizers are whitespace and words; the models of an ensemble must have the same tokenizer"   "$gradus" translate --model m worded

[ "$failures" -eq 0 ] || { echo "$failures checks failed"; exit 1; }
echo "all checks passed"
