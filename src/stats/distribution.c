/* Distribution functions by GSL, the incomplete beta function by continued fractions, the noncentral t and F by sums (Guenther 1978), and
 * Tukey's studentized range. */
#include "stats/distribution.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <pthread.h>
#include <stddef.h>

static void turn_handler_off(void)
{
    gsl_set_error_handler_off();
}

void dn_gsl_quiet(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, turn_handler_off);
}

double dn_normal_lower(double z)
{
    return gsl_cdf_ugaussian_P(z);
}

double dn_normal_upper(double z)
{
    return gsl_cdf_ugaussian_Q(z);
}

double dn_normal_quantile(double p)
{
    return gsl_cdf_ugaussian_Pinv(p);
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method; quick for x below the mean. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1.0;
    double d = 1.0 - (a + b) * x / (a + 1.0);
    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 200000; ++m) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1.0 + even * d;
        c = 1.0 + even / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1.0 + odd * d;
        c = 1.0 + odd / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= d * c;
        if (fabs(d * c - 1.0) < 1e-16) {
            break;
        }
    }
    return value;
}

/* I_x(a, b) with y = 1 - x given apart, so that neither loses digits next to 0. */
static double beta_lower(double a, double b, double x, double y)
{
    if (x <= 0.0 || y <= 0.0) {
        return x <= 0.0 ? 0.0 : 1.0;
    }
    double front = exp(a * (x > 0.5 ? log1p(-y) : log(x)) + b * (y > 0.5 ? log1p(-x) : log(y)) - gsl_sf_lnbeta(a, b));
    if (x < (a + 1.0) / (a + b + 2.0)) {
        return front * beta_fraction(a, b, x) / a;
    }
    return 1.0 - front * beta_fraction(b, a, y) / b;
}

double dn_t_two_sided(double t, double df)
{
    dn_gsl_quiet();
    if (isnan(t) || isnan(df)) {
        return NAN;
    }
    if (isinf(t)) {
        return 0.0;
    }
    if (isinf(df)) {
        return 2.0 * dn_normal_upper(fabs(t));
    }
    double whole = df + t * t;
    return beta_lower(0.5 * df, 0.5, df / whole, t * t / whole);
}

static double t_upper(double t, double df)
{
    double tail = 0.5 * dn_t_two_sided(t, df);
    return t >= 0.0 ? tail : 1.0 - tail;
}

double dn_t_lower(double t, double df)
{
    return t_upper(-t, df);
}

double dn_f_upper(double f, double df1, double df2)
{
    dn_gsl_quiet();
    if (isnan(f) || isnan(df1) || isnan(df2)) {
        return NAN;
    }
    if (f <= 0.0) {
        return 1.0;
    }
    double whole = df1 * f + df2;
    return isinf(f) ? 0.0 : beta_lower(0.5 * df2, 0.5 * df1, df2 / whole, df1 * f / whole);
}

static double f_lower(double f, double df1, double df2)
{
    dn_gsl_quiet();
    if (isnan(f) || isnan(df1) || isnan(df2)) {
        return NAN;
    }
    if (f <= 0.0) {
        return 0.0;
    }
    double whole = df1 * f + df2;
    return isinf(f) ? 1.0 : beta_lower(0.5 * df1, 0.5 * df2, df1 * f / whole, df2 / whole);
}

double dn_chi_squared_upper(double x, double df)
{
    dn_gsl_quiet();
    return x <= 0.0 ? 1.0 : gsl_cdf_chisq_Q(x, df);
}

typedef struct brent_call {
    double (*f)(double x, const void *user);
    const void *user;
} brent_call;

static double brent_value(double x, void *params)
{
    const brent_call *call = params;
    return call->f(x, call->user);
}

double dn_root(double (*f)(double x, const void *user), const void *user, double low, double high)
{
    brent_call call = {f, user};
    gsl_function function = {brent_value, &call};
    dn_gsl_quiet();
    double at_low = f(low, user);
    double at_high = f(high, user);
    if (at_low == 0.0 || at_high == 0.0) {
        return at_low == 0.0 ? low : high;
    }
    if (!((at_low < 0.0) != (at_high < 0.0))) {
        return NAN;
    }
    /* On the stack: a number that is missing because memory was is told from one that does not exist by nobody. */
    union {
        max_align_t aligned;
        unsigned char bytes[256];
    } state;
    gsl_root_fsolver solver = {.type = gsl_root_fsolver_brent, .state = &state};
    if (gsl_root_fsolver_brent->size > sizeof state || gsl_root_fsolver_set(&solver, &function, low, high) != GSL_SUCCESS) {
        return NAN;
    }
    double root = NAN;
    for (int i = 0; i < 500; ++i) {
        if (gsl_root_fsolver_iterate(&solver) != GSL_SUCCESS) {
            break;
        }
        double before = root;
        root = gsl_root_fsolver_root(&solver);
        if (gsl_root_test_interval(gsl_root_fsolver_x_lower(&solver), gsl_root_fsolver_x_upper(&solver), 0.0, 4e-16) == GSL_SUCCESS ||
            (root == before && f(root, user) == 0.0)) {
            break;
        }
    }
    return root;
}

typedef struct tail_target {
    double (*tail)(double x, double a, double b);
    double a, b;
    double log_p;
} tail_target;

static double tail_gap(double x, const void *user)
{
    const tail_target *target = user;
    double p = target->tail(x, target->a, target->b);
    return (p > 0.0 ? log(p) : -1e4) - target->log_p;
}

/* The x > 0 at which a monotone tail has probability p; the smaller tail, in logarithms, so that no digit is lost. */
static double tail_quantile(double (*tail)(double, double, double), double a, double b, double p)
{
    tail_target target = {tail, a, b, log(p)};
    double low = 1.0;
    double high = 1.0;
    double sign = tail_gap(1.0, &target);
    if (sign == 0.0) {
        return 1.0;
    }
    for (int i = 0; i < 1000; ++i) {
        double next = high * 2.0;
        if ((tail_gap(next, &target) < 0.0) != (sign < 0.0)) {
            return dn_root(tail_gap, &target, high, next);
        }
        high = next;
        next = low / 2.0;
        if ((tail_gap(next, &target) < 0.0) != (sign < 0.0)) {
            return dn_root(tail_gap, &target, next, low);
        }
        low = next;
    }
    return NAN;
}

static double t_both(double t, double df, double unused)
{
    (void)unused;
    return dn_t_two_sided(t, df);
}

double dn_t_quantile(double p, double df)
{
    if (!(p > 0.0 && p < 1.0) || !(df > 0.0)) {
        return NAN;
    }
    if (p == 0.5) {
        return 0.0;
    }
    double x = tail_quantile(t_both, df, 0.0, p < 0.5 ? 2.0 * p : 2.0 * (1.0 - p));
    return p < 0.5 ? -x : x;
}

double dn_f_quantile(double p, double df1, double df2)
{
    if (!(p > 0.0 && p < 1.0) || !(df1 > 0.0) || !(df2 > 0.0)) {
        return NAN;
    }
    return p < 0.5 ? tail_quantile(f_lower, df1, df2, p) : tail_quantile(dn_f_upper, df1, df2, 1.0 - p);
}

static double chi_lower(double x, double df, double unused)
{
    (void)unused;
    dn_gsl_quiet();
    return x <= 0.0 ? 0.0 : gsl_cdf_chisq_P(x, df);
}

static double chi_upper(double x, double df, double unused)
{
    (void)unused;
    return dn_chi_squared_upper(x, df);
}

double dn_chi_squared_quantile(double p, double df)
{
    if (!(p > 0.0 && p < 1.0) || !(df > 0.0)) {
        return NAN;
    }
    return p < 0.5 ? tail_quantile(chi_lower, df, 0.0, p) : tail_quantile(chi_upper, df, 0.0, 1.0 - p);
}

/* Beyond these the series would have more terms than they are worth: the leading term is good to four digits. */
#define LARGEST_NCP_T 200.0
#define LARGEST_NCP_F 1e5

/* P(T <= t) for t >= 0 is Phi(-ncp) + 1/2 sum_j [p_j I_x(j + 1/2, df/2) + q_j I_x(j + 1, df/2)] (Guenther 1978; Lenth, AS 243),
 * Poisson-like weights p_j and q_j. Summed from their largest outwards, so that no ncp underflows. */
static double noncentral_t_positive(double t, double df, double ncp)
{
    double half = 0.5 * ncp * ncp;
    double x = t * t / (df + t * t);
    double y = df / (df + t * t);
    double sum = 0.0;
    double mode = floor(half);
    for (int direction = -1; direction <= 1; direction += 2) {
        for (double j = direction < 0 ? mode : mode + 1.0; j >= 0.0; j += direction) {
            double log_half = j > 0.0 ? j * log(half) : 0.0;
            double p = half > 0.0 || j == 0.0 ? exp(-half + log_half - lgamma(j + 1.0)) : 0.0;
            double q = half > 0.0 || j == 0.0 ? ncp * M_SQRT1_2 * exp(-half + log_half - lgamma(j + 1.5)) : 0.0;
            sum += p * beta_lower(j + 0.5, 0.5 * df, x, y) + q * beta_lower(j + 1.0, 0.5 * df, x, y);
            if (p + fabs(q) < 1e-18) {
                break;
            }
        }
    }
    return dn_normal_lower(-ncp) + 0.5 * sum;
}

double dn_noncentral_t_lower(double t, double df, double ncp)
{
    dn_gsl_quiet();
    if (isnan(t) || isnan(df) || isnan(ncp)) {
        return NAN;
    }
    if (fabs(ncp) > LARGEST_NCP_T) {
        /* The normal part is a step beside the noncentrality: T <= t where chi >= sqrt(df) ncp / t. */
        double x = ncp / t;
        double upper = t != 0.0 && x > 0.0 ? dn_chi_squared_upper(df * x * x, df) : 0.0;
        return t > 0.0 ? (ncp > 0.0 ? upper : 1.0) : ncp > 0.0 ? 0.0 : 1.0 - upper;
    }
    double p = t >= 0.0 ? noncentral_t_positive(t, df, ncp) : 1.0 - noncentral_t_positive(-t, df, -ncp);
    return p < 0.0 ? 0.0 : p > 1.0 ? 1.0 : p;
}

double dn_noncentral_f_lower(double f, double df1, double df2, double ncp)
{
    dn_gsl_quiet();
    if (isnan(f) || isnan(df1) || isnan(df2) || isnan(ncp)) {
        return NAN;
    }
    if (f <= 0.0) {
        return 0.0;
    }
    if (ncp > LARGEST_NCP_F) {
        return dn_chi_squared_upper(df2 * (ncp + df1) / (df1 * f), df2);
    }
    double x = df1 * f / (df1 * f + df2);
    double y = df2 / (df1 * f + df2);
    double half = 0.5 * ncp;
    double mode = floor(half);
    double sum = 0.0;
    for (int direction = -1; direction <= 1; direction += 2) {
        for (double j = direction < 0 ? mode : mode + 1.0; j >= 0.0; j += direction) {
            double weight = half > 0.0 ? exp(-half + j * log(half) - lgamma(j + 1.0)) : j == 0.0 ? 1.0 : 0.0;
            sum += weight * beta_lower(0.5 * df1 + j, 0.5 * df2, x, y);
            if (weight < 1e-18) {
                break;
            }
        }
    }
    return sum > 1.0 ? 1.0 : sum;
}

typedef struct ncp_target {
    double x, df1, df2, p;
} ncp_target;

static double ncp_gap_t(double ncp, const void *user)
{
    const ncp_target *target = user;
    return dn_noncentral_t_lower(target->x, target->df1, ncp) - target->p;
}

static double ncp_gap_f(double ncp, const void *user)
{
    const ncp_target *target = user;
    return dn_noncentral_f_lower(target->x, target->df1, target->df2, ncp) - target->p;
}

double dn_noncentral_t_ncp(double t, double df, double p)
{
    ncp_target target = {t, df, 0.0, p};
    double low = t - 5.0 - 0.01 * fabs(t);
    double high = t + 5.0 + 0.01 * fabs(t);
    for (int i = 0; i < 60 && ncp_gap_t(low, &target) < 0.0; ++i) {
        low -= 5.0 + 0.5 * (t - low);
    }
    for (int i = 0; i < 60 && ncp_gap_t(high, &target) > 0.0; ++i) {
        high += 5.0 + 0.5 * (high - t);
    }
    return dn_root(ncp_gap_t, &target, low, high);
}

double dn_noncentral_f_ncp(double f, double df1, double df2, double p)
{
    ncp_target target = {f, df1, df2, p};
    double high = df1 * f + 10.0;
    if (ncp_gap_f(0.0, &target) <= 0.0) {
        return 0.0;
    }
    for (int i = 0; i < 60 && ncp_gap_f(high, &target) > 0.0; ++i) {
        high *= 1.5;
    }
    return dn_root(ncp_gap_f, &target, 0.0, high);
}

/* Gauss's nodes and weights on [0, 1]: roots of Legendre's polynomial by Newton's method (DLMF 3.5.28). GSL's table of them asks for
 * memory. */
enum { NODES = 20 };
typedef struct gauss {
    double at[NODES], weight[NODES];
} gauss;

static void gauss_nodes(gauss *out)
{
    for (int i = 0; i < NODES; ++i) {
        double x = cos(M_PI * (i + 0.75) / (NODES + 0.5)), slope = 1.0;
        for (int round = 0; round < 12; ++round) {
            double before = 1.0, value = x;
            for (int k = 2; k <= NODES; ++k) {
                double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
                before = value;
                value = next;
            }
            slope = NODES * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        out->at[i] = 0.5 * (1.0 + x);
        out->weight[i] = 1.0 / ((1.0 - x * x) * slope * slope);
    }
}

/* Probability that the range of `groups` standard normals is below w: groups * integral of phi(z) [Phi(z) - Phi(z - w)]^(groups - 1). */
static double range_lower(double w, double groups, const gauss *nodes)
{
    enum { PANELS = 6 };
    const double reach = 8.5;
    double sum = 0.0;
    if (w <= 0.0) {
        return 0.0;
    }
    for (int panel = 0; panel < PANELS; ++panel) {
        double a = -reach + 2.0 * reach * panel / PANELS;
        double wide = 2.0 * reach / PANELS;
        for (int i = 0; i < NODES; ++i) {
            double z = a + wide * nodes->at[i];
            double weight = wide * nodes->weight[i];
            double inside = z > 0.0 ? dn_normal_upper(z - w) - dn_normal_upper(z) : dn_normal_lower(z) - dn_normal_lower(z - w);
            inside = z > 0.0 && z - w < 0.0 ? dn_normal_lower(z) - dn_normal_lower(z - w) : inside;
            sum += weight * exp(-0.5 * z * z) * pow(inside > 0.0 ? inside : 0.0, groups - 1.0);
        }
    }
    double p = groups * sum * 0.39894228040143267794;
    return p > 1.0 ? 1.0 : p;
}

double dn_tukey_upper(double q, double groups, double df)
{
    enum { PANELS = 12 };
    gauss nodes;
    dn_gsl_quiet();
    if (isnan(q) || isnan(groups) || isnan(df)) {
        return NAN;
    }
    if (q <= 0.0) {
        return 1.0;
    }
    gauss_nodes(&nodes);
    /* s^2 is chi squared / df; beyond these ends (Laurent and Massart 2000) lies less than 1e-18. */
    double low = df - 2.0 * sqrt(42.0 * df);
    double high = df + 2.0 * sqrt(42.0 * df) + 84.0;
    low = low > 0.0 ? sqrt(low / df) : 0.0;
    high = sqrt(high / df);
    /* Where the range reaches 17 it is certain to be below: for a large q that ends the integral long before `high`. */
    high = fmin(high, fmax(17.0 / q, low));
    double log_scale = log(2.0) + 0.5 * df * log(0.5 * df) - lgamma(0.5 * df);
    double sum = 0.0;
    /* With low at 0, s = high v^4: with few, broken degrees of freedom the density has a root at 0 that polynomials follow badly. */
    for (int panel = 0; panel < PANELS; ++panel) {
        for (int i = 0; i < NODES; ++i) {
            double v = (panel + nodes.at[i]) / PANELS;
            double weight = nodes.weight[i] / PANELS;
            double s = low > 0.0 ? low + (high - low) * v : high * v * v * v * v;
            weight *= low > 0.0 ? high - low : 4.0 * high * v * v * v;
            sum += weight * exp(log_scale + (df - 1.0) * log(s) - 0.5 * df * s * s) * (1.0 - range_lower(q * s, groups, &nodes));
        }
    }
    return sum > 1.0 ? 1.0 : sum;
}

double dn_tukey_quantile(double p, double groups, double df)
{
    if (!(p > 0.0 && p < 1.0)) {
        return NAN;
    }
    return tail_quantile(dn_tukey_upper, groups, df, 1.0 - p);
}
