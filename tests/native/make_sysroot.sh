#!/usr/bin/env bash
# make_sysroot.sh ARCHITECTURE FOLDER: the Debian packages that Gradus is built and tested with, for another architecture, such as
# arm64, unpacked in FOLDER. Nothing is installed, and nothing that is installed changes. FOLDER/sysroot.ini tells Meson's cross
# file where it is.
set -euo pipefail
architecture=$1
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/../.."
source examples/install_packages.sh

# An apt of its own: as if nothing were installed on a machine of that architecture.
state=$folder/apt
mkdir -p "$state"/{lists,archives}/partial
: > "$state/status"
cat > "$state/apt.conf" <<END
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
Dir::State "$state";
Dir::State::status "$state/status";
Dir::State::Lists "$state/lists";
Dir::Cache "$state";
END
export APT_CONFIG=$state/apt.conf
apt-get update -qq
packages=()
for name in "${build_packages[@]}" doctest-dev librapidcheck-dev libbenchmark-dev libstdc++-12-dev; do
  [[ $name != *-dev ]] || packages+=("$name")
done
apt-get install -qq -y --download-only --no-install-recommends "${packages[@]}" >/dev/null
for package in "$state"/archives/*.deb; do dpkg-deb -x "$package" "$folder"; done

# What update-alternatives would have linked.
cd "$folder"/usr/lib/*-linux-gnu
ln -sf openblas-pthread/libopenblas.so* .
ln -sf ../openblas-pthread/pkgconfig/openblas.pc pkgconfig/
printf "[constants]\nsysroot = '%s'\n" "$folder" > "$folder/sysroot.ini"
