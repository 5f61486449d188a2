/* Numbers in running text; each call has its own of 16 buffers per thread, in turn, so that one printf may take several. A typographic
 * minus. */
#ifndef DN_STUDY_OUTPUT_SAY_H
#define DN_STUDY_OUTPUT_SAY_H

const char *dn_say(double value);
const char *dn_say_effect(double value); /* an effect size: dn_result_format_effect */
/* With the digits that a spread of this size deserves (three of it): a difference of 0.00005 beside an SD of 0.07 is "0.0001". */
const char *dn_say_like(double value, double spread);
/* "0.12 (95 % CI 0.08 to 0.16)"; without interval the number alone. */
const char *dn_say_interval(double value, double low, double high, double level);
/* "p = 0.013", "p < 0.0001". */
const char *dn_say_p(double p);

#endif
