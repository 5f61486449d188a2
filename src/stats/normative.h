/* Norms: the volume that is expected at a head size and an age, the distance of a person from it, and its interpretation.
 *
 * The surface of Opfer et al. 2022: V = a ICV^2 + b age^2 + c ICV age + d ICV + e age + f (+ g male, when asked for), fitted only to the
 * people that are given; this library contains no norms. Volumes and ICV may be in any unit, the same in fit and use; the unit's name
 * travels with the model.
 *
 * Belongs here: the fit, the verdict, the model file. Does not: tables, figures and sentences (cli/). */
#ifndef DN_STATS_NORMATIVE_H
#define DN_STATS_NORMATIVE_H

#include "base/status.h"
#include "stats/agreement.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    DN_NORM_LEAST_SQUARES, /* as Opfer et al. 2022; in two steps when two_step */
    DN_NORM_HUBER,         /* Huber's psi, k = 1.345, scale = MAD / 0.6745 (MASS::rlm) */
    DN_NORM_BISQUARE,      /* Tukey's bisquare, c = 4.685, started at least squares, the same scale */
    DN_NORM_QUANTILE       /* one surface per centile (Koenker and Bassett 1978) */
} dn_norm_method;

enum { DN_NORM_TERMS = 7 }; /* ICV^2, age^2, ICV age, ICV, age, 1, male */

typedef enum { DN_SEX_UNKNOWN, DN_SEX_FEMALE, DN_SEX_MALE } dn_sex;

/* Columns of the table that a norm was fitted to, in this order. */
enum { DN_NORM_COLUMN_VALUE, DN_NORM_COLUMN_ICV, DN_NORM_COLUMN_AGE, DN_NORM_COLUMN_SEX, DN_NORM_COLUMN_SCANNER, DN_NORM_COLUMNS };

/* Borrowed texts. icv and age finite and icv > 0. */
typedef struct dn_norm_person {
    const char *name;    /* for messages; may be NULL */
    const char *scanner; /* NULL: unknown */
    double value, icv, age;
    dn_sex sex;
} dn_norm_person;

typedef struct dn_norm_options {
    dn_norm_method method;
    bool two_step;         /* least squares: fit, leave out residuals outside [Q1 - 1.5 IQR, Q3 + 1.5 IQR], fit again */
    bool with_sex;         /* adds the term male; everyone's sex must be known */
    double level;          /* of the interval; 0: 0.95 */
    const char *structure; /* "thalamus"; copied */
    const char *unit;      /* "mL", "mm3"; copied */
    const char *source;    /* where the persons come from; copied: "simulated" is said in every report */
    double scanner_sd;     /* inter-scanner SD of a person's volume, in the unit; NaN: not known */
    bool simulated;
    const char *columns[DN_NORM_COLUMNS]; /* copied; NULL: not known */
} dn_norm_options;

typedef struct dn_norm_model {
    dn_norm_method method;
    bool two_step, with_sex, simulated;
    double level;
    char *structure, *unit, *source; /* owned */
    size_t n_given, n, n_outliers;   /* n = n_given - n_outliers: in the final fit */
    size_t terms;                    /* 6, or 7 with sex */
    double centre_icv, scale_icv;    /* u = (ICV - centre) / scale, and so for age: the terms below are in u and v */
    double centre_age, scale_age;
    double beta[DN_NORM_TERMS];
    double inverse[DN_NORM_TERMS * DN_NORM_TERMS]; /* (X'X)^-1 of the final fit: leverage of a person */
    double sd; /* of the residuals of the final fit's persons (n - 1): the SD of Opfer et al. 2022. Robust: the scale. Quantile: NaN */
    double sigma, df;                            /* residual standard error and its n - terms; robust and quantile: NaN */
    double r_squared;                            /* NaN for quantile */
    double max_leverage;                         /* of the persons in the fit */
    double age_low, age_high, icv_low, icv_high; /* of the persons in the fit */
    double value_low, value_high;                /* NaN in a file of an earlier version */
    char *columns[DN_NORM_COLUMNS];              /* owned; NULL: not known */
    size_t females, males, unknown;
    char *networks;  /* owned; that measured all of them, "hypothalamus (38e28b23), ..."; NULL: not known */
    char **scanners; /* owned; distinct, in order of appearance */
    size_t n_scanners;
    double scanner_sd;
    size_t n_quantiles;    /* quantile fit only */
    double *quantile;      /* ascending probabilities, owned */
    double *quantile_beta; /* n_quantiles x DN_NORM_TERMS, owned */
} dn_norm_model;

/* outlier: n flags, set to 1 for persons left out by the second step; residual: n numbers from the final surface (quantile: from the
 * median's); each may be NULL. DN_EDATA: too few persons (fewer than twice the terms), ages or head sizes that cannot carry a quadratic
 * surface, sex unknown where it is needed. Release with dn_norm_model_release, also after a failure. */
DN_CHECKED dn_status dn_norm_fit(const dn_norm_person *persons, size_t n, const dn_norm_options *options, dn_norm_model *out,
                                 unsigned char *outlier, double *residual);
void dn_norm_model_release(dn_norm_model *model);

/* The paper's a, b, c, d, e, f (and g) in the units of ICV and age. Quantile: of the median. */
void dn_norm_coefficients(const dn_norm_model *model, double out[DN_NORM_TERMS]);

enum { /* why a person is outside of what the model has seen */
       DN_NORM_OUTSIDE_AGE = 1,
       DN_NORM_OUTSIDE_ICV = 2,
       DN_NORM_OUTSIDE_COMBINATION = 4, /* age and head size together: leverage above that of everyone in the fit */
       DN_NORM_OUTSIDE_SEX = 8,
       DN_NORM_OUTSIDE_SCANNER = 16
};

enum {                           /* what is so far from the model's persons that no z says anything: another unit, or a mistake */
       DN_NORM_BEYOND_AGE = 1,   /* below 0, above 110, or as far outside the range as it is wide */
       DN_NORM_BEYOND_ICV = 2,   /* half of the smallest, twice the largest */
       DN_NORM_BEYOND_VALUE = 4, /* a twentieth of the smallest, 20 times the largest; not above 0 where all of the norm are */
       DN_NORM_FAR_VALUE = 8     /* a quarter of the smallest, 4 times the largest: can be, but rarely */
};
/* Years. Few people become older (122 is proven), and hardly one of them is in a study: an age above this is a wrong entry or another unit.
 */
#define DN_AGE_HIGHEST 110.0
/* DN_NORM_BEYOND_... and DN_NORM_FAR_VALUE of a person. */
unsigned dn_norm_beyond(const dn_norm_model *model, const dn_norm_person *person);

typedef struct dn_norm_verdict {
    double expected, residual;          /* expected: at this ICV and age (quantile: the median) */
    double low, high;                   /* normal interval of the volume: expected -+ z SD; quantile: those centiles */
    double z;                           /* residual / SD; quantile: the normal quantile of the percentile */
    double percentile;                  /* 0..100 among persons of this ICV and age. Least squares: from t of a single case against the fit
                                           (Crawford and Garthwaite 2006), which the smallness of the norm widens; robust: normal; quantile:
                                           between the centiles' surfaces, 0 or 100 never, at the ends the outermost centile */
    double t, p;                        /* least squares: that t, and its two-sided p; else NaN */
    double measured_low, measured_high; /* the volume -+ z times the scanner's SD; equal to the volume when no SD is known */
    bool reduced, enlarged;             /* the two-sample rule: the measured interval as a whole below (above) the normal interval */
    bool reduced_one_sample;            /* the volume alone below the normal interval */
    bool enlarged_one_sample;           /* the volume alone above it */
    unsigned outside;                   /* DN_NORM_OUTSIDE_... */
} dn_norm_verdict;

/* scanner_sd: of this person's scanner; NaN: the model's. DN_EDATA: not finite, or sex unknown in a model with sex. */
DN_CHECKED dn_status dn_norm_apply(const dn_norm_model *model, const dn_norm_person *person, double scanner_sd, dn_norm_verdict *out);
/* Volume at which this fraction (0..1) of persons of that age and head size lies below: for charts. */
double dn_norm_centile(const dn_norm_model *model, double icv, double age, dn_sex sex, double fraction);

/* Whether the networks of volumes, as dn_norm_model.networks has them, are known to be others than those of the norm, for its structure:
 * one of the same name with another hash, or none in common. The networks of the whole head do not matter for the hypothalamus, nor its
 * networks for other structures. networks: NULL: not known. */
bool dn_norm_other_networks(const dn_norm_model *model, const char *networks);

/* Model file: JSON, "format": "dien normative model", version 1. Atomic. */
DN_CHECKED dn_status dn_norm_write(const dn_norm_model *model, const char *path);
/* DN_EINPUT, DN_EFORMAT: not such a file, or one with fields missing or out of range. */
DN_CHECKED dn_status dn_norm_read(const char *path, dn_norm_model *out);
/* Those of a list of paths with commas; *out and *count: release with dn_norm_list_release, also after a failure. */
DN_CHECKED dn_status dn_norm_read_list(const char *list, dn_norm_model **out, size_t *count);
void dn_norm_list_release(dn_norm_model *norms, size_t count);
/* The same from memory; name stands for the file in messages. */
DN_CHECKED dn_status dn_norm_parse(const char *text, size_t size, const char *name, dn_norm_model *out);

/* k of n with the exact interval (Clopper and Pearson 1934). n >= 1. */
DN_CHECKED dn_status dn_share(size_t k, size_t n, double level, dn_estimate *out);

#endif
