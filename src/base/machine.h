/* On what the program runs: for records of an installation. */
#ifndef DN_BASE_MACHINE_H
#define DN_BASE_MACHINE_H

/* Texts of one line; "unknown" where the machine does not say. */
typedef struct dn_machine {
    char system[160];     /* "Debian GNU/Linux 12 (bookworm), Linux 6.1.0, x86_64" */
    char processor[128];  /* "AMD EPYC 9B14" */
    char features[256];   /* of the instruction sets that matter for arithmetic: "avx2 fma avx512f" */
    char libraries[1024]; /* files of the libraries that do the arithmetic, read and draw, with their versions: "libdnnl.so.2.6
                             libgsl.so.27.0.0" */
} dn_machine;

/* What can be found out; the rest stays empty. */
void dn_machine_describe(dn_machine *out);
/* Path of a program that PATH finds, in out; "" when it finds none. */
void dn_machine_program(const char *name, char *out, unsigned long size);

#endif
