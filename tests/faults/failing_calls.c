/* Makes one allocation, or one start of a thread, fail in the process that preloads this library.
 *
 * FAIL_AT     number of the allocation that fails, from 1
 * FAIL_LEAST  allocations of fewer bytes are not counted
 * FAIL_ON     set: every later allocation fails, too
 * FAIL_THREAD set: the first thread is not started
 * EVIDENCE    folder in which the file `failed` tells that it has happened
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_long counted;

static void leave_evidence(void) {
    char path[4096];
    const char *folder = getenv("EVIDENCE");
    if (folder && snprintf(path, sizeof path, "%s/failed", folder) < (int)sizeof path) {
        int file = open(path, O_CREAT | O_WRONLY, 0600);
        if (file >= 0) close(file);
    }
}

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

/* The environment is not there yet when the dynamic linker allocates. */
static int fails(size_t size) {
    long at = environ ? number("FAIL_AT") : 0;
    if (at == 0 || (long)size < number("FAIL_LEAST")) return 0;
    long count = atomic_fetch_add(&counted, 1) + 1;
    if (count == at) leave_evidence();
    return count == at || (count > at && getenv("FAIL_ON"));
}

static void *no_memory(void) {
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size) { return fails(size) ? no_memory() : __libc_malloc(size); }

void *calloc(size_t count, size_t size) {
    return fails(count * size) ? no_memory() : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return size > 0 && fails(size) ? no_memory() : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return fails(size) ? no_memory() : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = fails(size) ? NULL : __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    static atomic_int started;
    if (getenv("FAIL_THREAD") && atomic_fetch_add(&started, 1) == 0) {
        leave_evidence();
        return EAGAIN;
    }
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
    return next(thread, attributes, run, argument);
}
