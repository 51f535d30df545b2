#!/usr/bin/env bash
# One static check by name, or all of them: fmt, lint-server, lint-browser, docs.
set -euo pipefail
# shellcheck source=scripts/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

fmt() { cargo fmt --check; }
lint-server() { cargo clippy --locked --features ssr --all-targets -- -D warnings; }
lint-browser() { cargo clippy --locked --features hydrate --lib --target wasm32-unknown-unknown -- -D warnings; }
docs() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --features ssr; }

if [ $# -eq 0 ]; then set -- fmt lint-server lint-browser docs; fi
for check in "$@"; do
  case $check in
    fmt | lint-server | lint-browser | docs) say "$check" && "$check" ;;
    *) die "no such check: $check (fmt, lint-server, lint-browser, docs)" ;;
  esac
done
