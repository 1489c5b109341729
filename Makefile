# probate: make, make check, make demo, make bench, make install.  V=1 shows the commands.
#
#   make                 build/probate (missing build packages are named; `make deps` installs them)
#   make demo            from nothing to an explained leaked port, in seconds
#   make check           installs what the tests need, builds, runs every test
#   make SAN=1 check     the same under the address and undefined-behaviour sanitizers
#   make tsan            the daemons for a minute under the thread sanitizer, built in build/tsan
#   make tidy            clang-tidy over user/, by .clang-tidy
#   make fuzz            fuzz what reads bytes of others, FUZZ_SECONDS=600 each
#   make bench           ratios against ss and lsof, and the cost to traced programs
#   make vmlinux-header  vmlinux/vmlinux.h anew, from this kernel's types
#   make deps            installs what a build needs
#   make install DESTDIR= PREFIX=/usr/local

VERSION := 0.1.0
VMLINUX := vmlinux
PREFIX ?= /usr/local
DESTDIR ?=
SHELL := /bin/bash

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
PKG_CONFIG ?= pkg-config
# Debian has bpftool in sbin; Ubuntu hides a real one behind a wrapper that wants its own kernel.
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/lib/linux-tools/*/bpftool /usr/local/sbin/bpftool) bpftool)

ifeq ($(SAN),1)
B := build/san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT := -O1
else ifeq ($(TSAN),1)
B := build/tsan
SANFLAGS := -fsanitize=thread -fno-omit-frame-pointer
OPT := -O1
else
B := build
OPT := -O2
endif

ifneq ($(V),1)
Q := @
say = @printf '  %-8s %s\n' '$(1)' '$(2)'
endif

libs := libbpf libelf zlib
# Without zstd recordings are written unpacked, and packed ones cannot be read.
ifeq ($(shell $(PKG_CONFIG) --exists libzstd 2>/dev/null && echo yes),yes)
libs += libzstd
features += -DHAVE_ZSTD
else
left_out += echo 'probate: libzstd was not found (libzstd-dev): built so that recordings are not packed';
endif
# The exporter is there as a whole or not at all.
serve_libs := libmicrohttpd gnutls yaml-0.1 libcrypt libseccomp libcap
ifeq ($(shell $(PKG_CONFIG) --exists $(serve_libs) 2>/dev/null && echo yes),yes)
libs += $(serve_libs)
features += -DHAVE_SERVE
else
left_out += echo 'probate: of $(serve_libs) some were not found (libmicrohttpd-dev libgnutls28-dev libyaml-dev libcrypt-dev libseccomp-dev libcap-dev): built without `serve`';
no_serve_c := $(filter-out user/serve/view_serve.c,$(wildcard user/serve/*.c user/web/*.c))
no_serve := test_landing test_rights test_state test_web web_driver fuzz_web
endif
# A room a folder.
rooms := $(patsubst %/,%,$(wildcard user/*/*/ user/*/))
vpath %.css $(rooms)
made_headers = $(bpf_objs:%=build/%.skel.h) $(patsubst %,build/%.h,$(notdir $(wildcard user/*/*.css)))
CFLAGS ?= $(OPT) -g
all_cflags = -std=gnu17 -D_GNU_SOURCE -Wall -Wextra $(WERROR) $(CFLAGS) $(SANFLAGS) -Ibpf $(rooms:%=-I%) -Ibuild \
	-DPROBATE_VERSION='"$(VERSION)"' $(features) $(shell $(PKG_CONFIG) --cflags $(libs) 2>/dev/null)
ldlibs = $(shell $(PKG_CONFIG) --libs $(libs) 2>/dev/null) -lpthread

arch := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/; s/ppc64le/powerpc/; s/riscv64/riscv/')
bpf_cflags = -g -O2 -target bpf -mcpu=v3 -D__BPF__ -D__TARGET_ARCH_$(arch) -Wall -Wextra -Wno-unused-parameter $(WERROR) \
	-Ibpf -I$(VMLINUX) $(shell $(PKG_CONFIG) --cflags libbpf 2>/dev/null)

bpf_objs := live scan scan_keep
user_c := $(filter-out $(no_serve_c),$(wildcard user/*.c user/*/*.c user/*/*/*.c))
user_objs := $(user_c:%.c=$B/%.o)
lib_objs := $(filter-out $B/user/main.o,$(user_objs))
unit_bins := $(patsubst %,$B/tests/%,$(filter-out $(no_serve),$(basename $(notdir $(wildcard tests/units/test_*.c)))))
tools := $(patsubst %,$B/tests/%,scene work tiny gen holders crowd calls tape asker slip.so $(filter-out $(no_serve),web_driver))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help vmlinux-header deps demo check tsan tidy fuzz fuzzers bench install clean tests

# What is left out is said of what was built, not of what `make check` is about to install.
all: $B/probate
	$(if $(left_out),@$(left_out))

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

deps:
	$(Q).ci/deps build

# ---- the kernel side: one object of the live hooks, and small ones for scans, so that they load fast

build/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(bpf_cflags) -MMD -MP -c $< -o $@

# bpftool's linker drops the debug information and keeps the BTF.
build/%.bpf.o: build/bpf/%.bpf.o
	$(Q)$(BPFTOOL) gen object $@ $<

build/%.skel.h: build/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# The header in the tree is made from the kernel's BTF when bpf/ uses something new of it.
build/vmlinux.h: /sys/kernel/btf/vmlinux
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) btf dump file $< format c > $@

vmlinux-header: build/vmlinux.h
	$(Q)$(MAKE) --no-print-directory -B VMLINUX=build $(bpf_objs:%=build/%.bpf.o)
	$(Q)BPFTOOL=$(BPFTOOL) vmlinux/reduce > build/vmlinux.min.h
	$(Q)cp build/vmlinux.min.h vmlinux/vmlinux.h

# ---- user space -----------------------------------------------------------------------------

# A style sheet as a string: NAME.css becomes NAME_css[].
build/%.css.h: %.css
	$(call say,CSS,$@)
	$(Q)mkdir -p $(@D)
	$(Q){ echo 'static const char $*_css[] ='; sed '/^\/\*.*\*\/$$/d; s/^\t*//; s/[\\"]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } > $@

$B/user/model/%.o $B/user/verdict/%.o $B/fuzz/user/model/%.o $B/fuzz/user/verdict/%.o: pure := -include user/base/pure.h
$B/user/%.o: user/%.c | $(made_headers)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(all_cflags) $(pure) -MMD -MP -c $< -o $@

$B/probate: $(user_objs)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(ldlibs)

# ---- tests ----------------------------------------------------------------------------------

$B/tests/test_%: tests/units/test_%.c $(lib_objs)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(all_cflags) -Itests/units -MMD -MP -o $@ $< $(lib_objs) $(ldlibs) -lcmocka

$B/tests/scene: $(wildcard tests/scenes/*.c tests/scenes/*.h)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O1 -g -Wall -Wextra $(WERROR) -o $@ $(filter %.c,$^) -lpthread

$B/tests/work: tests/bench/work.c
$B/tests/gen: tests/load/gen.c
$B/tests/holders: tests/load/holders.c
$B/tests/crowd: tests/load/crowd.c
$B/tests/calls: tests/scenes/calls/calls.c
$B/tests/forgetful: tests/demo/forgetful.c
$B/tests/work $B/tests/gen $B/tests/holders $B/tests/crowd $B/tests/calls $B/tests/forgetful:
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra $(WERROR) -o $@ $< -lpthread

# Into programs of others: never with a sanitizer.
$B/tests/slip.so: tests/scenes/slip/slip.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -fPIC -shared -Wall -Wextra $(WERROR) -o $@ $<

$B/tests/tiny: tests/bench/tiny.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -static -o $@ $<

$B/tests/tape: tests/bench/tape.c $(lib_objs)
$B/tests/web_driver: tests/serve/web_driver.c $(lib_objs)
$B/tests/asker: tests/scenes/asker/asker.c $(lib_objs)
$B/tests/tape $B/tests/asker $B/tests/web_driver:
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(all_cflags) -MMD -MP -o $@ $< $(lib_objs) $(ldlibs)

tests: $(unit_bins) $(tools)

# ---- fuzzing: what reads bytes of others, compiled by clang for its libFuzzer -----------------

# clang also minds NULL + 0, which gcc does not and no machine does.
fuzz_flags := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	-fno-sanitize=pointer-overflow -fno-sanitize-coverage=trace-cmp
fuzz_cflags = -std=gnu17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer $(fuzz_flags) -Ibpf -Ibuild $(rooms:%=-I%) \
	-DPROBATE_VERSION='"$(VERSION)"' $(features) $(shell $(PKG_CONFIG) --cflags $(libs) 2>/dev/null)
# Not what talks to a kernel, writes recordings or is the program around a command.
fuzz_skip := main live% scan scan_keep scan_load scan_netns scan_prove scan_unix ring diag child choose doctor% selftest smallbtf procfs% pipe% \
	rec_write rec_file rec_open record history usage options commands view_doctor view_record
fuzz_lib := $(patsubst %.c,$B/fuzz/%.o,$(foreach c,$(user_c),$(if $(filter $(fuzz_skip),$(basename $(notdir $c))),,$c)))
fuzz_parts := $(patsubst tests/fuzz/%.c,$B/fuzz/%.o,$(filter-out tests/fuzz/fuzz_%.c,$(wildcard tests/fuzz/*.c)))
fuzzers := $(patsubst %,$B/fuzz/%,$(filter-out $(no_serve),$(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))))

$B/fuzz/user/%.o: user/%.c | $(made_headers)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(fuzz_cflags) $(pure) -MMD -MP -c $< -o $@

$B/fuzz/%.o: tests/fuzz/%.c
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(fuzz_cflags) -Wall -Wextra $(WERROR) -MMD -MP -c $< -o $@

$B/fuzz/lib.a: $(fuzz_lib)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$B/fuzz/fuzz_%: $B/fuzz/fuzz_%.o $(fuzz_parts) $B/fuzz/lib.a
	$(call say,LINK,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(ldlibs)

# Nothing where clang comes without libFuzzer; tests/run.py says so.
fuzzers:
	$(Q)! $(MAKE) --no-print-directory -s fuzz-works 2>/dev/null || $(MAKE) --no-print-directory $(fuzzers)

.PHONY: fuzz-works
fuzz-works:
	$(Q)mkdir -p $B
	$(Q)echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
		$(CLANG) -x c - -fsanitize=fuzzer,address,undefined -o $B/fuzz-works 2>/dev/null

FUZZ_SECONDS ?= 600
fuzz:
	$(Q).ci/deps build test
	$(Q)$(MAKE) --no-print-directory -j2 $(fuzzers)
	$(Q)/usr/bin/python3 tests/run.py $B --fuzz $(FUZZ_SECONDS)

demo:
	$(Q).ci/deps build
	$(Q)$(MAKE) --no-print-directory -j2 all $B/tests/forgetful
	$(Q)tests/demo/demo.sh $B/probate $B/tests/forgetful

check:
	$(Q).ci/deps build test
	$(Q)$(MAKE) --no-print-directory -j2 all tests fuzzers
	$(Q)/usr/bin/python3 tests/run.py $B

tsan:
	$(Q).ci/deps build test
	$(Q)$(MAKE) --no-print-directory -j2 TSAN=1 all
	$(Q)PROBATE=build/tsan/probate TOOLS=build/tsan/tests TSAN_OPTIONS=exitcode=66 PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 -m pytest -c tests/pytest.ini -q -p no:cacheprovider tests/serve/test_threads.py

# Headers and sources of user/; the kernel side is clang's in any case.
tidy:
	$(Q).ci/deps build tidy
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)printf '%s\n' $(user_c) | xargs -P 2 -n 8 clang-tidy --quiet --warnings-as-errors='*' -- $(all_cflags)

bench:
	$(Q).ci/deps build bench
	$(Q)$(MAKE) --no-print-directory -j2 all tests
	$(Q)PROBATE=$B/probate TOOLS=$B/tests /usr/bin/python3 tests/bench/bench.py

install: all
	install -D -m 755 $B/probate $(DESTDIR)$(PREFIX)/bin/probate
	install -D -m 644 contrib/probate.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/probate
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system contrib/probate-{record,serve}.service contrib/probate-serve.socket
	install -D -m 644 contrib/probate.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/probate.conf
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/probate contrib/{alerts,kubernetes}.yaml contrib/grafana.json
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 contrib/probate.8
	cd $(DESTDIR)$(PREFIX) && sed -i 's|/usr/local/|$(PREFIX)/|g' share/man/man8/probate.8 \
		share/probate/kubernetes.yaml lib/systemd/system/probate-{record,serve}.service

clean:
	rm -rf build

# What a build of before says of files that have moved.
user/%.h: ;

-include $(user_objs:.o=.d) $(fuzz_lib:.o=.d) $(wildcard build/bpf/*.d $B/tests/*.d $B/fuzz/*.d)
