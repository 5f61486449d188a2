/* Distribution functions to (near) full precision, also far out in the tails.
 *
 * Normal and chi squared are GSL's. The noncentral sums need the incomplete beta function with x and 1 - x given apart, which GSL does not
 * offer; t and F go through the same (GSL's t, an expansion above 30 degrees of freedom, is off by 3e-8 at t = 12). Noncentral t: the
 * series of AS 243; studentised range: its double integral. Degrees of freedom may be fractional. NaN in, NaN out. */
#ifndef DN_STATS_DISTRIBUTION_H
#define DN_STATS_DISTRIBUTION_H

/* GSL's own error handler aborts the program: this turns it off, once, for the process. Called by every function here; call it before other
 * functions of GSL. */
void dn_gsl_quiet(void);

double dn_normal_lower(double z);
double dn_normal_upper(double z);
double dn_normal_quantile(double p);

double dn_t_lower(double t, double df);
double dn_t_two_sided(double t, double df); /* P(|T| > |t|) */
double dn_t_quantile(double p, double df);

double dn_f_upper(double f, double df1, double df2);
double dn_f_quantile(double p, double df1, double df2); /* lower tail p */
double dn_chi_squared_upper(double x, double df);
double dn_chi_squared_quantile(double p, double df); /* lower tail p */

/* Lower tails. ncp: noncentrality; above 200 (t) and 1e5 (F) to four digits only. */
double dn_noncentral_t_lower(double t, double df, double ncp);
double dn_noncentral_f_lower(double f, double df1, double df2, double ncp);
/* The ncp at which the lower tail at t (f) is p; for F 0 when even ncp 0 has less. */
double dn_noncentral_t_ncp(double t, double df, double p);
double dn_noncentral_f_ncp(double f, double df1, double df2, double p);

/* Upper tail of the studentised range of `groups` means, df degrees of freedom of the error, good to 1e-10 (R's ptukey, with few degrees of
 * freedom, to 1e-4). */
double dn_tukey_upper(double q, double groups, double df);
double dn_tukey_quantile(double p, double groups, double df); /* lower tail p */

/* A root of f in [low, high] (signs differ) to about machine precision (Brent). */
double dn_root(double (*f)(double x, const void *user), const void *user, double low, double high);

#endif
