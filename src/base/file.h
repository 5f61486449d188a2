/* Files: whole reads with a size limit, and atomic writes (temporary file beside the target, flushed, checked,
 * renamed). A failed write leaves the old target untouched and no temporary file behind. */
#ifndef DN_BASE_FILE_H
#define DN_BASE_FILE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Reads a whole file; *out is owned by the caller (free) and has a 0 byte after its *size bytes.
 * DN_EINPUT: missing, unreadable, a folder, or larger than limit bytes. */
DN_CHECKED dn_status dn_file_read(const char *path, int64_t limit, unsigned char **out, size_t *size);
/* The same of a file that need not be there: *out is NULL then. */
DN_CHECKED dn_status dn_file_read_if_there(const char *path, int64_t limit, unsigned char **out, size_t *size);

/* A file being written. Zero-initialise ({0}); then create -> write... -> commit, or discard. */
typedef struct dn_file_writer {
    FILE *stream;    /* owned; write to it directly or through the functions below */
    char *path;      /* target, owned */
    char *temporary; /* beside the target, owned; removed by discard, on Ctrl-C and at exit */
} dn_file_writer;

/* DN_EIO: the folder is missing or not writable, or path is a device, a pipe or a folder; DN_EUSAGE: it is a protected input. */
DN_CHECKED dn_status dn_file_create(dn_file_writer *writer, const char *path);
DN_CHECKED dn_status dn_file_write(dn_file_writer *writer, const void *bytes, size_t size);
DN_CHECKED dn_status dn_file_printf(dn_file_writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Flushes, checks, renames. Always releases the writer; DN_EIO (disk full, ...) leaves the old target in place. */
DN_CHECKED dn_status dn_file_commit(dn_file_writer *writer);
/* Removes the temporary file. Safe on a zeroed, committed or discarded writer. */
void dn_file_discard(dn_file_writer *writer);
/* The end of a file after what was written with status: commits after DN_OK, else discards; gives status or the commit's back. */
DN_CHECKED dn_status dn_file_end(dn_file_writer *writer, dn_status status);
/* One call for a buffer. */
DN_CHECKED dn_status dn_file_write_all(const char *path, const void *bytes, size_t size);

/* Another program or library wrote `temporary`, in the folder of path: checks it, syncs it and renames it; a failure removes it. DN_EIO,
 * DN_EUSAGE as dn_file_create. */
DN_CHECKED dn_status dn_file_adopt(const char *temporary, const char *path);

/* Removes temporary files that a killed process left in folder: those of the target `name`, or of every target where name is NULL, that
 * were last written older_s seconds ago or earlier. 0 only where a lock says that no other process writes that target. Errors are ignored:
 * such files take room and do no other harm. */
#define DN_SWEEP_AFTER_S 3600.0 /* for folders without a lock: no file of a cohort is written for that long */
void dn_folder_sweep(const char *folder, const char *name, double older_s);

/* path is an input of the calling thread's job (base/job.h): until the job ends no write of it may replace that file, under whatever name.
 * path need not be a file; other paths are ignored. Without a job nothing is protected. DN_ENOMEM. */
DN_CHECKED dn_status dn_file_protect(const char *path);
/* The checks of dn_file_create and dn_file_adopt, to be made before long work: DN_EIO for a device, a pipe or a folder; DN_EUSAGE for an
 * input. */
DN_CHECKED dn_status dn_file_may_write(const char *path);

/* A file, or a folder that is empty by then, which dn_file_remove_temporaries removes as well: for files that another program writes for
 * us. Until dn_file_unguard. */
void dn_file_guard(const char *path);
void dn_file_unguard(const char *path);

/* Removes every temporary file that is still open, what is guarded, and temporary folders (scratch.h); async-signal-safe. Called by cli/'s
 * handlers. */
void dn_file_remove_temporaries(void);

/* Whether there is something at path, and whether it is a folder; links are followed. */
bool dn_path_exists(const char *path);
bool dn_path_is_folder(const char *path);
/* mkdir -p, and sees whether files can be made in it. DN_EIO. */
DN_CHECKED dn_status dn_path_make_folder(const char *path);
/* A name that a file gave (a model's, a run's) and that becomes part of an output's name: DN_EFORMAT, beginning with where, when it is
 * empty, "." or "..", or has a slash in it, and would lead out of the folder. */
DN_CHECKED dn_status dn_path_check_name(const char *name, const char *where);
/* Whether dn_path_make_folder can be expected to work; makes nothing. DN_EIO. */
DN_CHECKED dn_status dn_path_may_make_folder(const char *path);
/* A text (a column, a structure) as part of a file's name: letters, digits, - and _ stay, all else becomes _. A long one is cut, and ends
 * in a number that tells it from others with the same beginning. Owned by the caller. */
DN_CHECKED dn_status dn_file_name_of(const char *text, char **out);
struct dirent;
/* Order of names by their bytes, for scandir: alphasort asks the locale, which belongs to the program that uses the library. */
int dn_path_by_name(const struct dirent **a, const struct dirent **b);
/* "a/b"; owned by the caller. */
DN_CHECKED dn_status dn_path_join(const char *folder, const char *name, char **out);
/* Points into path: the part after the last '/'. */
const char *dn_path_name(const char *path);
/* Case-insensitive test of the end of the name. */
bool dn_path_has_extension(const char *path, const char *extension);
/* Bytes of name without a scan's extension (below); all of it when it has none. */
size_t dn_path_scan_length(const char *name);
/* Name without folder and without a scan's extension (.nii.gz, .nii, .mgz, .mgh, .hdr, .img, .hdr.gz, .img.gz) and without a trailing
 * _T1w: "a/sub-01_T1w.nii.gz" -> "sub-01". Owned by the caller. */
DN_CHECKED dn_status dn_path_scan_stem(const char *path, char **out);

#endif
