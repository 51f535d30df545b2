#!/usr/bin/env bash
# Gives each check of tests/properties what libFuzzer makes of the kept inputs, guided by the code that an input
# reaches. What breaks a check joins the corpus as tests/corpus/<subject>/found-…, where `make test` tries it again.
#
#   [FUZZ_SECONDS=60] scripts/fuzz.sh [subject]…
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

corpus=$ROOT/tests/corpus
work=$TARGET_DIR/fuzz
if [ $# -eq 0 ]; then
  for folder in "$corpus"/*/; do set -- "$@" "$(basename "$folder")"; done
fi

scripts/setup.sh tools
say "Building the checks, this crate with counters"
# Only this crate is counted: its dependencies stay as they are built for tests.
RUSTC_WORKSPACE_WRAPPER=$ROOT/scripts/rustc_counted.sh cargo build --locked --features fuzz --example fuzz
fuzzer=$TARGET_DIR/debug/examples/fuzz

failed=0
for subject in "$@"; do
  [ "$subject" = regressions ] && continue
  [ -d "$corpus/$subject" ] || die "no such subject: $subject"
  say "$subject"
  mkdir -p "$work/$subject"
  # What reaches new code is kept from run to run, outside the repository.
  MOSAIC_FUZZ=$subject "$fuzzer" "$work/$subject" "$corpus/$subject" \
    -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -max_len=8192 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$corpus/$subject/found-" || failed=1
done
exit "$failed"
