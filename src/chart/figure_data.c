/* The data of a figure as a table: one row per point. */
#include "chart/figure_internal.h"

#include <math.h>

static const char *const kind_name[] = {"point", "line", "band",    "interval", "segment",     "rectangle",
                                        "rule",  "zone", "upright", "text",     "text inside", "text right"};

size_t dn_figure_character(const unsigned char *text, bool *good)
{
    static const unsigned char lead[] = {0x00, 0xC0, 0xE0, 0xF0};
    size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : text[0] >= 0xC2 ? 2 : 0;
    *good = length > 0 && text[0] < 0xF5 && (length == 1 || text[0] >= lead[length - 1]);
    for (size_t i = 1; *good && i < length; ++i) {
        *good = (text[i] & 0xC0) == 0x80;
    }
    return *good ? length : 1;
}

static void print_cell(FILE *stream, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != 0;) {
        bool good = true;
        size_t length = dn_figure_character(p, &good);
        if (!good) {
            fputc('?', stream);
        } else if (*p < 0x20 || *p == 0x7F) {
            fputc(' ', stream);
        } else {
            fwrite(p, 1, length, stream);
        }
        p += length;
    }
}

/* The columns x, y, x_end, y_end of one row; NaN: none. */
static void row_of(const figure_layer *layer, const range *box, size_t i, double row[4])
{
    row[0] = row[1] = row[2] = row[3] = NAN;
    switch (layer->kind) {
    case LAYER_POINTS:
    case LAYER_LINE:
    case LAYER_TEXT:
    case LAYER_TEXT_INSIDE:
        row[0] = layer->value[0][i];
        row[1] = layer->value[1][i];
        break;
    case LAYER_BAND:
    case LAYER_ERRORS:
        row[0] = row[2] = layer->value[0][i];
        row[1] = layer->value[1][i];
        row[3] = layer->value[2][i];
        break;
    case LAYER_SEGMENTS:
    case LAYER_RECTANGLE:
        for (int c = 0; c < 4; ++c) {
            row[c] = layer->value[c][i];
        }
        break;
    case LAYER_RULE:
        row[0] = box->x_low;
        row[2] = box->x_high;
        row[1] = row[3] = layer->value[0][i];
        break;
    case LAYER_RULE_BAND:
        row[0] = box->x_low;
        row[2] = box->x_high;
        row[1] = layer->value[0][i];
        row[3] = layer->value[1][i];
        break;
    case LAYER_RULE_VERTICAL:
        row[0] = row[2] = layer->value[0][i];
        row[1] = box->y_low;
        row[3] = box->y_high;
        break;
    case LAYER_TEXT_RIGHT:
        row[1] = layer->value[0][i];
        break;
    }
}

dn_status dn_figure_data(const dn_figure *figure, FILE *stream)
{
    fprintf(stream, "panel\tlayer\tkind\tx\ty\tx_end\ty_end\ttext\n");
    for (size_t p = 0; p < figure->n_panels; ++p) {
        range box = dn_panel_range(&figure->panels[p]);
        for (size_t l = 0; l < figure->panels[p].n_layers; ++l) {
            const figure_layer *layer = &figure->panels[p].layers[l];
            for (size_t i = 0; i < layer->n; ++i) {
                double row[4];
                row_of(layer, &box, i, row);
                fprintf(stream, "%zu\t%zu\t%s", p + 1, l + 1, kind_name[layer->kind]);
                for (int c = 0; c < 4; ++c) {
                    if (isnan(row[c])) {
                        fprintf(stream, "\tn/a");
                    } else {
                        fprintf(stream, "\t%.12g", row[c]);
                    }
                }
                fputc('\t', stream);
                const char *text = layer->text != NULL ? layer->text : layer->style.label;
                print_cell(stream, text != NULL && *text != 0 ? text : "n/a");
                fputc('\n', stream);
            }
        }
    }
    if (ferror(stream)) {
        DN_FAIL(DN_EIO, "cannot write the data of a figure; is the disk full?");
    }
    return DN_OK;
}
