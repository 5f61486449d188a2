/* The page's words for remedies. */
#include "web/remedy.h"

static const char *const sentences[DN_REMEDY_COUNT] = {
    [DN_REMEDY_MORE_MEMORY] = "Ask the person who started the server for a larger memory budget.",
    [DN_REMEDY_TRUST_SFORM] = "The header of the file contradicts itself; write the file again with a program that you trust.",
    [DN_REMEDY_TRUST_QFORM] = "The header of the file contradicts itself; write the file again with a program that you trust.",
    [DN_REMEDY_TRUST_EITHER] = "The header of the file contradicts itself; write the file again with a program that you trust.",
    [DN_REMEDY_SERIES] = "Upload only the files of the T1-weighted series.",
    [DN_REMEDY_DICOM] = "Drop the folder of the DICOM files, or a zip archive of it, on the page.",
    [DN_REMEDY_NAME_SCAN] = "Give the scan a name.",
    [DN_REMEDY_KEEP_ROWS] = "Use a table with one row per person.",
    [DN_REMEDY_AGE] = "Give the person's age.",
    [DN_REMEDY_SEX] = "Give the person's sex.",
    [DN_REMEDY_GROUP] = "Choose the column that names the groups.",
    [DN_REMEDY_CONTROL] = "Choose the control group.",
    [DN_REMEDY_GROUP_AND_CONTROL] = "Choose the column that names the groups, and the control group.",
    [DN_REMEDY_CATEGORIES] = "Write words instead of numbers in the columns of names.",
    [DN_REMEDY_JOIN_HOW] = "Write the ids in the participants table as in the names of the scans.",
    [DN_REMEDY_JOIN_ALIKE] = "Write the ids in the participants table as in the names of the scans.",
    [DN_REMEDY_COUNT_REJECTED] = "Accept the scans by hand if they may be used.",
    [DN_REMEDY_SESSION] = "Compare scans of one session only.",
    [DN_REMEDY_PAIRS] = "Choose a column with two groups of the same people.",
};

void dn_web_remedy_write(void *user, dn_remedy remedy, const char *about, char *out, size_t size)
{
    (void)user;
    (void)remedy;
    (void)about;
    if (size > 0) {
        *out = '\0';
    }
}

const char *dn_web_remedy_sentence(dn_remedy remedy)
{
    return remedy < DN_REMEDY_COUNT ? sentences[remedy] : (const char *)0;
}
