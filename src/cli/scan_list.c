#include "cli/scan_list.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_arguments_paths(const dn_arguments *arguments, const char ***paths)
{
    const size_t given = dn_arguments_count(arguments);
    DN_TRY(dn_alloc(paths, given, sizeof **paths, "the list of files"));
    for (size_t i = 0; i < given; ++i) {
        (*paths)[i] = dn_arguments_at(arguments, i);
    }
    return DN_OK;
}

dn_status dn_scan_list(const dn_arguments *arguments, const char *ending, const char ***paths, size_t *count)
{
    const char **files = NULL;
    DN_TRY(dn_arguments_paths(arguments, &files));
    dn_status status = dn_batch_list(files, dn_arguments_count(arguments), ending, paths, count);
    free(files);
    return status;
}

dn_trust dn_scan_trust(const dn_arguments *arguments)
{
    const char *trust = dn_arguments_text(arguments, "trust");
    return trust == NULL ? DN_TRUST_HEADER : strcmp(trust, "sform") == 0 ? DN_TRUST_SFORM : DN_TRUST_QFORM;
}

dn_status dn_geometry_option(const dn_arguments *arguments, const dn_stack_geometry *published, dn_stack_geometry *out)
{
    const dn_status status = dn_stack_parse(dn_arguments_text(arguments, "geometry"), published, out);
    return status == DN_OK ? status : dn_error_context(status, "--geometry");
}

static void print_line(void *user, const char *text)
{
    (void)user;
    puts(text);
}

dn_line_sink dn_print_lines(void)
{
    return (dn_line_sink){.line = print_line};
}
