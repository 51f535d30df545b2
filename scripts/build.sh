#!/usr/bin/env bash
# The release: $TARGET_DIR/release/mosaic and target/site, each file of it also as .br and .gz.
# With --frontend-only just the latter.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
scripts/setup.sh tools

# cargo-leptos optimises and compresses the browser's half again even when nothing has changed, for most of a minute.
# So a build leaves a stamp: what was built, and a sum of everything that goes into it.
stamp=$TARGET_DIR/release/.built-from
built_from() {
  echo "${*:-all} $PWD"
  rustc --version
  find src style public migrations .cargo Cargo.toml Cargo.lock rust-toolchain.toml scripts/setup.sh \
    scripts/build.sh scripts/env.sh scripts/split end2end/package-lock.json -type f -print0 | sort -z | xargs -0 cksum | cksum
}
is_there() {
  [ -d target/site/pkg ] && [ -f "$TARGET_DIR/release/hash.txt" ] || return 1
  [ "${1:-}" = --frontend-only ] || [ -x "$TARGET_DIR/release/mosaic" ]
}

wanted_stamp=$(built_from "$@")
if is_there "$@" && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted_stamp" ]; then
  say "The release is built already"
  exit
fi
say "Building the release (some minutes the first time)"
rm -f "$stamp"
build_release "$@"
echo "$wanted_stamp" >"$stamp"
