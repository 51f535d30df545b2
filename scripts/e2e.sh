#!/usr/bin/env bash
# The browser suite against the release, or the server that E2E_MOSAIC names. The suite starts its own servers, and its
# own PostgreSQL and Redis unless E2E_DATABASE_URL and E2E_REDIS_URL name some.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
# `cargo test` builds a newer server, without a front end.
export E2E_MOSAIC=${E2E_MOSAIC:-$TARGET_DIR/release/mosaic}
cd end2end
exec node_modules/.bin/playwright test "$@"
