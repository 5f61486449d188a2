/* The limits of the checks of tables (table_check.c, units.c): all in one place, each with where it comes from. A value beyond one gives a
 * remark, never a refusal. The ages that are possible are those of norms (stats/normative.h), the possible volumes of a head
 * those of quality/limits.c. */
#ifndef DN_STUDY_TABLES_LIMITS_H
#define DN_STUDY_TABLES_LIMITS_H

/* Numbers that statistics programs and laboratories write for "missing" (SPSS's and REDCap's customs: repeated 9, 8 and 7, and -1). One is
 * doubtful only where it lies apart from the other values: below 0 where these are not, or CODE_APART of their range away. */
#define DN_MISSING_CODES -9, -99, -999, -9999, -1, -7, -8, -77, -88, 99, 999, 9999, 99999, 77, 777, 88, 888, 8888, 7777, 0
#define DN_CODE_APART 0.5

/* Two units, or thousands beside decimals, in one column: neighbours in order differ GAP times, the ends RANGE times. Units of volume
 * differ 1000 times; volumes of one structure rarely differ 4 times between people (stats/normative_range.c). Chosen between the two. */
#define DN_UNITS_GAP 20.0
#define DN_UNITS_RANGE 100.0

/* A covariate of whole numbers may be names (site 1, 2, 3). A choice, not a measurement: at least three of them, because two give the same
 * fit either way; at most FEW, unless the column's name says so; and each on average for REPEATS people. */
enum { DN_NAMES_LEAST = 3, DN_NAMES_FEW = 8, DN_NAMES_REPEATS = 3 };

/* Volumes of a head in litres, to tell mm3, mL and L apart: wider than what is possible (0.8 to 2.4), because it is the unit that is asked.
 */
#define DN_HEAD_LITRES_LOW 0.6
#define DN_HEAD_LITRES_HIGH 2.5

#endif
