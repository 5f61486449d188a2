/* Runs a fuzz target without libFuzzer: its seeds, every short truncation of them, and seeded mutations.
 *   program [mutations per seed]     program --seeds FOLDER (writes them for libFuzzer)     program FILE (one input again)
 * Inputs that libFuzzer found and that reach further than the seeds are in tests/fuzz/corpus/PROGRAM; each is run once. */
#define _GNU_SOURCE /* program_invocation_short_name */
#include "fuzz.h"

#include "base/random.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

enum { CAPACITY = 1 << 20 };

static uint8_t seed_bytes[CAPACITY];
static uint8_t bytes[2 * CAPACITY];

/* Values that sit on the edges of integer types and floating-point numbers. */
static const uint64_t edges[] = {0,
                                 1,
                                 0x7f,
                                 0x80,
                                 0xff,
                                 0x7fff,
                                 0x8000,
                                 0xffff,
                                 0x7fffffff,
                                 0x80000000,
                                 0xffffffff,
                                 0x7fffffffffffffff,
                                 0x8000000000000000,
                                 0xffffffffffffffff,
                                 0x7fc00000 /* NaN */,
                                 0x7f800000 /* infinity */,
                                 0x7ff0000000000000};

static size_t mutate(dn_random *random, size_t size)
{
    uint64_t times = 1 + dn_random_below(random, 4);
    for (uint64_t t = 0; t < times && size > 0; ++t) {
        /* Headers are at the beginning: half of the changes go there. */
        size_t reach = dn_random_below(random, 2) && size > 400 ? 400 : size;
        size_t at = dn_random_below(random, reach);
        switch (dn_random_below(random, 7)) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << dn_random_below(random, 8));
            break;
        case 1:
            bytes[at] = (uint8_t)dn_random_u64(random);
            break;
        case 2:
        case 3: {
            uint64_t edge = edges[dn_random_below(random, sizeof edges / sizeof *edges)];
            size_t width = (size_t)1 << dn_random_below(random, 4);
            for (size_t i = 0; i < width && at + i < size; ++i) {
                bytes[at + i] = (uint8_t)(edge >> (8 * i));
            }
            break;
        }
        case 4: /* cut */
            size = at;
            break;
        case 5: { /* leave out */
            size_t n = 1 + dn_random_below(random, 16);
            n = at + n > size ? size - at : n;
            memmove(bytes + at, bytes + at + n, size - at - n);
            size -= n;
            break;
        }
        default: { /* double a piece */
            size_t n = 1 + dn_random_below(random, 16);
            n = at + n > size ? size - at : n;
            if (size + n <= sizeof bytes) {
                memmove(bytes + at + n, bytes + at, size - at);
                size += n;
            }
            break;
        }
        }
    }
    return size;
}

/* The target gets a block of exactly its size, so that a sanitizer sees the first byte past the end. */
static void run(const uint8_t *from, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, from, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int write_seeds(const char *folder)
{
    size_t size;
    for (unsigned i = 0; (size = fuzz_seed(i, seed_bytes, CAPACITY)) > 0; ++i) {
        char path[4096];
        snprintf(path, sizeof path, "%s/seed%02u", folder, i);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(seed_bytes, 1, size, file) != size || fclose(file) != 0) {
            fprintf(stderr, "cannot write %s\n", path);
            return 1;
        }
    }
    return 0;
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run(bytes, size);
    return 0;
}

/* How many there are. */
static unsigned run_corpus(void)
{
    char folder[4096], path[8192];
    unsigned count = 0;
    snprintf(folder, sizeof folder, DIEN_SOURCE_FOLDER "/tests/fuzz/corpus/%s", program_invocation_short_name);
    DIR *open = opendir(folder);
    const struct dirent *entry;
    while (open != NULL && (entry = readdir(open)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && run_file(path) == 0) {
            ++count;
        }
    }
    if (open != NULL) {
        closedir(open);
    }
    return count;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
        return write_seeds(argv[2]);
    }
    long times = argc == 2 ? strtol(argv[1], NULL, 10) : 2000;
    if (argc == 2 && times <= 0) {
        return run_file(argv[1]);
    }
    dn_random random;
    dn_random_seed(&random, 20201121);
    unsigned seeds = 0;
    size_t size;
    for (; (size = fuzz_seed(seeds, seed_bytes, CAPACITY)) > 0; ++seeds) {
        run(seed_bytes, size);
        for (size_t cut = 0; cut < size; cut += cut < 512 ? 1 : size / 64 + 1) {
            run(seed_bytes, cut);
        }
        for (long i = 0; i < times; ++i) {
            memcpy(bytes, seed_bytes, size);
            run(bytes, mutate(&random, size));
        }
    }
    const unsigned found = run_corpus();
    printf("random seed 20201121: %u inputs, %ld mutations of each; %u inputs found before\n", seeds, times, found);
    return seeds > 0 ? 0 : 1;
}
