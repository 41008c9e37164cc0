/** A disk whose flushes take long or fail, and which shows what a power cut would leave of a store: a library in front of the system's, for a service that the test starts. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installed } from './installed.ts'

/** Without headers, so that the compiler alone is enough. A flush that takes long looks every 20 ms whether it still should. What is flushed is copied first. */
const source = `
extern void *dlsym(void *, const char *);
extern char *getenv(const char *);
extern int *__errno_location(void);
extern char *strrchr(const char *, int), *strstr(const char *, const char *);
extern int open(const char *, int, ...), close(int), usleep(unsigned), rename(const char *, const char *), snprintf(char *, unsigned long, const char *, ...);
extern long read(int, void *, unsigned long), write(int, const void *, unsigned long), readlink(const char *, char *, unsigned long), strtol(const char *, char **, int);

static void wanted(long *ms, long *error) {
  char text[64] = { 0 }, *rest = text;
  int file = open(getenv("SLOW_DISK"), 0);
  *ms = *error = 0;
  if (file < 0) return;
  if (read(file, text, 63) > 0) { *ms = strtol(text, &rest, 10); *error = strtol(rest, &rest, 10); }
  close(file);
}

static void copy(int file) {
  char link[64], from[4096] = { 0 }, to[8192], part[8192], bytes[65536];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  if (readlink(link, from, sizeof from - 1) < 0 || strstr(from, ".db") == 0) return;
  snprintf(to, sizeof to, "%s/%s", getenv("DISK_COPIES"), strrchr(from, '/') + 1);
  snprintf(part, sizeof part, "%s.%p", to, (void *) link); /* each thread has a stack of its own */
  int in = open(from, 0), out = open(part, 577, 0600); /* O_WRONLY | O_CREAT | O_TRUNC */
  for (long count; (count = read(in, bytes, sizeof bytes)) > 0;) write(out, bytes, count);
  close(in);
  close(out);
  rename(part, to);
}

static int flush(int file, const char *name) {
  int (*original)(int) = (int (*)(int)) dlsym((void *) -1l, name);
  long ms, error;
  wanted(&ms, &error);
  for (long slept = 0; slept < ms; slept += 20) { usleep(20000); wanted(&ms, &error); }
  if (error == 0) { if (getenv("DISK_COPIES") != 0) copy(file); return original(file); }
  *__errno_location() = error;
  return -1;
}

int fsync(int file) { return flush(file, "fsync"); }
int fdatasync(int file) { return flush(file, "fdatasync"); }
`

export interface SlowDisk {
  /** For the service's process. */
  readonly env: Readonly<Record<string, string>>
  /** From now on a flush takes this long, and then fails with this error number, if any. Flushes under way follow. */
  set (ms: number, errno?: number): void
  /** A folder for `DISK_COPIES`: with that in its environment, a process leaves each file of a store there as it was last flushed. */
  readonly copies: string
}

/** Compiles the library into a folder. */
export const makeSlowDisk = (folder: string): SlowDisk => {
  const library = join(folder, 'slow-disk.so')
  const control = join(folder, 'slow-disk')
  const { status, stderr } = spawnSync(installed('gcc'), ['-shared', '-fPIC', '-nostdlib', '-x', 'c', '-o', library, '-'], { input: source, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const set: SlowDisk['set'] = (ms, errno = 0) => { writeFileSync(control, `${ms} ${errno}`) }
  set(0)
  const copies = join(folder, 'copies')
  mkdirSync(copies)
  return { env: { LD_PRELOAD: library, SLOW_DISK: control }, set, copies }
}
