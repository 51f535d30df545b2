#!/usr/bin/env bash
# Takes out one safeguard of delivery at a time and expects the test named beside it to turn red: evidence that
# each is needed, and that its test can fail. A mutation that no longer applies, does not compile, or that no test
# notices is an error.
#
#   scripts/mutations.sh [part of a name]…
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scripts/setup.sh test
mutations=$ROOT/tests/mutations
tree=$TARGET_DIR/mutations
log=$tree.log
export CARGO_TARGET_DIR=$TARGET_DIR
export MOSAIC_SIM_SCHEDULES=20000

rm -rf "$tree"
mkdir -p "$tree"
git ls-files -z | tar --null --files-from=- --create | tar --extract --directory="$tree"
# The last run's build, of its last mutation, would pass for newer than these files.
touch "$tree/src/lib.rs"

# The tests that a mutation names, on private databases.
run() {
  # shellcheck disable=SC2086 # words of a command
  (cd "$tree" && scripts/services.sh -- cargo test --locked --features ssr $1) >"$log" 2>&1
}

patches=()
for part in "${@:-}"; do
  found=("$mutations"/*"$part"*.patch)
  [ -e "${found[0]}" ] || die "no mutation is called $part"
  patches+=("${found[@]}")
done

say "Without a mutation all of these are green"
sed -n 's/^red: //p' "${patches[@]}" | sort -u | while read -r tests; do
  run "$tests" </dev/null || { tail -n 40 "$log"; die "red without a mutation: $tests"; }
  grep -q '^test result: ok. [1-9]' "$log" || die "no test is called: $tests"
done

say "With one each is red"
survivors=0
for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  patch --quiet --directory="$tree" -p1 <"$patch" || die "$name no longer applies"
  # What a macro reads, cargo may not watch.
  touch "$tree/src/lib.rs"
  if run "$(sed -n 's/^red: //p' "$patch")"; then
    verdict=SURVIVES
    survivors=$((survivors + 1))
  elif grep -q '^test result: FAILED' "$log"; then
    verdict=red
  else
    tail -n 40 "$log"
    die "$name does not compile, or its test did not end"
  fi
  patch --quiet --directory="$tree" -p1 --reverse <"$patch"
  printf '%-20s %-9s %s\n' "$name" "$verdict" "$(sed -n 's/^what: //p' "$patch")"
done
rm -rf "$tree" "$log"
[ "$survivors" -eq 0 ] || die "$survivors mutations survive"
