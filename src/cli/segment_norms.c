/* Reads age, sex and norms from the options. */
#include "cli/segment_norms.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of the files in a list with commas. */
static dn_status read_list(const char *list, dn_norm_model *norms, size_t *count)
{
    char *names = NULL;
    char *rest = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_strdup(list, &names));
    for (char *name = strtok_r(names, ",", &rest); name != NULL && status == DN_OK; name = strtok_r(NULL, ",", &rest)) {
        status = dn_norm_read(name, &norms[*count]);
        *count += status == DN_OK;
    }
    free(names);
    return status;
}

dn_status dn_segment_norms_read(const dn_arguments *arguments, size_t scans, dn_report_options *out)
{
    const char *list = dn_arguments_text(arguments, "norm");
    const char *sex = dn_arguments_text(arguments, "sex");
    dn_norm_model *norms = NULL;
    size_t limit = 1;
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
    for (const char *p = list; *p != 0; ++p) {
        limit += *p == ',';
    }
    DN_TRY(dn_alloc(&norms, limit, sizeof *norms, "the norms"));
    out->norms = norms;
    return read_list(list, norms, &out->norm_count);
}

void dn_segment_norms_release(dn_report_options *options)
{
    dn_norm_model *norms = (dn_norm_model *)(uintptr_t)options->norms;
    for (size_t i = 0; i < options->norm_count; ++i) {
        dn_norm_model_release(&norms[i]);
    }
    free(norms);
    *options = (dn_report_options){.norm_count = 0};
}
