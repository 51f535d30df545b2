#!/usr/bin/env bash
# Every fault there is, the long ones included, on private databases; then the simulator on a million schedules.
# FAULT_SEED repeats the choices of a run, MOSAIC_SIM_SCHEDULES says how many schedules, MOSAIC_SIM_SEED repeats one.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

unset DATABASE_URL REDIS_URL
export MOSAIC_SIM_SCHEDULES=${MOSAIC_SIM_SCHEDULES:-1000000}

scripts/setup.sh test
say "Faults: real processes, databases and networks"
# Clients that mean harm are no fault, and have a command of their own.
cargo test --locked --features ssr --test faults -- --include-ignored --skip hostile::
say "The simulator: $MOSAIC_SIM_SCHEDULES schedules"
# Only this crate is optimised: its dependencies take no part, and stay as they are.
cargo test --locked --features ssr --test simulator --config profile.dev.package.mosaic.opt-level=2
