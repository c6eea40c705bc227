# make            build/easfs and build/easd
# make check      every unit test
# make asan       the same under AddressSanitizer and UndefinedBehaviorSanitizer
# make fuzz       the fuzz targets, FUZZ_SECONDS each (clang)
# make soak       SOAK_CHANGES random changes on the server, every kind of fault; SOAK_SEED repeats one
# make crash      death at every step of sync and upload, and every answer lost, in every scenario
# make bench      the figures of the README, as ratios in one run
# make man        the manual pages, below build/man
# make install    DESTDIR= PREFIX= SBINDIR= (where mount looks for its helpers)
# Another tree of objects: make BUILD=dir. Extra flags: make EXTRA=-O0.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/user
SBINDIR ?= /sbin
BUILD ?= build
CC ?= cc
PKG_CONFIG ?= pkg-config
FUZZ_SECONDS ?= 30
VERSION := 0.1.0

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-missing-field-initializers
HARD := -fstack-protector-strong -fPIE
LINKHARD := -pie -Wl,-z,relro,-z,now
ifdef SAN
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
HARD += -D_FORTIFY_SOURCE=2
endif

pc = $(shell $(PKG_CONFIG) $(1) $(2))
CODEC_PC := glib-2.0 gmime-3.0 libical expat jansson
CACHE_PC := $(CODEC_PC) libcurl libpsl libcares openssl sqlite3
FS_PC := $(CACHE_PC) fuse3 libsecret-1
EASD_PC := glib-2.0 libmicrohttpd libical gmime-3.0 jansson zlib
TEST_PC := $(FS_PC) cmocka zlib

BASE := -std=gnu17 -g -O2 -pthread -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DEASFS_VERSION='"$(VERSION)"' \
	$(WARN) $(HARD) $(SAN_FLAGS) $(EXTRA)
LINK = $(CC) $(SAN_FLAGS) $(LINKHARD) -pthread

CODEC_SRC := $(wildcard codec/*.c codec/*/*.c)
CACHE_SRC := $(wildcard cache/*.c cache/*/*.c)
FS_SRC := $(wildcard fs/*.c fs/*/*.c)
EASD_SRC := $(wildcard contrib/easd/*.c)
# All that the demo server shares with the client: bytes to tags and back.
EASD_SHARED := codec/wire/tags.c codec/wire/wbxml_reader.c codec/wire/wbxml_writer.c codec/wire/wbxml_tree.c
UNIT_SRC := $(wildcard tests/unit/test_*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
# What several tests share: servers that follow a script, certificates made on the spot.
TESTLIB_SRC := $(wildcard tests/unit/lib/*.c)

# Programs that the tests of the mount use.
TOOL_SRC := $(wildcard tests/lib/*.c)

obj = $(patsubst %.c,$(BUILD)/o/%.o,$(1))
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
TOOLS := $(patsubst tests/lib/%.c,$(BUILD)/tests/%,$(TOOL_SRC))

all: $(BUILD)/easfs $(BUILD)/easd

$(call obj,$(CODEC_SRC)): FLAGS = $(call pc,--cflags,$(CODEC_PC))
$(call obj,$(CACHE_SRC)): FLAGS = $(call pc,--cflags,$(CACHE_PC))
$(call obj,$(FS_SRC)): FLAGS = $(call pc,--cflags,$(FS_PC)) -DFUSE_USE_VERSION=312
$(call obj,$(EASD_SRC)): FLAGS = $(call pc,--cflags,$(EASD_PC))
$(call obj,$(UNIT_SRC) $(TESTLIB_SRC) $(TOOL_SRC)): FLAGS = $(call pc,--cflags,$(TEST_PC))
$(call obj,$(BENCH_SRC)): FLAGS = $(call pc,--cflags,$(CACHE_PC))

$(BUILD)/o/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(FLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libcodec.a: $(call obj,$(CODEC_SRC))
	@rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/libcache.a: $(call obj,$(CACHE_SRC))
	@rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/libfs.a: $(call obj,$(filter-out fs/main.c,$(FS_SRC)))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/easfs: $(call obj,fs/main.c) $(BUILD)/libfs.a $(BUILD)/libcache.a $(BUILD)/libcodec.a
	$(LINK) $(LDFLAGS) -o $@ $^ $(call pc,--libs,$(FS_PC)) -lm

$(BUILD)/easd: $(call obj,$(EASD_SRC)) $(call obj,$(EASD_SHARED))
	$(LINK) $(LDFLAGS) -o $@ $^ $(call pc,--libs,$(EASD_PC)) -lm

$(BUILD)/libtest.a: $(call obj,$(TESTLIB_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tests/%: $(BUILD)/o/tests/unit/%.o $(BUILD)/libtest.a $(BUILD)/libfs.a $(BUILD)/libcache.a $(BUILD)/libcodec.a
	@mkdir -p $(@D)
	$(LINK) $(LDFLAGS) -o $@ $^ $(call pc,--libs,$(TEST_PC)) $(if $(findstring oracle,$@),-lwbxml2) -lm

$(TOOLS): $(BUILD)/tests/%: $(BUILD)/o/tests/lib/%.o $(BUILD)/libcache.a $(BUILD)/libcodec.a
	@mkdir -p $(@D)
	$(LINK) $(LDFLAGS) -o $@ $^ $(call pc,--libs,$(TEST_PC)) -lm

$(BUILD)/bench/%: $(BUILD)/o/tests/bench/%.o $(BUILD)/libcache.a $(BUILD)/libcodec.a
	@mkdir -p $(@D)
	$(LINK) $(LDFLAGS) -o $@ $^ $(call pc,--libs,$(CACHE_PC)) $(if $(findstring wbxml,$@),-lwbxml2) -lm

units: $(UNITS) tools
tools: $(TOOLS)

check: $(UNITS) all
	@tests/unit/run $(BUILD)/tests

asan:
	$(MAKE) SAN=1 BUILD=build/asan check

fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run

bench: all
	tests/bench/run

soak: all
	tests/soak/soak.py

crash: all
	tests/crash/crash.py

PAGES := $(patsubst contrib/man/%.in,$(BUILD)/man/%,$(wildcard contrib/man/*.in))

$(BUILD)/man/%: contrib/man/%.in contrib/man/make-page contrib/man/options.awk $(BUILD)/easfs $(BUILD)/easd
	@mkdir -p $(@D)
	contrib/man/make-page $< $(BUILD) $(VERSION) >$@.new && mv $@.new $@

man: $(PAGES)

# Files that name the program's place.
placed = sed 's|@BINDIR@|$(BINDIR)|' $(1) >$(2) && chmod $(3) $(2)

install: all man
	install -D -m 755 $(BUILD)/easfs $(DESTDIR)$(BINDIR)/easfs
	install -D -m 755 $(BUILD)/easd $(DESTDIR)$(BINDIR)/easd
	install -d $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SBINDIR)
	install -m 644 $(filter %.1,$(PAGES)) $(DESTDIR)$(MANDIR)/man1
	install -m 644 $(filter %.5,$(PAGES)) $(DESTDIR)$(MANDIR)/man5
	install -D -m 644 contrib/completions/easfs.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/easfs
	install -D -m 644 contrib/completions/_easfs $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_easfs
	install -D -m 644 contrib/completions/easfs.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/easfs.fish
	$(call placed,contrib/systemd/easfs.service,$(DESTDIR)$(UNITDIR)/easfs.service,644)
	$(call placed,contrib/systemd/easfs@.service,$(DESTDIR)$(UNITDIR)/easfs@.service,644)
	$(call placed,contrib/mount.fuse.easfs,$(DESTDIR)$(SBINDIR)/mount.fuse.easfs,755)

clean:
	rm -rf $(BUILD)

.PHONY: all man units tools check asan fuzz bench soak crash install clean
.SECONDARY:

-include $(shell test -d $(BUILD)/o && find $(BUILD)/o -name '*.d')
