/* Any bytes as a name: of a scan (its stem, its parts by BIDS), of a structure or model (part of an output's name), of what a terminal
 * shows. What comes out stays in its folder, moves no cursor, and changes nothing when it goes in again. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdbool.h>

#include "base/bids_name.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"

#include <string.h>

static void need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static bool has_controls(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    for (; *p != '\0'; ++p) {
        if (*p < ' ' || *p == 127 || (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)) {
            return true;
        }
    }
    return false;
}

/* A name that is BIDS's comes out as it went in and has no fault; keys and derived names stay in the folder, and change no more. */
static void try_bids(const char *text)
{
    static const dn_bids_added added[] = {{DN_BIDS_SPACE, "ACPC"}, {DN_BIDS_DESC, "x"}};
    dn_bids_name name = {0};
    char *back = NULL, *key = NULL, *again = NULL, *derived = NULL;
    dn_status status = dn_bids_parse(text, &name);
    fuzz_check(status);
    if (status == DN_OK) {
        status = dn_bids_write(&name, &back);
        fuzz_check(status);
        need(status != DN_OK || !name.valid || strcmp(back, dn_path_name(text)) == 0, "a BIDS name that comes out as another");
        need((dn_bids_check(text) == DN_OK) == name.valid, "a BIDS name with a fault");
    }
    dn_error_clear();
    status = dn_bids_scan_key(text, &key);
    fuzz_check(status);
    if (status == DN_OK) {
        need(strchr(key, '/') == NULL, "a key with a folder in it");
        status = name.valid && name.value[DN_BIDS_SUB] != NULL ? dn_bids_scan_key(key, &again) : dn_strdup(key, &again);
        fuzz_check(status);
        need(status != DN_OK || strcmp(key, again) == 0, "a key of a key");
    }
    status = dn_bids_derive(text, added, 2, "T1w", ".nii.gz", &derived);
    fuzz_check(status);
    need(status != DN_OK || strchr(derived, '/') == NULL, "a derived name with a folder in it");
    free(derived);
    free(again);
    free(key);
    free(back);
    dn_bids_name_release(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const known[] = {"hypothalamus", "thalamus", "icv", NULL};
    char *text = malloc(size + 1);
    char *stem = NULL;
    char *again = NULL;
    char *part = NULL;
    if (text == NULL) {
        return 0;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
    dn_status status = dn_path_scan_stem(text, &stem);
    fuzz_check(status);
    if (status == DN_OK) {
        need(strchr(stem, '/') == NULL && strlen(stem) <= strlen(text), "a stem with a folder in it");
    }
    status = dn_file_name_of(text, &part);
    fuzz_check(status);
    if (status == DN_OK) {
        need(strspn(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == strlen(part), "a part of a name");
        need(*part == '\0' || dn_path_check_name(part, "fuzz") == DN_OK, "a part that leaves the folder");
    }
    if (dn_path_check_name(text, "fuzz") == DN_OK) {
        status = dn_path_join("folder", text, &again);
        fuzz_check(status);
        need(status != DN_OK || strcmp(dn_path_name(again), text) == 0, "a name that leaves the folder");
    }
    dn_error_clear();
    try_bids(text);
    (void)dn_nearest_name(text, known);
    dn_text_make_line(text);
    need(!has_controls(text), "a line with control characters");
    free(again);
    free(part);
    free(stem);
    free(text);
    return 0;
}

static const char *const seeds[] = {
    "sub-01_ses-2_run-1_T1w.nii.gz",
    "sub-01_ses-pre_acq-a+b_ce-GAD_rec-norm_dir-AP_run-002_space-ACPC_label-ICV_desc-x_mask.nii.gz",
    "sub-01__run-_sub-2_foo_x-y_.",
    "../a b/sub-ü_T1w.mgz",
    "/x/y/.hdr",
    "\033]0;title\a\033[2J\xc2\x9b"
    "31m\xe2\x80\xae\xf0\x9f\xa7\xa0\n",
    "..",
    "hypothalamus_posterior",
};

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    return fuzz_seed_text(seeds, sizeof seeds / sizeof *seeds, index, out, capacity);
}
