# Sourced by every script: where the repository is, and which tools are found first.
# shellcheck shell=bash
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export ROOT
cd "$ROOT"

# .tools holds a tool in the pinned version when the machine has another one; npm brings wasm-opt.
PATH="$ROOT/.tools/bin:$ROOT/end2end/node_modules/.bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
export PATH

# Where cargo puts what it builds.
TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}

# Leptos reads its output name while it is compiled; cargo-leptos sets it, plain cargo has to be told.
export LEPTOS_OUTPUT_NAME=mosaic

# The browser comes from the machine, never from a download by Playwright.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# A port of 127.0.0.1 that nobody has.
free_port() {
  local port
  for ((;;)); do
    port=$((20000 + RANDOM % 12000))
    # Below the ports that the system hands out by itself, and nobody answers there.
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# build_release <option>…: the release. The tools of scripts/split stand before those they are named after and cut the
# browser's half in two. For that they have to tell the copies of a generic function apart, and to know who refers to
# which data. These flags stand instead of those of .cargo/config.toml, so they repeat them.
build_release() {
  PATH=$ROOT/scripts/split:$PATH \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS='--cfg erase_components -Csymbol-mangling-version=v0 -Clink-args=--emit-relocs' \
    cargo leptos build --release --precompress "$@"
}
