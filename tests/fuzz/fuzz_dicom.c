/* Headers of DICOM files: lengths that lie, sequences without end, texts of any bytes. What is shown has no control characters. */
#include "fuzz.h"

#include "cohort/dicom/header.h"
#include "cohort/dicom/privacy.h"
#include "cohort/dicom/sidecar.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dn_dicom_header header;
    dn_private_values hidden = {0};
    json_t *sidecar = NULL;
    (void)dn_dicom_begins(bytes, size);
    (void)dn_dicom_parse(bytes, size, &header);
    dn_status status = dn_private_add(&hidden, &header);
    fuzz_check(status);
    for (size_t f = 0; f < DN_DICOM_COUNT && status == DN_OK; ++f) {
        char shown[96];
        dn_private_show(&hidden, header.text[f], shown, sizeof shown);
        for (const char *p = shown; *p != '\0'; ++p) {
            if ((unsigned char)*p < ' ') {
                abort();
            }
        }
        if (dn_dicom_kind_of((dn_dicom_field)f) != DN_DICOM_PLAIN && strlen(header.text[f]) >= 3 && strcmp(shown, "(not shown)") != 0) {
            abort();
        }
    }
    if (status == DN_OK) {
        status = dn_dicom_sidecar(NULL, &header, &hidden, &sidecar);
        fuzz_check(status);
        json_decref(sidecar);
    }
    dn_private_release(&hidden);
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    static const char explicit_one[] = "DICM\x02\x00\x10\x00UI\x14\x00"
                                       "1.2.840.10008.1.2.1\0"
                                       "\x08\x00\x60\x00"
                                       "CS\x02\x00MR"
                                       "\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
                                       "\x10\x00\x10\x00PN\x04\x00"
                                       "Ann\0"
                                       "\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
                                       "\x10\x00\x10\x00PN\x0c\x00"
                                       "Zebro^Wanda "
                                       "\x10\x00\x30\x00"
                                       "DA\x08\x00"
                                       "19570312"
                                       "\x10\x00\x10\x10"
                                       "AS\x04\x00"
                                       "034Y"
                                       "\x20\x00\x32\x00"
                                       "DS\x06\x00"
                                       "1\\2\\3 "
                                       "\x28\x00\x10\x00US\x02\x00\x40\x00\x28\x00\x00\x01US\x02\x00\x10\x00";
    static const char implicit_one[] = "\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100\x08\x00\x60\x00\x02\x00\x00\x00MR"
                                       "\x10\x00\x20\x00\x04\x00\x00\x00"
                                       "ID77"
                                       "\x28\x00\x10\x00\x02\x00\x00\x00\x40\x00\xe0\x7f\x10\x00\x02\x00\x00\x00\x00\x00";
    if (index > 1) {
        return 0;
    }
    const char *from = index == 0 ? explicit_one : implicit_one;
    const size_t size = (index == 0 ? sizeof explicit_one : sizeof implicit_one) - 1, before = index == 0 ? 128 : 0;
    if (capacity < size + before) {
        return 0;
    }
    memset(out, 0, before);
    memcpy(out + before, from, size);
    return size + before;
}
