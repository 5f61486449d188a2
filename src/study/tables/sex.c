/* The words for female and male that are understood. */
#define _GNU_SOURCE
#include "study/tables/sex.h"

#include <strings.h>

bool dn_sex_of(const char *text, dn_sex *out)
{
    static const struct {
        const char *text;
        dn_sex sex;
    } known[] = {{"m", DN_SEX_MALE},      {"male", DN_SEX_MALE},      {"man", DN_SEX_MALE},        {"men", DN_SEX_MALE},
                 {"boy", DN_SEX_MALE},    {"männlich", DN_SEX_MALE},  {"maennlich", DN_SEX_MALE},  {"mann", DN_SEX_MALE},
                 {"f", DN_SEX_FEMALE},    {"female", DN_SEX_FEMALE},  {"woman", DN_SEX_FEMALE},    {"women", DN_SEX_FEMALE},
                 {"girl", DN_SEX_FEMALE}, {"w", DN_SEX_FEMALE},       {"weiblich", DN_SEX_FEMALE}, {"frau", DN_SEX_FEMALE},
                 {"o", DN_SEX_UNKNOWN},   {"other", DN_SEX_UNKNOWN},  {"d", DN_SEX_UNKNOWN},       {"divers", DN_SEX_UNKNOWN},
                 {"u", DN_SEX_UNKNOWN},   {"unknown", DN_SEX_UNKNOWN}};
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
        if (strcasecmp(text, known[i].text) == 0) {
            *out = known[i].sex;
            return true;
        }
    }
    return false;
}
