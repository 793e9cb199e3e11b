#!/usr/bin/env bash
# test_input.sh GRADUS: what people give to a program without meaning to: numbers that are none, empty values, paths and text of all kinds.
set -uo pipefail
source "$(dirname "$0")/small_text.sh"

# Numbers on the command line, as shells, spreadsheets and other programs write them.
rate="need a number above 0 and up to 100$(hint gradus train)"
for text in nan inf 0x10 1_000 1,5 +5 １２; do
  expect 2 "gradus: --learning-rate: $text is no number; $rate" train --model m --learning-rate "$text"
done
for text in "" "5 " " "; do
  expect 2 "gradus: --learning-rate: \"$text\" is no number; $rate" train --model m --learning-rate "$text"
done
expect 2 "gradus: --learning-rate: 0 is too small; $rate" train --model m --learning-rate 0
expect 2 "gradus: --learning-rate: 1e999 is too large; $rate" train --model m --learning-rate 1e999
seed="need a whole number from 0 to 18446744073709551615$(hint gradus train)"
expect 2 "gradus: --seed: \"\" is no whole number; $seed" train --model m --seed ""
expect 2 "gradus: --seed: -1 is too small; $seed" train --model m --seed -1
expect 2 "gradus: --seed: 99999999999999999999 is too large; $seed" train --model m --seed 99999999999999999999
expect 2 "gradus: train: --seeds 3: there are not so many from --seed 18446744073709551614 on$(hint gradus train)" \
  train --model m --seeds 3 --seed 18446744073709551614
expect 2 "gradus: --smooth-value: \"\" is no number; need a number above 0$(hint gradus bleu)" "$gradus" bleu a b --smooth-value ""

# Values that are empty or missing.
expect 2 "gradus: --learning-rate: \"\" is no number; $rate" train --model m --learning-rate= --embedding 16
expect 2 "gradus: --learning-rate: a value is missing; need --learning-rate N$(hint gradus train)" train --model m --learning-rate --embedding 16
expect 2 "gradus: --learning-rate: \"\" is no number; $rate" train --model m --learning-rate=
expect 2 "gradus: --model: the value is empty; need DIR$(hint gradus train)" train --model=
expect 2 "gradus: --model: the value is empty; need DIR$(hint gradus train)" train --model ""
expect 2 "gradus: --train: the value is empty; need SRC TGT$(hint gradus train)" "$gradus" train --model m --train "" ""
expect 2 "gradus: --cell: the value is empty; need one of lstm, gru, gru-reset-before, rnn$(hint gradus train)" train --model m --cell ""
expect 2 "gradus: unknown argument \"\"$(hint gradus train)" train --model m --joint=
expect 2 "gradus: hyp: the value is empty; need HYP$(hint gradus bleu)" "$gradus" bleu "" b
check "nothing is left behind" test ! -e m

# Zeros before a number are of no account.
expect 0 "" train --model m --seed 010 --hidden 020 --embedding 016 --epochs 12
check "numbers are decimal" test "$(grep -c '"seed": 10,\|"hidden": 20,\|"embedding": 16,' m/config.json)" -eq 3

# A training goes on from any folder, and says where it looked if the text has gone.
expect 0 "" bash -c "cd / && '$gradus' train --resume --model '$PWD/m' --epochs 13"
sed "s|\"$PWD/|\"|" m/config.json >relative.json
cp -r m old; cp relative.json old/config.json
expect 1 "gradus: train.de: cannot read the file: No such file or directory; looked for it from /; --train and --valid name another place" \
  bash -c "cd / && '$gradus' train --resume --model '$PWD/old' --epochs 14"
expect 0 "" "$gradus" train --resume --model old --epochs 14
check "its text is found from now on" cmp <(grep -A3 '"train"\|"valid"' m/config.json) <(grep -A3 '"train"\|"valid"' old/config.json)

# Paths of all kinds, as options and in configurations.
odd=$'a b\n"c\' %s\\ [x] {}~'
mkdir "$odd"; cp train.* valid.* "$odd"
expect 0 "" "$gradus" train --model "$odd/m" --train "$odd"/train.{de,en} "${small[@]:3}" --valid "$odd"/valid.{de,en} --epochs 1
expect 0 "" "$gradus" train --model "$odd/m" --resume --epochs 2
expect 0 "" "$gradus" report "$odd/m"
check "the name of the folder in the report" grep -q "{}~" "$odd/m/report.html"
bad=$'bad\xff' shown=$'bad\uFFFD'
mkdir "$bad"; cp train.* valid.* "$bad"
expect 1 "gradus: $PWD/$shown/train.de: the path is not UTF-8, and config.json could not hold it; rename the file or its folder" \
  "$gradus" train --model never --train "$bad"/train.{de,en} "${small[@]}"
check "nothing is left behind" test ! -e never
expect 0 "" train --model "$bad/m" --epochs 1
expect 0 "" "$gradus" report "$bad/m" --out "$bad/page.html"
check "a page in UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$bad/page.html"
expect 0 "" "$gradus" attend --model "$bad/m" ein --out "$bad/page.html"
expect 0 "" "$gradus" evaluate --model "$bad/m" --test "$bad"/valid.{de,en}
expect 0 "" "$gradus" bleu "$bad/train.en" "$bad/train.en" --json
expect 1 "gradus: $shown/none.json: cannot read the file: No such file or directory" train --model never --config "$bad/none.json"
printf '{"train": ["%s/train.de", "b"]}' "$bad" >bad.json
"$gradus" train --model never --config bad.json 2>stderr
check "a configuration that is not UTF-8: code" test $? -eq 1
check "a configuration that is not UTF-8: message" grep -q '^gradus: bad.json: malformed JSON: ' stderr
check "a configuration that is not UTF-8: one line" test "$(wc -l <stderr)" -eq 1
long=$(printf 'x%.0s' {1..300})
expect 1 "gradus: $long: cannot read the file: File name too long" "$gradus" train --model never --train "$long" train.en "${small[@]}"
expect 1 "gradus: ${odd/$'\n'/$'\uFFFD'}: cannot read the file: Is a directory" "$gradus" train --model never --train "$odd" train.en "${small[@]}"
expect 1 "gradus: train.de/: cannot read the file: No such file or directory" "$gradus" train --model never --train train.de/ train.en "${small[@]}"
ln -s nowhere broken
expect 1 "gradus: broken: cannot read the file: No such file or directory" "$gradus" train --model never --train broken train.en "${small[@]}"
expect 1 "gradus: /dev/null, /dev/null: no sentence pair to use; 0 have an empty side" \
  "$gradus" train --model never --train /dev/null /dev/null "${small[@]}"
expect 1 "gradus: train.de: cannot make the folder: Not a directory" train --model train.de
expect 1 "gradus: train.de/m: cannot make the folder: Not a directory" train --model train.de/m
check "nothing is left behind" test ! -e never
expect 0 "" "$gradus" evaluate --model m --test <(cat valid.de) <(cat valid.en)

cp -r m '[m]'
unknown() { printf 'gradus: %s: not in the vocabulary of the source: %s; the model reads each as <unk>' "$1" "$2"; }
expect 0 "$(unknown attend '[ein, zwei] [drei,vier]')" "$gradus" attend --model '[m]' '[ein,' 'zwei]' '[drei,vier]'
check "brackets and commas stay in a word" grep -q '\[drei,vier\]' stdout
expect 2 "gradus: unknown argument [x]$(hint gradus info)" "$gradus" info --model m '[x]'

# Text of other kinds than UTF-8 in lines, wherever text is read.
utf16="a NUL at byte 2; if the text is UTF-16 or UTF-32, convert it first: iconv -f UTF-16LE -t UTF-8"
iconv -f UTF-8 -t UTF-16LE valid.de >utf16
cr="a carriage return at byte 16; lines end with LF or CRLF: if these end with CR, tr '\\r' '\\n' mends them"
tr '\n' '\r' <valid.en >cr
for side in utf16:"$utf16" cr:"$cr"; do
  file=${side%%:*} message=${side#*:}
  [ "$file" = cr ] && message=${message/16/$(($(head -1 valid.en | wc -c)))}
  expect 1 "gradus: $file:1: $message" "$gradus" train --model never --train "$file" train.en "${small[@]}"
  expect 1 "gradus: $file:1: $message" "$gradus" evaluate --model m --test "$file" valid.en
  expect 1 "gradus: $file:1: $message" "$gradus" evaluate --model m --test valid.de "$file"
  expect 1 "gradus: $file:1: $message" "$gradus" score --model m valid.de "$file"
  expect 1 "gradus: $file:1: $message" "$gradus" bleu valid.en "$file"
  expect 1 "gradus: $file:1: $message" "$gradus" bleu "$file" valid.en
  expect 1 "gradus: $file:1: $message" "$gradus" aer "$file" "$file"
  expect 1 "gradus: $file:1: $message" "$gradus" flow --model m --test "$file" valid.en
  expect 1 "gradus: $file:1: $message" "$gradus" translate --model m --replace-unknown --dictionary "$file"
  cp "$file" in.txt
  expect 1 "gradus: stdin:1: $message" translate
done
check "nothing is left behind" test ! -e never
{ cat valid.de; printf '\x1A'; } >in.txt
expect 1 "gradus: stdin:17: the Ctrl-Z with which DOS ended files at byte 1; leave it out: tr -d '\\032'" translate
printf 'ein\n\xEF\xBB\xBFzwei\n' >in.txt
expect 1 "gradus: stdin:2: a byte order mark (U+FEFF) at byte 1; leave it out: sed 's/\\xEF\\xBB\\xBF//g'" translate
gzip -c valid.de >in.txt
if "$gradus" translate --model m <in.txt >packed 2>stderr; then
  check "compressed text" cmp -s packed <("$gradus" translate --model m <valid.de)
  gzip -c train.de >train.de.gz
  expect 0 "" "$gradus" train --model packed_m --train train.de.gz train.en "${small[@]}"
  check "the same model from compressed text" cmp -s m/tokens.bin packed_m/tokens.bin
  head -c 60 train.de.gz >cut.gz
  expect 1 "gradus: cut.gz: the compressed file is cut off" "$gradus" train --model never --train cut.gz train.en "${small[@]}"
else
  check "what would unpack it" grep -q 'built without zlib (meson configure -Dzlib=enabled); unpack it first: gzip -dc$' stderr
fi

# Words that look like the special ones are words.
sed 's/vier/<\/s>/g; s/drei/<pad>/g; s/zwei/<unk>/g; s/ein/<s>/g' train.de >special.de
expect 0 "" "$gradus" train --model special --train special.de train.en "${small[@]:3}" --valid special.de train.en
echo '<s> <unk> <pad> </s>' >in.txt
check "they are translated" test "$("$gradus" translate --model special <in.txt)" = "four three two one"
expect 0 "" "$gradus" train --model special --train train.de special.de "${small[@]:3}" --valid train.de special.de --force
echo 'ein zwei drei vier' >in.txt
check "they are written" test "$("$gradus" translate --model special <in.txt)" = "<s> <unk> <pad> </s>"
head -1 special.de >one.en; head -1 train.de >one.de
check "their probabilities are counted" test "$("$gradus" score --model special one.de one.en --tokens 2>/dev/null | wc -w)" -eq 11

# Characters that XML does not have, in text and in the names of folders.
weird=$'\xEF\xBF\xBE\xEF\xBF\xBF\x01' seen=$'\uFFFD\uFFFD\uFFFD'
cp -r m "m$weird"
expect 0 "$(unknown attend "$seen")" "$gradus" attend --model m "ein $weird" --out map.svg
expect 0 "" "$gradus" evaluate --model m "m$weird" --test valid.de valid.en --by-length --svg lengths.svg
for picture in map.svg lengths.svg; do
  check "$picture is XML" python3 -c "import sys, xml.dom.minidom as dom; dom.parse(sys.argv[1])" "$picture"
done
expect 0 "" "$gradus" report "m$weird"
expect 0 "$(unknown attend "$seen")" "$gradus" attend --model m "m$weird" "ein $weird" --out attend.html
expect 0 "$(unknown explain "$seen")" "$gradus" explain --model "m$weird" "ein $weird" --out explain.html
expect 0 "" "$gradus" flow --model "m$weird" --test valid.de valid.en --out flow.html
for page in "m$weird/report.html" attend.html explain.html flow.html; do
  check "no character in $page that HTML does not have" bash -c "! LC_ALL=C grep -q \$'\xEF\xBF\xBE\|\xEF\xBF\xBF\|\x01' '$page'"
done

# A training that diverges keeps its numbers short.
"$gradus" train --model far --train train.de train.en "${small[@]}" --optimizer sgd --learning-rate 100 --clip 0 --epochs 2 \
  --layer-norm >stdout 2>stderr
check "no number of many digits" bash -c '! grep -Eq "[0-9]{12}" stdout stderr'

finish
