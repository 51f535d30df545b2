#!/usr/bin/env bash
# The browser suite against what was built last. The suite starts its own servers, and its own PostgreSQL and
# Redis unless E2E_DATABASE_URL and E2E_REDIS_URL name some.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd end2end
exec node_modules/.bin/playwright test "$@"
