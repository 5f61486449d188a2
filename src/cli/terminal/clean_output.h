/* Standard output without control characters: text from files (names, notes, columns) goes there, too, and a terminal would obey the
 * escape sequences in it. They become '?', as ls shows them; ends of lines and tabs stay. */
#ifndef DN_CLI_TERMINAL_CLEAN_OUTPUT_H
#define DN_CLI_TERMINAL_CLEAN_OUTPUT_H

/* From here on stdout is such a stream. Call once, before anything is printed. */
void dn_clean_output_install(void);

#endif
