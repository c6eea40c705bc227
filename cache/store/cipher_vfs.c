#include "cache/store/cipher_vfs.h"

#include <glib.h>
#include <sqlite3.h>
#include <string.h>

/* The log: a header, then frames of a header and a page (SQLite's file format, section 4.1). Headers stay as they are:
 * they hold page numbers, salts and checksums. */
enum {
    PAGE_BYTES = 4096,
    SEALED_BYTES = PAGE_BYTES - CIPHER_PAGE_RESERVE,
    LOG_HEADER_BYTES = 32,
    FRAME_HEADER_BYTES = 24,
    FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES,
};

struct cipher_vfs {
    sqlite3_vfs base;
    sqlite3_vfs *real;
    const struct cipher *cipher;
    char *name;
};

struct cipher_file {
    sqlite3_file base;
    const struct cipher *cipher; /* NULL: handed on as it is */
    bool log;
    /* the real file follows */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return (sqlite3_file *)((struct cipher_file *)file + 1);
}

/* ---- pages ---- */

/* Bound into each tag: a page of the log is no page of the database. */
static uint64_t where(const struct cipher_file *file, sqlite3_int64 offset)
{
    return (uint64_t)offset << 1 | file->log;
}

static bool is_blank(const uint8_t *page)
{
    static const uint8_t zero[PAGE_BYTES];

    return memcmp(page, zero, PAGE_BYTES) == 0;
}

/* A page of the log that does not open is one that a crash left half written: SQLite finds that out by its own sum. */
static int page_read(struct cipher_file *file, sqlite3_int64 offset, uint8_t page[PAGE_BYTES])
{
    sqlite3_file *real = real_of(&file->base);
    int code = real->pMethods->xRead(real, page, PAGE_BYTES, offset);
    const uint8_t *nonce = page + SEALED_BYTES, *tag = nonce + CIPHER_NONCE_BYTES;

    if (code != SQLITE_OK || is_blank(page)) {
        if (code == SQLITE_IOERR_SHORT_READ)
            memset(page, 0, PAGE_BYTES);
        return code;
    }
    if (!cipher_open(file->cipher, where(file, offset), page, SEALED_BYTES, nonce, tag)) {
        memset(page, 0, PAGE_BYTES);
        return file->log ? SQLITE_OK : SQLITE_IOERR_READ;
    }
    memset(page + SEALED_BYTES, 0, CIPHER_PAGE_RESERVE);
    return SQLITE_OK;
}

static int page_write(struct cipher_file *file, sqlite3_int64 offset, const uint8_t *bytes)
{
    sqlite3_file *real = real_of(&file->base);
    uint8_t page[PAGE_BYTES];

    memcpy(page, bytes, SEALED_BYTES);
    memset(page + SEALED_BYTES, 0, CIPHER_PAGE_RESERVE);
    if (!cipher_seal(file->cipher, where(file, offset), page, SEALED_BYTES, page + SEALED_BYTES,
                     page + SEALED_BYTES + CIPHER_NONCE_BYTES))
        return SQLITE_IOERR_WRITE;
    return real->pMethods->xWrite(real, page, PAGE_BYTES, offset);
}

/* ---- what SQLite reads and writes ---- */

/* The stretch that an offset lies in: a page, or a header that is handed on. */
struct stretch {
    sqlite3_int64 start;
    int length;
    bool page;
};

static struct stretch stretch_at(const struct cipher_file *file, sqlite3_int64 offset)
{
    if (!file->log)
        return (struct stretch){offset - offset % PAGE_BYTES, PAGE_BYTES, true};
    if (offset < LOG_HEADER_BYTES)
        return (struct stretch){0, LOG_HEADER_BYTES, false};
    sqlite3_int64 frame = (offset - LOG_HEADER_BYTES) / FRAME_BYTES * FRAME_BYTES + LOG_HEADER_BYTES;

    if (offset < frame + FRAME_HEADER_BYTES)
        return (struct stretch){frame, FRAME_HEADER_BYTES, false};
    return (struct stretch){frame + FRAME_HEADER_BYTES, PAGE_BYTES, true};
}

static int file_read(sqlite3_file *base, void *buffer, int amount, sqlite3_int64 offset)
{
    struct cipher_file *file = (struct cipher_file *)base;
    sqlite3_file *real = real_of(base);
    uint8_t page[PAGE_BYTES], *to = buffer;
    int code = SQLITE_OK;

    if (!file->cipher)
        return real->pMethods->xRead(real, buffer, amount, offset);
    while (amount > 0 && code == SQLITE_OK) {
        struct stretch stretch = stretch_at(file, offset);
        int from = (int)(offset - stretch.start), some = MIN(stretch.length - from, amount);

        if (!stretch.page) {
            code = real->pMethods->xRead(real, to, some, offset);
        } else {
            code = page_read(file, stretch.start, page);
            memcpy(to, page + from, (size_t)some);
        }
        to += some;
        offset += some;
        amount -= some;
    }
    if (code == SQLITE_IOERR_SHORT_READ && amount > 0)
        memset(to, 0, (size_t)amount);
    return code;
}

/* SQLite writes headers and pages whole. */
static int file_write(sqlite3_file *base, const void *bytes, int amount, sqlite3_int64 offset)
{
    struct cipher_file *file = (struct cipher_file *)base;
    sqlite3_file *real = real_of(base);
    const uint8_t *from = bytes;
    int code = SQLITE_OK;

    if (!file->cipher)
        return real->pMethods->xWrite(real, bytes, amount, offset);
    while (amount > 0 && code == SQLITE_OK) {
        struct stretch stretch = stretch_at(file, offset);

        if (stretch.page && (stretch.start != offset || amount < PAGE_BYTES))
            return SQLITE_IOERR_WRITE;
        int some = stretch.page ? PAGE_BYTES : MIN((int)(stretch.start + stretch.length - offset), amount);

        code = stretch.page ? page_write(file, offset, from) : real->pMethods->xWrite(real, from, some, offset);
        from += some;
        offset += some;
        amount -= some;
    }
    return code;
}

/* ---- handed on ---- */

static int file_close(sqlite3_file *base)
{
    sqlite3_file *real = real_of(base);

    return real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    return real_of(base)->pMethods->xTruncate(real_of(base), size);
}

static int file_sync(sqlite3_file *base, int flags)
{
    return real_of(base)->pMethods->xSync(real_of(base), flags);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    return real_of(base)->pMethods->xFileSize(real_of(base), size);
}

static int file_lock(sqlite3_file *base, int lock)
{
    return real_of(base)->pMethods->xLock(real_of(base), lock);
}

static int file_unlock(sqlite3_file *base, int lock)
{
    return real_of(base)->pMethods->xUnlock(real_of(base), lock);
}

static int file_check_lock(sqlite3_file *base, int *held)
{
    return real_of(base)->pMethods->xCheckReservedLock(real_of(base), held);
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    return real_of(base)->pMethods->xFileControl(real_of(base), operation, argument);
}

static int file_sector_size(sqlite3_file *base)
{
    return real_of(base)->pMethods->xSectorSize(real_of(base));
}

static int file_characteristics(sqlite3_file *base)
{
    return real_of(base)->pMethods->xDeviceCharacteristics(real_of(base));
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **map)
{
    return real_of(base)->pMethods->xShmMap(real_of(base), page, size, extend, map);
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    return real_of(base)->pMethods->xShmLock(real_of(base), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    real_of(base)->pMethods->xShmBarrier(real_of(base));
}

static int file_shm_unmap(sqlite3_file *base, int remove)
{
    return real_of(base)->pMethods->xShmUnmap(real_of(base), remove);
}

/* Version 2: the log's shared memory, but no mapping of the file, which would show sealed pages. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *base, const char *path, sqlite3_file *to, int flags, int *got_flags)
{
    const struct cipher_vfs *vfs = (const struct cipher_vfs *)base;
    struct cipher_file *file = (struct cipher_file *)to;

    *file = (struct cipher_file){.log = (flags & SQLITE_OPEN_WAL) != 0};
    if (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL))
        file->cipher = vfs->cipher;
    int code = vfs->real->xOpen(vfs->real, path, real_of(to), flags, got_flags);

    file->base.pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

struct cipher_vfs *cipher_vfs_new(const struct cipher *cipher)
{
    static gint number; /* names of live layers differ */
    struct cipher_vfs *vfs = g_new0(struct cipher_vfs, 1);

    vfs->real = sqlite3_vfs_find(NULL);
    vfs->cipher = cipher;
    vfs->name = g_strdup_printf("easfs-cipher-%d", g_atomic_int_add(&number, 1));
    if (vfs->real) {
        vfs->base = *vfs->real; /* everything but files is the real one's */
        vfs->base.pNext = NULL;
        vfs->base.zName = vfs->name;
        vfs->base.szOsFile = (int)sizeof(struct cipher_file) + vfs->real->szOsFile;
        vfs->base.xOpen = vfs_open;
        if (sqlite3_vfs_register(&vfs->base, 0) == SQLITE_OK)
            return vfs;
    }
    g_free(vfs->name);
    g_free(vfs);
    return NULL;
}

const char *cipher_vfs_name(const struct cipher_vfs *vfs)
{
    return vfs->name;
}

void cipher_vfs_free(struct cipher_vfs *vfs)
{
    if (!vfs)
        return;
    sqlite3_vfs_unregister(&vfs->base);
    g_free(vfs->name);
    g_free(vfs);
}
