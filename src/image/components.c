/* Components over runs: a row's runs of inside voxels are joined with the runs of the rows before it that they touch
 * (union-find), so that the work goes with the number of runs, not of voxels. */
#include "image/components.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct run {
    int32_t start, end; /* voxels start..end-1 of its row */
    int32_t parent;     /* union-find: a root is its own parent and the first run of its component */
} run;

typedef struct runs {
    run *list;      /* owned */
    int64_t *first; /* owned; row r has runs first[r]..first[r + 1] - 1 */
    int64_t rows;
} runs;

static void runs_release(runs *r)
{
    free(r->list);
    free(r->first);
}

/* Runs of a row; list NULL only counts. */
static int64_t row_runs(const uint8_t *row, int64_t n, run *list)
{
    int64_t count = 0;
    int64_t i = 0;
    for (;;) {
        while (i < n && !row[i]) {
            ++i;
        }
        if (i == n) {
            return count;
        }
        int64_t start = i;
        while (i < n && row[i]) {
            ++i;
        }
        if (list != NULL) {
            list[count] = (run){(int32_t)start, (int32_t)i, 0};
        }
        ++count;
    }
}

static dn_status find_runs(const uint8_t *mask, const int64_t dim[3], runs *out)
{
    memset(out, 0, sizeof *out);
    out->rows = dim[1] * dim[2];
    DN_TRY(dn_alloc(&out->first, (size_t)out->rows + 1, sizeof *out->first, "components"));
#pragma omp parallel for
    for (int64_t r = 0; r < out->rows; ++r) {
        out->first[r + 1] = row_runs(mask + r * dim[0], dim[0], NULL);
    }
    for (int64_t r = 0; r < out->rows; ++r) {
        out->first[r + 1] += out->first[r];
    }
    int64_t count = out->first[out->rows];
    if (dim[0] > INT32_MAX || count > INT32_MAX) {
        runs_release(out);
        DN_FAIL(DN_ENOMEM, "the mask has too many pieces (%lld) to find its components", (long long)count);
    }
    dn_status status = dn_alloc(&out->list, (size_t)count, sizeof *out->list, "components");
    if (status != DN_OK) {
        runs_release(out);
        return status;
    }
#pragma omp parallel for
    for (int64_t r = 0; r < out->rows; ++r) {
        row_runs(mask + r * dim[0], dim[0], out->list + out->first[r]);
        for (int64_t i = out->first[r]; i < out->first[r + 1]; ++i) {
            out->list[i].parent = (int32_t)i;
        }
    }
    return DN_OK;
}

static int32_t root(run *list, int32_t i)
{
    while (list[i].parent != i) {
        list[i].parent = list[list[i].parent].parent;
        i = list[i].parent;
    }
    return i;
}

static void join(run *list, int32_t a, int32_t b)
{
    a = root(list, a);
    b = root(list, b);
    if (a < b) {
        list[b].parent = a;
    } else {
        list[a].parent = b;
    }
}

/* Joins runs of two rows that touch; reach 1: diagonal neighbours along the row touch too. */
static void join_rows(runs *r, int64_t row, int64_t other, int32_t reach)
{
    int64_t a = r->first[row];
    int64_t b = r->first[other];
    while (a < r->first[row + 1] && b < r->first[other + 1]) {
        const run *p = &r->list[a];
        const run *q = &r->list[b];
        if (p->start < q->end + reach && q->start < p->end + reach) {
            join(r->list, (int32_t)a, (int32_t)b);
        }
        if (p->end < q->end) {
            ++a;
        } else {
            ++b;
        }
    }
}

static void join_all(runs *r, const int64_t dim[3], int connectivity)
{
    int32_t side = connectivity >= 18 ? 1 : 0;
    int32_t corner = connectivity == 26 ? 1 : 0;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            int64_t row = j + dim[1] * k;
            if (j > 0) {
                join_rows(r, row, row - 1, side);
            }
            if (k > 0) {
                join_rows(r, row, row - dim[1], side);
            }
            if (k > 0 && j > 0 && connectivity >= 18) {
                join_rows(r, row, row - dim[1] - 1, corner);
            }
            if (k > 0 && j + 1 < dim[1] && connectivity >= 18) {
                join_rows(r, row, row - dim[1] + 1, corner);
            }
        }
    }
}

typedef struct found {
    int32_t root;
    int64_t size;
} found;

static int by_size(const void *a, const void *b)
{
    const found *p = a;
    const found *q = b;
    if (p->size != q->size) {
        return p->size > q->size ? -1 : 1;
    }
    return p->root < q->root ? -1 : 1;
}

/* Numbers roots by size; number: by run, owned by the caller's array of runs (the parent field becomes the number). */
static dn_status number_runs(runs *r, dn_components *out)
{
    int64_t count = r->first[r->rows];
    int32_t roots = 0;
    found *list = NULL;
    int32_t *number = NULL; /* of a root's run: first its place in list, then its rank */
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&number, (size_t)count, sizeof *number, "components"));
    for (int64_t i = 0; i < count; ++i) {
        r->list[i].parent = root(r->list, (int32_t)i); /* roots come first, so one step suffices from now on */
        roots += r->list[i].parent == (int32_t)i;
    }
    DN_TRY_GOTO(status, dn_alloc(&list, (size_t)roots, sizeof *list, "components"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->size, (size_t)roots + 1, sizeof *out->size, "components"), done);
    roots = 0;
    for (int64_t i = 0; i < count; ++i) {
        if (r->list[i].parent == (int32_t)i) {
            number[i] = roots;
            list[roots++].root = (int32_t)i;
        }
        list[number[r->list[i].parent]].size += r->list[i].end - r->list[i].start;
    }
    qsort(list, (size_t)roots, sizeof *list, by_size);
    for (int32_t c = 0; c < roots; ++c) {
        number[list[c].root] = c + 1;
        out->size[c + 1] = list[c].size;
    }
    for (int64_t i = 0; i < count; ++i) {
        r->list[i].parent = number[r->list[i].parent];
    }
    out->count = roots;
done:
    free(list);
    free(number);
    return status;
}

/* Runs whose parent field is their component's number, 1 the largest. */
static dn_status solve(const uint8_t *mask, const int64_t dim[3], int connectivity, runs *r, dn_components *out)
{
    int64_t voxels;
    memset(out, 0, sizeof *out);
    if (connectivity != 6 && connectivity != 18 && connectivity != 26) {
        DN_FAIL(DN_EUSAGE, "voxels have 6, 18 or 26 neighbours, not %d", connectivity);
    }
    if (!dn_mul_dims(dim, 3, &voxels)) {
        DN_FAIL(DN_EGEOMETRY, "a mask of that size is not possible");
    }
    DN_TRY(find_runs(mask, dim, r));
    join_all(r, dim, connectivity);
    dn_status status = number_runs(r, out);
    if (status != DN_OK) {
        runs_release(r);
        dn_components_release(out);
        return status;
    }
    out->size[0] = voxels;
    for (int32_t c = 1; c <= out->count; ++c) {
        out->size[0] -= out->size[c];
    }
    return DN_OK;
}

dn_status dn_components_find(const uint8_t *mask, const int64_t dim[3], int connectivity, dn_components *out)
{
    runs r;
    DN_TRY(solve(mask, dim, connectivity, &r, out));
    dn_status status = dn_alloc_dims(&out->label, dim, 3, sizeof *out->label, "components");
    if (status == DN_OK) {
#pragma omp parallel for
        for (int64_t row = 0; row < r.rows; ++row) {
            for (int64_t i = r.first[row]; i < r.first[row + 1]; ++i) {
                for (int32_t x = r.list[i].start; x < r.list[i].end; ++x) {
                    out->label[row * dim[0] + x] = r.list[i].parent;
                }
            }
        }
    } else {
        dn_components_release(out);
    }
    runs_release(&r);
    return status;
}

void dn_components_release(dn_components *components)
{
    free(components->label);
    free(components->size);
    memset(components, 0, sizeof *components);
}

/* Clears the runs of components numbered above last. */
static void clear_after(uint8_t *mask, const int64_t dim[3], const runs *r, int32_t last)
{
#pragma omp parallel for
    for (int64_t row = 0; row < r->rows; ++row) {
        for (int64_t i = r->first[row]; i < r->first[row + 1]; ++i) {
            if (r->list[i].parent > last) {
                memset(mask + row * dim[0] + r->list[i].start, 0, (size_t)(r->list[i].end - r->list[i].start));
            }
        }
    }
}

dn_status dn_mask_keep_largest(uint8_t *mask, const int64_t dim[3], int connectivity, int64_t *kept, int64_t *total)
{
    runs r;
    dn_components found_components;
    DN_TRY(solve(mask, dim, connectivity, &r, &found_components));
    clear_after(mask, dim, &r, 1);
    if (kept != NULL) {
        *kept = found_components.count > 0 ? found_components.size[1] : 0;
    }
    if (total != NULL) {
        *total = dim[0] * dim[1] * dim[2] - found_components.size[0];
    }
    dn_components_release(&found_components);
    runs_release(&r);
    return DN_OK;
}

bool dn_mask_bounds(const uint8_t *mask, const int64_t dim[3], int64_t start[3], int64_t size[3])
{
    int64_t low[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t high[3] = {-1, -1, -1};
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            const uint8_t *row = mask + dim[0] * (j + dim[1] * k);
            int64_t first = 0;
            int64_t last = dim[0] - 1;
            while (first < dim[0] && !row[first]) {
                ++first;
            }
            if (first == dim[0]) {
                continue;
            }
            while (!row[last]) {
                --last;
            }
            low[0] = first < low[0] ? first : low[0];
            high[0] = last > high[0] ? last : high[0];
            low[1] = j < low[1] ? j : low[1];
            high[1] = j > high[1] ? j : high[1];
            low[2] = k < low[2] ? k : low[2];
            high[2] = k;
        }
    }
    if (high[2] < 0) {
        return false;
    }
    for (int d = 0; d < 3; ++d) {
        start[d] = low[d];
        size[d] = high[d] - low[d] + 1;
    }
    return true;
}

int64_t dn_mask_count(const uint8_t *mask, const int64_t dim[3])
{
    int64_t voxels = dim[0] * dim[1] * dim[2];
    int64_t count = 0;
#pragma omp parallel for reduction(+ : count)
    for (int64_t i = 0; i < voxels; ++i) {
        count += mask[i] != 0;
    }
    return count;
}
