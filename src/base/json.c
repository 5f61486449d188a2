#include "base/json.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

dn_status dn_json_write(json_t *root, int digits, const char *path)
{
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(digits)) : NULL;
    json_decref(root);
    if (text == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory to write %s", path);
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the final 0 */
    dn_status status = dn_file_write_all(path, text, length + 1);
    free(text);
    return status;
}
