/* Tables of other people: CSV and TSV, any encoding, any quoting. */
#include "fuzz.h"

#include "base/table.h"

#include <string.h>

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
    };
    if (index >= sizeof seeds / sizeof *seeds || strlen(seeds[index]) > capacity) {
        return 0;
    }
    memcpy(out, seeds[index], strlen(seeds[index]));
    return strlen(seeds[index]);
}
