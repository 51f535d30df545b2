#!/usr/bin/env bash
# docs/screenshots: a picture of each state of the app in light, dark and on a phone, from what is built now. It
# starts its own servers, which have the demo people in them.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
LIMIT_KIB=4096
scripts/e2e.sh --config screenshots.config.ts "$@"
taken=$(du -sk --apparent-size docs/screenshots | cut -f1)
[ "$taken" -le $LIMIT_KIB ] || die "docs/screenshots has $taken KiB, more than $LIMIT_KIB: fewer states, or less of each"
say "docs/screenshots: $(find docs/screenshots -name '*.webp' | wc -l) pictures, $taken KiB"
