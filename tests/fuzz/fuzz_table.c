/* Tables of other people: CSV and TSV, any encoding, any quoting; read, looked at, joined with themselves. */
#include "fuzz.h"

#include "study/tables/join.h"
#include "study/tables/table_check.h"

#include <string.h>

/* The first columns as id, group, value and head, all of them as covariates. */
static void use(const dn_table *table)
{
    const char *names[16];
    const size_t columns = dn_table_columns(table) < 16 ? dn_table_columns(table) : 16;
    dn_remarks remarks = {0};
    dn_table *joined = NULL;
    dn_join_loss loss;
    char *text = NULL;
    for (size_t c = 0; c < columns; ++c) {
        names[c] = dn_table_column_name(table, c);
    }
    const dn_table_roles roles = {.id = names[0],
                                  .group = names[columns > 1],
                                  .icv = names[columns - 1],
                                  .values = names,
                                  .value_count = columns,
                                  .covariates = names,
                                  .covariate_count = columns};
    fuzz_check(dn_table_check_facts(table, &remarks));
    fuzz_check(dn_table_check(table, &roles, &remarks));
    fuzz_check(dn_remarks_paragraph(&remarks, &text));
    free(text);
    dn_remarks_release(&remarks);
    for (int how = DN_JOIN_ASK; how <= DN_JOIN_ALIKE; ++how) {
        dn_status status = dn_join(table, table, names[0], (dn_join_how)how, &joined, &loss);
        fuzz_check(status);
        if (status == DN_OK) {
            dn_table_destroy(joined);
            dn_join_loss_release(&loss);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"input.tsv", "input.csv"};
    for (size_t n = 0; n < 2; ++n) {
        dn_table *table = NULL;
        dn_status status = dn_table_parse((const char *)bytes, size, names[n], &table);
        fuzz_check(status);
        if (status != DN_OK) {
            continue;
        }
        for (size_t c = 0; c < dn_table_columns(table); ++c) {
            double *numbers = NULL;
            fuzz_check(dn_table_numbers(table, c, &numbers));
            free(numbers);
        }
        use(table);
        dn_table_destroy(table);
    }
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    static const char *const seeds[] = {
        "participant_id\tage\tgroup\tvolume_mm3\nsub-01\t61.5\tals\t812.4\nsub-02\tn/a\tcontrol\t799\n",
        "\xef\xbb\xbfid;wert;gruppe\r\n1;812,5;\"a;b\"\r\n2;799,25;\"c\"\"d\"\r\n",
        "id,value\n1,2.5e3\n2,-0.0\n3,NaN\n",
        "sep=;\nid;age;sex;v\n01;76,3;F;7.411\n 1;999;w;6.837\n;;;\nsub-1;-9;1;1.428.059\n",
    };
    return fuzz_seed_text(seeds, sizeof seeds / sizeof *seeds, index, out, capacity);
}
