#!/usr/bin/env bash
# A development build, rebuilt on every change and reloaded in the browser.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
scripts/setup.sh tools
exec cargo leptos watch
