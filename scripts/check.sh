#!/usr/bin/env bash
# One static check by name, or all that need no network: fmt, lint-server, lint-browser, docs, deny.
# advisories: known faults of the dependencies, by RustSec's database, which is fetched.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

fmt() { cargo fmt --check; }
lint-server() { cargo clippy --locked --features ssr --all-targets -- -D warnings; }
lint-browser() { cargo clippy --locked --features hydrate --lib --target wasm32-unknown-unknown -- -D warnings; }
deny() { cargo deny --locked check licenses bans sources; }
advisories() { cargo deny --locked check advisories; }
docs() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --features ssr; }

if [ $# -eq 0 ]; then set -- fmt lint-server lint-browser docs deny; fi
for check in "$@"; do
  case $check in
    fmt | lint-server | lint-browser | docs | deny | advisories) say "$check" && "$check" ;;
    *) die "no such check: $check (fmt, lint-server, lint-browser, docs, deny, advisories)" ;;
  esac
done
