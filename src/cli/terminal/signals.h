/* What signals do to the program. */
#ifndef DN_CLI_TERMINAL_SIGNALS_H
#define DN_CLI_TERMINAL_SIGNALS_H

/* From here on Ctrl-C (and SIGTERM, SIGHUP) lets work stop at its next step and clean up, and ends the program when it comes again;
 * whatever ends the program by a signal first removes temporaries and stops programs that were started. A file size limit becomes a failed
 * write. */
void dn_signals_install(void);

#endif
