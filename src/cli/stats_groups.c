#include "cli/stats_command.h"

dn_status dn_stats_groups_run(const dn_arguments *arguments)
{
    (void)arguments;
    DN_FAIL(DN_EINTERNAL, "'dien stats groups' is not built in yet");
}
