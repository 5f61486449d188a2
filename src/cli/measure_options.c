/* The values of the options that decide how a scan is measured. */
#include "cli/measure_options.h"

#include "cli/scan_list.h"
#include "net/plan/plan.h"

#include <string.h>

dn_precision dn_measure_precision(const dn_arguments *arguments)
{
    const char *precision = dn_arguments_text(arguments, "precision");
    const bool bf16 = strcmp(precision, "bf16") == 0 || (strcmp(precision, "auto") == 0 && dn_plan_bf16_pays());
    return bf16 ? DN_PRECISION_BF16 : DN_PRECISION_F32;
}

dn_run_settings dn_measure_settings(const dn_arguments *arguments)
{
    return (dn_run_settings){
        .model = dn_arguments_text(arguments, "model"),
        .structures = dn_arguments_text(arguments, "structures"),
        .norms = dn_arguments_text(arguments, "norm"),
        .precision = dn_measure_precision(arguments),
        .trust = dn_scan_trust(arguments),
        .memory_gb = dn_arguments_real(arguments, "memory"),
        .white_matter = dn_arguments_given(arguments, "white-matter") ? dn_arguments_real(arguments, "white-matter") : 0.0,
        .whole_head = dn_arguments_flag(arguments, "whole-head"),
        .consensus = dn_arguments_flag(arguments, "consensus"),
        .posteriors = dn_arguments_flag(arguments, "posteriors"),
    };
}
