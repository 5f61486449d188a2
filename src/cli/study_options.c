/* The options that commands on tables share, and their conversion into the structures of study/. */
#include "cli/study_options.h"

#include "base/words.h"

#include <math.h>
#include <stdio.h>

dn_status dn_study_tables_of(const dn_arguments *arguments, size_t from, dn_study_tables *out)
{
    *out = (dn_study_tables){.paths = dn_arguments_from(arguments, from),
                             .count = dn_arguments_count(arguments) - from,
                             .id = dn_arguments_text(arguments, "id"),
                             .where = dn_arguments_text(arguments, "where"),
                             .session = dn_arguments_text(arguments, "session"),
                             .unit = dn_arguments_text(arguments, "unit"),
                             .count_rejected = dn_arguments_flag(arguments, "count-rejected"),
                             .strict = dn_arguments_flag(arguments, "strict")};
    return dn_join_how_of(dn_arguments_text(arguments, "join"), &out->join);
}

dn_study_output dn_study_output_of(const dn_arguments *arguments)
{
    return (dn_study_output){.folder = dn_arguments_text(arguments, "output"), .note = dn_arguments_text(arguments, "note")};
}

double dn_arguments_real_or_nan(const dn_arguments *arguments, const char *name)
{
    return dn_arguments_given(arguments, name) ? dn_arguments_real(arguments, name) : (double)NAN;
}

dn_status dn_study_print(dn_status status, dn_study_result *result)
{
    if (result->text != NULL) {
        fputs(result->text, stdout);
    }
    dn_study_result_release(result);
    return status;
}
