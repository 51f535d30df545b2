#!/usr/bin/env bash
# Everything there is to test, each step once, whatever the steps before it said; then a table of what happened.
# The exit code is 0 only if every step passed. Nothing that it starts is left behind, however it ends.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# Whatever the shell is set up for, tests touch nothing but their own databases.
unset DATABASE_URL REDIS_URL BASE_URL
export CI=${CI:-1}

logs=$TARGET_DIR/test-logs
rm -rf "$logs"
mkdir -p "$logs"
started=$SECONDS
step_pid='' services_pid='' failed=0
summary=()

clean_up() {
  trap '' INT TERM HUP
  if [ -n "$step_pid" ]; then
    kill -TERM -- "-$step_pid" 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
      kill -0 -- "-$step_pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$step_pid" 2>/dev/null || true
  fi
  stop_services
}

# The services stop by themselves when their input, descriptor 9 here, ends: no step may inherit it.
start_services() {
  coproc SERVICES { exec scripts/services.sh; }
  services_pid=$SERVICES_PID
  exec 9>&"${SERVICES[1]}"
  eval "exec ${SERVICES[1]}>&-"
  local line
  while read -r line <&"${SERVICES[0]}"; do
    [ "$line" = ready ] && return 0
    export "${line?}"
  done
  return 1
}

stop_services() {
  exec 9>&-
  if [ -n "$services_pid" ]; then wait "$services_pid" 2>/dev/null || true; fi
  services_pid=''
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The number of passed and failed tests that a log speaks of, where it does.
counts() {
  awk '
    /^test result:/ { for (i = 1; i <= NF; i++) { if ($i ~ /^passed/) p += $(i - 1); if ($i ~ /^failed/) f += $(i - 1) } seen = 1 }
    /^ +[0-9]+ passed/ { p += $1; seen = 1 }
    /^ +[0-9]+ (failed|flaky|did not run|skipped)/ { f += $1; seen = 1 }
    END { if (seen) printf "%d passed%s", p, f ? ", " f " not" : "" }' "$1"
}

# step <name> <command>…
step() {
  local name=$1 begun=$SECONDS status=0 verdict=ok
  shift
  say "$name"
  # Its own process group, so that all of it can be ended; waited for, so that a signal is acted on at once.
  setsid bash -c 'set -o pipefail; log=$1; shift; "$@" 2>&1 | tee "$log"' step "$logs/$name.log" "$@" 9>&- &
  step_pid=$!
  wait "$step_pid" || status=$?
  step_pid=''
  if [ "$status" -ne 0 ]; then
    verdict=FAILED
    failed=1
  fi
  summary+=("$(printf '%-14s %-7s %5ds   %s' "$name" "$verdict" $((SECONDS - begun)) "$(counts "$logs/$name.log")")")
  return "$status"
}

missed() {
  summary+=("$(printf '%-14s %-7s %6s   %s' "$1" FAILED - "$2")")
  failed=1
}

# Puts the server of the Rust tests beside the names of the released files, where it looks for them.
pair() {
  mkdir -p "$TARGET_DIR/paired"
  ln -f "$TARGET_DIR/debug/mosaic" "$TARGET_DIR/paired/mosaic"
  cp "$TARGET_DIR/release/hash.txt" "$TARGET_DIR/paired/"
}

finish() {
  echo
  printf '%s\n' "${summary[@]}"
  printf '%-14s %-7s %5ds   logs in %s\n' all "$([ $failed -eq 0 ] && echo ok || echo FAILED)" $((SECONDS - started)) "$logs"
  exit "$failed"
}

step setup scripts/setup.sh test || finish
for check in fmt lint-server lint-browser docs deny; do
  step "$check" scripts/check.sh "$check" || true
done
if start_services; then
  step rust cargo test --locked --features ssr --no-fail-fast || true
  step schemathesis scripts/schemathesis.sh || true
  # The browser's half is the one of the release; the server is what the Rust tests ran, so that none is built twice.
  if step build scripts/build.sh --frontend-only && pair; then
    E2E_MOSAIC=$TARGET_DIR/paired/mosaic step end-to-end scripts/e2e.sh || true
  else
    missed end-to-end "nothing to run it against"
  fi
else
  missed services "PostgreSQL or Redis did not start"
fi
finish
