#!/usr/bin/env bash
# write_texts.sh GRADUS FOLDER: writes what an installation of the program brings besides, completion for shells and manual pages, into
# folders that go by the names of those that they are installed to.
set -euo pipefail
gradus=$(realpath "$1") folder=$2
cd "$folder"
rm -rf completions site-functions vendor_completions.d man1
mkdir completions site-functions vendor_completions.d
"$gradus" completion bash >completions/gradus
"$gradus" completion zsh >site-functions/_gradus
"$gradus" completion fish >vendor_completions.d/gradus.fish
"$gradus" man --out man1
