#!/usr/bin/env bash
# What the page of matches loads from a cold cache until it reacts, by file, as a browser counts it; and whose code
# that is, by crate, before compression. From what was built last.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
scripts/e2e.sh tests/weight.spec.ts
cat "$TARGET_DIR/front/wasm32-unknown-unknown/wasm-release/crates.txt"
