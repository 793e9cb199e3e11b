# Sourced by quickstart.sh and tests/run.sh: `need_packages NAME...` installs those Debian packages that are missing.

need_packages() {
  local missing=() name
  if ! command -v dpkg-query >/dev/null; then
    for name in meson ninja pkg-config; do command -v "$name" >/dev/null || missing+=("$name"); done
    if [ ${#missing[@]} -eq 0 ]; then
      echo "No Debian packages on this system: whether all that is needed is there, Meson will say."
      return 0
    fi
    echo "error: ${missing[*]}: not found, and no dpkg here; please install what corresponds to these Debian packages: $*" >&2
    return 1
  fi
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0

  echo "Packages to install: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "error: neither root nor sudo; please have these installed first: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  if ! command -v apt-get >/dev/null; then
    echo "error: no apt-get here; please install what corresponds to these Debian packages: ${missing[*]}" >&2
    return 1
  fi
  if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
         apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }; then
    echo "error: apt-get failed; please install by hand: ${missing[*]}" >&2
    return 1
  fi
}

# What the library and the translator are built with.
build_packages=(g++ meson ninja-build pkg-config libopenblas-dev libfmt-dev nlohmann-json3-dev libcli11-dev libsentencepiece-dev)

# What programs can do without: libpng-dev lets the captioner read pictures, zlib1g-dev and libzstd-dev let all read compressed
# text, MPI lets processes train together. Meson finds what is there.
optional_packages=(libpng-dev zlib1g-dev libzstd-dev libopenmpi-dev openmpi-bin)
