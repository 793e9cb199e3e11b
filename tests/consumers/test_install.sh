#!/usr/bin/env bash
# test_install.sh SOURCE BUILD PREFIX: a stranger's program builds against the installed library, found by pkg-config and by
# CMake, in float and double, and with this project as its Meson subproject, or fetched by CMake; the program comes with
# completion and manual pages.
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
cmake -S "$source/tests/consumers/cmake/installed" -B "$folder/cmake" -DCMAKE_PREFIX_PATH="$folder/root$prefix" >"$folder/log" 2>&1 &&
  cmake --build "$folder/cmake" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
for package in gradus gradus_f64; do same "find_package of CMake, $package" "$("$folder/cmake/stranger_$package")"; done
# Every installed header finds what it includes, and none makes a strict compiler complain.
include=$(find "$folder/root$prefix" -type d -path '*include*/gradus')
(cd "$include" && find . -name '*.h' -printf '#include "%P"\n') >"$folder/headers.cpp"
# shellcheck disable=SC2046
${CXX:-g++} -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror -fsyntax-only "$folder/headers.cpp" \
  $(pkg-config --cflags gradus)
echo "ok: $(wc -l <"$folder/headers.cpp") installed headers"
documents=$(find "$folder/root$prefix" -type d -path '*doc/gradus')
ls "$documents"/{LICENSE,README.md,CHANGELOG.md,lessons/01_backprop.cpp} >/dev/null
echo "ok: licence, README, changelog and lessons"
installed=$folder/root$prefix/bin/gradus
"$installed" --version | grep -q '^gradus [0-9]'
echo "ok: installed program"
# What shells complete, and a manual page of every command.
share=$(dirname "$(find "$folder/root$prefix" -type d -name bash-completion)")
cmp "$share/bash-completion/completions/gradus" <("$installed" completion bash)
cmp "$share/zsh/site-functions/_gradus" <("$installed" completion zsh)
cmp "$share/fish/vendor_completions.d/gradus.fish" <("$installed" completion fish)
pages=$(find "$folder/root$prefix" -type d -name man1)
cmp "$pages/gradus.1" <("$installed" man)
commands=$("$installed" help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
for command in $commands; do cmp "$pages/gradus-$command.1" <("$installed" man "$command"); done
echo "ok: completion, and $(wc -w <<<"$commands") manual pages of commands"

# Built without optimisation, for one instruction set, and many sources at once: what is asked is whether they build, and that
# takes a fraction of the time.
unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
mkdir -p "$folder/project/subprojects"
cp "$source"/tests/consumers/stranger/* "$folder/project"
ln -s "$source" "$folder/project/subprojects/gradus"
meson setup "$folder/subproject" "$folder/project" --force-fallback-for=gradus --buildtype=plain --unity=on --unity-size=40 \
  -Dgradus:instruction_set=baseline >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
ninja -C "$folder/subproject" >"$folder/log" 2>&1 || { tail -30 "$folder/log"; exit 1; }
same "Meson subproject" "$("$folder/subproject/stranger")"
if [ -n "$(find "$folder/subproject" -name 'libgradus*_f64.a' -o -name 'lesson*' -type f)" ]; then
  echo "FAILED: as a subproject it builds lessons or the second precision"
  exit 1
fi

cmake -S "$source/tests/consumers/cmake/source" -B "$folder/fetched" -DFETCHCONTENT_SOURCE_DIR_GRADUS="$source" \
  -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-DGRADUS_X86_64_LEVEL=1 -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=40 >"$folder/log" 2>&1 &&
  cmake --build "$folder/fetched" -j2 >"$folder/log" 2>&1 || { tail -30 "$folder/log"; exit 1; }
same "FetchContent of CMake" "$("$folder/fetched/stranger")"
