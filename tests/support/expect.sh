# To be sourced by a script that runs a program as its users do, right and wrong: goes to a folder of its own, and counts in
# `failures` what is not as expected.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failures=0

# expect CODE STDERR COMMAND...: the command ends with this code and prints these lines to standard error, and no others.
expect() {
  local code=$1 message=$2
  shift 2
  "$@" >stdout 2>stderr
  local got=$?
  if [ "$got" -ne "$code" ] || [ "$(cat stderr)" != "$message" ]; then
    printf 'FAILED: %s\n  expected %s: %s\n  got      %s: %s\n' "$*" "$code" "$message" "$got" "$(cat stderr)"
    failures=$((failures + 1))
  fi
}

# check WHAT COMMAND...: the command succeeds.
check() {
  local what=$1
  shift
  "$@" && return
  echo "FAILED: $what"
  failures=$((failures + 1))
}

# hint PROGRAM [COMMAND]: the line after what is wrong with the options of a command, or with none.
hint() { printf '\nRun `%s --help` for help.' "$*"; }

# finish: the last line of a script.
finish() {
  [ "$failures" -eq 0 ] || { echo "$failures checks failed"; exit 1; }
  echo "all checks passed"
}
