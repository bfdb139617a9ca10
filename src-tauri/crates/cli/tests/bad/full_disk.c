/* Preloaded into the program under test: while the file named in FULL_DISK is there, no file under the folder named in
 * FULL_DISK_FOLDER grows any more. What it has already may be written over, as on a disk that is full to its last byte. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int has_no_room(int file, off_t end) {
  const char *mark = getenv("FULL_DISK"), *folder = getenv("FULL_DISK_FOLDER");
  if (!mark || !folder || access(mark, F_OK) != 0) return 0;
  char link[64], path[4096];
  struct stat about;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (strncmp(path, folder, strlen(folder)) != 0 || fstat(file, &about) != 0) return 0;
  return S_ISREG(about.st_mode) && end > about.st_size;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSE_PAST(file, end) \
  if (has_no_room(file, end)) { errno = ENOSPC; return -1; }

ssize_t write(int file, const void *bytes, size_t count) {
  off_t at = lseek(file, 0, SEEK_CUR);
  if (at >= 0) REFUSE_PAST(file, at + (off_t)count)
  return REAL(write)(file, bytes, count);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  REFUSE_PAST(file, at + (off_t)count)
  return REAL(pwrite)(file, bytes, count, at);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  REFUSE_PAST(file, at + (off64_t)count)
  return REAL(pwrite64)(file, bytes, count, at);
}
int fallocate(int file, int mode, off_t from, off_t count) {
  REFUSE_PAST(file, from + count)
  return REAL(fallocate)(file, mode, from, count);
}
int posix_fallocate(int file, off_t from, off_t count) {
  if (has_no_room(file, from + count)) return ENOSPC;
  return REAL(posix_fallocate)(file, from, count);
}
