/* Wall clock of a process as somebody may set it: CLOCK_REALTIME plus the nanoseconds in the file that FAULTS_CLOCK
 * names (8 bytes of this machine's order, read at each call). The monotonic clock, and the machine's clock, stay.
 *
 * Who waits until a moment of the wall clock waits longer when it is set back and shorter when it is set forward, as
 * with a clock that is really set: such waits are made in short slices. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offset;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULTS_CLOCK");
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (path == NULL)
        return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED)
        offset = page;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (real == NULL)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (failed || offset == NULL || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return failed;
    int64_t total = (int64_t)now->tv_sec * 1000000000 + now->tv_nsec + *offset;
    now->tv_sec = total / 1000000000;
    now->tv_nsec = total % 1000000000;
    return 0;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise))
        return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (out != NULL)
        *out = precise.tv_sec;
    return precise.tv_sec;
}

/* Waits. A moment before 2001 is one of the monotonic clock, which some condition variables count by. */
#define SLICE 10000000LL
#define EARLIEST 1000000000

static int64_t in_ns(const struct timespec *moment)
{
    return (int64_t)moment->tv_sec * 1000000000 + moment->tv_nsec;
}

/* The next slice on the machine's clock; 0 when the moment has come on this process' clock. */
static int slice(const struct timespec *until, struct timespec *end)
{
    struct timespec now;
    real(CLOCK_REALTIME, &now);
    int64_t left = in_ns(until) - *offset - in_ns(&now);
    if (left <= 0)
        return 0;
    int64_t total = in_ns(&now) + (left < SLICE ? left : SLICE);
    end->tv_sec = total / 1000000000;
    end->tv_nsec = total % 1000000000;
    return 1;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec end;
    if (wait == NULL) {
        *(void **)&wait = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
        if (wait == NULL)
            *(void **)&wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    }
    if (offset == NULL || until->tv_sec < EARLIEST)
        return wait(condition, mutex, until);
    while (slice(until, &end)) {
        int result = wait(condition, mutex, &end);
        if (result != ETIMEDOUT)
            return result;
    }
    return ETIMEDOUT;
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
    static int (*wait)(sem_t *, const struct timespec *);
    struct timespec end;
    if (wait == NULL)
        *(void **)&wait = dlsym(RTLD_NEXT, "sem_timedwait");
    if (offset == NULL)
        return wait(semaphore, until);
    while (slice(until, &end)) {
        if (wait(semaphore, &end) == 0)
            return 0;
        if (errno != ETIMEDOUT)
            return -1;
    }
    if (sem_trywait(semaphore) == 0)
        return 0;
    errno = ETIMEDOUT;
    return -1;
}
