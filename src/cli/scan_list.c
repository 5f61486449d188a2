#include "cli/scan_list.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* path up to ".hdr", ".img" or their ".gz": what the two halves of a pair share; 0 for other files. */
static size_t pair_length(const char *path)
{
    static const char *const extensions[] = {".hdr", ".img", ".hdr.gz", ".img.gz"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; ++i) {
        if (dn_path_has_extension(path, extensions[i])) {
            return strlen(path) - strlen(extensions[i]);
        }
    }
    return 0;
}

static bool is_other_half(const char *a, const char *b)
{
    size_t n = pair_length(a);
    return n > 0 && n == pair_length(b) && strncmp(a, b, n) == 0 && strcmp(a, b) != 0;
}

dn_status dn_scan_list(const dn_arguments *arguments, const char *ending, const char ***paths, size_t *count)
{
    size_t given = dn_arguments_count(arguments);
    size_t n = 0;
    const char **list = NULL;
    char **stems = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&list, given, sizeof *list, "the list of scans"), done);
    DN_TRY_GOTO(status, dn_alloc(&stems, given, sizeof *stems, "the list of scans"), done);
    for (size_t i = 0; i < given; ++i) {
        const char *path = dn_arguments_at(arguments, i);
        DN_TRY_GOTO(status, dn_path_scan_stem(path, &stems[n]), done);
        size_t k = 0;
        while (k < n && strcmp(stems[k], stems[n]) != 0) {
            ++k;
        }
        if (k == n) {
            list[n++] = path;
        } else if (is_other_half(list[k], path)) {
            free(stems[n]);
            stems[n] = NULL;
        } else {
            status = dn_error_set(DN_EUSAGE,
                                  "%s and %s would both be written as %s%s and so on; rename one of them, or run them into two folders",
                                  list[k], path, stems[k], ending);
            ++n; /* its stem is to be freed */
            goto done;
        }
    }
    *count = n;
    *paths = list;
    list = NULL;
done:
    for (size_t i = 0; stems != NULL && i < n; ++i) {
        free(stems[i]);
    }
    free(stems);
    free(list);
    return status;
}

dn_status dn_scan_list_broken(dn_status last, size_t broken, size_t count, const char *what, const char *folder)
{
    if (count == 1) {
        return last;
    }
    if (broken == count) {
        DN_FAIL(last, "none of the %zu %s; the reasons are above", count, what);
    }
    DN_FAIL(DN_EPARTIAL, "%zu of %zu %s; what stopped the others is above, the results are in %s", count - broken, count, what, folder);
}

dn_trust dn_scan_trust(const dn_arguments *arguments)
{
    const char *trust = dn_arguments_text(arguments, "trust");
    return trust == NULL ? DN_TRUST_HEADER : strcmp(trust, "sform") == 0 ? DN_TRUST_SFORM : DN_TRUST_QFORM;
}
