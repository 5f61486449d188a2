/* What is usual and what is possible of a hypothalamus, as networks of either kind measure it: the one place where the limits of
 * quality/judge.h's rules and of score.h's marks stand. */
#ifndef DN_QUALITY_LIMITS_H
#define DN_QUALITY_LIMITS_H

/* Two values: a warning (or less than the full mark) from the first on, failed (mark 0) from the second on. */
typedef struct dn_quality_limits {
    double volume_low[2], volume_high[2]; /* mm3, both sides */
    double asymmetry[2];                  /* |left - right| / mean */
    double posterior[2];                  /* mean of a side's labelled voxels */
    double posterior_coarse;     /* instead of the first where a voxel's longest side has DN_COARSE_MM; between, what lies between */
    double largest[2];           /* share of a side's labelled voxels that are in the largest component */
    double entropy[2];           /* bits per labelled voxel (score.h) */
    double members[2];           /* SD of the volumes of a consensus's runs, relative to their mean */
    double mirror[2];            /* difference between the results for the scan and its mirror image (consensus.h) */
    double folds[2];             /* disagreement of averaged models (slice_network.h) */
    double edge_mm[2], noise[2]; /* of the scan itself (image_quality.h) */
    double frame_mm[2], frame_degrees[2]; /* expected error of the AC-PC frame */
} dn_quality_limits;

/* A voxel of 2 mm holds more than one tissue where the hypothalamus has its edge, so less is certain there. */
#define DN_COARSE_MM 2.0

typedef enum {
    DN_LIMITS_VOLUMES, /* networks that work on volumes of 1 mm: our own, the published one with subunits */
    DN_LIMITS_SLICES,  /* networks that work on slices of the AC-PC frame: our own hypothalamus-2d */
    DN_LIMITS_STACKS   /* the same on stacks alone: no mirror image and no way back to the scan blur what they say */
} dn_limits_kind;

/* The table of a kind. Static. */
const dn_quality_limits *dn_quality_limits_of(dn_limits_kind kind);
/* The mean probability below which a side is `uncertain`, in voxels whose longest side has so many mm. */
double dn_quality_posterior_limit(const dn_quality_limits *limits, double longest_mm);

/* What is usual of the picture (head/evidence.h, quality/part_evidence.h), whatever the networks say. Two values as above; each was
 * measured as docs/evidence/quality_limits.md has it. */
typedef struct dn_picture_limits {
    double inside;         /* correlation with the average head over the brain alone; warning (segment/head/contrast.h: failed) */
    double cut, cut_share; /* a structure's part in the scan's outermost layer: of the next layer's, and of its volume; failed */
    double air;            /* brightness of air, of white matter; warning */
    double stray_mm3;      /* inside the skull where the average head has none; warning */
    double bare;           /* share of the edge of the skull's inside that borders on nothing; warning */
    double missing;        /* share of the average head's brain that is not inside; warning */
    double size[2];        /* of the average head's, to which a scan may be scaled; failed outside */
    double sides[2];       /* medians of both sides differ, of the contrast: hypothalamus and thalamus */
    double sides_other[2]; /* ... other deep structures */
    double odd[2];         /* share of a side of the hypothalamus that is unlike the other side */
    double odd_thalamus;   /* ... of the thalamus: warning; failed as above */
    double more_thalamus;  /* ... by which one side of the thalamus has more of it than the other; warning */
    double odd_other;      /* ... of other deep structures */
    double odd_mixed;      /* ... of what is of many tissues (ventral diencephalon) */
    double place[2];       /* a side's median in the contrast of its surroundings: warning outside */
    double ventricles;     /* lateral and third ventricles / what is inside the skull; warning */
    double least_edge_mm3; /* less of a structure in the scan's outermost layer is not looked at for `cut` */
    double brain_seen;     /* with less of the average head's brain inside the scan the contrast is not judged */
} dn_picture_limits;

const dn_picture_limits *dn_picture_limits_get(void);

/* What is usual and what is possible of the volumes of a head, and of the scan that they were measured on. Two values as above. */
typedef struct dn_head_limits {
    double thalamus_low[2], thalamus_high[2]; /* mm3, of one side */
    double thalamus_asymmetry[2];             /* |left - right| / mean */
    double thalamus_posterior;                /* mean of a side's labelled voxels: warning below */
    double icv_low[2], icv_high[2];           /* mm3; the second are the range that every part of dien holds to be possible */
    double icv_cut[2];                        /* share of the ICV at the scan's edge */
    double brain_low[2], brain_high[2];       /* brain / ICV (score.h) */
    double swapped_mm;                        /* a structure's middle on the other side of the head: failed beyond */
    double wrong_side[2];                     /* share of the paired structures that lay on the other side */
    double spacing_mm[2];                     /* the longest side of a voxel */
    double turned;                            /* degrees from upright: failed beyond (warning: register's DN_ALIGN_TURNED) */
    double brain_inside;                      /* share of the average head's brain inside the scan: warning below */
    double saturated[2];                      /* share of voxels that have the scan's largest value */
} dn_head_limits;

const dn_head_limits *dn_head_limits_get(void);

#endif
