# SSO Tray's commands; `make` alone lists them. Each does its own set-up in .venv and .tools.
#
#   make test ARGS='-k adoption'      hands ARGS to pytest
#   make demo PYTHON=/opt/bin/python3.12

PYTHON ?=
ARGS ?=
DESKTOP ?=
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet

# The newest AWS CLI v2 the tests run against: AWS's own bundle inside a PyPI package.
AWS_CLI_ASSET := 2.0.198
AWS_CLI_STAMP := .tools/awscli/.asset-$(AWS_CLI_ASSET)

# And the AWS SDK for JavaScript v3, and axe, which looks at the accounts page, from npm.
JS_SSO := 3.973.28
JS_STS := 3.1169.0
JS_AXE := 4.14.1
JS_STAMP := .tools/js/.sdk-$(JS_SSO)-$(JS_STS)-axe-$(JS_AXE)-node22

# What the packages are built with.
PACK := .tools/packaging/bin/python

# What giving credentials is measured against, in an environment of its own.
AWS_SSO_UTIL := aws-sso-util>=4.33,<5
AWS_SSO_UTIL_STAMP := .tools/aws-sso-util/.installed

# One more than there are cores, since many tests wait; more than four only fight for the machine.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); \
  if [ "$$n" -gt 3 ]; then echo 4; else echo "$$((n + 1))"; fi)

.DEFAULT_GOAL := help
.PHONY: help demo test test-core check format bench pictures soak clients recipes keyrings windows clean components \
  wheel frozen deb rpm package-test desktops constraints

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv/.ready ## Try SSO Tray against an embedded Identity Center; needs no AWS account
	@.venv/bin/sso-tray demo $(ARGS)

test: .venv/.test components $(AWS_CLI_STAMP) $(JS_STAMP) ## Run all tests
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

test-core: .venv/.test ## Run the tests of the rules and of the architecture; needs only .venv
	$(PY) -m pytest tests/core tests/test_architecture.py tests/test_citations.py tests/faults/test_accounted.py $(ARGS)

check: .venv/.check ## Check format, lint and types
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

format: .venv/.check ## Format the code and fix what the linter can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: .venv/.test components $(AWS_CLI_STAMP) $(AWS_SSO_UTIL_STAMP) frozen ## Print the performance table
	@tests/install-components bench
	@$(PY) -m tests.benchmarks $(ARGS)

soak: .venv/.test components ## Kill, forge, attack, mutate and simulate for minutes; before a release
	$(PY) -m pytest -n $(WORKERS) --dist worksteal -o python_files='soak_*.py' tests/soak tests/adversary $(ARGS)

clients: .venv/.test components $(AWS_CLI_STAMP) $(JS_STAMP) ## Lead every AWS client through a session's life; prints the matrix
	@$(PY) -m tests.clients.matrix $(ARGS)

recipes: .venv/.test components $(AWS_CLI_STAMP) .tools/recipes/.installed ## Run the guide's recipes with the tools they name
	@$(PY) -m tests.recipes $(ARGS)

.tools/recipes/.installed: tests/recipes/install-tools | .venv/.test
	@tests/recipes/install-tools

keyrings: .venv/.test components ## Live a day with GNOME Keyring, KWallet and KeePassXC each; prints the table
	@$(PY) -m tests.keyrings $(ARGS)

WINDOWS_PYTHONS ?= 3.13

windows: .venv/.test ## Run it on Windows' own Python, under Wine; minutes
	@for version in $(WINDOWS_PYTHONS); do \
	  tests/windows/make-lab .tools/windows "$$version" && \
	  $(PY) -m tests.windows .tools/windows "$$version" $(ARGS) || exit 1; done

wheel: .tools/packaging/.ready ## Build the wheel and the source distribution, in dist
	$(PACK) packaging/build.py wheel

frozen: wheel ## Build the program that needs no Python, in build/frozen
	$(PACK) packaging/build.py frozen

deb: frozen ## Build the Debian package, in dist
	$(PACK) packaging/build.py deb

rpm: frozen ## Build the RPM package, never tried on Fedora or SUSE, in dist
	$(PACK) packaging/build.py rpm

package-test: deb components $(AWS_CLI_STAMP) ## Build, install, run, upgrade and remove the packages
	@packaging/install-components
	@PACK=$(PACK) $(PY) -m tests.packages $(ARGS)

desktops: .venv/.test wheel components ## Try real desktops in chroots, all or DESKTOP=kde, and print a table
	@packaging/install-components
	@$(PY) -m tests.desktops $(DESKTOP) $(ARGS)

constraints: ## Take the newest versions the packages may be built from
	rm -rf .tools/packaging
	@mkdir -p .tools; cp packaging/constraints.txt .tools/constraints.before; : >packaging/constraints.txt
	@$(MAKE) --no-print-directory frozen && $(PACK) packaging/build.py constraints || \
	  { cp .tools/constraints.before packaging/constraints.txt; exit 1; }

pictures: .venv/.test components ## Take the README's pictures anew
	@$(PY) -m tests.pictures
	@$(PY) -m tests.page.page_pictures

clean: ## Remove everything that was built, downloaded or cached
	rm -rf .venv .tools build dist artifacts .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find tray tests -name __pycache__ -type d -prune -exec rm -rf {} +

.tools/packaging/.ready: packaging/make-environment packaging/constraints.txt | .venv/.ready
	@packaging/make-environment .tools/packaging
	@touch $@

components:
	@tests/install-components

# A Python without ensurepip (Debian's, until its -venv package is there) cannot make a .venv, so
# one that can is preferred; failing that the package is installed, or named to who may install it.
.venv/.ready: pyproject.toml
	@found=''; able=''; \
	for candidate in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	  "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found=$${found:-$$candidate}; \
	  if "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; then able=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'SSO Tray needs Python 3.11 or newer: install it, or name it: make PYTHON=/path/to/python3.11' >&2; \
	  exit 1; \
	fi; \
	if [ -z "$$able" ]; then \
	  able=$$found; \
	  package=$$("$$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    packaging/apt update -qq && packaging/apt install -y -qq "$$package"; \
	  else \
	    echo "$$found cannot make a virtual environment yet: sudo apt-get install $$package" >&2; exit 1; \
	  fi; \
	fi; \
	echo "Setting up .venv with $$found (a minute or so, only this once)"; \
	"$$able" -m venv --clear .venv
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install -e .
	@touch $@

.venv/.test: .venv/.ready
	@echo 'Installing the test tools into .venv'
	@$(PIP) install --group test
	@touch $@

.venv/.check: .venv/.test
	@echo 'Installing the linter and the type checker into .venv'
	@$(PIP) install --group check
	@touch $@

$(AWS_CLI_STAMP): | .venv/.test
	@$(PY) tests/install_aws_cli.py aws-cdk-asset-awscli-v2==$(AWS_CLI_ASSET) .tools/awscli
	@touch $@

$(AWS_SSO_UTIL_STAMP): | .venv/.test
	@echo 'Installing aws-sso-util, to be measured against'
	@$(PY) -m venv --clear .tools/aws-sso-util
	@.tools/aws-sso-util/bin/python -m pip --disable-pip-version-check --quiet install '$(AWS_SSO_UTIL)' \
	  && touch $@ || echo 'It cannot be had; its rows are left out.'

$(JS_STAMP): | .venv/.test
	@$(PY) tests/install_js_sdk.py .tools/js \
	  @aws-sdk/credential-provider-sso@$(JS_SSO) @aws-sdk/client-sts@$(JS_STS) axe-core@$(JS_AXE)
	@touch $@
