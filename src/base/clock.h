/* Clocks, in seconds from an arbitrary start: only differences have a meaning. */
#ifndef DN_BASE_CLOCK_H
#define DN_BASE_CLOCK_H

/* Elapsed time; nobody sets it back. */
double dn_clock_now(void);
/* Processor time of all threads of this process. */
double dn_clock_cpu(void);

#endif
