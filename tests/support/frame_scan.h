/* What tests of the AC-PC frame need: the folder of real scans, the networks of a whole head, the average head. */
#ifndef DN_TEST_FRAME_SCAN_H
#define DN_TEST_FRAME_SCAN_H

#include "test.h"

#include "segment/head/frame.h"

/* NULL, and says why, where something is absent. The rest is owned by the caller. */
static inline const char *frame_scans(dn_whole_head **whole, dn_template **head)
{
    const dn_whole_head_options options = {.coarse = NULL};
    const char *folder = test_data_folder();
    *whole = NULL;
    *head = NULL;
    if (folder == NULL) {
        puts("skipped: no real scans (DIEN_DATA)");
    } else if (dn_whole_head_create(&options, whole) != DN_OK || dn_template_read(DIEN_SOURCE_FOLDER "/share/template", head) != DN_OK) {
        printf("skipped: %s\n", dn_error_message());
        dn_whole_head_destroy(*whole);
        folder = NULL;
    }
    return folder;
}

#endif
