#include "cli/stats_command.h"

dn_status dn_stats_correlate_run(const dn_arguments *arguments)
{
    (void)arguments;
    DN_FAIL(DN_EINTERNAL, "'dien stats correlate' is not built in yet");
}
