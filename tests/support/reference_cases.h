/* Cases that a script in tools/ wrote: inputs, and what they should give. A file of lines:
 *     case KIND NAME
 *     data NAME COUNT NUMBER...
 *     want NAME NUMBER
 *     end
 * Each want must be asked for by the test that runs the case (reference_finish), so that none goes unchecked. */
#ifndef DN_REFERENCE_CASES_H
#define DN_REFERENCE_CASES_H

#include "test.h"

#include <math.h>
#include <string.h>

enum { REFERENCE_DATA = 16, REFERENCE_WANTS = 256 };

typedef struct reference_case {
    char kind[32], name[64];
    struct {
        char name[32];
        size_t n;
        double *values;
    } data[REFERENCE_DATA];
    size_t n_data;
    struct {
        char name[48];
        double value;
        int asked;
    } wants[REFERENCE_WANTS];
    size_t n_wants;
    double worst; /* largest relative difference so far */
} reference_case;

static inline void reference_release(reference_case *it)
{
    for (size_t i = 0; i < it->n_data; ++i) {
        free(it->data[i].values);
    }
    memset(it, 0, sizeof *it);
}

/* The next case of a kind; 0 at the end of the file. */
static inline int reference_next(FILE *file, const char *kind, reference_case *it)
{
    char word[32];
    reference_release(it);
    while (fscanf(file, "%31s", word) == 1) {
        if (strcmp(word, "case") == 0) {
            assert_int_equal(fscanf(file, "%31s %63s", it->kind, it->name), 2);
        } else if (strcmp(word, "data") == 0) {
            assert_true(it->n_data < REFERENCE_DATA);
            assert_int_equal(fscanf(file, "%31s %zu", it->data[it->n_data].name, &it->data[it->n_data].n), 2);
            size_t n = it->data[it->n_data].n;
            it->data[it->n_data].values = calloc(n + 1, sizeof(double));
            assert_non_null(it->data[it->n_data].values);
            for (size_t i = 0; i < n; ++i) {
                assert_int_equal(fscanf(file, "%lf", &it->data[it->n_data].values[i]), 1);
            }
            ++it->n_data;
        } else if (strcmp(word, "want") == 0) {
            assert_true(it->n_wants < REFERENCE_WANTS);
            assert_int_equal(fscanf(file, "%47s %lf", it->wants[it->n_wants].name, &it->wants[it->n_wants].value), 2);
            ++it->n_wants;
        } else if (strcmp(word, "end") == 0) {
            if (strcmp(it->kind, kind) == 0) {
                return 1;
            }
            reference_release(it);
        }
    }
    return 0;
}

static inline FILE *reference_open(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", DIEN_TEST_FOLDER, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("cannot read %s", path);
    }
    return file;
}

static inline const double *reference_data(const reference_case *it, const char *name, size_t *n)
{
    for (size_t i = 0; i < it->n_data; ++i) {
        if (strcmp(it->data[i].name, name) == 0) {
            if (n != NULL) {
                *n = it->data[i].n;
            }
            return it->data[i].values;
        }
    }
    return NULL;
}

static inline int reference_has(const reference_case *it, const char *name)
{
    for (size_t i = 0; i < it->n_wants; ++i) {
        if (strcmp(it->wants[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* |found - expected| <= relative * |expected| + absolute. A case may lack the name (then nothing is checked). */
static inline void reference_check(reference_case *it, const char *name, double found, double relative, double absolute)
{
    for (size_t i = 0; i < it->n_wants; ++i) {
        if (strcmp(it->wants[i].name, name) == 0) {
            double expected = it->wants[i].value, off = fabs(found - expected);
            it->wants[i].asked = 1;
            if (isnan(expected) ? !isnan(found) : !(off <= relative * fabs(expected) + absolute)) {
                fail_msg("%s %s: %s: expected %.17g, found %.17g (relative difference %.3g)", it->kind, it->name, name, expected, found,
                         off / fabs(expected));
            }
            if (!isnan(expected) && off > absolute) {
                it->worst = fmax(it->worst, off / fabs(expected));
            }
            return;
        }
    }
}

/* Fails when a want was never asked for. */
static inline void reference_finish(const reference_case *it)
{
    for (size_t i = 0; i < it->n_wants; ++i) {
        if (!it->wants[i].asked) {
            fail_msg("%s %s: nothing checked %s", it->kind, it->name, it->wants[i].name);
        }
    }
}

#endif
