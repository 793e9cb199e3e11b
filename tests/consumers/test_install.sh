#!/usr/bin/env bash
# test_install.sh SOURCE BUILD PREFIX: a stranger's program builds against the installed library, found by pkg-config, in float
# and double, and with this project as its Meson subproject.
set -euo pipefail
source=$1 build=$2 prefix=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
expected="2 4 6, 8 parameters"

same() {
  if [ "$2" != "$expected" ]; then
    echo "FAILED: $1: expected \"$expected\", got \"$2\""
    exit 1
  fi
  echo "ok: $1"
}

meson install -C "$build" --no-rebuild --quiet --destdir "$folder/root"
export PKG_CONFIG_SYSROOT_DIR=$folder/root
PKG_CONFIG_PATH=$(dirname "$(find "$folder/root$prefix" -name gradus.pc)")
export PKG_CONFIG_PATH
for package in gradus gradus_f64; do
  # shellcheck disable=SC2046
  ${CXX:-g++} -std=c++20 "$source/tests/consumers/stranger/stranger.cpp" -o "$folder/$package" \
    $(pkg-config --cflags --libs --static "$package")
  same "pkg-config $package" "$("$folder/$package")"
done
# Every installed header finds what it includes.
include=$(find "$folder/root$prefix" -type d -path '*include*/gradus')
(cd "$include" && find . -name '*.h' -printf '#include "%P"\n') >"$folder/headers.cpp"
# shellcheck disable=SC2046
${CXX:-g++} -std=c++20 -fsyntax-only "$folder/headers.cpp" $(pkg-config --cflags gradus)
echo "ok: $(wc -l <"$folder/headers.cpp") installed headers"
"$folder/root$prefix/bin/gradus" --version | grep -q '^gradus [0-9]'
echo "ok: installed program"

unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
mkdir -p "$folder/project/subprojects"
cp "$source"/tests/consumers/stranger/* "$folder/project"
ln -s "$source" "$folder/project/subprojects/gradus"
meson setup "$folder/subproject" "$folder/project" --force-fallback-for=gradus >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
ninja -C "$folder/subproject" stranger >"$folder/log" 2>&1 || { tail -30 "$folder/log"; exit 1; }
same "Meson subproject" "$("$folder/subproject/stranger")"
