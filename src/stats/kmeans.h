/* k-means of numbers (one dimension): Lloyd's algorithm, started by k-means++ (Arthur and Vassilvitskii 2007). Numbers are sorted once and
 * summed up, so that a step needs a binary search per centre and not a pass over the numbers; the result is exact. */
#ifndef DN_STATS_KMEANS_H
#define DN_STATS_KMEANS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { DN_KMEANS_MOST = 32 };

/* Numbers prepared for any number of runs. Zero-initialise ({0}). */
typedef struct dn_kmeans_data {
    float *value; /* owned; ascending */
    double *sum;  /* owned; sum[i]: of the first i */
    size_t count;
} dn_kmeans_data;

typedef struct dn_kmeans {
    int k;
    double centre[DN_KMEANS_MOST]; /* ascending */
    int64_t size[DN_KMEANS_MOST];  /* numbers of each */
    double within;                 /* sum of squared distances to the centres */
    int steps;                     /* until nothing moved, or the limit */
} dn_kmeans;

/* values: borrowed; copied and sorted. DN_EDATA: none, or one is not finite. DN_ENOMEM. Release it also after a failure. */
DN_CHECKED dn_status dn_kmeans_prepare(const float *values, size_t count, dn_kmeans_data *out);
void dn_kmeans_release(dn_kmeans_data *data);

/* Centres by k-means++ with this seed, ascending. DN_EUSAGE: k is not in 2..DN_KMEANS_MOST; DN_EDATA: fewer different numbers than k. */
DN_CHECKED dn_status dn_kmeans_start(const dn_kmeans_data *data, int k, uint64_t seed, double *centre);
/* At most `steps` steps from these centres (ascending), fewer when nothing moves any more. A number as far from two centres goes to the
 * lower one; a centre without numbers stays, both as SciPy's kmeans2 (minit="matrix"). DN_EUSAGE: k. */
DN_CHECKED dn_status dn_kmeans_run(const dn_kmeans_data *data, int k, const double *start, int steps, dn_kmeans *out);
/* The best of `starts` runs, each with a seed of its own made from seed. */
DN_CHECKED dn_status dn_kmeans_best(const dn_kmeans_data *data, int k, uint64_t seed, int starts, int steps, dn_kmeans *out);
/* Index of the centre next to a number. */
int dn_kmeans_nearest(const dn_kmeans *run, double value);

#endif
