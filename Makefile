# make run    builds everything and starts Carpel with made-up data
# make test   passes every test; installs what is missing (Debian, as root)
# make help   the rest

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME ?= 3s
KILLS ?= 100
SEEDS ?= 10000
SCALE ?= 1
ONLY ?=
LISTEN ?= 127.0.0.1:8080
BENCH ?=
LOAD ?=

# Packages whose tests run under the race detector: those that share memory between goroutines.
RACE := ./internal/ingest/... ./internal/compat/... ./internal/engine/stripes/... ./internal/server/... ./internal/api/... ./internal/imports/... ./internal/records/... \
	./internal/campaign/... ./internal/delivery/... ./internal/tracking/... ./internal/hooks/... ./internal/places/... ./internal/outbound/... ./internal/render/...

# One way of compiling for everything but the race detector, which needs C.
export CGO_ENABLED = 0

E2E ?=

.PHONY: help build console run test test-go test-race test-web test-console pictures test-sdk test-long test-bench simulate crash fuzz torture planted bench bench-load bench-go lint format vet vulncheck tools clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

build: web/dist/console/index.html.gz ## build bin/carpel, the console within
	go build -ldflags '-X main.version=$(VERSION)' -o bin/carpel ./cmd/carpel

console: web/dist/console/index.html.gz ## build the console alone, into web/dist

# The console's client is made from the server's own OpenAPI document.
WEB := web/index.html web/package.json web/vite.config.ts web/tsconfig.json $(shell find web/src web/public web/scripts -type f -not -name schema.d.ts)
API := $(shell find internal/api internal/cli/openapi.go -name '*.go' -not -name '*_test.go') $(wildcard *.go)

web/dist/console/index.html.gz: web/node_modules/.installed web/src/api/schema.d.ts $(WEB)
	cd web && npm run build

web/src/api/schema.d.ts: web/node_modules/.installed $(API)
	go run ./cmd/carpel openapi > web/openapi.json
	cd web && npm run generate

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	touch $@

run: build ## build, and start with made-up data
	bin/carpel demo --listen $(LISTEN)

test: tools format vet test-web test-go test-race test-sdk test-console ## every test, in about twenty minutes on two cores
	@echo "all tests passed"

test-go: ## Go tests, with ten kills of the real server
	go test -timeout 9m $$(go list ./... | grep -v /test/crash)
	go test -timeout 9m ./test/crash -count=1 -v -kills 10

test-race: ## Go tests of what runs concurrently, under the race detector
	CGO_ENABLED=1 go test -race -short -timeout 9m $$(go list $(RACE) | grep -v 'engine/stripes$$')
	CGO_ENABLED=1 go test -race -short -timeout 9m ./internal/engine/stripes -enginetest.comparisons 5000 -enginetest.variants 20

test-web: web/src/api/schema.d.ts ## the console's own rules: formatting, types, unit tests
	cd web && npm run check && npm test

test-console: build ## the console in Chromium, in front of the real server (E2E="segments -g builder")
	cd web && npx playwright test $(E2E)

pictures: build ## the pictures of docs/guide, anew
	cd web && PICTURES=1 npx playwright test pictures

test-sdk: build test/sdk/node_modules/.installed ## the official SDKs, in Node and in Chromium
	cd test/sdk && npm test

test-long: ## a million random comparisons with the naive evaluator
	go test -timeout 60m -count=1 -v ./internal/engine/stripes -run TestRandomInMemory -enginetest.comparisons 1000000

simulate: ## ten thousand made-up months of campaigns, with crashes (SEEDS=n)
	go test -timeout 60m ./internal/campaign -count=1 -v -run TestSimulation -campaign.seeds $(SEEDS)

crash: ## a hundred kills of the real server under load (KILLS=n)
	go test -timeout 60m ./test/crash -count=1 -v -kills $(KILLS)

# Without mutation the fuzz tests run over their seeds in test-go: what passes once passes again.
fuzz: ## every fuzz test with new inputs for a while (FUZZTIME=3s, or FUZZTIME=1000000x)
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' --exclude-dir=node_modules . | xargs -r -n1 dirname | sort -u); do \
		for f in $$(go test -list '^Fuzz' $$dir | grep '^Fuzz'); do \
			echo "fuzz $$dir $$f"; \
			go test $$dir -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x; \
		done; \
	done

torture: ## everything that tries to lose something, in its long form, and one table of what was lost (SCALE=0.01, ONLY='fuzz|kill')
	go run ./test/torture -scale $(SCALE) -only '$(ONLY)' -o torture.json -md torture.md

planted: ## known bugs, planted one by one in a copy of the tree: the tests must catch each (ONLY=name)
	go run ./test/planted -only '$(ONLY)'

bench: ## Carpel beside ClickHouse, DuckDB and PostgreSQL over the same data: docs/performance.md (BENCH="-people 200000 -events 4000000")
	@missing=""; \
	command -v gcc >/dev/null || missing="$$missing gcc g++ libc6-dev"; \
	test -x /usr/sbin/clickhouse-server || command -v clickhouse-server >/dev/null || missing="$$missing clickhouse-server"; \
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$$missing postgresql postgresql-contrib"; \
	if [ -n "$$missing" ]; then \
		echo "installing$$missing"; \
		apt-get update -qq; \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	cd bench && go run . $(BENCH)

bench-load: build ## the real server under traffic with 200 live segments (LOAD="-rate 5000")
	cd bench && go run . load $(LOAD)

bench-go: ## every Go benchmark
	go test -run '^$$' -bench . -benchmem ./...

test-bench: ## tests of the comparison, which is a module of its own
	cd bench && go vet ./... && go test -timeout 9m ./...

lint: format vet ## formatting, go vet, staticcheck
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

format: ## fails on a file that gofmt would change
	@unformatted=$$(find . -name '*.go' -not -path '*/node_modules/*' -print0 | xargs -0 gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi

vet: ## go vet
	go vet ./...

vulncheck: ## known vulnerabilities in what we use (needs the Go vulnerability database)
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

# What the tests need beside Go and Node: a C compiler for the race detector, Chromium for the browser's SDK, and
# a mail server and a verifier of DKIM that share no code with ours.
tools: ## install what the tests need and is missing (Debian, as root)
	@missing=""; \
	command -v gcc >/dev/null || missing="$$missing gcc libc6-dev"; \
	test -x "$${CHROMIUM:-/usr/bin/chromium}" || missing="$$missing chromium"; \
	/usr/bin/python3 -c 'import aiosmtpd, dkim, nacl' 2>/dev/null || missing="$$missing python3-aiosmtpd python3-dkim python3-nacl"; \
	if [ -n "$$missing" ]; then \
		echo "installing$$missing"; \
		apt-get update -qq; \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

test/sdk/node_modules/.installed: test/sdk/package.json test/sdk/package-lock.json
	cd test/sdk && npm ci --no-audit --no-fund
	touch $@

clean: ## remove what was built
	rm -rf bin test/sdk/node_modules web/node_modules web/dist/console web/test-results torture.json torture.md
