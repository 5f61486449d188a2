/* Remedies: what a person can choose after a failure or a warning.
 *
 * A message, a remark and a page state only the fact, in words that are true for the program, the library and a page of a browser. How the
 * remedy is chosen (an option, a button) is known to the code that shows the text. There are two ways to it:
 *
 * - A failure carries its remedy beside the message (base/status.h: DN_FAIL_OFFER); the code that prints the message adds the words.
 * - A text that is kept (a remark, a flag, a page) has the words put in when it is made: dn_remedy_words asks the job, whose owner knows
 * them (base/job.h: dn_job_sink.remedy). In a job that knows none the text has the fact only.
 *
 * The program's words are in cli/terminal/remedy.c; tools/check_layers.sh refuses them below. */
#ifndef DN_BASE_REMEDY_H
#define DN_BASE_REMEDY_H

typedef enum {
    DN_REMEDY_NONE,
    DN_REMEDY_MORE_MEMORY,    /* a higher limit on memory */
    DN_REMEDY_SMALLER_TILES,  /* a lower limit on memory, under which the network runs in smaller tiles */
    DN_REMEDY_TRUST_SFORM,    /* to believe a NIfTI file's sform, if it is right */
    DN_REMEDY_TRUST_QFORM,    /* its qform */
    DN_REMEDY_TRUST_EITHER,   /* whichever is right */
    DN_REMEDY_GO_ON,          /* to go on from what was saved */
    DN_REMEDY_GO_ON_OR_BEGIN, /* the same, or to begin again, or another folder */
    DN_REMEDY_OTHER_FOLDER,   /* another folder for the results, which the message mentions */
    DN_REMEDY_NAME_FILE,      /* the file that is written, which the message mentions */
    DN_REMEDY_RESAMPLE,       /* to bring the prediction onto the truth's grid */
    DN_REMEDY_POSTERIORS,     /* a segmentation that writes its posteriors */
    DN_REMEDY_IMPORT,         /* to make a model file of a Keras file */
    DN_REMEDY_SYNTH,          /* to make scans of label maps */
    DN_REMEDY_AGREEMENT,      /* a comparison of several methods */
    DN_REMEDY_FIT_NORM,       /* to fit the norm (again) */
    DN_REMEDY_NAME_LABELS,    /* to name the numbers of labels */
    DN_REMEDY_SERIES,         /* to name a series of DICOM files */
    DN_REMEDY_DICOM,          /* a command that takes DICOM files as they are */
    DN_REMEDY_NAME_SCAN,      /* to name the scan, and so its results */
    DN_REMEDY_MEASURE_SET,    /* to measure what is left of a data set */
    DN_REMEDY_RUN_SET,        /* to measure a data set */
    DN_REMEDY_MIX_VERSIONS,   /* to mix results of two versions in one folder */
    DN_REMEDY_KEEP_ROWS,      /* to keep only the rows that have a value in a column */
    DN_REMEDY_SEGMENT,        /* to measure scans, which writes such files */
    DN_REMEDY_CUT_STACKS,     /* to cut stacks along the AC-PC frame */
    DN_REMEDY_WRITE_FRAME,    /* to write the frame of a scan */
    DN_REMEDY_UPRIGHT,        /* an upright copy of a turned scan */
    DN_REMEDY_APPLY_NORM,     /* to compare gathered volumes with a norm */
    DN_REMEDY_NETWORK_NAME,   /* the name of the network, which the message mentions */
    DN_REMEDY_TOKEN_FILE,     /* the file of a token, which the message mentions */
    DN_REMEDY_PAGE_FOLDER,    /* the folder of the page, which the message mentions */

    /* What was given, or has to be, as the message says. */
    DN_REMEDY_TISSUES,           /* the table of tissues */
    DN_REMEDY_ANY_SIZE,          /* to take a hemisphere of any size */
    DN_REMEDY_CLASSES,           /* the number of classes of tissue */
    DN_REMEDY_AGE,               /* the person's age */
    DN_REMEDY_SEX,               /* the person's sex */
    DN_REMEDY_UNIT,              /* the unit of the volumes */
    DN_REMEDY_VALUE,             /* the column of the volumes */
    DN_REMEDY_VALUES,            /* a column per method */
    DN_REMEDY_VALUE_AND_FOLDER,  /* the column of the volumes, and a folder for the results */
    DN_REMEDY_VALUE_ICV_FOLDER,  /* the same, and the column of ICV */
    DN_REMEDY_GROUP,             /* the column of the groups */
    DN_REMEDY_CONTROL,           /* the name of the control group */
    DN_REMEDY_GROUP_AND_CONTROL, /* both */
    DN_REMEDY_PAIRS,             /* two columns, or one column in two groups */
    DN_REMEDY_X_AND_Y,           /* the two columns that are correlated */
    DN_REMEDY_SCORE_AND_TIME,    /* the columns of a score and of the time since onset */
    DN_REMEDY_CATEGORIES,        /* the columns whose numbers are names; about: one of them */
    DN_REMEDY_ORDER,             /* the order of the groups */
    DN_REMEDY_WHERE,             /* the condition on rows */
    DN_REMEDY_SESSION,           /* the session; about: one of them */
    DN_REMEDY_JOIN_HOW,          /* whether ids that are written differently are joined */
    DN_REMEDY_JOIN_ALIKE,        /* to join them */
    DN_REMEDY_COUNT_REJECTED,    /* to count what quality control rejected */
    DN_REMEDY_COUNTED,           /* that it was asked to count them */
    DN_REMEDY_STRICT,            /* to refuse tables with doubts */
    DN_REMEDY_NOT_STRICT,        /* not to refuse them, which lists them all */
    DN_REMEDY_REFERENCE,         /* the method with which the others are compared */
    DN_REMEDY_NORMS,             /* a norm per method */
    DN_REMEDY_BETWEEN_SD,        /* an SD between people per method */
    DN_REMEDY_NORMS_OR_SD,       /* one of these two, not both */
    DN_REMEDY_NORM_AND_TABLE,    /* a norm and a table */
    DN_REMEDY_CHART,             /* the people of whom a chart is drawn */
    DN_REMEDY_POWER_OF_T,        /* three of number, difference, SD and power */
    DN_REMEDY_POWER_OF_ANOVA,    /* means, SD, and number or power */
    DN_REMEDY_MEANS,             /* the means of the groups */
    DN_REMEDY_SUFFIXES,          /* the ends of the names of predictions and truths */
    DN_REMEDY_STRUCTURES,        /* the structures that are compared */
    DN_REMEDY_TIMES,             /* the table of times */
    DN_REMEDY_COUNT              /* how many there are */
} dn_remedy;

enum { DN_REMEDY_WORDS = 192 };

/* The words of the calling thread's job for a remedy, "" when it has none, in text, which is returned. about: NULL, or what is named (a
 * column, a session). */
const char *dn_remedy_words(dn_remedy remedy, const char *about, char text[DN_REMEDY_WORDS]);

#endif
