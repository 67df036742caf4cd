# Everything here needs Go, make, git, bash and a module registry, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
# As the bench's programs are built, so that the tests share the packages of both.
export CGO_ENABLED ?= 0
.DEFAULT_GOAL := help

# Modules of their own whose tests and tidiness count. The modules under
# test/cluster only pin what is built from them and have no tests.
NESTED := api/gen test/argocd test/monitoring
# What `make generate` writes.
GENERATED := 'api/v1alpha1/zz_generated.*' kustomize/crd 'test/simulator/internal/model/zz_generated.*' api/gen/REPORT.md kustomize/components/argocd kustomize/components/flux 'examples/own-kind/v1alpha1/zz_generated.*' examples/own-kind/install/crd
# Packages with goroutines of their own.
CONCURRENT := ./controller/... ./test/simulator/...
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
TEST_FLAGS ?=
# How long one package's tests may take: a machine with a load of 50 needs ten times as long
# as an idle one.
TIMEOUT ?= 90m

TOOL := go tool -modfile=.ci/tools/go.mod

##@ Use

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: preflight ## Push, train, serve, break and revert on the embedded default; check every step.
	go run ./test/demo

.PHONY: playground
playground: preflight ## Start the same and leave it running, to push to.
	go run ./test/demo --playground

.PHONY: build
build: ## Build the controller into bin/.
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/sagemaker-gitops ./cmd/sagemaker-gitops

.PHONY: image
image: ## Build the controller's image with Docker, as IMAGE=<registry>/sagemaker-gitops:<version>.
	docker build --build-arg VERSION=$(VERSION) --build-arg PACKAGE=$(or $(PACKAGE),./cmd/sagemaker-gitops) --tag $(or $(IMAGE),sagemaker-gitops:$(VERSION)) .

.PHONY: manifests
manifests: ## Print what kustomize/default installs.
	@$(TOOL) kustomize build kustomize/default

##@ Test

.PHONY: test
test: preflight binaries ## Run every test, on a real API server, real Flux and real Argo CD.
	go test -count=1 -timeout $(TIMEOUT) $(TEST_FLAGS) ./...
	@for module in $(NESTED); do echo "go test ./... # in $$module"; (cd $$module && go test -count=1 -timeout $(TIMEOUT) $(TEST_FLAGS) ./...); done

.PHONY: test-long
test-long: preflight binaries ## Run the loop's short tests 50 times, and objects at rest against 20 seeds of the simulated AWS.
	go test -count=1 -timeout 2h $(TEST_FLAGS) ./test/loop -run 'AtRest$$' -seeds 20
	go test -count=50 -short -timeout 12h $(TEST_FLAGS) ./test/loop

.PHONY: test-unit
test-unit: ## Run the tests that need no API server.
	go test -count=1 $(TEST_FLAGS) $$(.ci/unit-packages ./...)

.PHONY: test-race
test-race: ## Run the concurrent packages' tests that need no API server under the race detector.
	@.ci/race $(CONCURRENT)

.PHONY: e2e
e2e: preflight binaries ## Push to real Flux and real Argo CD, and print what holds under which.
	go test -count=1 -v -timeout $(TIMEOUT) $(TEST_FLAGS) ./test/e2e

.PHONY: cover
cover: ## Measure the coverage of the tests that need no API server.
	@mkdir -p bin
	go test -count=1 -coverprofile=bin/cover.out $$(.ci/unit-packages ./...)
	@go tool cover -func=bin/cover.out | tail -n 1

.PHONY: bench
bench: ## Run the benchmarks.
	go test -run '^$$' -bench . -benchmem $$(.ci/unit-packages ./...)

.PHONY: binaries
binaries: ## Build etcd, the API server, the Flux controllers and Argo CD, once.
	go run ./test/cluster/cmd/bench-binaries

##@ Change

.PHONY: generate
generate: ## Generate API types, CRDs, the simulator's model, and health for Argo CD and Flux.
	cd api/gen && go run .
	go run ./health/script/gen kustomize/components

.PHONY: fmt
fmt: ## Format the code as `make lint` wants it.
	$(TOOL) golangci-lint fmt

.PHONY: vet
vet: ## Run go vet.
	go vet ./...
	@for module in $(NESTED); do (cd $$module && go vet ./...); done

.PHONY: lint
lint: ## Lint, layering included.
	$(TOOL) golangci-lint run
	@for module in $(NESTED); do echo "golangci-lint run # in $$module"; linter=$$($(TOOL) -n golangci-lint); (cd $$module && $$linter run); done

.PHONY: tidy
tidy: ## Tidy the go.mod files.
	@for module in . $(NESTED) .ci/tools; do echo "go mod tidy # in $$module"; (cd $$module && go mod tidy); done

.PHONY: verify
verify: verify-generated verify-tidy vet lint ## Check that generated files are fresh, modules tidy and the code clean.

.PHONY: verify-generated
verify-generated: generate ## Generate and check that nothing changed.
	@stale=$$(git status --porcelain --untracked-files=all -- $(GENERATED)); \
	if [ -n "$$stale" ]; then git --no-pager diff --stat -- $(GENERATED); echo "generated files are stale, commit the result of make generate:"; echo "$$stale"; exit 1; fi

.PHONY: verify-tidy
verify-tidy: ## Check that the go.mod files are tidy.
	@for module in . $(NESTED) .ci/tools; do echo "go mod tidy -diff # in $$module"; (cd $$module && go mod tidy -diff); done

.PHONY: preflight
preflight: ## Check that the machine has what is needed.
	@.ci/preflight

.PHONY: clean
clean: ## Remove bin/. The bench's binaries stay in the user's cache directory.
	rm -rf bin
