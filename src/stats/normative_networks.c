/* Whether a norm was made by the networks that measured a person. */
#include "stats/normative.h"

#include <string.h>

/* The length of the next of a list "name (hash), name (hash)". */
static size_t one_network(const char *list)
{
    const char *end = strstr(list, "), ");
    return end != NULL ? (size_t)(end - list) + 1 : strlen(list);
}

static const char *next_network(const char *at)
{
    at += one_network(at);
    return strncmp(at, ", ", 2) == 0 ? at + 2 : at;
}

/* Networks of one list, for the structure, that the other has: *same: with the same hash; *changed: with another. */
static void compare_networks(const char *a, const char *b, bool hypothalamus, size_t *same, size_t *changed)
{
    *same = *changed = 0;
    for (; *a != '\0'; a = next_network(a)) {
        const size_t whole = one_network(a), name = strcspn(a, "(");
        if (hypothalamus == (strncmp(a, "whole-head", 10) == 0)) {
            continue;
        }
        for (const char *other = b; *other != '\0'; other = next_network(other)) {
            if (strcspn(other, "(") == name && strncmp(a, other, name) == 0) {
                const bool equal = one_network(other) == whole && strncmp(a, other, whole) == 0;
                *same += equal;
                *changed += !equal;
            }
        }
    }
}

bool dn_norm_other_networks(const dn_norm_model *model, const char *networks)
{
    size_t same, changed;
    if (model->networks == NULL || networks == NULL) {
        return false;
    }
    compare_networks(model->networks, networks, strncmp(model->structure, "hypothalamus", 12) == 0, &same, &changed);
    return changed > 0 || same == 0;
}
