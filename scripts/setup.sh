#!/usr/bin/env bash
# Installs what is missing to build Mosaic (tools), to check it (check) and to test it (test); each includes
# those before it.
# Says what it does and how long that takes; where everything is there it is done in a second.
#
#   scripts/setup.sh [tools|check|test]
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

CARGO_LEPTOS=0.3.10
CARGO_DENY=0.20.2
wanted=${1:-tools}
case $wanted in tools | check | test) ;; *) die "usage: scripts/setup.sh [tools|check|test]" ;; esac

# Unoptimised enough to be built in minutes; these tools spend their time waiting for rustc.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1

has() { command -v "$1" >/dev/null 2>&1; }

# The version number in the first line that `$@` prints, or nothing.
version_of() { "$@" 2>/dev/null | head -n 1 | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1 || true; }

rust() {
  has cargo || die "cargo is missing: install Rust with rustup (https://rustup.rs)"
  has cc || apt_install "a C compiler" build-essential
  # Without rustup there may still be a suitable toolchain; then the build itself tells.
  has rustup || return 0
  local channel
  channel=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
  if ! rustc --version >/dev/null 2>&1; then
    say "Installing the Rust toolchain $channel (a minute)"
    rustup toolchain install "$channel" --profile minimal --component rustfmt --component clippy ||
      die "the Rust toolchain $channel cannot be installed"
  fi
  local target=wasm32-unknown-unknown
  if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; then
    say "Adding the target $target (seconds)"
    rustup target add "$target" || die "the target $target cannot be installed"
  fi
  local component
  for component in rustfmt clippy; do
    cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 && continue
    say "Adding $component (seconds)"
    rustup component add "$component" || die "$component cannot be installed"
  done
}

# cargo_tool <command> <crate> <version> <minutes>: into cargo's own folder when the tool is missing;
# beside the repository when there is another version, which somebody else may need.
cargo_tool() {
  local command=$1 crate=$2 version=$3 minutes=$4 found
  found=$(version_of "$command" --version)
  [ "$found" = "$version" ] && return 0
  local where=()
  if [ -n "$found" ]; then where=(--root "$ROOT/.tools"); fi
  say "Installing $crate $version${found:+ beside $found} (about $minutes minutes, once)"
  cargo install --locked "$crate" --version "$version" "${where[@]}" ||
    die "$crate $version cannot be installed from crates.io"
  hash -r
  [ "$(version_of "$command" --version)" = "$version" ] || die "$command is not at $version after its installation"
}

# What is installed is what the lock file says: npm ci leaves a stamp that names the file it was run for.
npm_packages() {
  has node && has npm || die "Node.js 20 or later with npm is missing (https://nodejs.org)"
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || die "Node.js 20 or later is needed, this is $(node --version)"
  local stamp=end2end/node_modules/.installed-for wanted_stamp
  wanted_stamp="$(node --version) $(cksum <end2end/package-lock.json)"
  [ "$(cat "$stamp" 2>/dev/null)" = "$wanted_stamp" ] && return 0
  say "Installing the npm packages of end2end (seconds)"
  (cd end2end && npm ci --no-fund --no-audit --loglevel=error) || die "the npm packages of end2end cannot be installed"
  echo "$wanted_stamp" >"$stamp"
  hash -r
  has wasm-opt || die "wasm-opt is missing after npm ci in end2end"
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# apt_install <what for> <package>...: the packages that are absent. Their services are told not to start:
# the tests have their own, and a machine's service is not ours to bring up.
apt_install() {
  local what=$1 missing=() package
  shift
  has apt-get || die "$what is missing, and there is no apt-get to install it from (Debian: $*)"
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    has sudo && sudo -n true 2>/dev/null || die "$what is missing; as root: apt-get install ${missing[*]}"
    root=(sudo -n)
  fi
  say "Installing ${missing[*]} with apt-get (a minute or two)"
  local policy=/usr/sbin/policy-rc.d ours=no log
  log=$(mktemp)
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
    "${root[@]}" chmod 755 "$policy"
    ours=yes
  fi
  local status=0
  {
    if [ -z "${APT_UPDATED:-}" ]; then "${root[@]}" apt-get update -q; fi &&
      "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 || status=$?
  APT_UPDATED=yes
  if [ "$ours" = yes ]; then "${root[@]}" rm -f "$policy"; fi
  if [ "$status" -ne 0 ]; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "apt-get cannot install ${missing[*]}"
  fi
  rm -f "$log"
}

# Into a folder of their own beside the repository, in the versions of the list; again when that changes.
python_tools() {
  local list=tests/schemathesis/requirements.txt folder=$ROOT/.tools/schemathesis
  cmp -s "$list" "$folder/installed.txt" && return 0
  python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install "Python with venv" python3 python3-venv
  say "Installing Schemathesis (half a minute, once)"
  python3 -m venv --clear "$folder" || die "Python cannot make $folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" ||
    die "Schemathesis cannot be installed from PyPI"
  cp "$list" "$folder/installed.txt"
}

test_machinery() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has initdb || apt_install PostgreSQL postgresql
  has psql || apt_install psql postgresql-client
  has redis-server || apt_install Redis redis-server
  has sqlite3 || apt_install sqlite3 sqlite3
  compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || apt_install libfaketime libfaketime
  if [ -z "${E2E_CHROMIUM:-}" ] && [ ! -x /usr/bin/chromium ]; then apt_install Chromium chromium; fi
  python_tools
  # Text without a font has no width, and emoji without one are boxes: layouts are measured in the tests.
  if has dpkg-query; then apt_install fonts fonts-liberation fonts-noto-color-emoji; fi
}

rust
npm_packages
cargo_tool wasm-bindgen wasm-bindgen-cli \
  "$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)" 4
cargo_tool cargo-leptos cargo-leptos "$CARGO_LEPTOS" 10
if [ "$wanted" != tools ]; then cargo_tool cargo-deny cargo-deny "$CARGO_DENY" 3; fi
if [ "$wanted" = test ]; then test_machinery; fi
