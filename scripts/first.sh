#!/usr/bin/env bash
# scripts/split/first.txt: the functions that a first visit to the page of matches runs until the page reacts. A build
# whose functions tell that they were called is visited by a browser (end2end/first). Needed again whenever the views
# of that page, what they are made of or the compiler changed; the test `weight` tells.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
visited=$TARGET_DIR/paired-first
export MOSAIC_PROFILE=$TARGET_DIR/functions.json
cargo build --locked --features ssr
# What is built here is no release: the next one is built anew.
rm -f "$TARGET_DIR/release/.built-from"
build_release --frontend-only
mkdir -p "$visited"
ln -f "$TARGET_DIR/debug/mosaic" "$visited/mosaic"
cp "$TARGET_DIR/release/hash.txt" "$visited/"
E2E_MOSAIC=$visited/mosaic scripts/e2e.sh --config first.config.ts
say "scripts/split/first.txt: $(wc -l <scripts/split/first.txt) functions. The next build cuts by them"
