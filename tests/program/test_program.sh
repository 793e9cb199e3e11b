#!/usr/bin/env bash
# test_program.sh GRADUS: runs the program as its users do, right and wrong, and compares what it prints and returns: its command line, a
# first model, its translations and its attention, and the toy language. The other test_*.sh go on with the rest.
set -uo pipefail
source "$(dirname "$0")/small_text.sh"

# Wrong command lines; test_help.sh has more of them, and what the program says about itself.
expect 2 "gradus: --model is required$(hint gradus train)" "$gradus" train --toy
expect 2 "gradus: unknown option --atention; did you mean --attention?$(hint gradus train)" train --model m --atention luong
expect 2 "gradus: unknown option --frobnicate$(hint gradus train)" train --model m --frobnicate
expect 2 "gradus: unknown option --modle; did you mean --model?$(hint gradus train)" "$gradus" train --toy --modle m
expect 2 "gradus: --beam: 0 is too small; need a whole number from 1 to 1000$(hint gradus translate)" "$gradus" translate --model m --beam 0
expect 2 "gradus: train: --train SRC TGT is missing (or --toy, for the built-in language)$(hint gradus train)" "$gradus" train --model m
expect 2 "gradus: train: --toy brings its own text; leave out --train and --valid$(hint gradus train)" train --model m --toy
expect 2 "gradus: --hidden: 1 is too small; need a whole number from 2 to 65536$(hint gradus train)" train --model m --hidden 1
check "no model is left behind by a wrong command line" test ! -e m

# Wrong text.
expect 1 "gradus: none.de: cannot read the file: No such file or directory" \
  "$gradus" train --model m --train none.de train.en "${small[@]}"
expect 1 "gradus: parallel text: train.de has 256 lines, short.en has 255; line n of one must translate line n of the other" \
  "$gradus" train --model m --train train.de short.en "${small[@]}"
expect 1 "gradus: invalid.de:17: invalid UTF-8 at byte 5" "$gradus" train --model m --train invalid.de train.en "${small[@]}"
expect 1 "gradus: empty.de, train.en: no sentence pair to use; 256 have an empty side" \
  "$gradus" train --model m --train empty.de train.en "${small[@]}"
expect 1 "gradus: train.de, train.en: no sentence pair to use; 256 have more than 3 words on a side; raise --max-length" \
  train --model m --max-length 3
printf '\xff\xfee\0\n\0' >utf16.de
expect 1 "gradus: utf16.de: the text is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8" \
  "$gradus" train --model m --train utf16.de train.en "${small[@]}"
expect 1 "gradus: source language: vocabulary_size: 90 is too small for the characters and bytes of the text; need at least 269" \
  train --model m --tokenizer bpe --vocabulary-size 90
expect 2 "gradus: train: --toy brings its own words; leave out --tokenizer and --joint$(hint gradus train)" \
  "$gradus" train --model m --toy --tokenizer words
check "no model is left behind by wrong text" test ! -e m

expect 0 "" train --model large --tokenizer bpe --vocabulary-size 9000 --joint --epochs 1
check "a vocabulary has what the text has" grep -q '^vocabulary  328 source subwords' stdout
check "and the size is told of" grep -q '^warning     --vocabulary-size 9000 is large for a text of' stdout

expect 1 "gradus: source language: no word is left with min_frequency 100000 and vocabulary_size 0; lower the one or raise the other" \
  train --model m --min-frequency 100000

# Wrong configurations.
echo '{"hidden": 1e400}' >config.json
expect 1 "gradus: config.json: hidden: 1e400 is too large a number" train --model m --config config.json
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
expect 0 "" train_m
check "skips are counted" test "$(grep -E "^(text|left out) " stdout)" = "text        256 pairs to train on, 16 to validate
left out    1 with an empty side
left out    1 longer than 4 words"
check "the best model is named" grep -q '^m holds the model of epoch [0-9]*, validation BLEU 100.00$' stdout
expect 1 "gradus: train: m holds a model already; --resume goes on with its training, --force replaces it" train --model m
expect 1 "gradus: train: --hidden: 64 differs from the 32 that the training began with; a resumed training keeps it" \
  "$gradus" train --model m --resume --hidden 64
expect 0 "" "$gradus" info --model m
check "info" grep -q '^  attention  *bahdanau$' stdout
check "parameters in info" grep -q '^decoder.attention.query.weight  *(16, 32)  *512  *2048$' stdout

# Translating: order, empty lines, line ends, no end at the last line; unknown words do no harm.
printf 'ein zwei drei vier\n\n \t\nvier vier ein ein\r\nxyz\nzwei ein ein ein' >in.txt
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
printf 'ein zwei drei vier\nzw\xc3\n' >in.txt
expect 1 "gradus: stdin:2: invalid UTF-8 at byte 3" translate
check "the lines before are translated" test "$(cat stdout)" = "four three two one"
{ yes "ein zwei drei vier" | head -2499; printf 'zw\xc3\n'; yes ein | head -500; } >in.txt
expect 1 "gradus: stdin:2500: invalid UTF-8 at byte 3" translate --json
check "also of many" test "$(grep -c '"four three two one"' stdout)" -eq 2499
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

# A model of a time before there were tokenizers.
cp -r m old
sed -i '/"tokenizer"/d; /"vocabulary_size"/d; /"joint"/d' old/config.json
check "an old model translates as before" test "$(echo 'ein zwei drei vier' | "$gradus" translate --model old)" = "four three two one"

# Attention.
expect 0 "" "$gradus" attend --model m "ein zwei drei vier"
check "the translation stands above the map" test "$(head -1 stdout)" = "four three two one"
check "a line a word" grep -q '^three ' stdout
expect 0 "" "$gradus" attend --model m ein zwei drei vier --out map.svg
check "the picture" grep -q '<svg' map.svg
expect 1 "gradus: attend: the sentence has no word" "$gradus" attend --model m " "
expect 0 "" "$gradus" attend --model m m "ein zwei drei vier" --saliency --target "one two three" --out page.html
check "a forced target" test "$(head -1 stdout)" = "one two three"
check "a page" grep -q '</html>' page.html
expect 0 "" "$gradus" attend --model m --target "one two three" ein zwei drei
check "its map" grep -q '^three ' stdout
expect 2 "gradus: attend: two models stand side by side on a page; need --out FILE.html$(hint gradus attend)" "$gradus" attend --model m m ein
expect 2 "gradus: attend: --saliency is shown on a page; need --out FILE.html$(hint gradus attend)" "$gradus" attend --model m ein --saliency
expect 2 "gradus: attend: --model names 3 folders; need one, or two to compare$(hint gradus attend)" \
  "$gradus" attend --model m m m ein --out page.html
expect 2 "gradus: sentence is required$(hint gradus attend)" "$gradus" attend --model m
expect 1 "gradus: attend: the target has no word" "$gradus" attend --model m ein --target "" --out page.html
expect 1 "gradus: attend: the target has no word" "$gradus" attend --model m ein --target ""
expect 0 "gradus: attend: not in the vocabulary of the source: null nix; the model reads each as <unk>
gradus: attend: not in the vocabulary of the target: nil; the model reads each as <unk>" \
  "$gradus" attend --model m "ein null nix null" --target "one nil"
check "what the shades mean" grep -q '^░ is a quarter of the row' stdout
cp -r m model_b
expect 0 "gradus: attend: modelb is no folder of a model, so it is a word of the sentence; did you mean model_b?
gradus: attend: not in the vocabulary of the source: modelb; the model reads each as <unk>" "$gradus" attend --model m modelb "ein zwei"
rm -r model_b
expect 0 "" train_plain
expect 1 "gradus: attend: the model in plain has no attention to show; it was trained with --attention none" \
  "$gradus" attend --model plain ein

# A training step, op by op.
expect 0 "" "$gradus" explain --model m ein zwei drei vier --target "four three two one"
check "both passes" grep -q '^backward$' stdout
read -r loss words < <(sed -n 's/^loss *\([0-9.]*\) nats a word (\([0-9]*\) with .*/\1 \2/p' stdout)
echo "ein zwei drei vier" >explained.de
echo "four three two one" >explained.en
score=$("$gradus" score --model m explained.de explained.en 2>/dev/null)
check "the loss of explain is what score says" \
  awk -v loss="$loss" -v words="$words" -v score="$score" 'BEGIN { d = loss * words + score; exit !(d < 1e-3 && d > -1e-3) }'
expect 0 "" "$gradus" explain --model plain ein
expect 1 "gradus: explain: the sentence has no word" "$gradus" explain --model m " "
expect 1 "gradus: explain: the target has no word" "$gradus" explain --model m ein --target " "
expect 1 "gradus: explain: the target has no word" "$gradus" explain --model m ein --target ""
expect 0 "gradus: explain: not in the vocabulary of the source: nix; the model reads each as <unk>" "$gradus" explain --model m "ein nix"
check "no line of a trace is too long" test "$(LC_ALL=C.UTF-8 grep -cE '^.{81,}' stdout)" = 0
check "what is not plain in it is explained" grep -q "^%7 is the tensor with number 7" stdout
expect 0 "" "$gradus" explain --model m ein zwei drei vier --target "one one one one"
check "no hint of small gradients" test "$(grep -c '^hint' stdout)" = 0
for option in "--values 3" --all; do
  expect 2 "gradus: ${option% 3} excludes --out$(hint gradus explain)" "$gradus" explain --model m ein $option --out step.html
done
expect 2 "gradus: --check-seconds requires --out$(hint gradus explain)" "$gradus" explain --model m ein --check-seconds 1
expect 1 "gradus: explain: the target is not valid UTF-8" "$gradus" explain --model m ein --target $'\xff'
expect 1 "gradus: nowhere: no such folder; need the folder of a model" "$gradus" explain --model nowhere ein

# Gradients through time.
head -3 train.de >three.de
head -3 train.en >three.en
expect 0 "" "$gradus" flow --model m plain --test three.de three.en --untrained
check "a table with a column a model" grep -q '^  distance  *m  *m, untrained  *plain  *plain, untrained$' stdout
check "how many pairs there are" grep -q '^sentence pairs: the first 3 of three.de, three.en$' stdout
expect 0 "" "$gradus" flow --model m --test three.de three.en --out flow.html
check "a page" grep -q '</html>' flow.html
head -2 three.en >two.en
expect 1 "gradus: parallel text: three.de has 3 lines, two.en has 2; line n of one must translate line n of the other" \
  "$gradus" flow --model m --test three.de two.en
: >no_pairs
expect 1 "gradus: no_pairs, no_pairs: no sentence pair to follow gradients in" "$gradus" flow --model m --test no_pairs no_pairs
expect 1 "gradus: nowhere: no such folder; need the folder of a model" "$gradus" flow --model nowhere --test three.de three.en
expect 2 "gradus: --test is required$(hint gradus flow)" "$gradus" flow --model m
expect 0 "" train --architecture transformer --epochs 1 --hidden 16 --heads 2 --model transformer
expect 1 "gradus: flow: the model in transformer is a Transformer: no state of it goes on from step to step, so no gradient flows through time" \
  "$gradus" flow --model transformer --test three.de three.en

# The toy language in files.
expect 0 "" "$gradus" toy text
check "as many alignments as sentences" test "$(wc -l <text/train.en) $(wc -l <text/train.fr) $(wc -l <text/train.align)" = "25000 25000 25000"
check "its first test sentence" test "$(head -qn1 text/test.en text/test.fr text/test.align)" = $'the men broke your red keys that fell\nles hommes ont cassé tes clés rouges qui sont tombées\n0-0 1-1 2-2 2-3 3-4 4-6 5-5 6-7 7-8 7-9'
check "elided words, which are one word of the alignment with the next" \
  grep -qx "he did not arrive at his markets|il n'est pas arrivé à ses marchés|0-0 1-1 2-1 2-2 3-3 4-4 5-5 6-6" <(paste -d'|' text/test.en text/test.fr text/test.align)
check "and stand nowhere apart" bash -c '! grep -q "'"'"' " text/*.fr'
expect 0 "" "$gradus" train --toy --model toy --hidden 16 --embedding 16 --max-minutes 0.02
check "the same text as the model's own" test "$("$gradus" evaluate --model toy --beam 1 | grep -m1 BLEU)" = \
  "$("$gradus" evaluate --model toy --beam 1 --test text/test.en text/test.fr | grep BLEU)"
expect 0 "" "$gradus" evaluate --model toy --beam 1 --test text/test.en text/test.fr --alignments text/test.align
expect 1 "gradus: toy: the folder text is not empty; need an empty one or a new one, or --force" "$gradus" toy text
echo other >text/train.fr
echo mine >text/mine
expect 0 "" "$gradus" toy text --force
check "its files are written anew, and others stay" test "$(wc -l <text/train.fr) $(cat text/mine)" = "25000 mine"
expect 1 "gradus: train.de/text: cannot make the folder: Not a directory" "$gradus" toy train.de/text

finish
