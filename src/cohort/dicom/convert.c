/* The program dcm2niix (Li, Morgan, Ashburner, Smith and Rorden 2016, J Neurosci Methods 264:47), which makes volumes of DICOM files. */
#define _GNU_SOURCE
#include "cohort/dicom/convert.h"

#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/program.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PROGRAM "dcm2niix"

void dn_conversion_release(dn_conversion *conversion)
{
    for (size_t i = 0; i < conversion->count; ++i) {
        free(conversion->volumes[i].name);
        json_decref(conversion->volumes[i].sidecar);
    }
    free(conversion->volumes);
    free(conversion->said);
    *conversion = (dn_conversion){0};
}

/* ---- running it --------------------------------------------------------------------------------------------------- */

static dn_status fail_missing(void)
{
    DN_FAIL(DN_EINPUT, "DICOM files are converted by the program dcm2niix, which is not installed here: install it (Debian and Ubuntu: "
                       "apt-get install dcm2niix)");
}

dn_status dn_convert_available(void)
{
    static const char *const arguments[] = {PROGRAM, "-v", NULL};
    dn_program_end end = {0};
    dn_status status = dn_program_run(arguments, 60.0, &end);
    if (status == DN_OK && end.missing) {
        status = fail_missing();
    }
    dn_program_end_release(&end);
    return status;
}

static dn_status run(const char *folder, const char *out_folder, dn_convert_how how, size_t files, char **said)
{
    /* -l n: 16 bits with a sign, of which it can make slices at equal distances. */
    const char *const arguments[] = {PROGRAM, "-g",   "i",  "-b",       how == DN_CONVERT_DESCRIBE ? "o" : "y",
                                     "-ba",   "y",    "-z", "n",        "-l",
                                     "n",     "-w",   "2",  "-x",       how == DN_CONVERT_KEEP ? "i" : "n",
                                     "-f",    "scan", "-o", out_folder, folder,
                                     NULL};
    dn_program_end end = {0};
    dn_status status = dn_program_run(arguments, 300.0 + 0.1 * (double)files, &end);
    if (status == DN_OK && end.missing) {
        status = fail_missing();
    }
    if (status == DN_OK && end.late) {
        status = dn_error_set(DN_EDATA, PROGRAM " needed more than %.0f s for a series and was stopped", 300.0 + 0.1 * (double)files);
    }
    if (status == DN_OK) {
        dn_log(DN_LOG_DEBUG, PROGRAM " ended with %d and said: %s", end.code, end.output);
        *said = end.output;
        end.output = NULL;
    }
    dn_program_end_release(&end);
    return status;
}

/* ---- its JSON files ----------------------------------------------------------------------------------------------- */

static int is_json(const struct dirent *entry)
{
    return dn_path_has_extension(entry->d_name, ".json");
}

/* Descriptions may be in any character set; JSON is UTF-8. */
static void make_utf8(char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        const size_t length = dn_text_character(text + at, size - at);
        if (length == 0) {
            text[at] = '?';
        }
        at += length > 0 ? length : 1;
    }
}

static dn_status read_one(const char *folder, const char *file, dn_conversion *out)
{
    char *path = NULL;
    unsigned char *bytes = NULL;
    size_t size = 0;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_path_join(folder, file, &path), done);
    DN_TRY_GOTO(status, dn_file_read(path, DN_JSON_LARGEST, &bytes, &size), done);
    make_utf8((char *)bytes, size);
    bool good;
    json_t *sidecar = NULL;
    DN_TRY_GOTO(status, dn_error_excuse(dn_json_parse((const char *)bytes, size, DN_JSON_OBJECT, path, &sidecar), DN_EFORMAT, &good), done);
    sidecar = good ? sidecar : json_object(); /* as if there were none: it is only said */
    dn_converted *volume = &out->volumes[out->count];
    *volume = (dn_converted){.sidecar = sidecar};
    status = dn_asprintf(&volume->name, "%.*s", (int)(strlen(file) - strlen(".json")), file);
    if (status == DN_OK) {
        ++out->count;
    } else {
        json_decref(sidecar);
    }
done:
    free(bytes);
    free(path);
    return status;
}

static dn_status read_all(const char *folder, dn_conversion *out)
{
    struct dirent **names = NULL;
    const int count = scandir(folder, &names, is_json, dn_path_by_name);
    if (count < 0) {
        DN_FAIL(dn_error_of(errno, DN_EIO), "cannot read %s: %s", folder, strerror(errno));
    }
    dn_status status = dn_alloc(&out->volumes, (size_t)count, sizeof *out->volumes, "the volumes of a series");
    for (int i = 0; i < count; ++i) {
        if (status == DN_OK) {
            status = read_one(folder, names[i]->d_name, out);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

dn_status dn_convert(const char *folder, const char *out_folder, dn_convert_how how, size_t files, dn_conversion *out)
{
    *out = (dn_conversion){0};
    if (mkdir(out_folder, 0700) != 0) {
        DN_FAIL(DN_EIO, "cannot make %s: %s", out_folder, strerror(errno));
    }
    dn_status status = run(folder, out_folder, how, files, &out->said);
    if (status == DN_OK) {
        status = read_all(out_folder, out);
    }
    if (status != DN_OK) {
        dn_conversion_release(out);
    }
    return status;
}

dn_status dn_converted_path(const char *out_folder, const char *name, bool plain, char **out)
{
    static const char *const ends[] = {"_Tilt_Eq_1", "_Tilt_1", "_Tilt", "_Eq_1", "_Eq", ""};
    enum { PLAIN = 5 };
    for (size_t i = plain ? PLAIN : 0; i < sizeof ends / sizeof *ends; ++i) {
        DN_TRY(dn_asprintf(out, "%s/%s%s.nii", out_folder, name, ends[i]));
        if (dn_path_exists(*out)) {
            return DN_OK;
        }
        free(*out);
        *out = NULL;
    }
    DN_FAIL(DN_EDATA, PROGRAM " made no volume of it");
}

/* ---- its warnings ------------------------------------------------------------------------------------------------- */

void dn_convert_add_warning(dn_convert_warnings *out, const char *format, ...)
{
    char text[200];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    dn_text_make_line(text);
    for (size_t i = 0; i < out->count; ++i) {
        if (strcmp(out->text[i], text) == 0) {
            return;
        }
    }
    if (out->count < DN_CONVERT_WARNINGS) {
        memcpy(out->text[out->count++], text, sizeof text);
    }
}

/* NULL: of no importance here. */
static const struct {
    const char *part, *sentence;
} known[] = {
    {"interslice distance varies", "The slices are not equally far apart; the volume was interpolated."},
    {"slices not equidistant", "The slices are not equally far apart; the volume was interpolated."},
    {"slice positions repeated", "Several images lie at the same place; check that the series is one scan."},
    {"missing images", "The numbers of the images have gaps: images of the series may be missing."},
    {"gantry", "The slices are tilted against the line through their centres (gantry tilt); dcm2niix straightened the volume."},
    {"slice orientation varies", "The images of the series lie in different directions."},
    {"slices stacked", "The images of the series do not lie on one stack."},
    {"not stacked", "The images of the series do not lie on one stack."},
    {"intensity slope/intercept varies", "The images have different intensity scales (rescale slope); compare them with the scanner's."},
    {"assuming mosaics", NULL},
    {"check that 2d images are not mirrored", NULL},
    {"unable to rotate", NULL},
    {"manufacturer", NULL},
    {"siemens", NULL},
    {"philips", NULL},
    {"issue ", NULL},
    {"bids", NULL},
    {"readout", NULL},
    {"slice timing", NULL},
    {"phase encoding", NULL},
    {"repetition", NULL},
};

void dn_convert_warn(const char *said, const char *folder, dn_convert_warnings *out)
{
    static const char mark[] = "Warning: ";
    for (const char *line = said; *line != '\0';) {
        const size_t length = strcspn(line, "\r\n");
        char text[160];
        size_t k = 0;
        snprintf(text, sizeof text, "%.*s", (int)length, line);
        line += length;
        line += strspn(line, "\r\n");
        if (strncmp(text, mark, strlen(mark)) != 0) {
            continue;
        }
        const size_t count = sizeof known / sizeof *known;
        while (k < count && strcasestr(text, known[k].part) == NULL) {
            ++k;
        }
        char *at = strstr(text, folder); /* a path says nothing to anybody */
        if (at != NULL) {
            *at = '\0';
        }
        if (k == count) {
            dn_convert_add_warning(out, "dcm2niix warns: %s", text + strlen(mark));
        } else if (known[k].sentence != NULL) {
            dn_convert_add_warning(out, "%s", known[k].sentence);
        }
    }
}
