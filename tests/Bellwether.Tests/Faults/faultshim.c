// Loaded before libc into the programs of the fault lab: a disk that is slow or full, a clock that is wrong. What happens is said by a small
// shared file, so that it begins and ends while the program runs. Disk faults concern regular files below one folder.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control {
    _Atomic int64_t clock_offset_ms;
    _Atomic int64_t sync_delay_ms;
    _Atomic int64_t disk_full;
};

static struct control none;
static struct control *control = &none;
static char folder[PATH_MAX];
static size_t folder_length;

__attribute__((constructor)) static void attach(void) {
    const char *file = getenv("FAULT_CONTROL"), *below = getenv("FAULT_FOLDER");
    if (below && strlen(below) < sizeof folder) folder_length = strlen(strcpy(folder, below));
    int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *shared = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED) control = shared;
    close(fd);
}

static int concerns(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    return folder_length && length > (ssize_t)folder_length && memcmp(path, folder, folder_length) == 0 && path[folder_length] == '/';
}

static int is_full(int fd) {
    if (!atomic_load(&control->disk_full)) return 0;
    int saved = errno, full = concerns(fd);
    errno = full ? ENOSPC : saved;
    return full;
}

static void linger(int fd) {
    int64_t delay = atomic_load(&control->sync_delay_ms);
    int saved = errno;
    if (delay > 0 && concerns(fd)) {
        struct timespec left = { delay / 1000, delay % 1000 * 1000000 };
        while (nanosleep(&left, &left) && errno == EINTR) { }
    }
    errno = saved;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define WRITING(name, parameters, arguments, failure) \
    ssize_t name parameters { REAL(name); return is_full(fd) ? failure : real arguments; }

WRITING(write, (int fd, const void *data, size_t size), (fd, data, size), -1)
WRITING(pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), -1)
WRITING(pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at), -1)
WRITING(writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), -1)
WRITING(pwritev, (int fd, const struct iovec *parts, int count, off_t at), (fd, parts, count, at), -1)
WRITING(pwritev64, (int fd, const struct iovec *parts, int count, off64_t at), (fd, parts, count, at), -1)

int posix_fallocate(int fd, off_t from, off_t size) { REAL(posix_fallocate); return is_full(fd) ? ENOSPC : real(fd, from, size); }
int posix_fallocate64(int fd, off64_t from, off64_t size) { REAL(posix_fallocate64); return is_full(fd) ? ENOSPC : real(fd, from, size); }

int fsync(int fd) { REAL(fsync); linger(fd); return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); linger(fd); return real(fd); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int result = real(clock, now);
    int64_t offset = atomic_load(&control->clock_offset_ms);
    if (result || !offset || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
    int64_t milliseconds = now->tv_nsec / 1000000 + offset, seconds = milliseconds / 1000;
    if (milliseconds % 1000 < 0) seconds--;
    now->tv_sec += seconds;
    now->tv_nsec = now->tv_nsec % 1000000 + (milliseconds - seconds * 1000) * 1000000;
    return 0;
}
