#include "cli/stats_command.h"

dn_status dn_stats_agreement_run(const dn_arguments *arguments)
{
    (void)arguments;
    DN_FAIL(DN_EINTERNAL, "'dien stats agreement' is not built in yet");
}
