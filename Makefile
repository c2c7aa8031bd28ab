# `make` alone lists what there is. The work is in scripts/; STACK chooses the system for `make up`.
STACK ?= dual-primary

.DEFAULT_GOAL := help
.PHONY: help up down purge status test bench lint format build api-docs failover-picture campaign clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

up: ## deploy a pair on the local Linode, from a fresh machine on
	@scripts/up.sh $(STACK)

down: ## stop the local Linode; what it stored stays
	@scripts/down.sh

purge: ## stop the local Linode and remove all it stored
	@scripts/down.sh --purge

status: ## ask the nodes how they are
	@scripts/status.sh $(STACK)

test: ## lint, types, unit, golden, host and lab tests (STAGES="unit golden" for some)
	@scripts/test.sh $(STAGES)

bench: ## measure, as a table
	@scripts/bench.sh

campaign: ## the long fault runs (PATTERN=resume for one)
	@scripts/campaign.sh $(PATTERN)

lint: ## eslint, prettier, shellcheck, shfmt
	@scripts/lint.sh

format: ## write what prettier and shfmt want
	@scripts/format.sh

build: ## compile to dist/
	@scripts/build.sh

api-docs: ## write docs/api and the config reference from the sources
	@scripts/apiDocs.sh docs/api
	@scripts/build.sh
	@node scripts/configReference.js

failover-picture: ## draw docs/failover.svg from the outages that were measured
	@scripts/failoverPicture.sh

clean: ## remove what is compiled
	@rm -rf dist coverage
