/* A client that does not keep to the rules, for the tests of the page's server:
 *   hammer malformed PORT COUNT SEED   requests that make no sense, one after the other; what comes back is read for a moment
 *   hammer crowd PORT COUNT PATH       as many clients at once, each with one good request; prints how many got which answer
 *   hammer slow PORT COUNT SECONDS     clients that send one byte per half second of a head that never ends; prints how many were cut off
 * Ends with 1 when the server takes no connections any more. */
#define _GNU_SOURCE
#include "base/random.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 65536, CLIENTS = 1024 };

static int connect_to(int port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- malformed ---------------------------------------------------------------------------------------------------- */

static const char *const pieces[] = {
    "GET /api/about HTTP/1.1\r\n",
    "GET  HTTP/1.1\r\n\r\n",
    "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\nContent-Length: 5\r\n\r\n{\"a\"",
    "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\nContent-Length: -1\r\n\r\n",
    "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "POST /api/uploads HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST /api/uploads HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\nContent-Length: 26\r\n\r\n{\"files\":[{\"name\":1,\"x\":[]}",
    "PUT /api/uploads/0123456789abcdef/0?offset=18446744073709551615 HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\nContent-Length: "
    "3\r\n\r\nabc",
    "GET /assets/../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /api/jobs/%00%ff%2e%2e%2f/files/%2e%2e%2fetc HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /api/jobs/0123456789abcdef/events HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "DELETE /api/jobs/0123456789abcdef HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
    "BREW /api/about HTCPCP/1.0\r\n\r\n",
    "GET /api/about HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n: empty\r\nno colon\r\n folded\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "\r\n\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET /api/groups/0123456789abcdef/rows/%25n%25n/picture HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /api/groups/0123456789abcdef/compare HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\nContent-Length: 4\r\n\r\nnull",
};

/* One of the pieces, perhaps with bytes changed, cut off, or with much more of something behind it. */
static size_t make_request(dn_random *random, char *out)
{
    const char *piece = pieces[dn_random_below(random, sizeof pieces / sizeof *pieces)];
    size_t n = strlen(piece);
    memcpy(out, piece, n);
    switch (dn_random_below(random, 6)) {
    case 0:
        for (int i = 0; i < 8 && n > 0; ++i) {
            out[dn_random_below(random, n)] = (char)dn_random_below(random, 256);
        }
        break;
    case 1:
        n = dn_random_below(random, n + 1);
        break;
    case 2: /* a head without an end */
        n = strcspn(out, "\r");
        while (n + 40 < MOST && dn_random_below(random, 400) != 0) {
            n += (size_t)snprintf(out + n, 40, "\r\nX-%08x: %08x", (unsigned)dn_random_u64(random), (unsigned)dn_random_u64(random));
        }
        break;
    case 3: { /* bytes of no kind */
        n = dn_random_below(random, 2000);
        for (size_t i = 0; i < n; ++i) {
            out[i] = (char)dn_random_below(random, 256);
        }
        break;
    }
    case 4: { /* an address without an end */
        const size_t length = dn_random_below(random, 40000);
        n = (size_t)snprintf(out, MOST, "GET /");
        memset(out + n, 'a', length);
        n += length;
        n += (size_t)snprintf(out + n, 64, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        break;
    }
    default:
        break;
    }
    return n;
}

static int malformed(int port, int count, uint64_t seed)
{
    static char request[MOST + 64], answer[4096];
    dn_random random;
    int refused = 0, answered = 0;
    dn_random_seed(&random, seed);
    for (int i = 0; i < count; ++i) {
        const int fd = connect_to(port);
        refused = fd < 0 ? refused + 1 : 0;
        if (refused > 50) {
            fprintf(stderr, "request %d: the server takes no connections: %s\n", i, strerror(errno));
            return 1;
        }
        if (fd < 0) {
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
            continue;
        }
        const size_t n = make_request(&random, request);
        (void)!write(fd, request, n);
        shutdown(fd, SHUT_WR);
        struct pollfd end = {.fd = fd, .events = POLLIN};
        answered += poll(&end, 1, 100) > 0 && read(fd, answer, sizeof answer) > 12 && memcmp(answer, "HTTP/1.", 7) == 0;
        close(fd);
    }
    printf("%d requests, %d answers\n", count, answered);
    return 0;
}

/* ---- a crowd ------------------------------------------------------------------------------------------------------ */

static int crowd(int port, int count, const char *path)
{
    static int fds[CLIENTS];
    char request[512], answer[4096];
    int ok = 0, busy = 0, other = 0;
    count = count < CLIENTS ? count : CLIENTS;
    const int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    for (int i = 0; i < count; ++i) {
        fds[i] = connect_to(port);
    }
    for (int i = 0; i < count; ++i) {
        (void)!(fds[i] >= 0 && write(fds[i], request, (size_t)n));
    }
    for (int i = 0; i < count; ++i) {
        struct pollfd end = {.fd = fds[i], .events = POLLIN};
        const bool got = fds[i] >= 0 && poll(&end, 1, 10000) > 0 && read(fds[i], answer, sizeof answer) > 12;
        ok += got && memcmp(answer + 9, "200", 3) == 0;
        busy += got && memcmp(answer + 9, "503", 3) == 0;
        other += !got;
        close(fds[i]);
    }
    printf("%d served, %d asked to come again, %d without an answer\n", ok, busy, other);
    return other == 0 && ok > 0 ? 0 : 1;
}

/* ---- slow --------------------------------------------------------------------------------------------------------- */

static int slow(int port, int count, int seconds)
{
    static int fds[CLIENTS];
    static const char head[] =
        "GET /api/about HTTP/1.1\r\nHost: localhost\r\nX-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    int cut = 0;
    count = count < CLIENTS ? count : CLIENTS;
    for (int i = 0; i < count; ++i) {
        fds[i] = connect_to(port);
    }
    for (int step = 0; step < 2 * seconds; ++step) {
        for (int i = 0; i < count; ++i) {
            char byte;
            if (fds[i] >= 0 &&
                (send(fds[i], head + step % (int)(sizeof head - 1), 1, MSG_NOSIGNAL) != 1 || recv(fds[i], &byte, 1, MSG_DONTWAIT) == 0)) {
                close(fds[i]);
                fds[i] = -1;
                ++cut;
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    }
    printf("%d of %d cut off\n", cut, count);
    return cut == count ? 0 : 1;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 5 && strcmp(argv[1], "malformed") == 0) {
        return malformed(atoi(argv[2]), atoi(argv[3]), (uint64_t)atoll(argv[4]));
    }
    if (argc == 5 && strcmp(argv[1], "crowd") == 0) {
        return crowd(atoi(argv[2]), atoi(argv[3]), argv[4]);
    }
    if (argc == 5 && strcmp(argv[1], "slow") == 0) {
        return slow(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
    }
    fprintf(stderr, "hammer malformed PORT COUNT SEED | crowd PORT COUNT PATH | slow PORT COUNT SECONDS\n");
    return 2;
}
