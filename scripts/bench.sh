#!/usr/bin/env bash
# Measures the release of Mosaic beside a floor and a peer, on a PostgreSQL and a Redis of its own; see
# docs/BENCHMARKS.md. Arguments go to the load: modes, --rounds, --seconds, --sockets …
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# A server that was built before, for instance to compare two versions: then none is built.
server=${BENCH_MOSAIC:-}
for argument in "$@"; do
  case $argument in
    --mosaic* | --peer* | --out* | --database-url* | --redis-url*) die "scripts/bench.sh sets ${argument%%=*}" ;;
  esac
done

# The peer's packages, in the versions of its list, in an environment of their own.
peer_packages() {
  local peer=$TARGET_DIR/bench/peer list=bench/peer/requirements.txt stamp wanted
  stamp=$peer/.installed-for
  command -v python3 >/dev/null || die "python3 is missing: the peer is written in it"
  wanted="$(python3 --version) $(cksum <"$list")"
  [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
  say "Installing the packages of the peer (a minute)"
  rm -rf "$peer"
  python3 -m venv "$peer" || die "python3 cannot make an environment (Debian: apt-get install python3-venv)"
  "$peer/bin/pip" install --quiet --no-deps --only-binary :all: --requirement "$list" ||
    die "the packages of the peer cannot be installed"
  echo "$wanted" >"$stamp"
}

scripts/setup.sh test
peer_packages
if [ -z "$server" ]; then
  scripts/build.sh
  server=$TARGET_DIR/release/mosaic
fi
say "Building the load and the floor"
cargo build --locked --release --features ssr --example bench

# Idle sockets have two ends, one of them here; what starts here inherits the limit.
ulimit -n "$(ulimit -Hn)"
out=$TARGET_DIR/bench/$(date -u +%Y%m%dT%H%M%SZ).json
say "Measuring; nothing else should run on this machine meanwhile"
exec scripts/services.sh --durable -- "$TARGET_DIR/release/examples/bench" run \
  --mosaic "$(realpath "$server")" --peer "$TARGET_DIR/bench/peer" --out "$out" "$@"
