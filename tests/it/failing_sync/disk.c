/* A disk under a running server whose syncs fail while a flag file exists, as Linux has it since 4.13: the caller hears of
 * it once, the pages count as written from then on, and the disk never gets them. What the disk has is kept beside the
 * server's files: after a loss of power, that is all there is.
 *
 * Loaded with LD_PRELOAD. SYNC_DATA is the directory watched, SYNC_DISK holds what the disk has of it, SYNC_FAILS is the
 * flag file. The file that is mapped into memory (-shm) is no part of what must last. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES_MAX = 1 << 18, FILES_MAX = 8 };

static struct file {
    char name[256];
    unsigned char dirty[PAGES_MAX];
    long first, last;  /* Dirty pages are among these. */
    off_t cut;         /* -1: not cut since the last sync. */
} files[FILES_MAX];
static int known;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void give_up(const char *what) {
    perror(what);
    abort();
}

/* The file of that path, if it is watched. Call it with the lock held. */
static struct file *named(const char *path) {
    static const char *data;
    if (!data && !(data = getenv("SYNC_DATA"))) return NULL;
    size_t prefix = strlen(data);
    if (strncmp(path, data, prefix) || path[prefix] != '/' || strchr(path + prefix + 1, '/')) return NULL;
    const char *name = path + prefix + 1;
    if (strncmp(name, "usher.sqlite3", 13) || strstr(name, "-shm") || strstr(name, "deleted")) return NULL;
    for (int at = 0; at < known; at++)
        if (!strcmp(files[at].name, name)) return &files[at];
    if (known == FILES_MAX) abort();
    struct file *file = &files[known++];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->first = PAGES_MAX;
    file->last = file->cut = -1;
    return file;
}

static struct file *watched(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    return named(path);
}

static void wrote(int fd, off_t at, size_t count) {
    pthread_mutex_lock(&lock);
    struct file *file = count ? watched(fd) : NULL;
    if (file) {
        long first = at / PAGE, last = (at + count - 1) / PAGE;
        if (last >= PAGES_MAX) abort();
        for (long page = first; page <= last; page++) file->dirty[page] = 1;
        if (first < file->first) file->first = first;
        if (last > file->last) file->last = last;
    }
    pthread_mutex_unlock(&lock);
}

/* Dirty pages reach the disk, or nobody remembers that they were dirty. */
static void settle(struct file *file, int fd, int fails) {
    char path[PATH_MAX], page[PAGE];
    snprintf(path, sizeof path, "%s/%s", getenv("SYNC_DISK"), file->name);
    int disk = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (disk < 0) give_up(path);
    if (!fails && file->cut >= 0 && syscall(SYS_ftruncate, disk, file->cut)) give_up(path);
    if (!fails) file->cut = -1;
    for (long at = file->first; at <= file->last; at++) {
        if (file->dirty[at] && !fails) {
            ssize_t count = syscall(SYS_pread64, fd, page, PAGE, (off_t)at * PAGE);
            if (count < 0 || syscall(SYS_pwrite64, disk, page, count, (off_t)at * PAGE) != count) give_up(path);
        }
        file->dirty[at] = 0;
    }
    file->first = PAGES_MAX;
    file->last = -1;
    syscall(SYS_close, disk);
}

static int synced(int fd) {
    pthread_mutex_lock(&lock);
    struct file *file = watched(fd);
    int fails = 0;
    if (file) {
        fails = !access(getenv("SYNC_FAILS"), F_OK);
        settle(file, fd, fails);
    }
    pthread_mutex_unlock(&lock);
    if (fails) errno = EIO;
    return -fails;
}

int fsync(int fd) { return synced(fd); }
int fdatasync(int fd) { return synced(fd); }

ssize_t write(int fd, const void *bytes, size_t count) {
    off_t at = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    ssize_t done = syscall(SYS_write, fd, bytes, count);
    int was = errno;
    if (at >= 0 && done > 0) wrote(fd, at, done);
    errno = was;
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, count, at);
    int was = errno;
    if (done > 0) wrote(fd, at, done);
    errno = was;
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }

int ftruncate64(int fd, off64_t length) {
    int failed = syscall(SYS_ftruncate, fd, length), was = errno;
    pthread_mutex_lock(&lock);
    struct file *file = failed ? NULL : watched(fd);
    if (file) {
        if (file->cut < 0 || length < file->cut) file->cut = length;
        for (long page = (length + PAGE - 1) / PAGE; page <= file->last; page++) file->dirty[page] = 0;
    }
    pthread_mutex_unlock(&lock);
    errno = was;
    return failed;
}

int unlink(const char *path) {
    int failed = syscall(SYS_unlink, path), was = errno;
    pthread_mutex_lock(&lock);
    struct file *file = failed ? NULL : named(path);
    if (file) {
        /* Names are not what this is about: they go from the disk at once. */
        char gone[PATH_MAX];
        snprintf(gone, sizeof gone, "%s/%s", getenv("SYNC_DISK"), file->name);
        syscall(SYS_unlink, gone);
        memset(file->dirty, 0, sizeof file->dirty);
        file->first = PAGES_MAX;
        file->last = file->cut = -1;
    }
    pthread_mutex_unlock(&lock);
    errno = was;
    return failed;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
