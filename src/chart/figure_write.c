/* From a figure to its five files. gnuplot works in a folder of its own beside the target, started without a shell and without the
 * user's start-up files; its results are renamed into place when all of them are there. */
#define _GNU_SOURCE
#include "chart/figure_internal.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/program.h"
#include "chart/pdf_date.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static const char *program(void)
{
    const char *name = getenv("DIEN_GNUPLOT");
    return name != NULL && *name != 0 ? name : "gnuplot";
}

/* The environment of gnuplot: ours in UTC, since a time zone would stand in a PDF. */
static dn_status environment_in_utc(char ***out)
{
    static char utc[] = "TZ=UTC0";
    size_t n = 0, kept = 0;
    while (environ[n] != NULL) {
        ++n;
    }
    DN_TRY(dn_alloc(out, n + 2, sizeof **out, "the environment of gnuplot"));
    for (size_t i = 0; i < n; ++i) {
        if (strncmp(environ[i], "TZ=", 3) != 0) {
            (*out)[kept++] = environ[i];
        }
    }
    (*out)[kept++] = utc;
    (*out)[kept] = NULL;
    return DN_OK;
}

/* Runs gnuplot in folder (NULL: ours). out->missing: it was not found; out->late: it took longer than two minutes. DN_ECANCELLED: it was
 * stopped because the user wants to stop. */
static dn_status run_gnuplot(const char *folder, const char *const *arguments, dn_program_end *out)
{
    enum { SECONDS = 120 };
    char **environment = NULL;
    DN_TRY(environment_in_utc(&environment));
    dn_status status = dn_program_run_in(folder, environment, arguments, SECONDS, out);
    free(environment);
    out->missing = out->missing || out->code == 127; /* the C library's way to say that exec failed */
    return status;
}

dn_status dn_figure_can_draw(bool *can)
{
    dn_program_end end = {0};
    dn_status status = run_gnuplot(NULL, (const char *const[]){program(), "--version", NULL}, &end);
    *can = status == DN_OK && !end.missing && !end.late && end.code == 0;
    dn_program_end_release(&end);
    if (status == DN_ECANCELLED) { /* the work that asked stops by itself */
        dn_error_clear();
        status = DN_OK;
    }
    return status;
}

/* The last lines of what gnuplot said, on one line. */
static void shorten_complaint(const char *said, char *text, size_t size)
{
    enum { LAST = 2047 };
    const size_t length = strlen(said);
    size_t used = 0;
    for (const char *p = said + (length > LAST ? length - LAST : 0); *p != 0 && used + 1 < size; ++p) {
        char c = *p == '\n' || *p == '\t' ? ' ' : *p;
        if (c != ' ' || (used > 0 && text[used - 1] != ' ')) {
            text[used++] = c;
        }
    }
    text[used] = 0;
}

/* A second Ctrl-C leaves at once; a handler cannot list a folder, so what will be in it is told beforehand. */
static void guard_folder(const char *folder, const char *name, void (*act)(const char *path))
{
    static const char *const extensions[] = {"svg", "pdf", "png", "tsv", "gp"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; ++i) {
        snprintf(path, sizeof path, "%s/%s.%s", folder, name, extensions[i]);
        act(path);
    }
    act(folder);
}

static void remove_one(const char *path)
{
    if (unlink(path) != 0) {
        rmdir(path);
    }
}

static void remove_folder(const char *folder, const char *name)
{
    guard_folder(folder, name, remove_one); /* what we know of, and all else: opendir may fail where memory has ended */
    DIR *listing = opendir(folder);
    if (listing != NULL) {
        for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
                unlinkat(dirfd(listing), entry->d_name, 0);
            }
        }
        closedir(listing);
    }
    rmdir(folder);
}

static dn_status check(const dn_figure *figure, const char *path)
{
    const char *name = dn_path_name(path);
    if (*name == 0 || strlen(name) > 200) {
        DN_FAIL(DN_EUSAGE, "%s is not a name for a figure; give a folder and a name without extension", path);
    }
    for (const char *p = name; *p != 0; ++p) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F) {
            DN_FAIL(DN_EUSAGE, "the name of a figure must not have control characters in it");
        }
    }
    for (size_t p = 0; p < figure->n_panels; ++p) {
        const figure_panel *panel = &figure->panels[p];
        range box = dn_panel_range(panel);
        if ((panel->options.x_log && !(box.x_low > 0.0)) || (panel->options.y_log && !(box.y_low > 0.0))) {
            DN_FAIL(DN_EDATA, "panel %zu of figure %s has values that are not above zero on a logarithmic axis", p + 1, name);
        }
    }
    return DN_OK;
}

static dn_status write_with(const dn_figure *figure, const char *folder, const char *name, const char *extension)
{
    dn_status status = DN_OK;
    dn_file_writer writer = {0};
    char *path = NULL;
    DN_TRY(dn_asprintf(&path, "%s/%s.%s", folder, name, extension));
    DN_TRY_GOTO(status, dn_file_create(&writer, path), done);
    if (strcmp(extension, "tsv") == 0) {
        DN_TRY_GOTO(status, dn_figure_data(figure, writer.stream), done);
    } else {
        DN_TRY_GOTO(status, dn_figure_script(figure, name, writer.stream), done);
    }
    status = dn_file_commit(&writer);
done:
    dn_file_discard(&writer);
    free(path);
    return status;
}

/* ---- whether a file is whole: gnuplot ends with 0 also when the disk is full ---- */

static bool whole_png(const unsigned char *bytes, size_t size)
{
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    if (size < 8 || memcmp(bytes, signature, 8) != 0) {
        return false;
    }
    for (size_t at = 8; size - at >= 12;) { /* length, name, data, checksum */
        size_t length = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | (size_t)bytes[at + 3];
        if (length > size - at - 12) {
            return false;
        }
        if (memcmp(bytes + at + 4, "IEND", 4) == 0) {
            return at + 12 + length == size;
        }
        at += 12 + length;
    }
    return false;
}

/* text[size] is 0; bytes before the end may be 0, too (cairo 1.18 compresses the table). */
static bool whole_pdf(const char *text, size_t size)
{
    static const char ending[] = "%%EOF\n";
    static const char word[] = "startxref\n";
    if (size < 64 || memcmp(text, "%PDF-", 5) != 0 || strcmp(text + size - strlen(ending), ending) != 0) {
        return false;
    }
    const char *start = memmem(text + size - 64, 64, word, strlen(word));
    size_t table = start != NULL ? strtoul(start + strlen(word), NULL, 10) : 0;
    /* A table, or an object that holds it. */
    return table > 0 && table < size && (strncmp(text + table, "xref", 4) == 0 || (text[table] >= '0' && text[table] <= '9'));
}

static bool whole_svg(const char *text, size_t size)
{
    static const char ending[] = "</svg>";
    size_t opened = 0, closed = 0;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' ')) {
        --size;
    }
    if (size < strlen(ending) || memcmp(text, "<?xml", 5) != 0 || strncmp(text + size - strlen(ending), ending, strlen(ending)) != 0) {
        return false;
    }
    for (const char *p = text; (p = strstr(p, "<g")) != NULL; ++p) {
        opened += p[2] == ' ' || p[2] == '>';
    }
    for (const char *p = text; (p = strstr(p, "</g>")) != NULL; ++p) {
        ++closed;
    }
    return opened == closed;
}

static dn_status finish_drawn(const char *folder, const char *name, const char *path, const char *extension)
{
    dn_status status = DN_OK;
    unsigned char *bytes = NULL;
    size_t size = 0;
    char *file = NULL;
    DN_TRY(dn_asprintf(&file, "%s/%s.%s", folder, name, extension));
    status = dn_file_read(file, INT64_C(1) << 30, &bytes, &size);
    if (status == DN_ENOMEM) {
        goto done;
    }
    bool whole = status == DN_OK && (strcmp(extension, "png") == 0   ? whole_png(bytes, size)
                                     : strcmp(extension, "pdf") == 0 ? whole_pdf((const char *)bytes, size)
                                                                     : whole_svg((const char *)bytes, size));
    if (!whole) {
        DN_FAIL_GOTO(status, done, DN_EIO, "gnuplot wrote only a part of the figure %s.%s; is the disk full?", path, extension);
    }
    if (strcmp(extension, "pdf") == 0) {
        bool changed = false;
        DN_TRY_GOTO(status, dn_pdf_date_out(&bytes, &size, &changed), done);
        if (changed) {
            status = dn_file_write_all(file, bytes, size);
        }
    }
done:
    free(bytes);
    free(file);
    return status;
}

/* ---- the five files ---- */

static dn_status adopt(const char *folder, const char *name, const char *path, const char *extension)
{
    dn_status status = DN_OK;
    char *from = NULL, *to = NULL;
    DN_TRY_GOTO(status, dn_asprintf(&from, "%s/%s.%s", folder, name, extension), done);
    DN_TRY_GOTO(status, dn_asprintf(&to, "%s.%s", path, extension), done);
    status = dn_file_adopt(from, to);
done:
    free(from);
    free(to);
    return status;
}

/* What gnuplot said and how it ended, once script and data lie at path. */
static dn_status judge_gnuplot(const dn_program_end *end, const char *path, const char *name)
{
    char complaint[512];
    shorten_complaint(end->output, complaint, sizeof complaint);
    if (end->missing) {
        DN_FAIL(DN_EIO,
                "gnuplot was not found, so the figure %s could not be drawn; install it (apt-get install gnuplot-nox) and run `gnuplot "
                "%s.gp` in its folder; the script and the data are there",
                path, name);
    }
    if (end->late) {
        DN_FAIL(DN_EIO, "gnuplot needed more than two minutes for the figure %s and was stopped", path);
    }
    if (end->code != 0) {
        DN_FAIL(DN_EIO, "gnuplot could not draw the figure %s (exit code %d): %s", path, end->code, complaint);
    }
    if (complaint[0] != 0) {
        dn_log(DN_LOG_DEBUG, "gnuplot on %s: %s", path, complaint);
    }
    return DN_OK;
}

/* All three pictures are whole before the first takes its place. */
static dn_status adopt_drawn(const char *folder, const char *name, const char *path)
{
    static const char *const drawn[] = {"svg", "pdf", "png"};
    for (int i = 0; i < 3; ++i) {
        DN_TRY(finish_drawn(folder, name, path, drawn[i]));
    }
    for (int i = 0; i < 3; ++i) {
        DN_TRY(adopt(folder, name, path, drawn[i]));
    }
    return DN_OK;
}

dn_status dn_figure_write(const dn_figure *figure, const char *path)
{
    dn_status status = DN_OK;
    const char *name = dn_path_name(path);
    char *folder = NULL, *script = NULL;
    dn_program_end end = {0};
    bool made = false;
    DN_TRY(check(figure, path));
    DN_TRY_GOTO(status, dn_asprintf(&folder, "%.*s.dien-figure-XXXXXX", (int)(name - path), path), done);
    if (mkdtemp(folder) == NULL) {
        DN_FAIL_GOTO(status, done, DN_EIO, "cannot write the figure %s: %s", path, strerror(errno));
    }
    made = true;
    guard_folder(folder, name, dn_file_guard);
    DN_TRY_GOTO(status, dn_asprintf(&script, "./%s.gp", name), done);
    DN_TRY_GOTO(status, write_with(figure, folder, name, "tsv"), done);
    DN_TRY_GOTO(status, write_with(figure, folder, name, "gp"), done);
    const char *const arguments[] = {program(), "-d", script, NULL}; /* without start-up files */
    DN_TRY_GOTO(status, run_gnuplot(folder, arguments, &end), done); /* nothing of a figure that was not drawn */
    if (!end.missing && !end.late && end.code == 0) {
        DN_TRY_GOTO(status, adopt_drawn(folder, name, path), done);
    }
    DN_TRY_GOTO(status, adopt(folder, name, path, "tsv"), done);
    DN_TRY_GOTO(status, adopt(folder, name, path, "gp"), done);
    status = judge_gnuplot(&end, path, name);
done:
    if (made) {
        remove_folder(folder, name);
        guard_folder(folder, name, dn_file_unguard);
    }
    free(folder);
    free(script);
    dn_program_end_release(&end);
    return status;
}
