#!/usr/bin/env bash
# What a conversation of ten thousand messages costs in the browser, measured by the browser's own trace against what
# is built now. Prints a table, writes $TARGET_DIR/trace/<time>.json, and fails when a bound is broken. It starts its
# own server; nothing else should run on the machine meanwhile.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
exec scripts/e2e.sh --config trace.config.ts "$@"
