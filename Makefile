# Two commands do everything on a bare machine that has git, make, gcc and Go:
#   make demo    builds tcpwatch and shows it on a connection that it kills itself
#   make test    runs every test
# Both install what is missing first, as root or through sudo.

GO      ?= go
PREFIX  ?= /usr/local
GROUP   ?= tcpwatch
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 60s
FUZZ    ?= ./...
SOAKTIME ?= 1h
KERNEL  ?= 6.1
need     = ./scripts/need
sudo     = $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: build demo test test-kernel lint bench fuzz soak golden recording screenshots install clean

build:
	@$(need) build
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o tcpwatch ./cmd/tcpwatch

demo: build
	@$(sudo) ./tcpwatch --demo

test:
	@$(need) build test
	$(sudo) env "PATH=$$PATH" "HOME=$$HOME" $(GO) test -count=1 -p 1 -parallel 16 -timeout 14m ./...

# The ways in which another Linux gives up: make test-kernel KERNEL=5.10 (6.1, 6.12).
test-kernel:
	@$(need) build kernel
	./scripts/test-kernel $(KERNEL)

lint:
	@$(need) build
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'lint: gofmt would change these files' >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 ./internal/rules

bench: build
	@$(need) bench
	$(sudo) env "PATH=$$PATH" "HOME=$$HOME" $(GO) run ./internal/bench

fuzz:
	@$(need) build
	./scripts/fuzz $(FUZZTIME) $(FUZZ)

soak:
	@$(need) build
	$(sudo) env "PATH=$$PATH" "HOME=$$HOME" $(GO) run ./internal/soak --for $(SOAKTIME)

golden:
	$(GO) test ./ui -update
	$(GO) test ./track -rewrite

# The demo as it is shown where its hosts can't be made.
recording: build
	$(sudo) ./tcpwatch --demo -w demo.pcapng >/dev/null
	gzip -9nc demo.pcapng >cmd/tcpwatch/demo.pcapng.gz
	rm -f demo.pcapng

screenshots: build
	@$(need) screenshots
	$(sudo) ./scripts/screenshots

install: build
	@$(need) install
	getent group $(GROUP) >/dev/null || $(sudo) groupadd --system $(GROUP)
	$(sudo) install -D -m 0750 -g $(GROUP) tcpwatch $(PREFIX)/bin/tcpwatch
	$(sudo) setcap cap_net_raw+ep $(PREFIX)/bin/tcpwatch

clean:
	rm -f tcpwatch
