/* Any table through the whole comparison of groups: a result without NaN and infinity in its tables, or a sentence. */
#include "fuzz.h"

#include "base/table.h"
#include "study/groups/group_analysis.h"

#include <math.h>
#include <string.h>

/* A cell of our own tables is missing, a text, or a finite number. */
static void check_cells(const dn_table *table)
{
    for (size_t c = 0; c < dn_table_columns(table); ++c) {
        for (size_t r = 0; r < dn_table_rows(table); ++r) {
            const char *text = dn_table_text(table, r, c);
            if (text != NULL &&
                (strcmp(text, "nan") == 0 || strcmp(text, "-nan") == 0 || strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0)) {
                abort();
            }
        }
    }
}

static void compare(const dn_table *table, const dn_group_options *options)
{
    dn_group_analysis a;
    dn_status status = dn_group_analyse(table, options, &a);
    fuzz_check(status);
    if (status == DN_OK) {
        dn_table *out[3] = {NULL, NULL, NULL};
        char *paragraph = NULL;
        for (int i = 0; i < 3; ++i) {
            fuzz_check(dn_table_create("out", &out[i]));
        }
        status = dn_group_tabulate(&a, out[0], out[1], out[2]);
        if (status != DN_OK) {
            fprintf(stderr, "%s\n", dn_error_message());
            abort();
        }
        for (int i = 0; i < 3; ++i) {
            check_cells(out[i]);
            dn_table_destroy(out[i]);
        }
        fuzz_check(dn_group_paragraph(&a, &paragraph));
        free(paragraph);
    }
    dn_group_analysis_release(&a);
}

/* Columns of the table, in order: id, group, value, icv, covariate. The first byte chooses the options. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dn_table *table = NULL;
    if (size < 2 || size > 4096) {
        return 0;
    }
    dn_status status = dn_table_parse((const char *)bytes + 1, size - 1, "input.csv", &table);
    fuzz_check(status);
    if (status != DN_OK) {
        return 0;
    }
    if (dn_table_columns(table) >= 3) {
        const char *covariate = dn_table_columns(table) >= 5 ? dn_table_column_name(table, 4) : NULL;
        const char *control = dn_table_rows(table) > 0 ? dn_table_text(table, 0, 1) : NULL;
        dn_group_options options = {.value = dn_table_column_name(table, 2),
                                    .group = dn_table_column_name(table, 1),
                                    .id = dn_table_column_name(table, 0),
                                    .control = control,
                                    .icv = dn_table_columns(table) >= 4 && control != NULL && (bytes[0] & 1)
                                               ? dn_table_column_name(table, 3)
                                               : NULL,
                                    .normalise = (dn_icv_method)((bytes[0] >> 1) % 4),
                                    .covariates = &covariate,
                                    .covariate_count = covariate != NULL && (bytes[0] & 8),
                                    .outlier_factor = bytes[0] & 16 ? 1.5 : 0.0,
                                    .test = (dn_test_choice)((bytes[0] >> 5) % 3),
                                    .equal_variances = (bytes[0] & 128) != 0,
                                    .adjustment = DN_ADJUST_HOLM,
                                    .level = 0.95,
                                    .alpha = 0.05};
        compare(table, &options);
        dn_category_analysis c;
        fuzz_check(dn_category_analyse(table, &options, &c));
        dn_category_analysis_release(&c);
        const dn_paired_options paired = {.first = dn_table_column_name(table, 1),
                                          .second = dn_table_column_name(table, 2),
                                          .level = 0.95,
                                          .alpha = 0.05};
        dn_paired_analysis p;
        fuzz_check(dn_paired_analyse(table, &paired, &p));
        dn_paired_analysis_release(&p);
    }
    dn_table_destroy(table);
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    static const char *const seeds[] = {
        "\x19id,g,v,icv,age\n1,A,1,9,4\n2,A,2,8,5\n3,A,4,8,1\n4,B,3,7,7\n5,B,5,9,6\n6,B,9,7,8\n7,B,,7,8\n",
        "\x91id,g,v\n1,A,1\n2,A,2\n3,B,3\n4,B,3\n5,C,1\n6,C,7\n7,C,1e9\n",
        "\x08id,g,v,w,sex\n1,A,1,1,M\n2,A,2,2,F\n3,A,2.5,1,F\n4,B,2,2,M\n5,B,3,1,F\n6,B,4,1,F\n",
        "\x91id,g,v\n1,A,0\n2,A,5\n3,B,3\n4,B,3\n5,C,1\n6,C,1e297\n",
        "\x41id,g,v\n1,2,3\n2,3,3.5\n3,4,4.5\n4,5,1\n",
    };
    size_t length = index < sizeof seeds / sizeof *seeds ? strlen(seeds[index]) : 0;
    if (length == 0 || length > capacity) {
        return 0;
    }
    memcpy(out, seeds[index], length);
    return length;
}
