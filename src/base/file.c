/* Whole reads with a limit, and atomic writes: a temporary file beside the target, which takes its place when it is complete. Also the
 * list of temporary files that a second Ctrl-C removes. */
#define _GNU_SOURCE
#include "base/file.h"

#include "base/job.h"
#include "base/memory.h"
#include "base/scratch.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Temporary files still open, so that a signal handler can remove them without locks: fixed slots, each written
 * once before its file exists and cleared after it is gone. */
#define SLOTS 64
static char slot_path[SLOTS][PATH_MAX];
static _Atomic unsigned char slot_used[SLOTS];
static pthread_mutex_t slot_lock = PTHREAD_MUTEX_INITIALIZER;

static void slot_add(const char *path)
{
    pthread_mutex_lock(&slot_lock);
    for (int i = 0; i < SLOTS; ++i) {
        if (!slot_used[i] && strlen(path) < PATH_MAX) {
            strcpy(slot_path[i], path);
            slot_used[i] = 1;
            break;
        }
    }
    pthread_mutex_unlock(&slot_lock);
}

static void slot_remove(const char *path)
{
    pthread_mutex_lock(&slot_lock);
    for (int i = 0; i < SLOTS; ++i) {
        if (slot_used[i] && strcmp(slot_path[i], path) == 0) {
            slot_used[i] = 0;
        }
    }
    pthread_mutex_unlock(&slot_lock);
}

void dn_file_remove_temporaries(void)
{
    /* Folders last: they go when they are empty. */
    for (int i = 0; i < SLOTS; ++i) {
        if (slot_used[i] && unlink(slot_path[i]) == 0) {
            slot_used[i] = 0;
        }
    }
    for (int i = 0; i < SLOTS; ++i) {
        if (slot_used[i]) {
            rmdir(slot_path[i]);
            slot_used[i] = 0;
        }
    }
    dn_scratch_remove_all();
}

void dn_file_guard(const char *path)
{
    slot_add(path);
}

void dn_file_unguard(const char *path)
{
    slot_remove(path);
}

dn_status dn_file_read(const char *path, int64_t limit, unsigned char **out, size_t *size)
{
    dn_status status = DN_OK;
    unsigned char *bytes = NULL;
    struct stat info;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        DN_FAIL(dn_error_of(errno, DN_EINPUT), "cannot read %s: %s", path, strerror(errno));
    }
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) {
        DN_FAIL_GOTO(status, done, DN_EINPUT, "cannot read %s: it is not a regular file", path);
    }
    if ((int64_t)info.st_size > limit) {
        DN_FAIL_GOTO(status, done, DN_EINPUT, "%s has %lld bytes; such a file may have at most %lld. Is it the right file?", path,
                     (long long)info.st_size, (long long)limit);
    }
    size_t expected = (size_t)info.st_size;
    DN_TRY_GOTO(status, dn_alloc(&bytes, expected + 1, 1, path), done);
    if (fread(bytes, 1, expected, file) != expected) {
        const int error = ferror(file) ? errno : 0;
        DN_FAIL_GOTO(status, done, dn_error_of(error, DN_EINPUT), "cannot read all of %s: %s", path,
                     error != 0 ? strerror(error) : "it became shorter while it was read");
    }
    *out = bytes;
    *size = expected;
    bytes = NULL;
done:
    free(bytes);
    fclose(file);
    return status;
}

dn_status dn_file_read_if_there(const char *path, int64_t limit, unsigned char **out, size_t *size)
{
    *out = NULL;
    *size = 0;
    return dn_path_exists(path) ? dn_file_read(path, limit, out, size) : DN_OK;
}

/* ---- what must not be replaced ------------------------------------------------------------------------------------ */

/* Paths, kept in the job; what they name is looked up when it matters, as numbers of removed files are given again. */
dn_status dn_file_protect(const char *path)
{
    dn_job *job = dn_job_current();
    char *copy = NULL;
    if (job == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_strdup(path, &copy));
    pthread_mutex_lock(&job->lock);
    dn_status status = dn_realloc(&job->inputs, job->input_count + 1, sizeof *job->inputs, "the list of inputs");
    if (status == DN_OK) {
        job->inputs[job->input_count++] = copy;
        copy = NULL;
    }
    pthread_mutex_unlock(&job->lock);
    free(copy);
    return status;
}

static bool is_input(const struct stat *info)
{
    bool found = false;
    struct stat input;
    for (dn_job *job = dn_job_current(); job != NULL; job = job->parent) {
        pthread_mutex_lock(&job->lock);
        for (size_t i = 0; i < job->input_count && !found; ++i) {
            found = stat(job->inputs[i], &input) == 0 && input.st_dev == info->st_dev && input.st_ino == info->st_ino;
        }
        pthread_mutex_unlock(&job->lock);
    }
    return found;
}

dn_status dn_file_may_write(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return DN_OK; /* nothing there, or the write says what is wrong */
    }
    if (S_ISDIR(info.st_mode)) {
        DN_FAIL(DN_EIO, "cannot write %s: there is a folder of that name", path);
    }
    if (!S_ISREG(info.st_mode)) {
        DN_FAIL(DN_EIO, "cannot write %s: it is a device or pipe, not a file; name a file", path);
    }
    if (is_input(&info)) {
        DN_FAIL(DN_EUSAGE, "%s is an input of this command and would be overwritten; name another output", path);
    }
    return DN_OK;
}

/* ---- temporary files ---------------------------------------------------------------------------------------------- */

/* The next name that nothing has: a killed run may have left its own, and in a container every run has the same process number. */
static dn_status temporary_beside(const char *path, char **out)
{
    enum { LONGEST_BASE = 200 }; /* bytes of the name that are kept, of the 255 that a name may have */
    static _Atomic unsigned counter;
    const char *base = dn_path_name(path);
    for (;;) {
        char *name = NULL;
        struct stat info;
        DN_TRY(dn_asprintf(&name, "%.*s.%.*s.%ld-%u.tmp", (int)(base - path), path, LONGEST_BASE, base, (long)getpid(), counter++));
        if (lstat(name, &info) != 0) {
            slot_add(name);
            *out = name;
            return DN_OK;
        }
        free(name);
    }
}

/* ".NAME.12-3.tmp", of any NAME where it is NULL. */
static bool is_temporary(const char *entry, const char *name)
{
    const size_t length = name == NULL ? 0 : strlen(name);
    const char *number = strrchr(entry, '-');
    if (entry[0] != '.' || number == NULL || strspn(number + 1, "0123456789") == 0 ||
        strcmp(number + 1 + strspn(number + 1, "0123456789"), ".tmp") != 0) {
        return false;
    }
    const char *process = number;
    while (process > entry && isdigit((unsigned char)process[-1])) {
        --process;
    }
    return process < number && process > entry + 1 && process[-1] == '.' &&
           (name == NULL || ((size_t)(process - entry) == length + 2 && memcmp(entry + 1, name, length) == 0));
}

void dn_folder_sweep(const char *folder, const char *name, double older_s)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;
    while (open != NULL && (entry = readdir(open)) != NULL) {
        struct stat info;
        if (is_temporary(entry->d_name, name) && fstatat(dirfd(open), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode) && difftime(time(NULL), info.st_mtime) >= older_s) {
            unlinkat(dirfd(open), entry->d_name, 0);
        }
    }
    if (open != NULL) {
        closedir(open);
    }
}

dn_status dn_file_adopt(const char *temporary, const char *path)
{
    dn_status status = dn_file_may_write(path);
    if (status != DN_OK) {
        unlink(temporary);
        slot_remove(temporary);
        return status;
    }
    int fd = open(temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        status = dn_error_set(DN_EIO, "cannot write %s: %s", path, strerror(errno));
    } else {
        if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
            status = dn_error_set(DN_EIO, "cannot write %s: %s; is the disk full?", path, strerror(errno));
        }
        close(fd);
    }
    if (status == DN_OK && rename(temporary, path) != 0) {
        status = dn_error_set(DN_EIO, "cannot write %s: %s", path, strerror(errno));
    }
    if (status != DN_OK) {
        unlink(temporary);
    }
    slot_remove(temporary);
    return status;
}

static void forget(const char *temporary)
{
    if (temporary != NULL) {
        unlink(temporary);
        slot_remove(temporary);
    }
}

static void writer_release(dn_file_writer *writer)
{
    free(writer->path);
    free(writer->temporary);
    *writer = (dn_file_writer){0};
}

dn_status dn_file_create(dn_file_writer *writer, const char *path)
{
    dn_status status = DN_OK;
    *writer = (dn_file_writer){0};
    DN_TRY(dn_file_may_write(path));
    DN_TRY_GOTO(status, dn_strdup(path, &writer->path), fail);
    for (;;) {
        DN_TRY_GOTO(status, temporary_beside(path, &writer->temporary), fail);
        writer->stream = fopen(writer->temporary, "wbx");
        if (writer->stream != NULL) {
            return DN_OK;
        }
        int error = errno;
        slot_remove(writer->temporary);
        if (error != EEXIST) { /* another process of that number, on another machine, was quicker: the next name */
            DN_FAIL_GOTO(status, fail, DN_EIO, "cannot write %s: %s", path, strerror(error));
        }
        free(writer->temporary);
        writer->temporary = NULL;
    }
fail:
    writer_release(writer);
    return status;
}

dn_status dn_file_write(dn_file_writer *writer, const void *bytes, size_t size)
{
    if (size > 0 && fwrite(bytes, 1, size, writer->stream) != size) {
        DN_FAIL(DN_EIO, "cannot write %s: %s", writer->path, strerror(errno));
    }
    return DN_OK;
}

dn_status dn_file_printf(dn_file_writer *writer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vfprintf(writer->stream, format, args);
    va_end(args);
    if (n < 0) {
        DN_FAIL(DN_EIO, "cannot write %s: %s", writer->path, strerror(errno));
    }
    return DN_OK;
}

dn_status dn_file_commit(dn_file_writer *writer)
{
    dn_status status = DN_OK;
    if (fflush(writer->stream) != 0 || ferror(writer->stream)) {
        status = dn_error_set(DN_EIO, "cannot write %s: %s; is the disk full?", writer->path, strerror(errno));
    }
    if (fclose(writer->stream) != 0 && status == DN_OK) {
        status = dn_error_set(DN_EIO, "cannot write %s: %s; is the disk full?", writer->path, strerror(errno));
    }
    writer->stream = NULL;
    if (status == DN_OK) {
        status = dn_file_adopt(writer->temporary, writer->path);
    } else {
        forget(writer->temporary);
    }
    writer_release(writer);
    return status;
}

void dn_file_discard(dn_file_writer *writer)
{
    if (writer == NULL || writer->path == NULL) {
        return;
    }
    if (writer->stream != NULL) {
        fclose(writer->stream);
    }
    forget(writer->temporary);
    writer_release(writer);
}

dn_status dn_file_end(dn_file_writer *writer, dn_status status)
{
    if (status != DN_OK) {
        dn_file_discard(writer);
        return status;
    }
    return dn_file_commit(writer);
}

dn_status dn_file_write_all(const char *path, const void *bytes, size_t size)
{
    dn_file_writer writer;
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = dn_file_write(&writer, bytes, size);
    return dn_file_end(&writer, status);
}

bool dn_path_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool dn_path_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

dn_status dn_path_make_folder(const char *path)
{
    char *copy = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_strdup(path, &copy));
    for (char *p = copy + 1; copy[0] != '\0' && status == DN_OK; ++p) {
        if (*p == '/' || *p == '\0') {
            char kept = *p;
            *p = '\0';
            int error = mkdir(copy, 0777) == 0 ? 0 : errno;
            if (error != 0 && !dn_path_is_folder(copy)) {
                status = dn_error_set(DN_EIO, "cannot make the folder %s: %s", copy,
                                      error == EEXIST ? "there is a file of that name" : strerror(error));
            }
            *p = kept;
            if (kept == '\0') {
                break;
            }
        }
    }
    free(copy);
    /* Now, and not after the work whose results should go there. */
    if (status == DN_OK && access(path, W_OK | X_OK) != 0) {
        status = dn_error_set(DN_EIO, "cannot write into the folder %s: %s", path, strerror(errno));
    }
    return status;
}

dn_status dn_path_may_make_folder(const char *path)
{
    char *above = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_strdup(path, &above));
    for (;;) {
        struct stat info;
        char *slash;
        if (lstat(*above != '\0' ? above : ".", &info) == 0) {
            break;
        }
        slash = strrchr(above, '/');
        *(slash == above && slash != NULL ? slash + 1 : slash != NULL ? slash : above) = '\0';
    }
    const char *there = *above != '\0' ? above : ".";
    if (!dn_path_is_folder(there)) {
        status = dn_error_set(DN_EIO, "cannot make the folder %s: there is a file of the name %s", path, there);
    } else if (access(there, W_OK | X_OK) != 0) {
        status = dn_error_set(DN_EIO, "cannot write into the folder %s: %s", there, strerror(errno));
    }
    free(above);
    return status;
}

dn_status dn_path_check_name(const char *name, const char *where)
{
    if (*name == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        DN_FAIL(DN_EFORMAT, "%s: the name \"%.80s\" cannot be part of a file's name: it must not be empty or hold a slash", where, name);
    }
    return DN_OK;
}

dn_status dn_file_name_of(const char *text, char **out)
{
    enum { MOST = 100, KEPT = 88 }; /* a name may have 255 bytes, and others add to it */
    uint32_t hash = 2166136261u;    /* FNV-1a */
    DN_TRY(dn_strdup(text, out));
    for (char *p = *out; *p != '\0'; ++p) {
        hash = (hash ^ (unsigned char)*p) * 16777619u;
        if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_') {
            *p = '_';
        }
    }
    if (strlen(*out) > MOST) {
        snprintf(*out + KEPT, MOST - KEPT, "_%08x", (unsigned)hash);
    }
    return DN_OK;
}

int dn_path_by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

dn_status dn_path_join(const char *folder, const char *name, char **out)
{
    size_t length = strlen(folder);
    return dn_asprintf(out, "%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/", name);
}

const char *dn_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool dn_path_has_extension(const char *path, const char *extension)
{
    size_t a = strlen(path);
    size_t b = strlen(extension);
    return a > b && strcasecmp(path + a - b, extension) == 0;
}

size_t dn_path_scan_length(const char *name)
{
    static const char *const extensions[] = {".nii.gz", ".nii", ".mgz", ".mgh", ".hdr", ".img", ".hdr.gz", ".img.gz"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; ++i) {
        if (dn_path_has_extension(name, extensions[i])) {
            return strlen(name) - strlen(extensions[i]);
        }
    }
    return strlen(name);
}

dn_status dn_path_scan_stem(const char *path, char **out)
{
    const char *name = dn_path_name(path);
    DN_TRY(dn_asprintf(out, "%.*s", (int)dn_path_scan_length(name), name));
    if (dn_path_has_extension(*out, "_T1w")) {
        (*out)[strlen(*out) - strlen("_T1w")] = '\0';
    }
    return DN_OK;
}
