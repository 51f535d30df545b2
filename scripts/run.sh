#!/usr/bin/env bash
# Builds, makes the demo people, serves in the foreground. Settings come from the environment or Leptos.toml.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
scripts/build.sh
"$TARGET_DIR/release/mosaic" seed --demo
say "Serving http://${LEPTOS_SITE_ADDR:-127.0.0.1:3000}: log in as ada, grace, alan or katherine with mosaic-demo"
exec "$TARGET_DIR/release/mosaic" serve
