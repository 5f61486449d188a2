/* What every test includes: cmocka, and where the real scans are. */
#ifndef DN_TEST_H
#define DN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h> /* needs the four headers above before it */

#include "base/status.h"

/* Fails with the module's own sentence. */
#define assert_ok(expr)                                                                                                                    \
    do {                                                                                                                                   \
        dn_status test_status_ = (expr);                                                                                                   \
        if (test_status_ != DN_OK) {                                                                                                       \
            fail_msg("%s: %s: %s", #expr, dn_status_name(test_status_), dn_error_message());                                               \
        }                                                                                                                                  \
    } while (0)

/* Prints expected and found. */
#define assert_close(found, expected, tolerance)                                                                                           \
    do {                                                                                                                                   \
        double test_found_ = (double)(found);                                                                                              \
        double test_expected_ = (double)(expected);                                                                                        \
        double test_difference_ = test_found_ - test_expected_;                                                                            \
        if (!(test_difference_ <= (double)(tolerance) && -test_difference_ <= (double)(tolerance))) {                                      \
            fail_msg("%s: expected %.17g, found %.17g (tolerance %g)", #found, test_expected_, test_found_, (double)(tolerance));          \
        }                                                                                                                                  \
    } while (0)

/* Folder of the real data, or NULL when it is absent. */
static inline const char *test_data_folder(void)
{
    const char *folder = getenv("DIEN_DATA");
    if (folder == NULL || *folder == '\0') {
        folder = getenv("DIEN_DATA_DEFAULT");
    }
    return folder != NULL && access(folder, R_OK) == 0 ? folder : NULL;
}

/* Removes a folder that a test made, with all in it; 0, or what a group's teardown returns to fail. */
static inline int test_remove_tree(const char *folder)
{
    char command[1024];
    const int length = snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
    return length > 0 && (size_t)length < sizeof command ? system(command) : 1;
}

/* Exit code that CTest counts as skipped. */
#define TEST_SKIP 77

#endif
