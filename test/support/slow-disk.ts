/** A disk whose flushes take long or fail: a library in front of the system's, for a service that the test starts. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installed } from './installed.ts'

/** Without headers, so that the compiler alone is enough. A flush that takes long looks every 20 ms whether it still should. */
const source = `
extern void *dlsym(void *, const char *);
extern char *getenv(const char *);
extern int *__errno_location(void);
extern int open(const char *, int, ...), close(int), usleep(unsigned);
extern long read(int, void *, unsigned long), strtol(const char *, char **, int);

static void wanted(long *ms, long *error) {
  char text[64] = { 0 }, *rest = text;
  int file = open(getenv("SLOW_DISK"), 0);
  *ms = *error = 0;
  if (file < 0) return;
  if (read(file, text, 63) > 0) { *ms = strtol(text, &rest, 10); *error = strtol(rest, &rest, 10); }
  close(file);
}

static int flush(int file, const char *name) {
  int (*original)(int) = (int (*)(int)) dlsym((void *) -1l, name);
  long ms, error;
  wanted(&ms, &error);
  for (long slept = 0; slept < ms; slept += 20) { usleep(20000); wanted(&ms, &error); }
  if (error == 0) return original(file);
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
}

/** Compiles the library into a folder. */
export const makeSlowDisk = (folder: string): SlowDisk => {
  const library = join(folder, 'slow-disk.so')
  const control = join(folder, 'slow-disk')
  const { status, stderr } = spawnSync(installed('gcc'), ['-shared', '-fPIC', '-nostdlib', '-x', 'c', '-o', library, '-'], { input: source, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const set: SlowDisk['set'] = (ms, errno = 0) => { writeFileSync(control, `${ms} ${errno}`) }
  set(0)
  return { env: { LD_PRELOAD: library, SLOW_DISK: control }, set }
}
