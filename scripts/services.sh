#!/usr/bin/env bash
# A private PostgreSQL and a private Redis on free ports of 127.0.0.1, in a folder that goes away with them.
# Never the machine's own ones.
#
#   scripts/services.sh -- COMMAND…   runs COMMAND with the addresses in its environment, then stops both
#   scripts/services.sh               prints the addresses as NAME=value, then "ready"; stops both when its
#                                     standard input ends: so they cannot outlive whoever holds the other end
#
# With --durable before all that, PostgreSQL waits for the disk, as in production. Tests have nothing to lose.
#
# TEST_DATABASE_URL and TEST_REDIS_URL are for the Rust tests, E2E_DATABASE_URL and E2E_REDIS_URL for the browser's.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

fsync=off parent=/tmp
if [ "${1:-}" = --durable ]; then
  shift
  # This one outlives a restart of the machine, so it is on a disk; /tmp may be in memory.
  fsync=on parent=/var/tmp
fi

# The newest PostgreSQL of Debian's layout, or what is on PATH.
newest=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1 || true)
PATH="${newest:+$newest:}$PATH"
for tool in initdb postgres pg_isready redis-server redis-cli; do
  command -v "$tool" >/dev/null || die "$tool is missing: run scripts/setup.sh test"
done

# PostgreSQL refuses to run as root.
unprivileged=()
if [ "$(id -u)" -eq 0 ]; then
  owner=nobody
  if id -u postgres >/dev/null 2>&1; then owner=postgres; fi
  unprivileged=(setpriv --reuid "$owner" --regid "$(id -gn "$owner")" --clear-groups)
fi

# Short, because the path of a Unix socket is limited to 107 bytes.
folder=$(mktemp -d "$parent/mosaic-services.XXXXXX")
postgres_pid='' redis_pid='' command_pid=''

ended() { ! kill -0 "$1" 2>/dev/null; }

# Ends a process that this script started and waits until it is gone: a polite signal first, then the other one.
end() {
  local pid=$1 signal=$2 tries
  [ -n "$pid" ] || return 0
  kill "-$signal" "$pid" 2>/dev/null || true
  for ((tries = 0; tries < 100; tries++)); do
    ended "$pid" && break
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

clean_up() {
  trap '' INT TERM HUP
  if [ -n "$command_pid" ]; then
    # The command leads its own process group: what it started goes with it.
    kill -TERM -- "-$command_pid" 2>/dev/null || true
    end "$command_pid" TERM
    kill -KILL -- "-$command_pid" 2>/dev/null || true
  fi
  end "$postgres_pid" INT
  end "$redis_pid" TERM
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

start_postgres() {
  local port tries
  port=$(free_port)
  mkdir "$folder/postgres"
  if [ ${#unprivileged[@]} -gt 0 ]; then
    chown "$owner" "$folder/postgres"
    chmod 711 "$folder"
  fi
  (
    cd "$folder/postgres"
    "${unprivileged[@]}" initdb --pgdata=data --username=mosaic --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
      --no-instructions >initdb.log 2>&1
  ) || { cat "$folder/postgres/initdb.log" >&2; die "initdb failed"; }
  # A session of its own: Ctrl-C in the terminal reaches this script, which then stops both in order.
  (
    cd "$folder/postgres"
    exec setsid "${unprivileged[@]}" postgres -D data -p "$port" -k "$folder/postgres" \
      -c listen_addresses=127.0.0.1 -c max_connections=300 -c "fsync=$fsync"
  ) </dev/null >"$folder/postgres.log" 2>&1 &
  postgres_pid=$!
  for ((tries = 0; tries < 300; tries++)); do
    if ended "$postgres_pid"; then break; fi
    if pg_isready -q -h 127.0.0.1 -p "$port"; then
      database_url="postgres://mosaic@127.0.0.1:$port/postgres"
      return
    fi
    sleep 0.1
  done
  cat "$folder/postgres.log" >&2
  die "the private PostgreSQL does not start"
}

start_redis() {
  local port tries
  port=$(free_port)
  setsid redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$folder" \
    </dev/null >"$folder/redis.log" 2>&1 &
  redis_pid=$!
  for ((tries = 0; tries < 300; tries++)); do
    if ended "$redis_pid"; then break; fi
    if [ "$(redis-cli -h 127.0.0.1 -p "$port" ping 2>/dev/null)" = PONG ]; then
      redis_url="redis://127.0.0.1:$port"
      return
    fi
    sleep 0.1
  done
  cat "$folder/redis.log" >&2
  die "the private Redis does not start"
}

start_postgres
start_redis
export TEST_DATABASE_URL=$database_url TEST_REDIS_URL=$redis_url
export E2E_DATABASE_URL=$database_url E2E_REDIS_URL=$redis_url

if [ "${1:-}" = -- ]; then
  shift
  setsid "$@" &
  command_pid=$!
  status=0
  wait "$command_pid" || status=$?
  exit "$status"
fi

env | grep -E '^(TEST|E2E)_(DATABASE|REDIS)_URL=' | sort
echo ready
# read returns at the end of the input, and a signal interrupts it; lines are ignored.
while read -r _; do :; done
