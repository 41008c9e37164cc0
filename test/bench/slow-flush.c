/* A disk that takes SLOW_FLUSH_MS for each flush, for LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly (const char *name, int fd) {
  const char *ms = getenv("SLOW_FLUSH_MS");
  int (*flush) (int) = (int (*) (int)) dlsym(RTLD_NEXT, name);
  if (ms != NULL) usleep(atoi(ms) * 1000);
  return flush(fd);
}

int fsync (int fd) { return slowly("fsync", fd); }
int fdatasync (int fd) { return slowly("fdatasync", fd); }
