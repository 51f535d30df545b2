#!/usr/bin/env bash
# The release: $TARGET_DIR/release/mosaic and target/site, each file of it also as .br and .gz.
# With --frontend-only just the latter.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
scripts/setup.sh tools
say "Building the release (some minutes the first time)"
exec cargo leptos build --release --precompress "$@"
