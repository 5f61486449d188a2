/* Opens and checks the list of inputs, and prints paths of results. */
#include "cli/scan_list.h"

#include <stdio.h>
#include <string.h>

dn_status dn_scan_list(const dn_arguments *arguments, const char *ending, const char ***paths, size_t *count)
{
    return dn_batch_list(dn_arguments_from(arguments, 0), dn_arguments_count(arguments), ending, paths, count);
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
