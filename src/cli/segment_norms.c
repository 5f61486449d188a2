/* Reads age, sex and norms from the options. */
#include "cli/segment_norms.h"

#include <stdint.h>
#include <string.h>

dn_status dn_segment_norms_read(const dn_arguments *arguments, size_t scans, dn_report_options *out)
{
    const char *list = dn_arguments_text(arguments, "norm");
    const char *sex = dn_arguments_text(arguments, "sex");
    dn_norm_model *norms = NULL;
    *out = (dn_report_options){.age = dn_arguments_real(arguments, "age"),
                               .sex = sex == NULL   ? DN_SEX_UNKNOWN
                                      : *sex == 'F' ? DN_SEX_FEMALE
                                                    : DN_SEX_MALE};
    if (scans > 1 && (dn_arguments_given(arguments, "age") || sex != NULL)) {
        DN_FAIL(DN_EUSAGE, "--age and --sex are for one scan; for several scans, write age and sex into a participants.tsv beside them");
    }
    if (list == NULL) {
        return DN_OK;
    }
    dn_status status = dn_norm_read_list(list, &norms, &out->norm_count);
    out->norms = norms;
    return status;
}

void dn_segment_norms_release(dn_report_options *options)
{
    dn_norm_list_release((dn_norm_model *)(uintptr_t)options->norms, options->norm_count);
    *options = (dn_report_options){.norm_count = 0};
}
