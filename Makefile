# Two commands for everyone:  make demo  and  make test.  Each does all its own set-up on Debian 12.
PYTHON ?= /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
LAB_PACKAGES := golang-go golang-github-vmware-govmomi-dev openssl netbase
# Unpacked and not installed, so that no daemon starts on the machine of whoever runs the tests.
ALERT_PACKAGES := nagios4-core nsca nsca-client mrtg smstools prometheus python3-aiosmtpd syslog-ng-core
SENDER_PACKAGES := syslog-ng-core rsyslog-relp rsyslog-gnutls
NETWORK_PACKAGES := nftables iptables
SSH_PACKAGES := dropbear-bin openssh-server openssh-client
GUEST_PACKAGES := ifupdown

.PHONY: demo test coverage check format lock bench-collect bench-logs bench-network clean

demo: $(VENV)/ready          ## an audit of the built-in BELNET estate, live when the lab can be built
	@$(BIN)/python -m lab.demo

test: $(VENV)/ready          ## every test, ending with a table of the real parts that ran
	@packaging/debian $(LAB_PACKAGES) || echo "the tests of the lab will be skipped" >&2
	@packaging/unpack $(ALERT_PACKAGES) || echo "some tests of alerts will be skipped" >&2
	@packaging/unpack $(SENDER_PACKAGES) || echo "some tests of senders will be skipped" >&2
	@packaging/debian iproute2 && packaging/unpack $(NETWORK_PACKAGES) || echo "the tests that ask the kernel will be skipped" >&2
	@packaging/unpack $(SSH_PACKAGES) || echo "the tests of SSH logins will be skipped" >&2
	@packaging/unpack $(GUEST_PACKAGES) || echo "the test of interface files by ifup will be skipped" >&2
	@$(BIN)/python -m pytest

coverage: $(VENV)/ready      ## which lines the tests run
	@$(BIN)/python -m pytest -q --cov --cov-report=term:skip-covered

check: $(VENV)/ready         ## format, lint, types, import contracts, docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q tests/docs

format: $(VENV)/ready        ## what can be mended by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(VENV)/ready          ## the newest versions of everything we depend on, after which every test has to pass
	@$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade --upgrade-strategy eager --editable '.[logs,network]' --group dev
	@$(BIN)/python -m pip freeze --exclude-editable > packaging/constraints.txt

bench-logs: $(VENV)/ready    ## logs against syslog-ng, rsyslog, liblognorm, ripgrep and zgrep, side by side
	@$(BIN)/python -m bench.logs_classify
	@$(BIN)/python -m bench.logs_ingest
	@$(BIN)/python -m bench.logs_udp
	@$(BIN)/python -m bench.logs_search
	@$(BIN)/python -m bench.logs_alert

bench-network: $(VENV)/ready  ## rule sets against decision diagrams and aerleon, side by side
	@$(BIN)/python -m bench.network --large

bench-collect: $(VENV)/ready ## collection against a Go client and pyVmomi, side by side
	@packaging/debian $(LAB_PACKAGES)
	@$(BIN)/python -m bench.collect

$(VENV)/ready: pyproject.toml packaging/constraints.txt
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || packaging/debian python3-venv
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --editable '.[logs,network]' --group dev \
		--constraint packaging/constraints.txt
	@touch $@

clean:
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .coverage
