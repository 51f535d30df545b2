#!/usr/bin/env bash
# Thousands of requests made up from the server's own OpenAPI document, good and bad ones and chains of them, against a
# server of its own. No answer may be a 5xx, or one that the document does not know.
# SCHEMATHESIS_SEED repeats a run or makes another one.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# A run that made up fewer has looked at less than it says.
AT_LEAST=5000
# A run costs two minutes of one core; one that takes longer than this, in seconds, hangs.
AT_MOST=600

unset DATABASE_URL REDIS_URL
cargo build --locked --features ssr --bin mosaic

folder=$(mktemp -d /tmp/mosaic-schemathesis.XXXXXX)
server_pid=''
clean_up() {
  trap '' INT TERM HUP
  if [ -n "$server_pid" ]; then
    kill -TERM "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

port=$(free_port)
export DATABASE_URL=sqlite://$folder/mosaic.db MOSAIC_URL=http://127.0.0.1:$port
"$TARGET_DIR/debug/mosaic" seed --users 50 --out "$folder/people.jsonl"
MOSAIC_TOKEN=$(head -n 1 "$folder/people.jsonl" | grep -oP '"token":"\K[^"]+')
export MOSAIC_TOKEN
grep -oP '"user_id":\K"[^"]+"' "$folder/people.jsonl" >"$folder/people.txt"
"$TARGET_DIR/debug/mosaic" serve --site-addr "127.0.0.1:$port" --rate-limit off --log warn >"$folder/server.log" 2>&1 &
server_pid=$!

status=0
# What it remembers and caches goes away with the folder.
cp tests/schemathesis/schemathesis.toml tests/schemathesis/who.py "$folder"
(
  cd "$folder"
  timeout "$AT_MOST" "$ROOT/.tools/schemathesis/bin/schemathesis" --no-color run "$MOSAIC_URL/api/openapi.json" \
    --wait-for-schema 30 ${SCHEMATHESIS_SEED:+--seed "$SCHEMATHESIS_SEED"} | tee report.txt
) || status=$?

kill -0 "$server_pid" 2>/dev/null || { cat "$folder/server.log" >&2; die "the server went away"; }
[ "$status" -ne 124 ] || die "the run took more than $AT_MOST seconds"
cases=$(grep -oE '[0-9]+ generated' "$folder/report.txt" | grep -oE '[0-9]+' || echo 0)
say "Schemathesis made up $cases cases in $SECONDS seconds"
if [ "$status" -ne 0 ]; then
  cat "$folder/server.log" >&2
  die "an answer is not what the document says"
fi
[ "$cases" -ge "$AT_LEAST" ] || die "that is fewer than $AT_LEAST"
