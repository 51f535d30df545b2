# Recipes only: the work is in scripts/, so that it can be read, tested and run without make.
.DEFAULT_GOAL := help
.PHONY: help setup build run watch check test test-faults mutations e2e screenshots weight first bench trace fuzz schemathesis hostile

help: ## List the recipes
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Install what is missing, build, and serve http://127.0.0.1:3000 with the demo people
	@exec scripts/run.sh

watch: ## Serve a development build and rebuild it on every change
	@exec scripts/watch.sh

build: ## Build the release: target/release/mosaic and target/site
	@exec scripts/build.sh

check: ## Formatting, lints of both builds, documentation, dependencies: no tests
	@scripts/setup.sh check
	@exec scripts/check.sh

test: ## Everything: check, all Rust tests on private databases, end to end in a browser
	@exec scripts/test.sh

test-faults: ## Everything that can go wrong, the long versions included, and a million simulated schedules
	@exec scripts/faults.sh

hostile: ## A hostile crowd beside ordinary people, and whether the time of a log-in tells who exists
	@exec scripts/hostile.sh

mutations: ## Take out one safeguard of delivery at a time and see its test turn red; ARGS="outbox" picks some
	@exec scripts/mutations.sh $(ARGS)

fuzz: ## Look for inputs that break a check of tests/properties, a minute each; ARGS="frames outbox" picks some
	@exec scripts/fuzz.sh $(ARGS)

schemathesis: ## Thousands of requests made up from the OpenAPI document; SCHEMATHESIS_SEED=7 makes other ones
	@scripts/setup.sh test
	@exec scripts/schemathesis.sh

e2e: ## Build the release and run the browser suite; ARGS="tests/flow.spec.ts --headed" goes to Playwright
	@scripts/setup.sh test
	@scripts/build.sh
	@exec scripts/e2e.sh $(ARGS)

screenshots: ## Build the release and take docs/screenshots anew: each state in light, dark and on a phone
	@scripts/setup.sh test
	@scripts/build.sh
	@exec scripts/screenshots.sh $(ARGS)

weight: ## Build the release and print what the page of matches loads until it reacts, by file and by crate
	@scripts/setup.sh test
	@scripts/build.sh
	@exec scripts/weight.sh

first: ## Make scripts/split/first.txt anew: which functions a first visit runs until the page reacts
	@scripts/setup.sh test
	@exec scripts/first.sh

bench: ## Measure the release beside a floor and a peer in Python; ARGS="latency idle --rounds 5" picks some
	@exec scripts/bench.sh $(ARGS)

trace: ## Build the release and measure a conversation of 10 000 messages in the browser, by the browser's own trace
	@scripts/setup.sh test
	@scripts/build.sh
	@exec scripts/trace.sh $(ARGS)

setup: ## Install what is missing to build and to test, and nothing else
	@exec scripts/setup.sh test
