# Shortcuts; each is one npm command that works without make.
.DEFAULT_GOAL := help
STREAMLENS = npm run -s streamlens --

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

deps: ## install what the project needs
	npm install

build: deps ## build the program
	npm run -s build

up: deps ## all three roles in one process, no other service
	npm start

test: deps ## all tests that can run on this machine
	npm test

check: deps ## format, lint, types, dead code
	npm run -s check

deploy-tools: deps ## Helm and others, for the tests of deploy/
	scripts/deploy-tools.sh

run-ingestion: ## the ingestion API on Kafka
	$(STREAMLENS) ingestion-api

run-processor: ## the metrics processor on Kafka and Postgres
	$(STREAMLENS) metrics-processor

run-metrics-api: ## the metrics API on Postgres
	$(STREAMLENS) metrics-api

generate-traffic: ## sample traffic; NUM_REQUESTS and BASE_URL as in the original
	$(STREAMLENS) generate-traffic

services-up: deps ## a Kafka and a Postgres of your own, for development
	npm run -s services -- up

services-down: ## stop them
	npm run -s services -- down

docker-up: ## everything in containers: Redpanda, Postgres, the three roles
	docker compose -f deploy/docker-compose.yml up --build --detach --wait

docker-down: ## stop the containers
	docker compose -f deploy/docker-compose.yml down

docker-logs: ## follow their logs
	docker compose -f deploy/docker-compose.yml logs --follow

docker-clean: ## stop them and forget their data
	docker compose -f deploy/docker-compose.yml down --volumes

clean: ## remove what was built, and the embedded data
	rm -rf dist coverage test-results streamlens-data

.PHONY: help deps build up test check deploy-tools run-ingestion run-processor run-metrics-api generate-traffic \
	services-up services-down docker-up docker-down docker-logs docker-clean clean
