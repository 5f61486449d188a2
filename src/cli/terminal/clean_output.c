/* Replaces control characters in what goes to standard output. */
#define _GNU_SOURCE
#include "cli/terminal/clean_output.h"

#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A letter of several bytes that a piece ended within. */
static struct {
    unsigned char lead;
    size_t missing;
} cut;

static bool is_later_byte(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes at the end of a piece that begin a letter which goes on in the next. */
static size_t cut_end(const char *bytes, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; ++back) {
        const unsigned char c = (unsigned char)bytes[size - back];
        if (is_later_byte((char)c)) {
            continue;
        }
        const size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
        if (length > back) {
            cut.lead = c;
            cut.missing = length - back;
            return back;
        }
        break;
    }
    return 0;
}

static bool write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static ssize_t write_clean(void *cookie, const char *bytes, size_t size)
{
    char piece[4096];
    (void)cookie;
    for (size_t done = 0; done < size;) {
        const size_t n = size - done < sizeof piece ? size - done : sizeof piece;
        size_t from = 0;
        memcpy(piece, bytes + done, n);
        for (; from < n && cut.missing > 0 && is_later_byte(piece[from]); ++from, --cut.missing) {
            if (cut.lead == 0xc2 && (unsigned char)piece[from] < 0xa0) {
                piece[from] = '?';
            }
        }
        if (from < n) {
            cut.missing = 0;
            dn_text_without_controls(piece + from, n - from - cut_end(piece + from, n - from), "\n\t");
        }
        if (!write_all(piece, n)) {
            return 0; /* an error, for stdio */
        }
        done += n;
    }
    return (ssize_t)size;
}

void dn_clean_output_install(void)
{
    static char buffer[1 << 16];
    FILE *clean = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_clean});
    if (clean != NULL) {
        setvbuf(clean, buffer, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, sizeof buffer);
        stdout = clean;
    }
}
