#!/usr/bin/env bash
# test_captioner.sh PROGRAM: runs the captioner as its users do, right and wrong.
set -uo pipefail
captioner=$(realpath "$1")
source "$(dirname "$0")/../support/expect.sh"
small=(--count 50 --test 20 --steps 2)

# The program explains itself.
"$captioner" >stdout 2>stderr
check "without a command" test "$? $(cat stdout stderr)" = "2 $("$captioner" help)"
for command in shapes; do
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

finish
