/* Makes a token, or reads one from a file. */
#include "web/token.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>
#include <sys/random.h>

dn_status dn_web_token_make(char **out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    enum { LENGTH = 32 };
    unsigned char bytes[LENGTH];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        DN_FAIL_OFFER(DN_EINTERNAL, DN_REMEDY_TOKEN_FILE, "this machine gives no random numbers for a token; write one into a file");
    }
    DN_TRY(dn_alloc(out, LENGTH + 1, 1, "the token"));
    for (size_t i = 0; i < LENGTH; ++i) {
        (*out)[i] = letters[bytes[i] % 64];
    }
    return DN_OK;
}

dn_status dn_web_token_read(const char *path, char **out)
{
    enum { LIMIT = 4096 };
    unsigned char *bytes;
    size_t size;
    DN_TRY(dn_file_read(path, LIMIT, &bytes, &size));
    bytes[strcspn((char *)bytes, " \t\r\n")] = '\0';
    *out = (char *)bytes;
    return DN_OK;
}
