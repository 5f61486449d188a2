#include "cli/stats_command.h"

dn_status dn_stats_power_run(const dn_arguments *arguments)
{
    (void)arguments;
    DN_FAIL(DN_EINTERNAL, "'dien stats power' is not built in yet");
}
