#!/usr/bin/env bash
# Clients that mean harm, against one real server with PostgreSQL and Redis of its own: a crowd of them beside
# ordinary people, and ten thousand pairs of log-ins, timed. Prints its figures and ends by itself within a
# quarter of an hour; FAULT_SEED repeats a run's choices, and FAULT_MOSAIC names the server to take, such as
# target/release/mosaic, instead of the one built for tests.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

unset DATABASE_URL REDIS_URL

scripts/setup.sh test
# The crowd has more than three thousand connections, and the server the other ends of them.
if [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt 8192 ]; then
  ulimit -n 8192 || die "8192 file descriptors are needed: ulimit -n"
fi
if [ -n "${FAULT_MOSAIC:-}" ]; then
  FAULT_MOSAIC=$(realpath "$FAULT_MOSAIC")
  export FAULT_MOSAIC
fi
# One after the other: both measure time.
exec cargo test --locked --features ssr --test faults hostile:: -- --include-ignored --test-threads=1
