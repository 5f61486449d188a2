/* Takes a column's name apart and gives the structure and the side in words. */
#define _GNU_SOURCE
#include "study/output/labels.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_WORDS = 16 };

/* Words that make a column one of a structure, and what may follow or stand beside them. */
static const char *const structures[] = {"hypothalamus", "thalamus",  "icv",     "caudate",   "putamen",     "pallidum",   "hippocampus",
                                         "amygdala",     "accumbens", "ventral", "ventricle", "ventricles",  "cerebellum", "cerebral",
                                         "chiasm",       "brainstem", "stem",    "csf",       "intracranial"};
static const char *const before_structures[] = {"third", "fourth", "lateral", "inferior", "optic", "brain"};
static const char *const qualifiers[] = {"anterior", "posterior", "superior", "inferior", "tubular", "diencephalon", "dc",
                                         "white",    "matter",    "cortex",   "area",     "volume",  "whole"};

static bool is_among(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        if (strcasecmp(word, list[i]) == 0) {
            return true;
        }
    }
    return false;
}
#define AMONG(word, list) is_among((word), (list), sizeof(list) / sizeof *(list))

static char side_of(const char *word)
{
    static const char *const left[] = {"left", "l", "lh"};
    static const char *const right[] = {"right", "r", "rh"};
    return AMONG(word, left) ? 'L' : AMONG(word, right) ? 'R' : 0;
}

/* Cuts text at its _ and blanks; *count words. */
static void split(char *text, char *words[MOST_WORDS], size_t *count)
{
    *count = 0;
    for (char *rest = NULL, *word = strtok_r(text, "_ ", &rest); word != NULL && *count < MOST_WORDS; word = strtok_r(NULL, "_ ", &rest)) {
        words[(*count)++] = word;
    }
}

static void say_lower(FILE *out, const char *word)
{
    for (; *word != '\0'; ++word) {
        fputc(tolower((unsigned char)*word), out);
    }
}

/* The structure of words first..last-1, with its side before and the other words behind it; alone: without what stands before it. */
static void say_structure(FILE *out, char *const *words, size_t count, size_t first, size_t last, bool alone)
{
    char side = 0;
    for (size_t i = 0; i < count; ++i) {
        side = (i < first || i >= last) && side_of(words[i]) != 0 ? side_of(words[i]) : side;
    }
    fprintf(out, "%s", side == 'L' ? "left " : side == 'R' ? "right " : "");
    for (size_t i = first; i < last; ++i) {
        fprintf(out, "%s", i > first ? " " : "");
        if (strcasecmp(words[i], "icv") == 0) {
            fprintf(out, "intracranial volume");
        } else if (strcasecmp(words[i], "csf") == 0 || strcasecmp(words[i], "dc") == 0) {
            fprintf(out, "%s", strcasecmp(words[i], "dc") == 0 ? "diencephalon" : "CSF");
        } else {
            say_lower(out, words[i]);
        }
    }
    for (size_t i = 0; i < count; ++i) {
        if (((i < first && !alone) || i >= last) && side_of(words[i]) == 0) {
            fprintf(out, ", %s", words[i]);
        }
    }
}

/* alone: nothing beside it that it has to be told from. */
static dn_status label_of(const char *column, bool alone, char **out)
{
    char *copy = NULL, *words[MOST_WORDS];
    size_t count, first = 0;
    dn_text text;
    DN_TRY(dn_strdup(column, &copy));
    split(copy, words, &count);
    while (first < count && !AMONG(words[first], structures)) {
        ++first;
    }
    if (first == count || count == MOST_WORDS) {
        free(copy);
        return dn_strdup(column, out);
    }
    size_t last = first + 1;
    while (first > 0 && AMONG(words[first - 1], before_structures)) {
        --first;
    }
    while (last < count && (AMONG(words[last], qualifiers) || AMONG(words[last], structures))) {
        ++last;
    }
    dn_status status = dn_text_open(&text);
    if (status == DN_OK) {
        say_structure(text.stream, words, count, first, last, alone);
        status = dn_text_take(&text, out);
    }
    free(copy);
    if (status == DN_OK) {
        (*out)[0] = (char)toupper((unsigned char)(*out)[0]);
    }
    return status;
}

dn_status dn_label_of(const char *column, char **out)
{
    return label_of(column, false, out);
}

dn_status dn_label_axis(const char *column, const char *label, bool normalised, const char *unit, char **out)
{
    char *name = NULL;
    bool age = label == NULL && strcasecmp(column, "age") == 0;
    if (label == NULL && strcasecmp(column, "alsfrs_slope") == 0) { /* which dien makes; its unit is that of the duration */
        column = "ALS-FRS-R slope";
    }
    if (age) {
        column = "Age";
        unit = unit != NULL ? unit : "years";
    }
    DN_TRY(label != NULL ? dn_strdup(label, &name) : label_of(column, true, &name));
    dn_status status =
        dn_asprintf(out, "%s%s%s%s%s", name, normalised ? ", ICV-normalised" : "", unit ? " (" : "", unit ? unit : "", unit ? ")" : "");
    free(name);
    return status;
}
