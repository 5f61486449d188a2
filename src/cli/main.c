#include "base/status.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        printf("dien %s\n", DIEN_VERSION);
    }
    return dn_status_exit_code(DN_OK);
}
