/* Norms of other people: JSON that says anything. What is read must be usable. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "base/file.h"
#include "base/random.h"
#include "stats/normative.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dn_norm_model model;
    dn_status status = dn_norm_parse((const char *)bytes, size, "input.json", &model);
    fuzz_check(status);
    if (status == DN_OK) {
        dn_norm_verdict verdict;
        dn_norm_person person = {.value = 14.0, .icv = 1500.0, .age = 50.0, .sex = DN_SEX_MALE, .scanner = "S"};
        double paper[DN_NORM_TERMS];
        fuzz_check(dn_norm_apply(&model, &person, NAN, &verdict));
        (void)dn_norm_centile(&model, 1500.0, 50.0, DN_SEX_FEMALE, 0.3);
        dn_norm_coefficients(&model, paper);
        dn_norm_model_release(&model);
    }
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    enum { PEOPLE = 40 };
    static dn_norm_person persons[PEOPLE];
    dn_norm_model model = {0};
    unsigned char *bytes = NULL;
    size_t size = 0;
    dn_random random;
    char path[] = "/tmp/dien-fuzz-norm-XXXXXX";
    if (index > 2) {
        return 0;
    }
    dn_random_seed(&random, 9);
    for (size_t i = 0; i < PEOPLE; ++i) {
        persons[i] = (dn_norm_person){.icv = dn_random_normal(&random, 1500, 120),
                                      .age = dn_random_uniform(&random, 20, 80),
                                      .scanner = i % 2 ? "S" : "T"};
        persons[i].value = dn_random_normal(&random, 15, 1);
        persons[i].sex = i % 3 ? DN_SEX_MALE : DN_SEX_FEMALE;
    }
    dn_norm_options options = {.method = index == 1 ? DN_NORM_QUANTILE : DN_NORM_LEAST_SQUARES,
                               .with_sex = index == 2,
                               .two_step = true,
                               .scanner_sd = index == 0 ? NAN : 0.3};
    int file = mkstemp(path);
    if (file < 0 || close(file) != 0) {
        return 0;
    }
    if (dn_norm_fit(persons, PEOPLE, &options, &model, NULL, NULL) == DN_OK && dn_norm_write(&model, path) == DN_OK &&
        dn_file_read(path, 1 << 20, &bytes, &size) == DN_OK && size <= capacity) {
        memcpy(out, bytes, size);
    } else {
        size = 0;
    }
    free(bytes);
    dn_norm_model_release(&model);
    unlink(path);
    return size;
}
