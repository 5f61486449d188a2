/* Writes the report: verdict, remarks, how to read it, and the parts of page_*.c. */
#include "report/page.h"

#include "base/memory.h"
#include "base/text.h"
#include "report/page_private.h"
#include "report/sidecars.h"

#include <math.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE_LIMIT = 64 << 20 };

dn_status dn_report_escape(const char *text, char **out)
{
    /* No character grows to more than "&quot;". */
    DN_TRY(dn_alloc(out, 6 * strlen(text) + 1, 1, "a text of the report"));
    char *to = *out;
    for (const unsigned char *p = (const unsigned char *)text; *p != 0;) {
        size_t n = dn_text_character((const char *)p, SIZE_MAX);
        const char *entity = *p == '<'    ? "&lt;"
                             : *p == '>'  ? "&gt;"
                             : *p == '&'  ? "&amp;"
                             : *p == '"'  ? "&quot;"
                             : *p == '\'' ? "&#39;"
                                          : NULL;
        if (entity != NULL) {
            to += sprintf(to, "%s", entity);
            ++p;
        } else if (n == 0 || *p < 0x20 || *p == 0x7f) {
            *to++ = '?';
            ++p;
        } else {
            memcpy(to, p, n);
            to += n;
            p += n;
        }
    }
    *to = 0;
    return DN_OK;
}

dn_status dn_report_put_escaped(dn_file_writer *w, const char *before, const char *text, const char *after)
{
    char *safe = NULL;
    DN_TRY(dn_report_escape(text, &safe));
    dn_status status = dn_file_printf(w, "%s%s%s", before, safe, after);
    free(safe);
    return status;
}

dn_status dn_report_put_base64(dn_file_writer *w, const unsigned char *bytes, size_t size)
{
    const size_t length = BASE64_ENCODE_RAW_LENGTH(size);
    char *text = NULL;
    DN_TRY(dn_alloc(&text, length, 1, "the picture in the report"));
    base64_encode_raw(text, size, bytes);
    dn_status status = dn_file_write(w, text, length);
    free(text);
    return status;
}

/* "Score 0.83 of 1, the lowest of its marks: certainty 1.00, ..." */
static dn_status put_score(const dn_report *it)
{
    const dn_score *score = &it->judgement->score;
    int said = 0;
    if (isnan(score->score)) {
        return DN_OK;
    }
    DN_TRY(dn_file_printf(it->w, "<p>Score <b>%.2f</b> of 1, the lowest mark: ", score->score));
    for (int m = 0; m < (int)DN_MARK_COUNT; ++m) {
        if (!isnan(score->mark[m])) {
            DN_TRY(dn_file_printf(it->w, "%s%s %.2f", said++ > 0 ? ", " : "", dn_mark_name((dn_mark)m), score->mark[m]));
        }
    }
    const bool otherwise = score->verdict != DN_ACCEPTED && score->score > 0.0;
    return dn_file_printf(it->w, ".%s</p>", otherwise ? " A rule that is not a part of the score failed." : "");
}

static dn_status put_verdict(const dn_report *it)
{
    const dn_quality *q = &it->judgement->quality;
    const dn_verdict verdict = it->judgement->score.verdict;
    size_t warnings = 0;
    for (size_t i = 0; i < q->count; ++i) {
        warnings += q->flag[i].level == DN_FLAG_WARNING;
    }
    DN_TRY(dn_file_printf(it->w, "<div class=\"verdict %s\"><strong>%s</strong><p>%s</p>",
                          verdict != DN_ACCEPTED ? "bad"
                          : warnings > 0         ? "warn"
                                                 : "ok",
                          verdict == DN_REJECTED           ? "Failed quality control"
                          : verdict == DN_ACCEPTED_BY_HAND ? "Failed quality control, accepted by hand"
                          : warnings > 0                   ? "Please check"
                                                           : "Passed the automatic checks",
                          verdict == DN_REJECTED ? "At least one measure cannot be right. The files were written so that you can see why. "
                                                   "The numbers are struck through: do not use them."
                          : verdict == DN_ACCEPTED_BY_HAND
                              ? "Quality control rejected at least one measure as impossible; a person accepted the scan."
                          : warnings == 1 ? "There is one remark below. Check the outlines before you use the numbers."
                          : warnings > 1  ? "There are remarks below. Check the outlines before you use the numbers."
                                          : "Nothing unusual was found. The checks do not replace your own look at the outlines."));
    DN_TRY(put_score(it));
    return dn_file_printf(it->w, "</div>\n");
}

/* Who changed the labels: before every number. */
static dn_status put_correction(const dn_report *it)
{
    if (it->options->corrected == NULL) {
        return DN_OK;
    }
    DN_TRY(
        dn_report_put_escaped(it->w, "<div class=\"verdict warn\"><strong>Corrected by hand</strong><p>", it->options->corrected, "</p>"));
    return dn_file_printf(it->w, "<p>Volumes of what was changed count its voxels; all others are sums of the networks' probabilities. The "
                                 "automatic checks ran before the correction.</p></div>\n");
}

static dn_status put_flags(const dn_report *it)
{
    const dn_quality *q = &it->judgement->quality;
    if (q->count == 0) {
        return DN_OK;
    }
    DN_TRY(
        dn_file_printf(it->w, "<h2>Remarks%s</h2>\n<ul>\n", it->options->corrected != NULL ? " on the labels before the correction" : ""));
    for (int level = DN_FLAG_FAILED; level >= DN_FLAG_NOTE; --level) {
        for (size_t i = 0; i < q->count; ++i) {
            if ((int)q->flag[i].level == level) {
                DN_TRY(dn_report_put_escaped(it->w,
                                             level == DN_FLAG_FAILED    ? "<li><strong>Failed:</strong> "
                                             : level == DN_FLAG_WARNING ? "<li><strong>Check:</strong> "
                                                                        : "<li class=\"soft\">",
                                             q->flag[i].text, "</li>\n"));
            }
        }
    }
    return dn_file_printf(it->w, "</ul>\n");
}

static dn_status put_how_to_read(const dn_report *it)
{
    const bool hypothalamus = dn_structures_has(&it->r->structures, "hypothalamus");
    return dn_file_printf(
        it->w,
        "<section class=\"late\">\n<h2>How to read this</h2>\n<ul class=\"how\">\n"
        "<li>Look at the outlines first.%s</li>\n"
        "<li><strong>Volumes</strong> are sums of the network's probabilities inside the structure: a voxel that lies half inside counts "
        "half. Use them for statistics. The volumes from counting the voxels of the label map are in the table *_volumes.tsv.</li>\n"
        "<li><strong>Left " DN_MINUS " right</strong>: with +5 %% the left side is larger by 5 %% of the mean of both sides.</li>\n"
        "<li><strong>Probability</strong> (left, right): how certain the network is in the voxels that it labelled, from 0 to 1; whole "
        "structures usually have more than 0.8, small subunits less.</li>\n"
        "<li>%sMethods differ: compare only numbers from the same networks and from scans of the same type.</li>\n</ul>\n</section>\n",
        hypothalamus ? " The outlines of the hypothalamus should follow the walls of the third ventricle from the optic chiasm to the "
                       "mammillary bodies, on both sides, and include nothing else."
                     : "",
        hypothalamus
            ? "Outlined by hand, both sides of the hypothalamus with the mammillary bodies have about 750 to 1000 mm\xc2\xb3 in adults. "
            : "");
}

static dn_status put_page(const dn_report *it, const unsigned char *picture, size_t size)
{
    dn_file_writer *w = it->w;
    DN_TRY(dn_report_put_escaped(w,
                                 "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                                 "content=\"width=device-width,initial-scale=1\">\n<title>",
                                 it->r->stem, " \xe2\x80\x93 dien</title>\n"));
    DN_TRY(dn_file_write(w, dn_report_style, strlen(dn_report_style)));
    DN_TRY(dn_report_put_escaped(w, "</head>\n<body>\n<main>\n<h1>", it->r->stem, "</h1>\n"));
    DN_TRY(
        dn_file_printf(w, "<p class=\"soft\">Volumes of brain structures from a T1-weighted scan. For research; not for diagnosis.</p>\n"));
    DN_TRY(dn_report_put_facts(it));
    DN_TRY(put_correction(it));
    DN_TRY(put_verdict(it));
    DN_TRY(put_flags(it));
    DN_TRY(dn_report_put_volumes(it));
    DN_TRY(dn_report_put_norms(it));
    DN_TRY(dn_report_put_truth(it));
    DN_TRY(put_how_to_read(it));
    DN_TRY(dn_report_put_escaped(w, "<figure><img alt=\"Slices of ", it->r->stem,
                                 " with the outlines of the labels\" src=\"data:image/png;base64,"));
    DN_TRY(dn_report_put_base64(w, picture, size));
    DN_TRY(dn_file_printf(w, "\"><figcaption>Radiological view: the patient's left is on the right of coronal and axial slices. The yellow "
                             "frame in the whole-head pictures marks the part that is enlarged below; millimetres are counted from the "
                             "middle of the structure.</figcaption></figure>\n"));
    DN_TRY(dn_report_put_provenance(it));
    return dn_file_printf(w, "</main>\n</body>\n</html>\n");
}

static dn_status write_page(const dn_report *it, const char *path, const unsigned char *picture, size_t size)
{
    DN_TRY(dn_file_create(it->w, path));
    dn_status status = put_page(it, picture, size);
    return dn_file_end(it->w, status);
}

dn_status dn_report_write(const dn_segment_result *result, const dn_judgement *judgement, const dn_report_options *options,
                          const char *folder, const char *path)
{
    static const dn_report_options none = {.norm_count = 0};
    dn_file_writer writer = {0};
    dn_report it = {.w = &writer, .r = result, .judgement = judgement, .options = options != NULL ? options : &none};
    dn_status status = DN_OK;
    char *picture_path = NULL;
    unsigned char *picture = NULL;
    size_t size = 0;
    DN_TRY(dn_output_path(folder, result->stem, "_qc.png", &picture_path));
    DN_TRY_GOTO(status, dn_file_read(picture_path, PICTURE_LIMIT, &picture, &size), done);
    DN_TRY_GOTO(status, dn_scan_about_read(result->path, it.options->age > 0.0 ? it.options->age : (double)NAN, it.options->sex, &it.about),
                done);
    it.lines = dn_volume_lines(&result->volumes, it.line);
    status = write_page(&it, path, picture, size);
done:
    dn_scan_about_release(&it.about);
    free(picture_path);
    free(picture);
    return status;
}
