#!/usr/bin/env bash
# test_captioner.sh PROGRAM: runs the captioner as its users do, right and wrong.
set -uo pipefail
captioner=$(realpath "$1")
source "$(dirname "$0")/../support/expect.sh"
small=(--count 50 --test 20 --steps 2)

# The program explains itself.
"$captioner" >stdout 2>stderr
check "without a command" test "$? $(cat stdout stderr)" = "2 $("$captioner" help)"
for command in train caption draw shapes; do
  check "$command is listed" grep -q "^  $command  " <("$captioner" help)
  expect 0 "" "$captioner" $command --help
  check "an example of $command" grep -q "^  gradus-captioner $command" stdout
  check "help of $command in 80 columns" test -z "$(grep '.\{81\}' stdout)"
done
check "version" grep -qx 'gradus-captioner [0-9.]*' <("$captioner" --version)

# Wrong command lines and folders end before the training.
expect 2 "gradus-captioner: unknown option --coun; did you mean --count?$(hint gradus-captioner shapes)" "$captioner" shapes --coun
expect 2 "gradus-captioner: --count: 0 is too small; need a whole number from 1 to 1000000$(hint gradus-captioner shapes)" \
  "$captioner" shapes --count 0
expect 2 "gradus-captioner: --steps: many is no whole number; need a whole number from 1 to 1000000$(hint gradus-captioner shapes)" \
  "$captioner" shapes --steps many
expect 2 "gradus-captioner: --encoder: \"convolutions\" is not one of patches, convolution; did you mean convolution?$(hint gradus-captioner shapes)" \
  "$captioner" shapes --encoder convolutions
expect 2 "gradus-captioner: --out: the value is empty; need DIR$(hint gradus-captioner shapes)" "$captioner" shapes --out=
touch file
expect 1 "gradus-captioner: file/pictures: cannot make the folder: Not a directory" "$captioner" shapes --out file/pictures
expect 1 "gradus-captioner: file: cannot make the folder: Not a directory" "$captioner" shapes --out file
check "no word of a training" test ! -s stdout

# Pictures that cannot be written, or are not the program's own.
mkdir -p taken/1.svg mine
expect 1 "gradus-captioner: shapes: taken/1.svg is a folder; need the name of a file" "$captioner" shapes "${small[@]}" --out taken
echo "<svg>mine</svg>" | tee mine/2.svg >mine.svg
expect 1 "gradus-captioner: shapes: mine/2.svg is there already; --force replaces it" "$captioner" shapes "${small[@]}" --out mine
check "it is as it was" cmp mine.svg mine/2.svg
check "before the training" test ! -s stdout
expect 0 "" "$captioner" shapes "${small[@]}" --out mine --force
check "replaced" grep -q 'made by Gradus' mine/2.svg

# What it writes depends on the seed alone.
expect 0 "" "$captioner" shapes "${small[@]}" --show 2 --out a/b
cp stdout first
check "two pictures" test "$(ls a/b)" = $'1.svg\n2.svg'
check "scores" grep -q '^new pictures  *[0-9.]*  *[0-9.]*  *[0-9.]*$' stdout
expect 0 "" "$captioner" shapes "${small[@]}" --show 2 --out a/b
check "the same again" cmp first stdout
expect 0 "" "$captioner" shapes "${small[@]}" --show 2 --out a/b --seed 2
check "another seed" test "$(cat first)" != "$(cat stdout)"
expect 0 "" "$captioner" shapes "${small[@]}" --show 0 --encoder convolution
check "another encoder" test "$(head -1 first)" != "$(head -1 stdout)"

# Pictures of one's own take libpng.
without="gradus-captioner: this program was built without libpng, which reads and writes pictures; install libpng-dev and build it anew"
if ! "$captioner" draw pictures --count 12 --test 2 >stdout 2>stderr; then
  echo "SKIPPED: pictures of one's own, without libpng"
  check "which is missing" test "$(cat stderr)" = "$without"
  check "and nothing made" test ! -e pictures
  expect 1 "$without" "$captioner" train --pictures none --model w
  expect 1 "$without" "$captioner" caption --model none none.png
  finish
  exit
fi

# A dozen pictures are learned by heart, and described so.
check "files" test "$(ls pictures | wc -l) $(wc -l <pictures/captions.txt) $(wc -l <pictures/test.txt)" = "16 12 2"
expect 1 "gradus-captioner: draw: the folder pictures is not empty; need an empty one or a new one, or --force" "$captioner" draw pictures
expect 0 "" "$captioner" draw pictures --count 12 --test 2 --force
expect 0 "" "$captioner" draw others --count 2 --test 0 --seed 2
check "other pictures, and none to test" test "$(ls others)" = $'0001.png\n0002.png\ncaptions.txt'
check "they are others" test "$(cmp -s others/0001.png pictures/0001.png; echo $?)" = 1
train=("$captioner" train --pictures pictures)
quick=(--side 16 --steps 150 --batch 12 --learning-rate 0.005)
expect 0 "" "${train[@]}" "${quick[@]}" --model m --test pictures/test.txt
check "what it learns from" grep -q '^12 pictures, 12 captions, [0-9]* words, [0-9]* parameters$' stdout
check "all is learned" grep -q '^learned from: 12 pictures: BLEU 100.0, 100.0 % of the captions are one of those given$' stdout
check "the test" grep -q '^test:  *2 pictures: BLEU [0-9.]*, [0-9.]* % of' stdout
check "a model folder" test "$(ls m)" = $'config.json\nmodel.safetensors\ntarget.vocab'
expect 0 "" "$captioner" caption --model m pictures/00{01..12}.png --out panels
check "the captions" cmp stdout <(sed 's|^|pictures/|' pictures/captions.txt)
check "a panel each" test "$(ls panels | wc -l)" = 12
check "with the picture inside" grep -q 'href="data:image/png;base64,' panels/0001.svg
expect 0 "" "$captioner" caption --model m pictures/0001.png
check "no panels without --out" test "$(cat stdout)" = "pictures/$(head -1 pictures/captions.txt)"
expect 0 "" "$captioner" caption --model m pictures/0001.png --out panels
cp pictures/0001.png mine/1.png
mkdir other && cp pictures/0002.png other/1.png
cp mine.svg mine/1.svg
expect 1 "gradus-captioner: caption: mine/1.svg is there already; --force replaces it" "$captioner" caption --model m mine/1.png --out mine
expect 0 "" "$captioner" caption --model m mine/1.png --out mine --force
expect 1 "gradus-captioner: caption: mine/1.png and other/1.png would both be drawn as panels/1.svg" \
  "$captioner" caption --model m mine/1.png other/1.png --out panels

# The other encoder, several captions of a picture, words apart from punctuation and in lower case.
printf '0001.png\tThe first.\n0001.png\tThe first one.\n0002.png\tThe second.\n' >three.txt
expect 0 "" "${train[@]}" --captions three.txt "${quick[@]}" --model n --encoder convolution --batch 4
check "three captions of two pictures" grep -q '^2 pictures, 3 captions, 9 words' stdout
check "one of them is right" grep -q '^learned from: 2 pictures: .* 100.0 % of the captions' stdout
check "the encoder" grep -q '"encoder": "convolution"' n/config.json
expect 0 "" "$captioner" caption --model n pictures/0002.png
check "its caption" test "$(cat stdout)" = $'pictures/0002.png\tthe second.'
expect 0 "" "${train[@]}" --captions three.txt "${quick[@]}" --model n --force --min-frequency 2 --steps 1
check "rare words" grep -q '^2 pictures, 3 captions, 7 words' stdout

# A model that is there stays, and so does what is not of a model.
expect 1 "gradus-captioner: train: m holds a model already; --force replaces it" "${train[@]}" --model m
mkdir vocab && echo mine >vocab/target.vocab
expect 1 "gradus-captioner: train: vocab/target.vocab is there already; --force replaces it" "${train[@]}" --model vocab
check "as it was" test "$(cat vocab/target.vocab)" = mine

# Ctrl-C keeps the model of that step.
"${train[@]}" --model stopped --side 16 --steps 1000000 >progress 2>stderr & pid=$!
while [ ! -s progress ] && kill -0 $pid; do sleep 0.01; done
kill -TERM $pid
wait $pid
check "exit code after a signal" test $? = 130
check "what is kept" grep -qx 'gradus-captioner: interrupted; stopped holds the model of step [0-9]*' stderr
expect 0 "" "$captioner" caption --model stopped pictures/0001.png

# Wrong captions.
wrong() {  # MESSAGE CAPTIONS: in the file wrong.txt, which has the line "0001.png<TAB>a dog" before them
  printf '0001.png\ta dog\n' >wrong.txt
  printf "$2" >>wrong.txt
  expect 1 "gradus-captioner: wrong.txt:$1" "${train[@]}" --captions wrong.txt --model w
}
wrong "2: there is no picture pictures/none.png" 'none.png\ta cat\n'
wrong "2: need the name of a picture, a tab, and its caption, not '0002.png a cat'" '0002.png a cat\n'
wrong "2: need the name of a picture, a tab, and its caption, not '	a cat'" '\ta cat\n'
wrong "2: the caption of 0002.png is empty" '0002.png\t  \n'
wrong "3: invalid UTF-8 at byte 13" '0002.png\ta cat\n0003.png\ta d\xffg\n'
wrong "2: the caption has 51 words; need 50 at most, or more --max-words" "0002.png\t$(printf 'word %.0s' {1..51})\n"
wrong "2: pictures/captions.txt: not a PNG file; other pictures must be converted first" 'captions.txt\ta text\n'
head -c 500 pictures/0001.png >pictures/short.png
wrong "2: pictures/short.png: the file is cut off: the end of a PNG file is missing" 'short.png\ta cat\n'
mkdir pictures/folder.png
wrong "2: pictures/folder.png: cannot read the file: Is a directory" 'folder.png\ta cat\n'
: >empty.txt
expect 1 "gradus-captioner: empty.txt: no captions; need lines of a picture's name, a tab and its caption" "${train[@]}" --captions empty.txt --model w
expect 1 "gradus-captioner: none.txt: cannot read the file: No such file or directory" "${train[@]}" --captions none.txt --model w
expect 1 "gradus-captioner: stdin: no captions; need lines of a picture's name, a tab and its caption" "${train[@]}" --captions - --model w <empty.txt
expect 1 "gradus-captioner: pictures/0001.png:1: invalid UTF-8 at byte 1" "${train[@]}" --captions pictures/0001.png --model w
expect 1 "gradus-captioner: none: no such folder; need one with PNG files" "$captioner" train --pictures none --model w
expect 1 "gradus-captioner: none.txt: cannot read the file: No such file or directory" "${train[@]}" --test none.txt --model w
expect 1 "gradus-captioner: side: 48 pixels; need 16, 32, 64, 128 or 256" "${train[@]}" --side 48 --model w
expect 2 "gradus-captioner: --pictures is required$(hint gradus-captioner train)" "$captioner" train --model w
expect 1 "gradus-captioner: file/w: cannot make the folder: Not a directory" "${train[@]}" --model file/w
check "nothing was made" test ! -e w

# Wrong pictures and models.
expect 1 "gradus-captioner: none.png: cannot read the file: No such file or directory" "$captioner" caption --model m none.png
expect 1 "gradus-captioner: file: not a PNG file; other pictures must be converted first" "$captioner" caption --model m file
expect 1 "gradus-captioner: none: the folder holds no model; none/config.json is missing" "$captioner" caption --model none pictures/0001.png
for file in config.json target.vocab model.safetensors; do
  before="gradus-captioner: "
  [ $file = model.safetensors ] && before+="safetensors: "
  rm -rf s; cp -r m s; rm s/$file; mkfifo s/$file
  expect 1 "${before}s/$file: this is a pipe or device; need a file" timeout 60 "$captioner" caption --model s pictures/0001.png
done
rm -rf s; cp -r m s; sed -i 's/"hidden": [0-9]*/"hidden": 4096/' s/config.json
expect 1 "gradus-captioner: safetensors: s/model.safetensors: it does not fit: \"attention.query.weight\" is (64, 128) in the file; need (64, 4096)" \
  "$captioner" caption --model s pictures/0001.png
head -c 100 m/model.safetensors >short && cp short m/model.safetensors
"$captioner" caption --model m pictures/0001.png >stdout 2>stderr
check "a model that is cut off" test "$? $(grep -c '^gradus-captioner: safetensors: m/model.safetensors: the file is cut off' stderr)" = "1 1"

finish
