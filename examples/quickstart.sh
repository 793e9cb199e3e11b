#!/usr/bin/env bash
# From a clean clone to a trained translator: installs what is missing, builds, trains on the built-in toy language,
# English to French, and translates sentences that were not among those it was trained on.
set -euo pipefail
cd "$(dirname "$0")/.."
source examples/install_packages.sh
say() { printf '\n== %s\n' "$*"; }

if ! [ -w . ] || { [ -e build ] && ! [ -w build ]; }; then
  echo "error: $PWD can't be written to; copy it elsewhere, or build by hand: meson setup FOLDER $PWD && ninja -C FOLDER gradus" >&2
  exit 1
fi

echo "This takes one to three minutes on two cores: nearly all of it to build, seconds to train, and the packages, if any are missing."
say "Packages"
need_packages "${build_packages[@]}"

say "Building build/gradus"
[ -f build/build.ninja ] || meson setup build --native-file tests/native/whole.ini -Dtests=false >/dev/null
NINJA_STATUS='[%p, %es] ' ninja -C build gradus

say "Training on the toy language (model: build/toy)"
build/gradus train --toy --model build/toy --force

say "Sentences of the test split, none of which it has seen"
build/gradus evaluate --model build/toy

say "Translating"
while read -r english; do
  printf '%-48s -> %s\n' "$english" "$(build/gradus translate --model build/toy <<<"$english")"
done <<'SENTENCES'
the black cat ate the mouse
the old man went to the market
the girls who sang did not see the small owl
she never forgot her beautiful white horse
the children found them in the garden
i did not buy an apple because the queen left
SENTENCES

say "What it looked at: a row for each French word"
build/gradus attend --model build/toy "the black cat ate the mouse"
build/gradus attend --model build/toy "the black cat ate the mouse" --out build/attention.svg
echo
echo "A program of yours, such as the README's first: g++ -std=c++20 -O2 -I. mine.cpp build/libgradus.a -lfmt -lpthread -ldl"
echo "Your own text: build/gradus train --train SRC TGT --model DIR; see build/gradus train --help"
